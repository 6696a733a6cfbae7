//! Checks one policy. Every issue has a path in the policy.

use postern::config::{Config, ConfigErrors};
use postern::policy::Policy;

use super::finding::{Issue, Level};
use super::rules;
use crate::environment::Variables;
use crate::yaml::DuplicateKey;

/// The longest configuration that the filter reads, in bytes (`docs/operations.md`, sizes and limits).
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The size of JSON without white space outside of texts. A control plane that makes JSON of a map sends this many bytes.
pub(super) fn size_without_white_space(json: &str) -> usize {
    if json.len() <= MAX_BYTES {
        return json.len();
    }
    let (mut in_text, mut is_escaped) = (false, false);
    let counts = |byte: &u8| {
        let is_quote = *byte == b'"' && !is_escaped;
        let counts = in_text || !byte.is_ascii_whitespace();
        in_text ^= is_quote;
        is_escaped = in_text && *byte == b'\\' && !is_escaped;
        counts
    };
    json.as_bytes().iter().copied().filter(counts).count()
}

/// Checks a policy. The errors are those of the filter. `json` is what the filter reads; `bytes` is the size of what it is sent.
pub(super) fn check_policy(json: &str, bytes: usize, environment: &Variables) -> Vec<Issue> {
    if bytes > MAX_BYTES {
        return vec![too_large(bytes)];
    }
    let config = match Config::parse(json.as_bytes()) {
        Ok(config) => config,
        Err(written) => {
            // The filter compiles the parts that it can read, and reports their errors as well.
            let errors = Policy::read(&json.as_bytes(), environment).err();
            let issues = errors_as_issues(&errors.unwrap_or(written)).collect();
            environment.take_assumed();
            return issues;
        }
    };
    let mut issues = Vec::new();
    match Policy::compile(&config, environment) {
        Ok(policy) => {
            let notices = policy.notices().iter();
            issues.extend(notices.map(|notice| Issue {
                level: Level::Warning,
                rule: notice.rule,
                path: notice.path.clone(),
                duplicate_key: DuplicateKey::First,
                reason: notice.reason.clone(),
                suggestion: Some(notice.suggestion.clone()),
            }));
            // The program ends soon, and to drop a large policy takes long.
            std::mem::forget(policy);
        }
        Err(errors) => issues.extend(errors_as_issues(&errors)),
    }
    issues.extend(rules::check(&config));
    std::mem::forget(config);
    issues.extend(assumed_variables(environment));
    issues
}

fn too_large(bytes: usize) -> Issue {
    Issue {
        level: Level::Error,
        rule: "invalid",
        path: String::new(),
        duplicate_key: DuplicateKey::First,
        reason: format!("the configuration has {bytes} bytes, the limit is {MAX_BYTES}"),
        suggestion: Some("keep consumers and values in a source and not in the policy".to_owned()),
    }
}

/// A note that names the variables that are assumed to be set, if there are any.
fn assumed_variables(environment: &Variables) -> Option<Issue> {
    let assumed = environment.take_assumed();
    let names: Vec<_> = assumed.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| Issue {
        level: Level::Note,
        rule: "environment",
        path: String::new(),
        duplicate_key: DuplicateKey::First,
        reason: format!(
            "the policy reads environment variables that are assumed to be set: {}",
            names.join(", ")
        ),
        suggestion: None,
    })
}

fn errors_as_issues(errors: &ConfigErrors) -> impl Iterator<Item = Issue> {
    errors.iter().map(|error| Issue {
        level: Level::Error,
        rule: "invalid",
        path: error.path.clone(),
        duplicate_key: if error.reason == "duplicate key" {
            DuplicateKey::Last
        } else {
            DuplicateKey::First
        },
        reason: error.reason.clone(),
        suggestion: error.suggestion.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_policy_that_is_too_long() {
        let variables = Variables::default();
        assert!(check_policy("{}", MAX_BYTES, &variables).is_empty());
        let issues = check_policy("{}", MAX_BYTES.saturating_add(1), &variables);
        assert_eq!(issues.len(), 1);
        assert!(issues[0].reason.contains("16777217 bytes"), "{issues:?}");
        // The documented limit is the same.
        assert!(include_str!("../../../../docs/operations.md").contains("| the policy | 16 MiB;"));
    }

    #[test]
    fn warns_of_keys_that_the_filter_changes_or_leaves_out() {
        let policy = r#"{
            "consumers": [{"name": "a", "credentials": [{"apiKey": {"env": "KEY"}}, {"apiKey": {"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}, {"apiKey": {"env": "TEST"}}]}],
            "providers": {"k": {"apiKey": {"from": [{"header": "x"}]}}},
            "routes": [{"name": "r", "require": "k"}]}"#;
        let given = |key: &str| {
            let pairs = [("KEY", key), ("TEST", "test")];
            Variables::new(&pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
        };
        let issues = check_policy(policy, policy.len(), &given("k\n"));
        let rules: Vec<_> = issues
            .iter()
            .map(|issue| (issue.level, issue.rule, issue.path.as_str()))
            .collect();
        let credential = |at: usize| format!("consumers[0].credentials[{at}]");
        let (first, third) = (format!("{}.apiKey.env", credential(0)), credential(2));
        let expected = [
            (Level::Warning, "line-end", first.as_str()),
            (Level::Warning, "repeated-key", third.as_str()),
        ];
        assert_eq!(rules, expected);
        let issues = check_policy(policy, policy.len(), &given("hunter2\nhunter2"));
        assert_eq!(
            (issues[0].level, issues[0].path.as_str()),
            (Level::Error, first.as_str())
        );
        assert!(!format!("{issues:?}").contains("hunter2"));
    }

    #[test]
    fn counts_no_white_space_outside_of_texts() {
        let white_space = " ".repeat(MAX_BYTES);
        let text = format!("{{ \"a\\\" b\\\\\" :\n[1, 2],{white_space}\"c d\": \"\"}}");
        let short = "{\"a\\\" b\\\\\":[1,2],\"c d\":\"\"}";
        assert_eq!(size_without_white_space(&text), short.len());
    }
}
