//! A consumer without credentials.

use postern::config::Config;

use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "nobody",
    meaning: "A consumer has no credentials, so no request can be from it.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, consumer) in config.consumers.iter().enumerate() {
        if consumer.credentials.is_empty() {
            warnings.add(
                format!("consumers[{at}]"),
                format!("consumer `{}` has no credentials", consumer.name),
                "no request can be from it: give it one, or leave it out",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_consumers_without_credentials() {
        let policy = r#"{"consumers": [
            {"name": "a"},
            {"name": "b", "credentials": [{"apiKey": {"value": "x"}}]},
            {"name": "c", "credentials": []}
        ]}"#;
        assert_eq!(paths_of(&RULE, policy), ["consumers[0]", "consumers[2]"]);
    }
}
