//! Keys that surely aren't what was to be written.

use postern::config::{Config, KeyMaterial, Location, Provider};

use super::{Warning, warn};

/// The SHA-256 of nothing, of a line's end, and of one of Windows: a key that wasn't there when it was hashed.
const OF_NOTHING: [(&str, &str); 3] = [
    (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "an empty text, which is no key",
    ),
    (
        "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
        "a line end and nothing else",
    ),
    (
        "7eb70257593da06f682a3ddda54a9d260d4fc514f645237f5ca74b08f8da61a6",
        "a line end and nothing else",
    ),
];

/// Warns of keys that are empty, or that hold what stands before them in a request.
pub(crate) fn keys(config: &Config, found: &mut Vec<Warning>) {
    for (at, consumer) in config.consumers.iter().enumerate() {
        for (number, credential) in consumer.credentials.iter().enumerate() {
            let Some(key) = credential.api_key() else {
                continue;
            };
            let location = format!("consumers[{at}].credentials[{number}].apiKey");
            match &key.key {
                KeyMaterial::Sha256(digest) => {
                    let digest = digits(digest);
                    let what = OF_NOTHING.iter().find(|(known, _)| *known == digest);
                    if let Some((_, what)) = what {
                        let path = format!("{location}.sha256");
                        let reason = format!("this is the SHA-256 of {what}");
                        let suggestion = "hash the key itself: `printf %s \"$KEY\" | sha256sum`";
                        warn(found, "hash-of-nothing", path, reason, suggestion);
                    }
                }
                KeyMaterial::Value(value) => {
                    let prefixes = provider(config, key.provider.as_deref())
                        .into_iter()
                        .flat_map(|provider| provider.locations().iter().filter_map(prefix));
                    let text = value.expose();
                    if prefixes.into_iter().any(|prefix| begins(text, prefix)) {
                        warn(
                            found,
                            "prefix-in-key",
                            format!("{location}.value"),
                            "the key begins with its provider's `prefix`, which is no part of a key",
                            "write what stands behind the prefix",
                        );
                    }
                }
                KeyMaterial::Env(_) => {}
            }
        }
    }
}

fn digits(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The provider of API keys of this name; where none is named, the only one.
fn provider<'c>(config: &'c Config, name: Option<&str>) -> Option<&'c Provider> {
    let all = config.providers.iter();
    let mut of_kind = all.filter(|provider| provider.value.kind() == "apiKey");
    let found = match name {
        Some(name) => of_kind.find(|provider| provider.name == name)?,
        None => {
            let only = of_kind.next()?;
            of_kind.next().is_none().then_some(only)?
        }
    };
    Some(&found.value)
}

/// What stands before a key at this location.
fn prefix(location: &Location) -> Option<&str> {
    match location {
        Location::Header { prefix, .. } => prefix.as_deref(),
        Location::Member { prefix, .. } => Some(prefix),
        Location::Query(_) | Location::Cookie(_) => None,
    }
}

fn begins(key: &[u8], prefix: &str) -> bool {
    let start = key.get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    fn found(key: &str) -> Vec<(&'static str, String)> {
        let text = format!(
            r#"{{"consumers": [{{"name": "a", "credentials": [{{"apiKey": {key}}}]}}],
                "providers": {{
                    "b": {{"apiKey": {{"from": [{{"header": "authorization", "prefix": "Bearer "}}, {{"query": "k"}}]}}}},
                    "m": {{"apiKey": {{"from": [{{"header": "sec-websocket-protocol", "prefix": "key."}}]}}}},
                    "p": {{"apiKey": {{"from": [{{"header": "x-api-key"}}]}}}}
                }}}}"#
        );
        let config = Config::parse(text.as_bytes()).unwrap();
        let mut found = Vec::new();
        keys(&config, &mut found);
        let warnings = found.into_iter();
        warnings
            .map(|warning| (warning.rule, warning.path))
            .collect()
    }

    #[test]
    fn what_was_not_meant() {
        let location = "consumers[0].credentials[0].apiKey";
        for (digest, _) in OF_NOTHING {
            let expected = vec![("hash-of-nothing", format!("{location}.sha256"))];
            assert_eq!(
                found(&format!(r#"{{"provider": "p", "sha256": "{digest}"}}"#)),
                expected
            );
        }
        let repeated = vec![("prefix-in-key", format!("{location}.value"))];
        assert_eq!(found(r#"{"provider": "b", "value": "Bearer K"}"#), repeated);
        assert_eq!(found(r#"{"provider": "b", "value": "bearer K"}"#), repeated);
        assert_eq!(found(r#"{"provider": "m", "value": "key.K"}"#), repeated);
        for good in [
            r#"{"provider": "b", "value": "BearerK"}"#,
            r#"{"provider": "p", "value": "Bearer K"}"#,
            r#"{"provider": "b", "env": "Bearer "}"#,
            r#"{"value": "Bearer K"}"#,
            r#"{"provider": "p", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}"#,
        ] {
            assert_eq!(found(good), [], "{good}");
        }
    }

    #[test]
    fn they_are_the_hashes() {
        for (text, (digest, _)) in ["", "\n", "\r\n"].into_iter().zip(OF_NOTHING) {
            let hash: [u8; 32] = Sha256::digest(text).into();
            assert_eq!(digits(&hash), digest, "{text:?}");
        }
    }
}
