//! A secret as text in the policy.

use postern::config::{Config, KeyMaterial, TextOrEnv};

use super::{CheckRule, Warnings, source_headers};

pub(super) const RULE: CheckRule = CheckRule {
    id: "plain-secret",
    meaning: "A secret is in the policy as plain text.",
    check,
};

/// A header with one of these words in its name probably has a secret as its value.
const SECRET_WORDS: [&str; 6] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "key",
];

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, consumer) in config.consumers.iter().enumerate() {
        for (number, credential) in consumer.credentials.iter().enumerate() {
            let Some(credential) = credential.api_key() else {
                continue;
            };
            if matches!(credential.key, KeyMaterial::Value(_)) {
                warnings.add(
                    format!("consumers[{at}].credentials[{number}].apiKey.value"),
                    "everyone who reads the policy can read this key",
                    "write its `sha256`",
                );
            }
        }
    }
    for (path, header) in source_headers(config) {
        let is_secret = SECRET_WORDS.iter().any(|word| header.name.contains(word));
        if is_secret && matches!(header.value, TextOrEnv::Text(_)) {
            warnings.add(
                path,
                "everyone who reads the policy can read this secret",
                "write `{env: NAME}`",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_keys_and_headers_of_sources() {
        let policy = r#"{
            "consumers": [{"name": "b", "credentials": [{"apiKey": {"env": "A"}}, {"apiKey": {"value": "x"}}]}],
            "sources": {"crm": {"http": {"cluster": "c", "path": "/", "headers": {
                "authorization": "x", "x-a": "y", "x-api-key": {"env": "KEY"}
            }}}}
        }"#;
        let expected = [
            "consumers[0].credentials[1].apiKey.value",
            "sources.crm.http.headers.authorization",
        ];
        assert_eq!(paths_of(&RULE, policy), expected);
    }
}
