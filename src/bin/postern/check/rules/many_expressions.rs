//! Many regular expressions for paths of one host.

use std::collections::HashMap;

use postern::config::{Config, PathMatch};

use super::places::places;
use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "many-expressions",
    meaning: "A host has more than 100 regular expressions for paths; they are tried one after the other.",
    check,
};

/// The number of expressions of one host that is not reported.
const LIMIT: usize = 100;

fn check(config: &Config, warnings: &mut Warnings) {
    let mut counts = HashMap::new();
    for place in places(config) {
        if !matches!(place.path, PathMatch::Regex(_)) {
            continue;
        }
        for host in &place.hosts {
            let count: &mut usize = counts.entry(host.clone()).or_default();
            *count = count.saturating_add(1);
            if *count == LIMIT.saturating_add(1) {
                let reason = format!(
                    "this is more than {LIMIT} regular expressions for paths of one host: they are tried one after the other"
                );
                let suggestion = "write templates and prefixes where they are enough";
                warnings.add(place.written_at(), reason, suggestion);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_many_expressions() {
        let policy = |count: usize| {
            let matches: Vec<_> = (0..count)
                .map(|at| format!(r#"{{"path": {{"regex": "/a{at}"}}}}"#))
                .collect();
            format!(
                r#"{{"routes": [{{"name": "r", "require": "none", "match": [{}]}}]}}"#,
                matches.join(",")
            )
        };
        assert!(paths_of(&RULE, &policy(100)).is_empty());
        assert_eq!(paths_of(&RULE, &policy(101)), ["routes[0].match[100]"]);
    }
}
