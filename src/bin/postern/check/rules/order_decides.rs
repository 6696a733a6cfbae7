//! Pairs of matches of which the first in the list is chosen, where both hold.

use std::collections::HashMap;

use postern::config::{Config, PathMatch};

use super::match_keys::normalized_path;
use super::places::{Place, places};
use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "order-decides",
    meaning: "Two matches may hold for one request, none is more specific, and the order of the list decides.",
    check,
};

/// The number of matches of one kind that are compared with each other. Above it `crowded-place` and `many-expressions` warn.
const MOST: usize = 100;

fn check(config: &Config, warnings: &mut Warnings) {
    let all = places(config);
    let mut groups: HashMap<_, Vec<&Place<'_>>> = HashMap::default();
    for place in &all {
        // All expressions of a host compete with each other.
        let path = if regex_of(place).is_some() {
            String::new()
        } else {
            normalized_path(Some(&place.path))
        };
        for host in &place.hosts {
            let key = (
                host.clone(),
                path.clone(),
                place.route.priority,
                place.rank(),
            );
            groups.entry(key).or_default().push(place);
        }
    }
    let mut pairs = Vec::new();
    for group in groups.values().filter(|group| group.len() <= MOST) {
        for (number, later) in group.iter().enumerate() {
            let mut earlier = group.iter().take(number);
            if let Some(earlier) = earlier.find(|earlier| compete(earlier, later)) {
                pairs.push((later.at, later.index, earlier.route.name.as_str(), *later));
            }
        }
    }
    pairs.sort_by_key(|(at, index, name, _)| (*at, *index, *name));
    pairs.dedup_by_key(|(at, index, ..)| (*at, *index));
    for (_, _, earlier, later) in pairs {
        let own = &later.route.name;
        let reason = format!(
            "where both match, `{earlier}` is chosen and not `{own}`, because it is before it in the list"
        );
        warnings.add(
            later.written_at(),
            reason,
            "if that is not meant, write a `priority`",
        );
    }
}

/// Whether both may hold for one request, and differ. Equal ones are those of `never-matches`.
fn compete(earlier: &Place<'_>, later: &Place<'_>) -> bool {
    if earlier.at == later.at || earlier.excludes(later) {
        return false;
    }
    let may_overlap = regex_of(earlier).is_none() || {
        let (one, other) = (earlier.head(), later.head());
        one.starts_with(&other) || other.starts_with(&one)
    };
    may_overlap && fields(earlier) != fields(later)
}

fn regex_of<'p>(place: &'p Place<'_>) -> Option<&'p str> {
    if let PathMatch::Regex(text) = &place.path {
        Some(text)
    } else {
        None
    }
}

/// What tells two matches of one path apart.
fn fields(place: &Place<'_>) -> String {
    let one = place.one.map(|one| {
        let regex = regex_of(place).unwrap_or_default();
        let mut fields: Vec<_> = one
            .headers
            .iter()
            .map(|field| format!("h{field:?}"))
            .collect();
        fields.extend(one.query.iter().map(|field| format!("q{field:?}")));
        fields.extend(one.cookies.iter().map(|field| format!("c{field:?}")));
        fields.sort();
        format!("{regex} {fields:?} {:?}", one.scheme)
    });
    one.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::warnings_of;
    use super::*;

    fn found(matches: &[&str]) -> Vec<(String, String)> {
        let routes = matches.iter().enumerate();
        let routes: Vec<_> = routes
            .map(|(at, one)| format!(r#"{{"name": "r{at}", "require": "none", "match": [{one}]}}"#))
            .collect();
        let policy = format!(r#"{{"routes": [{}]}}"#, routes.join(","));
        let warnings = warnings_of(&RULE, &policy).into_iter();
        warnings.map(|issue| (issue.path, issue.reason)).collect()
    }

    #[test]
    fn finds_pairs_whose_order_decides() {
        let header = |name: &str| {
            format!(
                r#"{{"path": {{"prefix": "/a"}}, "headers": [{{"name": "{name}", "present": true}}]}}"#
            )
        };
        let exact = |value: &str| {
            format!(
                r#"{{"path": {{"prefix": "/a"}}, "headers": [{{"name": "x", "exact": "{value}"}}]}}"#
            )
        };
        let regex = |text: &str| format!(r#"{{"path": {{"regex": "{text}"}}}}"#);
        for (matches, expected) in [
            ([header("x"), header("y")], true),
            ([header("x"), header("x")], false),
            ([exact("1"), exact("2")], false),
            (
                [header("x"), r#"{"path": {"prefix": "/a"}}"#.to_owned()],
                false,
            ),
            ([regex("/a/.*"), regex("/a/b.*")], true),
            ([regex("/a/.*"), regex("/b/.*")], false),
            ([regex("/a/.*"), regex("/a/.*")], false),
            ([regex(".*[.]php"), regex("/b/.*")], true),
        ] {
            let found = found(&[&matches[0], &matches[1]]);
            assert_eq!(!found.is_empty(), expected, "{matches:?}");
            if let Some((path, reason)) = found.first() {
                assert_eq!(path, "routes[1].match[0]");
                assert!(
                    reason.contains("`r0`") && reason.contains("`r1`"),
                    "{reason}"
                );
            }
        }
    }
}
