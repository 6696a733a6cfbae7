//! A `when` that is written as if it were authorisation.

use std::collections::HashMap;

use postern::config::{Condition, Config, ListedValue, Unmatched};

use super::match_keys::match_keys;
use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "when-authorises",
    meaning: "A `when` looks like authorisation: it asks who the sender is, and no route of its match is for others.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    let mut last = HashMap::new();
    let mut open = HashMap::new();
    for (at, route) in config.routes.iter().enumerate() {
        for key in match_keys(route) {
            // Routes whose captures have other names don't stand in for each other.
            let path = key.path.trim_end_matches('/');
            let mut methods = key.methods.to_vec();
            methods.sort_unstable();
            let key = (key.address, path, key.tests, methods);
            if route.when.is_none() {
                open.insert(key, at);
            } else {
                last.insert(key, at);
            }
        }
    }
    let mut lonely: Vec<usize> = last
        .into_iter()
        .filter(|(key, _)| !open.contains_key(key))
        .map(|(_, at)| at)
        .collect();
    lonely.sort_unstable();
    lonely.dedup();
    for at in lonely {
        let Some(route) = config.routes.get(at) else {
            continue;
        };
        if !route.when.as_ref().is_some_and(is_about_the_sender) {
            continue;
        }
        let what = match config.unmatched {
            Unmatched::Pass(_) => "is forwarded, because `unmatched` is `pass`",
            Unmatched::Respond(_) => "is unmatched",
        };
        let name = &route.name;
        let reason = format!(
            "`when` is not authorisation, and no route with the match of `{name}` is for others: who doesn't meet it {what}"
        );
        let suggestion = "write `authorize`, or add a route with the same match and without `when`";
        warnings.add(format!("routes[{at}].when"), reason, suggestion);
    }
}

fn is_about_the_sender(condition: &Condition) -> bool {
    match condition {
        Condition::All(list) | Condition::Any(list) => list.iter().any(is_about_the_sender),
        Condition::Not(inner) => is_about_the_sender(inner),
        Condition::Groups(_)
        | Condition::Consumers(_)
        | Condition::Labels(_)
        | Condition::Provider(_)
        | Condition::Claim { .. }
        | Condition::Scopes(_) => true,
        Condition::Lookup { .. } | Condition::Value { .. } | Condition::Flag { .. } => false,
        Condition::Listed { subject, .. } => matches!(subject, ListedValue::Claim(_)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_conditions_without_a_route_for_others() {
        let groups = r#""when": {"groups": {"any": ["a"]}}"#;
        let flag = r#""when": {"lookup": "f.on", "equals": true}, "lookup": {"f": {"source": "s", "values": {"on": "$"}}}"#;
        let other_names = r#""match": [{"path": {"template": "/u/{uid}"}}]"#;
        let named = format!(r#""match": [{{"path": {{"template": "/u/{{id}}"}}}}], {groups}"#);
        for (routes, expected) in [
            (vec![&*named, other_names], vec!["routes[0].when"]),
            (vec![groups], vec!["routes[0].when"]),
            (vec![groups, groups], vec!["routes[1].when"]),
            (vec![groups, ""], vec![]),
            (vec![flag], vec![]),
            (
                vec![groups, r#""hosts": ["a.test"]"#],
                vec!["routes[0].when"],
            ),
        ] {
            let routes = routes.into_iter().enumerate();
            let routes: Vec<_> = routes
                .map(|(at, rest)| {
                    let comma = if rest.is_empty() { "" } else { "," };
                    format!(r#"{{"name": "r{at}", "require": "k"{comma} {rest}}}"#)
                })
                .collect();
            let policy = format!(
                r#"{{"providers": {{"k": {{"apiKey": {{"from": [{{"header": "x"}}]}}}}}}, "sources": {{"s": {{"inline": true}}}},
                "routes": [{}]}}"#,
                routes.join(",")
            );
            assert_eq!(paths_of(&RULE, &policy), expected, "{policy}");
        }
    }
}
