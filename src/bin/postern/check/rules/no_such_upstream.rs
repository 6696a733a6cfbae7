//! Changes for an upstream that a route never chooses.

use postern::config::{Config, Upstream, UpstreamChoice, Weights};

use super::{CheckRule, Warnings, entry};

pub(super) const RULE: CheckRule = CheckRule {
    id: "no-such-upstream",
    meaning: "A route has changes for an upstream that it never chooses.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, route) in config.routes.iter().enumerate() {
        let Some(rewrite) = &route.rewrite else {
            continue;
        };
        let Some(names) = rewrite.upstream.as_ref().and_then(all) else {
            continue;
        };
        for edits in &rewrite.edits {
            if !names.contains(&&*edits.name) {
                warnings.add(
                    entry(&format!("routes[{at}].rewrite.edits"), &edits.name),
                    format!("the route never chooses `{}`", edits.name),
                    format!("it chooses {}", names.join(", ")),
                );
            }
        }
    }
}

/// The upstreams that a route can choose. `None` if that depends on a request or a document.
fn all(upstream: &Upstream) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    match upstream {
        Upstream::One(choice) => collect(choice, &mut names)?,
        Upstream::First(list) => {
            for case in list {
                collect(&case.upstream, &mut names)?;
            }
        }
    }
    Some(names)
}

fn collect<'c>(choice: &'c UpstreamChoice, names: &mut Vec<&'c str>) -> Option<()> {
    match choice {
        UpstreamChoice::Named(text) if !text.contains('$') => names.push(text),
        UpstreamChoice::Named(_) => return None,
        UpstreamChoice::Split(split) => match &split.weights {
            Weights::Fixed(list) => names.extend(list.iter().map(|one| &*one.name)),
            Weights::LookedUp(_) => return None,
        },
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_changes_for_upstreams_that_are_never_chosen() {
        let policy = |upstream: &str| {
            format!(
                r#"{{"routes": [{{"name": "r", "require": "none", "rewrite": {{"upstream": {upstream},
                "edits": {{"green": {{"host": "g"}}}}}}}}]}}"#
            )
        };
        for upstream in [
            r#""blue""#,
            r#"{"weights": {"blue": 1}}"#,
            r#"{"first": [{"upstream": "blue"}]}"#,
        ] {
            let paths = paths_of(&RULE, &policy(upstream));
            assert_eq!(paths, ["routes[0].rewrite.edits.green"], "{upstream}");
        }
        for upstream in [
            r#""green""#,
            r#""${query.a}""#,
            r#"{"weights": {"blue": 1, "green": 0}}"#,
            r#"{"weights": "${l.v}"}"#,
            r#"{"first": [{"when": {"groups": {"any": ["a"]}}, "upstream": "green"}, {"upstream": "blue"}]}"#,
        ] {
            assert!(paths_of(&RULE, &policy(upstream)).is_empty(), "{upstream}");
        }
    }
}
