//! Rules: what the filter takes, but what its author probably doesn't mean. Each rule is a file of its own.

mod contradiction;
mod crowded_place;
mod hash_of_nothing;
mod hidden_match;
mod literal_pattern;
mod many_expressions;
mod match_keys;
mod never_matches;
mod no_effect;
mod no_such_upstream;
mod nobody;
mod open_lookup;
mod open_redirect;
mod order_decides;
mod places;
mod plain_secret;
mod plain_text;
mod prefix_in_key;
mod redirect_loop;
mod unused;
mod value_in_code;
mod vanishing_header;
mod when_authorises;

use postern::config::{Config, JwtKeys, Named, Path, Provider, SourceKind, TextOrEnv};

use super::finding::{Issue, Level};
use crate::yaml::DuplicateKey;

/// A rule.
pub(super) struct CheckRule {
    /// The ID in findings. It is stable, and machines can rely on it.
    pub(super) id: &'static str,
    /// What a finding of it means.
    pub(super) meaning: &'static str,
    check: fn(&Config, &mut Warnings),
}

/// Every rule. The order is that of warnings at one position.
pub(super) const RULES: [CheckRule; 21] = [
    nobody::RULE,
    plain_secret::RULE,
    unused::RULE,
    crowded_place::RULE,
    never_matches::RULE,
    open_lookup::RULE,
    open_redirect::RULE,
    value_in_code::RULE,
    vanishing_header::RULE,
    plain_text::RULE,
    no_effect::RULE,
    no_such_upstream::RULE,
    redirect_loop::RULE,
    hash_of_nothing::RULE,
    prefix_in_key::RULE,
    literal_pattern::RULE,
    contradiction::RULE,
    hidden_match::RULE,
    order_decides::RULE,
    many_expressions::RULE,
    when_authorises::RULE,
];

/// Checks a policy by every rule.
pub(super) fn check(config: &Config) -> Vec<Issue> {
    let mut warnings = Warnings {
        rule: "",
        issues: Vec::new(),
    };
    for rule in &RULES {
        warnings.rule = rule.id;
        (rule.check)(config, &mut warnings);
    }
    warnings.issues
}

/// The warnings of a policy.
struct Warnings {
    /// The ID of the rule that is being checked.
    rule: &'static str,
    issues: Vec<Issue>,
}

impl Warnings {
    fn add(&mut self, path: String, reason: impl Into<String>, suggestion: impl Into<String>) {
        self.issues.push(Issue {
            level: Level::Warning,
            rule: self.rule,
            path,
            duplicate_key: DuplicateKey::First,
            reason: reason.into(),
            suggestion: Some(suggestion.into()),
        });
    }
}

/// The headers of all requests of the policy's own, each with its path in the policy.
fn source_headers(config: &Config) -> impl Iterator<Item = (String, &Named<TextOrEnv>)> {
    let sources = config.sources.iter().flat_map(|source| {
        let kind = &source.value.kind;
        let path = format!("{}.{}", entry("sources", &source.name), kind.name());
        let headers = kind.endpoint().map(|endpoint| endpoint.headers);
        let login = if let SourceKind::Http(http) = kind {
            http.login.as_ref()
        } else {
            None
        };
        let login = login.map(|login| login.oauth2.service.headers.as_slice());
        [(format!("{path}.login.oauth2"), login), (path, headers)]
            .into_iter()
            .rev()
    });
    let providers = config.providers.iter().map(|provider| {
        let path = entry("providers", &provider.name);
        match &provider.value {
            Provider::Jwt(jwt) => match &jwt.keys {
                JwtKeys::Remote(keys) => (
                    format!("{path}.jwt.keys.remote"),
                    Some(&keys.service.headers),
                ),
                JwtKeys::Discovery(keys) => {
                    (format!("{path}.jwt.keys.discovery"), Some(&keys.headers))
                }
                JwtKeys::Inline(_) | JwtKeys::Pem(_) | JwtKeys::Consumers(_) => (path, None),
            },
            Provider::Opaque(opaque) => {
                let headers = &opaque.introspection.service.headers;
                (format!("{path}.opaque.introspection"), Some(headers))
            }
            Provider::ApiKey(_) => (path, None),
        }
    });
    let providers = providers.map(|(path, headers)| (path, headers.map(Vec::as_slice)));
    sources.chain(providers).flat_map(|(path, headers)| {
        let path = format!("{path}.headers");
        let headers = headers.into_iter().flatten();
        headers.map(move |header| (entry(&path, &header.name), header))
    })
}

/// The path of the entry `name` in the map at `path`, as the filter's errors write it.
fn entry(path: &str, name: &str) -> String {
    let written = Path::Root.field(name).to_string();
    if written.starts_with('[') {
        format!("{path}{written}")
    } else {
        format!("{path}.{written}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The IDs and paths of a rule's warnings.
    pub(super) fn paths_of(rule: &CheckRule, policy: &str) -> Vec<String> {
        warnings_of(rule, policy)
            .into_iter()
            .map(|issue| issue.path)
            .collect()
    }

    /// The warnings of one rule.
    pub(super) fn warnings_of(rule: &CheckRule, policy: &str) -> Vec<Issue> {
        let config = Config::parse(policy.as_bytes()).unwrap();
        let mut warnings = Warnings {
            rule: rule.id,
            issues: Vec::new(),
        };
        (rule.check)(&config, &mut warnings);
        warnings.issues
    }

    #[test]
    fn every_rule_is_documented() {
        let page = include_str!("../../../../../docs/tool.md");
        for rule in &RULES {
            assert!(
                page.contains(&format!("\n| `{}` |", rule.id)),
                "{}",
                rule.id
            );
        }
    }

    #[test]
    fn every_rule_has_an_id_of_its_own() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
    }
}
