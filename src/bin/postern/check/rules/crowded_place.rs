//! Many matches with one host and path.

use std::collections::HashMap;

use postern::config::Config;

use super::match_keys::{Address, addresses};
use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "crowded-place",
    meaning: "Many matches share a host and a path; they are tried one after the other.",
    check,
};

/// The number of matches of one host and path that is reported.
const LIMIT: usize = 64;

fn check(config: &Config, warnings: &mut Warnings) {
    let mut counts: HashMap<Address, usize> = HashMap::default();
    for (at, route) in config.routes.iter().enumerate() {
        for address in addresses(route) {
            let count = counts.entry(address).or_default();
            *count = count.saturating_add(1);
            if *count == LIMIT {
                warnings.add(
                    format!("routes[{at}]"),
                    format!(
                        "this is match {LIMIT} of one host and path: they are tried one after the other"
                    ),
                    "give them different paths",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_many_matches_of_one_address() {
        let policy = |count: usize| {
            let route = |at: usize| {
                format!(
                    r#"{{"name": "r{at}", "require": "none", "match": [{{"path": {{"exact": "/a"}}, "headers": [{{"name": "x", "exact": "{at}"}}]}}]}}"#
                )
            };
            let routes: Vec<String> = (0..count).map(route).collect();
            format!(r#"{{"routes": [{}]}}"#, routes.join(","))
        };
        let last = format!("routes[{}]", LIMIT - 1);
        assert_eq!(paths_of(&RULE, &policy(LIMIT)), [last]);
        assert!(paths_of(&RULE, &policy(LIMIT - 1)).is_empty());
    }
}
