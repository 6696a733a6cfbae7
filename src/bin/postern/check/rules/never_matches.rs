//! Routes and matches that are never chosen, because an equal match comes before them.

use std::collections::HashMap;

use postern::config::Config;

use super::match_keys::{Address, MatchKey, Tests, match_keys};
use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "never-matches",
    meaning: "A route or a match is never chosen: one before it has the same matches.",
    check,
};

/// A match that comes before another.
struct Earlier<'c> {
    methods: &'c [String],
    route: &'c str,
    /// The index of the route.
    at: usize,
    /// The path as it is written.
    path: &'c str,
}

/// Two matches that differ at most in their methods are tried in the order of the policy.
fn check(config: &Config, warnings: &mut Warnings) {
    let mut known: HashMap<(Address, Tests), Vec<Earlier<'_>>> = HashMap::default();
    for (at, route) in config.routes.iter().enumerate() {
        let keys: Vec<_> = match_keys(route)
            .into_iter()
            .map(|key| {
                let MatchKey {
                    address,
                    tests,
                    methods,
                    path,
                    index,
                } = key;
                ((address, tests), methods, path, index)
            })
            .collect();
        let before = keys.iter().map(|(key, methods, path, _)| {
            let earlier = known.get(key)?;
            let covering = earlier.iter().find(|one| covers(one.methods, methods))?;
            Some((covering.route, *path, covering.path))
        });
        let before: Option<Vec<_>> = before.collect();
        if let Some((first, path, other)) = before.as_ref().and_then(|all| all.first()) {
            let reason = format!(
                "`{}` can never be chosen: `{first}` is before it and has the same matches{}",
                route.name,
                spellings(path, other),
            );
            let suggestion = "change its matches, or leave it out";
            warnings.add(format!("routes[{at}]"), reason, suggestion);
        }
        for (key, methods, path, index) in keys {
            let earlier = known.entry(key).or_default();
            let mut own = earlier.iter().filter(|one| one.at == at);
            if let Some(other) = own.find(|one| covers(one.methods, methods)) {
                let reason = format!(
                    "another match of this route is the same{}",
                    spellings(path, other.path)
                );
                let path = format!("routes[{at}].match[{index}]");
                warnings.add(path, reason, "leave it out");
            }
            // Where its condition doesn't hold, the next route is chosen.
            if route.when.is_some() {
                continue;
            }
            earlier.push(Earlier {
                methods,
                route: &route.name,
                at,
                path,
            });
        }
    }
}

/// Whether `earlier` holds every method of `later`. An empty list is every method.
fn covers(earlier: &[String], later: &[String]) -> bool {
    if earlier.is_empty() || later.is_empty() {
        return earlier.is_empty() && later.is_empty();
    }
    later.iter().all(|method| earlier.contains(method))
}

/// A remark that two paths are one, if they are spelled differently.
fn spellings(path: &str, other: &str) -> String {
    if path.contains('%') || other.contains('%') {
        format!(" (`{path}` and `{other}` are one path)")
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    fn routes(list: &[&str]) -> Vec<String> {
        let routes: Vec<String> = list
            .iter()
            .enumerate()
            .map(|(at, rest)| format!(r#"{{"name": "r{at}", "require": "none", {rest}}}"#))
            .collect();
        paths_of(&RULE, &format!(r#"{{"routes": [{}]}}"#, routes.join(",")))
    }

    #[test]
    fn finds_routes_that_never_match() {
        let none: [&str; 0] = [];
        let never = |at: usize| vec![format!("routes[{at}]")];
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
        assert_eq!(routes(&[get, both]), none);
        assert_eq!(routes(&[prefix, get]), none);
        assert_eq!(routes(&[get, prefix]), none);
        assert_eq!(routes(&[more, prefix]), never(1));
        assert_eq!(routes(&[prefix, more]), none);
        assert_eq!(routes(&[prefix, header, header]), never(2));
        assert_eq!(routes(&[prefix, host, hosts]), none);
        assert_eq!(routes(&[hosts, host]), never(1));
        assert_eq!(routes(&[r#""hosts": []"#, r#""match": [{}]"#]), never(1));
    }

    #[test]
    fn finds_matches_that_differ_only_in_spelling() {
        let escaped = r#""match": [{"path": {"exact": "/p%2Bq"}}]"#;
        let plain = r#""match": [{"path": {"exact": "/p+q"}}]"#;
        let none: [&str; 0] = [];
        assert_eq!(routes(&[escaped, plain]), ["routes[1]"]);
        let both = r#""match": [{"path": {"exact": "/p%2Bq"}}, {"path": {"exact": "/p+q"}}]"#;
        assert_eq!(routes(&[both]), ["routes[0].match[1]"]);
        let slashes = r#""match": [{"path": {"exact": "/a"}}, {"path": {"exact": "/a/"}}]"#;
        assert_eq!(routes(&[slashes]), none);
    }
}
