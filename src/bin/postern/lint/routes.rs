//! Routes and matches that come too late.

use std::collections::HashMap;

use postern::config::{Config, FieldMatch, FieldTest, Match, Route};
use postern::internals::route::HostPattern;

use super::{Warning, paths, warn};

/// More matches than this in one place, of one host and path, are worth a word.
const CROWD: usize = 64;

/// Where a match stands in the router: its host, its path in one spelling and without the names of captures.
type Place = (HostPattern, String);

/// What a match asks for beside that, in an order of its own.
type Predicates = (Vec<(String, String)>, Vec<(String, String)>);

/// A match, with one of its route's hosts.
struct Wanted<'c> {
    what: (Place, Predicates),
    methods: &'c [String],
    /// The path as it is written.
    path: &'c str,
    /// Its place in the route.
    at: usize,
}

/// The matches before one that ask for the same: their methods, their routes' names and places, their paths as written.
type Earlier<'c> = Vec<(&'c [String], &'c str, usize, &'c str)>;

/// Routes all of whose matches come too late. Two matches that ask for the same, but for their methods, are tried in the
/// order of writing.
pub(super) fn shadowed(config: &Config, found: &mut Vec<Warning>) {
    let mut crowds: HashMap<Place, usize> = HashMap::default();
    let mut known: HashMap<(Place, Predicates), Earlier<'_>> = HashMap::default();
    for (at, route) in config.routes.iter().enumerate() {
        let own = keys(route);
        for wanted in &own {
            let crowd = crowds.entry(wanted.what.0.clone()).or_default();
            *crowd = crowd.saturating_add(1);
            if *crowd == CROWD {
                let reason = format!(
                    "the {CROWD}th match of this host and path: they are tried one after the other"
                );
                warn(
                    found,
                    "crowded-place",
                    format!("routes[{at}]"),
                    reason,
                    "give them paths of their own",
                );
            }
        }
        let before = own.iter().map(|wanted| {
            let earlier = known.get(&wanted.what)?;
            earlier
                .iter()
                .find(|(others, ..)| covers(others, wanted.methods))
                .map(|(_, name, _, path)| (*name, wanted.path, *path))
        });
        let before: Option<Vec<_>> = before.collect();
        if let Some((first, path, other)) = before.as_ref().and_then(|found| found.first()) {
            let reason = format!(
                "`{}` can never be chosen: `{first}` stands before it with the same matches{}",
                route.name,
                paths::spelt(path, other),
            );
            warn(
                found,
                "never-matches",
                format!("routes[{at}]"),
                reason,
                "change its matches, or leave it out",
            );
        }
        for wanted in own {
            let earlier = known.entry(wanted.what).or_default();
            let own = earlier
                .iter()
                .find(|(others, _, place, _)| *place == at && covers(others, wanted.methods));
            if let Some((_, _, _, other)) = own {
                let path = format!("routes[{at}].match[{}]", wanted.at);
                let reason = format!(
                    "another match of this route asks for the same{}",
                    paths::spelt(wanted.path, other)
                );
                warn(found, "never-matches", path, reason, "leave it out");
            }
            earlier.push((wanted.methods, &route.name, at, wanted.path));
        }
    }
}

/// Every match of a route, with each of its hosts.
fn keys(route: &Route) -> Vec<Wanted<'_>> {
    let matches: Vec<Option<&Match>> = if route.matches.is_empty() {
        vec![None]
    } else {
        route.matches.iter().map(Some).collect()
    };
    let mut keys = Vec::new();
    for (at, one) in matches.into_iter().enumerate() {
        let methods = one.map_or(&[][..], |one| &one.methods);
        let predicates = one.map(|one| (sorted(&one.headers), sorted(&one.query)));
        for place in places(route, one) {
            keys.push(Wanted {
                what: (place, predicates.clone().unwrap_or_default()),
                methods,
                path: one
                    .and_then(|one| one.path.as_ref())
                    .map_or("/", paths::text),
                at,
            });
        }
    }
    keys
}

/// Whether what these methods name holds all of those. None are all.
fn covers(earlier: &[String], later: &[String]) -> bool {
    if earlier.is_empty() || later.is_empty() {
        return earlier.is_empty() && later.is_empty();
    }
    later.iter().all(|method| earlier.contains(method))
}

