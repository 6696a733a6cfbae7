//! Matches that are never chosen, because a wider one comes before them.

use postern::config::{Config, PathMatch};
use postern::internals::route::HostPattern;

use super::places::{Place, places};
use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "hidden-match",
    meaning: "A match is never chosen: a wider one of a higher priority, or a prefix before its regular expression, takes all its requests.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    let all = places(config);
    let lowest = all.iter().map(|place| place.route.priority).min();
    let regexes: Vec<_> = all.iter().filter(|place| is_regex(place)).collect();
    let wide: Vec<_> = all
        .iter()
        .filter(|place| place.is_bare() && matches!(place.path, PathMatch::Prefix(_)))
        .filter(|place| !regexes.is_empty() || Some(place.route.priority) > lowest)
        .collect();
    for place in &all {
        let head = place.head();
        if is_regex(place) && !head.is_empty() && !head.starts_with('/') {
            let reason = "no path matches: each begins with `/`";
            warnings.add(place.written_at(), reason, "write `/` at its start");
            continue;
        }
        let hider = wide.iter().find(|wider| hides(wider, place, &head));
        if let Some(hider) = hider {
            let (own, other) = (&place.route.name, &hider.route.name);
            let suggestion = if hider.route.priority > place.route.priority {
                "give it the same `priority`, or a higher one"
            } else {
                "give it a higher `priority`: regular expressions come after prefixes"
            };
            let reason = format!(
                "`{own}` is never chosen by this match: `{other}` comes before it and takes all its requests"
            );
            warnings.add(place.written_at(), reason, suggestion);
        }
    }
}

const fn is_regex(place: &Place<'_>) -> bool {
    matches!(place.path, PathMatch::Regex(_))
}

/// Whether the wider match takes all requests of the other.
fn hides(wider: &Place<'_>, place: &Place<'_>, head: &str) -> bool {
    let (high, low) = (wider.route.priority, place.route.priority);
    let is_before = high > low || (high == low && is_regex(place));
    let covers_host = |own: &HostPattern| {
        wider.hosts.iter().any(|host| match (host, own) {
            (host, own) if host == own => true,
            // With one priority, the more specific host comes first.
            _ if high == low => false,
            (HostPattern::Any, _) => true,
            (
                HostPattern::Wildcard(suffix),
                HostPattern::Exact(name) | HostPattern::Wildcard(name),
            ) => name.ends_with(suffix) && name.len() > suffix.len(),
            _ => false,
        })
    };
    let prefix = wider.head();
    let covers_path = head.starts_with(&prefix)
        || (prefix == "/" && head.is_empty())
        || matches!(&place.path, PathMatch::Exact(path) if path.as_str() == prefix.trim_end_matches('/'));
    is_before && !std::ptr::eq(wider, place) && place.hosts.iter().all(covers_host) && covers_path
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    fn found(routes: &[&str]) -> Vec<String> {
        let routes = routes.iter().enumerate();
        let routes: Vec<_> = routes
            .map(|(at, rest)| format!(r#"{{"name": "r{at}", "require": "none"{rest}}}"#))
            .collect();
        paths_of(&RULE, &format!(r#"{{"routes": [{}]}}"#, routes.join(",")))
    }

    #[test]
    fn finds_hidden_matches() {
        let regex = r#", "match": [{"path": {"regex": "/a/[0-9]+"}}]"#;
        let prefix = r#", "match": [{"path": {"prefix": "/a"}}]"#;
        let other = r#", "match": [{"path": {"prefix": "/b"}}]"#;
        let get = r#", "match": [{"path": {"prefix": "/a"}, "methods": ["GET"]}]"#;
        let any = "";
        let none: [&str; 0] = [];
        assert_eq!(found(&[regex, prefix]), ["routes[0].match[0]"]);
        assert_eq!(found(&[regex, any]), ["routes[0].match[0]"]);
        assert_eq!(found(&[regex, other]), none);
        assert_eq!(found(&[regex, get]), none);
        assert_eq!(found(&[&format!(r#"{regex}, "priority": 1"#), any]), none);
        assert_eq!(
            found(&[&format!(r#"{any}, "hosts": ["a.test"]"#), regex]),
            none
        );
        assert_eq!(
            found(&[
                &format!(r#"{prefix}, "priority": 1"#),
                regex,
                r#", "match": [{"path": {"exact": "/a"}}]"#,
                other
            ]),
            ["routes[1].match[0]", "routes[2].match[0]"]
        );
        assert_eq!(
            found(&[r#", "priority": 2"#, r#", "hosts": ["a.test"]"#]),
            ["routes[1]"]
        );
        assert_eq!(
            found(&[r#", "match": [{"path": {"regex": "a/b"}}]"#]),
            ["routes[0].match[0]"]
        );
    }
}
