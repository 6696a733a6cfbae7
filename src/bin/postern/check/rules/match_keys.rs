//! Matches in one spelling. Two matches with one key are for the same requests, but for their methods.

use postern::config::{FieldMatch, FieldTest, Match, PathMatch, Route};
use postern::internals::route::{HostPattern, PathPattern};

/// A host and a path in one spelling. The router tries all matches of one address, one after the other.
pub(super) type Address = (HostPattern, String);

/// All other conditions of a match except its methods, and the priority, sorted.
pub(super) type Tests = Vec<String>;

/// A match for one of the hosts of its route.
pub(super) struct MatchKey<'c> {
    pub(super) address: Address,
    pub(super) tests: Tests,
    pub(super) methods: &'c [String],
    /// The path as it is written.
    pub(super) path: &'c str,
    /// The index of the match in the route.
    pub(super) index: usize,
}

/// The keys of a route: every match, for each host.
pub(super) fn match_keys(route: &Route) -> Vec<MatchKey<'_>> {
    let mut keys = Vec::new();
    for (index, one) in matches(route).into_iter().enumerate() {
        let path = one.and_then(|one| one.path.as_ref());
        let tests = tests(route, one);
        for address in addresses_of(route, one) {
            keys.push(MatchKey {
                address,
                tests: tests.clone(),
                methods: one.map_or(&[], |one| &one.methods),
                path: path.map_or("/", path_text),
                index,
            });
        }
    }
    keys
}

/// The addresses of all matches of a route.
pub(super) fn addresses(route: &Route) -> impl Iterator<Item = Address> {
    let matches = matches(route).into_iter();
    matches.flat_map(|one| addresses_of(route, one))
}

/// The matches of a route. A route without matches is for every request.
fn matches(route: &Route) -> Vec<Option<&Match>> {
    if route.matches.is_empty() {
        vec![None]
    } else {
        route.matches.iter().map(Some).collect()
    }
}

fn addresses_of(route: &Route, one: Option<&Match>) -> Vec<Address> {
    let call = one.and_then(|one| one.grpc.as_ref());
    let call = call.map(|call| PathMatch::Template(call.path()));
    let path = one.and_then(|one| one.path.as_ref());
    let path = normalized_path(call.as_ref().or(path));
    if route.hosts.is_empty() {
        return vec![(HostPattern::Any, path)];
    }
    let hosts = route.hosts.iter();
    let hosts = hosts.filter_map(|host| HostPattern::parse(host).ok());
    hosts.map(|host| (host, path.clone())).collect()
}

/// A path in one spelling, without the names of captures. Two paths with one spelling match the same requests.
pub(super) fn normalized_path(path: Option<&PathMatch>) -> String {
    let below = |prefix: &str| format!("{}/{{rest=**}}", prefix.trim_end_matches('/'));
    let pattern = match path {
        None => PathPattern::template(&below("")),
        Some(PathMatch::Exact(path)) => PathPattern::exact(path),
        Some(PathMatch::Prefix(path)) => PathPattern::template(&below(path)),
        Some(PathMatch::Template(path)) => PathPattern::template(&with_numbered_captures(path)),
        Some(PathMatch::Regex(text)) => return format!("regex {text}"),
    };
    match (pattern, path) {
        (Ok(pattern), _) => format!("{pattern:?}"),
        // The filter reports the error.
        (Err(_), path) => format!("{path:?}"),
    }
}

/// A template that names each capture by its segment's number.
fn with_numbered_captures(template: &str) -> String {
    let segments = template.split('/').enumerate().map(|(at, segment)| {
        let capture = segment
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'));
        match capture {
            Some(inner) if inner.ends_with("=**") => "{rest=**}".to_owned(),
            Some(_) => format!("{{c{at}}}"),
            None => segment.to_owned(),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

pub(super) fn path_text(path: &PathMatch) -> &str {
    match path {
        PathMatch::Exact(text)
        | PathMatch::Prefix(text)
        | PathMatch::Template(text)
        | PathMatch::Regex(text) => text,
    }
}

fn tests(route: &Route, one: Option<&Match>) -> Tests {
    let mut all = vec![format!("priority {}", route.priority)];
    if let Some(one) = one {
        all.extend(fields("header", &one.headers));
        all.extend(fields("query", &one.query));
        all.extend(fields("cookie", &one.cookies));
        all.extend(one.scheme.map(|scheme| format!("{scheme:?}")));
        all.extend(one.grpc.as_ref().map(|_| "grpc".to_owned()));
    }
    all.sort();
    all
}

fn fields(kind: &str, fields: &[FieldMatch]) -> impl Iterator<Item = String> {
    fields.iter().map(move |field| {
        let name = &field.name;
        match &field.test {
            FieldTest::Exact(value) => format!("{kind} {name}={value}"),
            FieldTest::Regex(value) => format!("{kind} {name}~{value}"),
            FieldTest::Present => format!("{kind} {name}+"),
            FieldTest::Absent => format!("{kind} {name}-"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_equal_paths_one_spelling() {
        let exact = |path: &str| normalized_path(Some(&PathMatch::Exact(path.to_owned())));
        let template = |path: &str| normalized_path(Some(&PathMatch::Template(path.to_owned())));
        let prefix = |path: &str| normalized_path(Some(&PathMatch::Prefix(path.to_owned())));
        assert_eq!(exact("/p%2Bq"), exact("/p+q"));
        assert_ne!(exact("/p%2Fq"), exact("/p/q"));
        assert_ne!(exact("/a"), exact("/a/"));
        assert_ne!(exact("/a"), template("/a"));
        assert_eq!(template("/%61/{x}"), template("/a/{y}"));
        assert_eq!(template("/a/{x=**}"), prefix("/a/"));
        assert_eq!(normalized_path(None), prefix("/"));
    }
}
