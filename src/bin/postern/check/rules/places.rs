//! Every match of a policy with what orders it.

use postern::config::{Config, FieldMatch, FieldTest, Match, PathMatch, Route};
use postern::internals::route::HostPattern;

/// A match of a route. A route without matches has one for every request.
pub(super) struct Place<'c> {
    pub(super) route: &'c Route,
    /// The index of the route, and of the match in it.
    pub(super) at: usize,
    pub(super) index: usize,
    pub(super) hosts: Vec<HostPattern>,
    pub(super) path: PathMatch,
    pub(super) one: Option<&'c Match>,
}

/// All matches of a policy, in order.
pub(super) fn places(config: &Config) -> Vec<Place<'_>> {
    let mut all = Vec::new();
    for (at, route) in config.routes.iter().enumerate() {
        let hosts = route.hosts.iter();
        let mut hosts: Vec<_> = hosts
            .filter_map(|host| HostPattern::parse(host).ok())
            .collect();
        if route.hosts.is_empty() {
            hosts.push(HostPattern::Any);
        }
        let ones: Vec<Option<&Match>> = if route.matches.is_empty() {
            vec![None]
        } else {
            route.matches.iter().map(Some).collect()
        };
        for (index, one) in ones.into_iter().enumerate() {
            let call = one.and_then(|one| one.grpc.as_ref());
            let path = call
                .map(|call| PathMatch::Template(call.path()))
                .or_else(|| one?.path.clone());
            all.push(Place {
                route,
                at,
                index,
                hosts: hosts.clone(),
                path: path.unwrap_or_else(|| PathMatch::Prefix("/".into())),
                one,
            });
        }
    }
    all
}

impl Place<'_> {
    /// Where it stands in the policy.
    pub(super) fn written_at(&self) -> String {
        match self.one {
            Some(_) => format!("routes[{}].match[{}]", self.at, self.index),
            None => format!("routes[{}]", self.at),
        }
    }

    /// Whether it is for every request of its hosts and its path.
    pub(super) fn is_bare(&self) -> bool {
        self.route.when.is_none() && self.rank() == (false, 0, 0, 0)
    }

    /// What orders matches of one path: methods, headers, parameters, others.
    pub(super) fn rank(&self) -> (bool, usize, usize, usize) {
        self.one.map_or((false, 0, 0, 0), |one| {
            let scheme = usize::from(one.scheme.is_some());
            let grpc = usize::from(one.grpc.is_some());
            let others = one
                .cookies
                .len()
                .saturating_add(scheme)
                .saturating_add(grpc);
            let has_method = !one.methods.is_empty() || one.grpc.is_some();
            (has_method, one.headers.len(), one.query.len(), others)
        })
    }

    /// The text that every path begins with that matches.
    pub(super) fn head(&self) -> String {
        match &self.path {
            PathMatch::Exact(path) => path.clone(),
            PathMatch::Prefix(path) => path.trim_end_matches('/').to_owned() + "/",
            PathMatch::Template(path) => {
                let end = path.find('{').unwrap_or(path.len());
                path.get(..end).unwrap_or_default().to_owned()
            }
            PathMatch::Regex(text) => literal_head(text),
        }
    }

    /// Whether no request meets the conditions of both.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        let (Some(one), Some(other)) = (self.one, other.one) else {
            return false;
        };
        let shares = one
            .methods
            .iter()
            .any(|method| other.methods.contains(method));
        let methods = !one.methods.is_empty() && !other.methods.is_empty() && !shares;
        let schemes = one.scheme.zip(other.scheme);
        methods
            || schemes.is_some_and(|(one, other)| one != other)
            || exclude(&one.headers, &other.headers)
            || exclude(&one.query, &other.query)
            || exclude(&one.cookies, &other.cookies)
    }
}

fn exclude(left: &[FieldMatch], right: &[FieldMatch]) -> bool {
    left.iter().any(|left| {
        let mut same = right.iter().filter(|right| right.name == left.name);
        same.any(|right| match (&left.test, &right.test) {
            (FieldTest::Exact(left), FieldTest::Exact(right)) => left != right,
            (FieldTest::Absent, other) | (other, FieldTest::Absent) => *other != FieldTest::Absent,
            _ => false,
        })
    })
}

/// The literal text that an expression begins with. Empty where that isn't known.
pub(super) fn literal_head(regex: &str) -> String {
    if regex.contains('|') || regex.starts_with("(?") {
        return String::new();
    }
    let mut head = String::new();
    let text = regex.strip_prefix('^').unwrap_or(regex);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let literal = match char {
            '\\' => chars.next().filter(|next| !next.is_ascii_alphanumeric()),
            '.' | '[' | ']' | '(' | ')' | '{' | '}' | '?' | '*' | '+' | '^' | '$' => None,
            char => Some(char),
        };
        let Some(literal) = literal else {
            break;
        };
        // What may be absent, or repeated, is no part of the head.
        if matches!(chars.peek(), Some('?' | '*' | '{')) {
            break;
        }
        head.push(literal);
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_how_expressions_begin() {
        for (regex, head) in [
            ("/a/b", "/a/b"),
            ("^/a/.*", "/a/"),
            ("/v(?P<v>[0-9]+)/x", "/v"),
            ("/ab?c", "/a"),
            ("/ab*", "/a"),
            ("/ab+", "/ab"),
            (r"/a\.b\d", "/a.b"),
            ("/a|/b", ""),
            ("(?i)/a", ""),
            ("api/.*", "api/"),
        ] {
            assert_eq!(literal_head(regex), head, "{regex}");
        }
    }
}