fn places(route: &Route, one: Option<&Match>) -> Vec<Place> {
    let path = paths::one_spelling(one.and_then(|one| one.path.as_ref()));
    if route.hosts.is_empty() {
        return vec![(HostPattern::Any, path)];
    }
    let hosts = route
        .hosts
        .iter()
        .filter_map(|host| HostPattern::parse(host).ok());
    hosts.map(|host| (host, path.clone())).collect()
}

fn sorted(fields: &[FieldMatch]) -> Vec<(String, String)> {
    let mut all: Vec<_> = fields
        .iter()
        .map(|field| {
            let test = match &field.test {
                FieldTest::Exact(value) => format!("={value}"),
                FieldTest::Present => "+".to_owned(),
                FieldTest::Absent => "-".to_owned(),
            };
            (field.name.clone(), test)
        })
        .collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::CROWD;

    fn routes(list: &[&str]) -> Vec<(&'static str, String)> {
        let routes: Vec<String> = list
            .iter()
            .enumerate()
            .map(|(at, rest)| format!(r#"{{"name": "r{at}", "require": "none", {rest}}}"#))
            .collect();
        found(&format!(r#"{{"routes": [{}]}}"#, routes.join(",")))
    }

    #[test]
    fn routes_that_never_match() {
        let never = |at: usize| vec![("never-matches", format!("routes[{at}]"))];
        let prefix = r#""match": [{"path": {"prefix": "/a"}}]"#;
        let slash = r#""match": [{"path": {"prefix": "/a/"}}]"#;
        let rest = r#""match": [{"path": {"template": "/a/{x=**}"}}]"#;
        let get = r#""match": [{"path": {"prefix": "/a"}, "methods": ["GET"]}]"#;
        let both = r#""match": [{"path": {"prefix": "/a"}, "methods": ["GET", "PUT"]}]"#;
        let more = r#""match": [{"path": {"prefix": "/a"}}, {"path": {"prefix": "/b"}}]"#;
        let header =
            r#""match": [{"path": {"prefix": "/a"}, "headers": [{"name": "X", "present": true}]}]"#;
        let host = r#""hosts": ["A.test"], "match": [{"path": {"prefix": "/a"}}]"#;
        let hosts = r#""hosts": ["a.test.", "b.test"], "match": [{"path": {"prefix": "/a"}}]"#;
        assert_eq!(routes(&[prefix, slash]), never(1));
        assert_eq!(routes(&[rest, prefix]), never(1));
        assert_eq!(routes(&[both, get]), never(1));
        assert_eq!(routes(&[get, both]), []);
        assert_eq!(routes(&[prefix, get]), []);
        assert_eq!(routes(&[get, prefix]), []);
        assert_eq!(routes(&[more, prefix]), never(1));
        assert_eq!(routes(&[prefix, more]), []);
        assert_eq!(routes(&[prefix, header, header]), never(2));
        assert_eq!(routes(&[prefix, host, hosts]), []);
        assert_eq!(routes(&[hosts, host]), never(1));
        assert_eq!(routes(&[r#""hosts": []"#, r#""match": [{}]"#]), never(1));
    }

    #[test]
    fn matches_that_differ_in_spelling_alone() {
        let escaped = r#""match": [{"path": {"exact": "/p%2Bq"}}]"#;
        let plain = r#""match": [{"path": {"exact": "/p+q"}}]"#;
        let late = ("never-matches", "routes[1]".to_owned());
        assert_eq!(routes(&[escaped, plain]), [late]);
        let both = r#""match": [{"path": {"exact": "/p%2Bq"}}, {"path": {"exact": "/p+q"}}]"#;
        let own = ("never-matches", "routes[0].match[1]".to_owned());
        assert_eq!(routes(&[both]), [own]);
        let slashes = r#""match": [{"path": {"exact": "/a"}}, {"path": {"exact": "/a/"}}]"#;
        assert_eq!(routes(&[slashes]), []);
    }

    #[test]
    fn a_crowd() {
        let one = |at: usize| {
            format!(
                r#""match": [{{"path": {{"exact": "/a"}}, "headers": [{{"name": "x", "exact": "{at}"}}]}}]"#
            )
        };
        let all: Vec<String> = (0..CROWD).map(one).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(
            routes(&all),
            [("crowded-place", format!("routes[{}]", CROWD - 1))]
        );
        assert_eq!(routes(&all[1..]), []);
    }
}
