//! All that there is to say of one policy, by its paths.

use postern::config::{Config, ConfigErrors};
use postern::policy::Policy;

use crate::environment::Variables;
use crate::finding::Level;
use crate::lint;
use crate::yaml::Occurrence;

/// One thing.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) level: Level,
    pub(crate) rule: &'static str,
    /// As errors write it; empty for the whole.
    pub(crate) path: String,
    /// Occurrence entry the path means, where there are two.
    pub(crate) which: Occurrence,
    pub(crate) reason: String,
    pub(crate) suggestion: Option<String>,
}

/// The most that the filter reads (`docs/operations.md`, sizes and limits).
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How long a policy is without the blanks between its parts: how it is sent, where it isn't sent as it was written.
pub(crate) fn without_blanks(json: &str) -> usize {
    if json.len() <= MOST_BYTES {
        return json.len();
    }
    let (mut text, mut escaped) = (false, false);
    let counts = |byte: &u8| {
        let quote = *byte == b'"' && !escaped;
        let counts = text || !byte.is_ascii_whitespace();
        text ^= quote;
        escaped = text && *byte == b'\\' && !escaped;
        counts
    };
    json.as_bytes().iter().copied().filter(counts).count()
}

/// Judges a policy as the filter does, and warns of what it wouldn't mind. `json` is what the filter would read, which comes
/// to it in so many bytes.
pub(crate) fn judge(json: &str, bytes: usize, environment: &Variables) -> Vec<Said> {
    if bytes > MOST_BYTES {
        return vec![too_large(bytes)];
    }
    let config = match Config::parse(json.as_bytes()) {
        Ok(config) => config,
        Err(written) => {
            // As the filter reads it: what is wrong besides is told too, as far as it doesn't follow.
            let errors = Policy::read(&json.as_bytes(), environment).err();
            let said = refused(&errors.unwrap_or(written)).collect();
            environment.take_assumed();
            return said;
        }
    };
    let mut said = Vec::new();
    match Policy::compile(&config, environment) {
        Ok(policy) => {
            said.extend(policy.notices().iter().map(|notice| Said {
                level: Level::Warning,
                rule: notice.rule,
                path: notice.path.clone(),
                which: Occurrence::First,
                reason: notice.reason.clone(),
                suggestion: Some(notice.suggestion.clone()),
            }));
            // The tool ends soon, and to take a large policy apart takes long.
            std::mem::forget(policy);
        }
        Err(errors) => said.extend(refused(&errors)),
    }
    said.extend(lint::warnings(&config).into_iter().map(|warning| Said {
        level: Level::Warning,
        rule: warning.rule,
        path: warning.path,
        which: Occurrence::First,
        reason: warning.reason,
        suggestion: Some(warning.suggestion),
    }));
    std::mem::forget(config);
    said.extend(assumed(environment));
    said
}

fn too_large(bytes: usize) -> Said {
    Said {
        level: Level::Error,
        rule: "invalid",
        path: String::new(),
        which: Occurrence::First,
        reason: format!("the configuration has {bytes} bytes, the limit is {MOST_BYTES}"),
        suggestion: Some("keep consumers and values in a source and not in the policy".to_owned()),
    }
}

/// Occurrence variables were taken to be set, if any.
fn assumed(environment: &Variables) -> Option<Said> {
    let assumed = environment.take_assumed();
    let names: Vec<_> = assumed.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| Said {
        level: Level::Note,
        rule: "environment",
        path: String::new(),
        which: Occurrence::First,
        reason: format!(
            "reads the environment: {}, taken to be set",
            names.join(", ")
        ),
        suggestion: None,
    })
}

fn refused(errors: &ConfigErrors) -> impl Iterator<Item = Said> {
    errors.iter().map(|error| Said {
        level: Level::Error,
        rule: "invalid",
        path: error.path.clone(),
        which: if error.reason == "duplicate key" {
            Occurrence::Last
        } else {
            Occurrence::First
        },
        reason: error.reason.clone(),
        suggestion: error.suggestion.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_is_too_long() {
        let variables = Variables::default();
        assert!(judge("{}", MOST_BYTES, &variables).is_empty());
        let said = judge("{}", MOST_BYTES.saturating_add(1), &variables);
        assert_eq!(said.len(), 1);
        assert!(said[0].reason.contains("16777217 bytes"), "{said:?}");
        // The filter's own limit, as its operators read it.
        assert!(include_str!("../../../docs/operations.md").contains("| the policy | 16 MiB;"));
    }

    #[test]
    fn what_the_filter_takes_otherwise_is_a_warning() {
        let policy = r#"{
            "consumers": [{"name": "a", "credentials": [{"apiKey": {"env": "KEY"}}, {"apiKey": {"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}, {"apiKey": {"env": "TEST"}}]}],
            "providers": {"k": {"apiKey": {"from": [{"header": "x"}]}}},
            "routes": [{"name": "r", "require": "k"}]}"#;
        let given = |key: &str| {
            let pairs = [("KEY", key), ("TEST", "test")];
            Variables::new(&pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
        };
        let said = judge(policy, policy.len(), &given("k\n"));
        let rules: Vec<_> = said
            .iter()
            .map(|said| (said.level, said.rule, said.path.as_str()))
            .collect();
        let credential = |at: usize| format!("consumers[0].credentials[{at}]");
        let (first, third) = (format!("{}.apiKey.env", credential(0)), credential(2));
        let expected = [
            (Level::Warning, "line-end", first.as_str()),
            (Level::Warning, "repeated-key", third.as_str()),
        ];
        assert_eq!(rules, expected);
        let said = judge(policy, policy.len(), &given("hunter2\nhunter2"));
        assert_eq!(
            (said[0].level, said[0].path.as_str()),
            (Level::Error, first.as_str())
        );
        assert!(!format!("{said:?}").contains("hunter2"));
    }

    #[test]
    fn blanks_are_not_sent() {
        let blanks = " ".repeat(MOST_BYTES);
        let text = format!("{{ \"a\\\" b\\\\\" :\n[1, 2],{blanks}\"c d\": \"\"}}");
        let short = "{\"a\\\" b\\\\\":[1,2],\"c d\":\"\"}";
        assert_eq!(without_blanks(&text), short.len());
    }
}
