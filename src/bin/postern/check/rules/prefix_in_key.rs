//! A key that begins with the prefix of its provider.

use postern::config::{Config, KeyMaterial, Location, Provider};

use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "prefix-in-key",
    meaning: "A key begins with its provider's `prefix`, which is no part of a key.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, consumer) in config.consumers.iter().enumerate() {
        for (number, credential) in consumer.credentials.iter().enumerate() {
            let Some(credential) = credential.api_key() else {
                continue;
            };
            let KeyMaterial::Value(key) = &credential.key else {
                continue;
            };
            let provider = provider(config, credential.provider.as_deref());
            let locations = provider.into_iter().flat_map(Provider::locations);
            let mut prefixes = locations.filter_map(prefix);
            if prefixes.any(|prefix| begins_with(key.expose(), prefix)) {
                warnings.add(
                    format!("consumers[{at}].credentials[{number}].apiKey.value"),
                    "the key begins with its provider's `prefix`, which is no part of a key",
                    "write the text after the prefix",
                );
            }
        }
    }
}

/// The provider of API keys `name`. Without a name, the only one of that kind.
fn provider<'c>(config: &'c Config, name: Option<&str>) -> Option<&'c Provider> {
    let providers = config.providers.iter();
    let mut api_keys = providers.filter(|provider| provider.value.kind() == "apiKey");
    let found = match name {
        Some(name) => api_keys.find(|provider| provider.name == name)?,
        None => {
            let only = api_keys.next()?;
            api_keys.next().is_none().then_some(only)?
        }
    };
    Some(&found.value)
}

/// The text before a key in this location.
fn prefix(location: &Location) -> Option<&str> {
    match location {
        Location::Header { prefix, .. } => prefix.as_deref(),
        Location::Member { prefix, .. } => Some(prefix),
        Location::Query(_) | Location::Cookie(_) => None,
    }
}

fn begins_with(key: &[u8], prefix: &str) -> bool {
    let start = key.get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    fn found(key: &str) -> bool {
        let policy = format!(
            r#"{{"consumers": [{{"name": "a", "credentials": [{{"apiKey": {key}}}]}}],
                "providers": {{
                    "b": {{"apiKey": {{"from": [{{"header": "authorization", "prefix": "Bearer "}}, {{"query": "k"}}]}}}},
                    "m": {{"apiKey": {{"from": [{{"header": "sec-websocket-protocol", "prefix": "key."}}]}}}},
                    "p": {{"apiKey": {{"from": [{{"header": "x-api-key"}}]}}}}
                }}}}"#
        );
        let paths = paths_of(&RULE, &policy);
        assert!(
            paths
                .iter()
                .all(|path| path == "consumers[0].credentials[0].apiKey.value")
        );
        !paths.is_empty()
    }

    #[test]
    fn finds_keys_with_the_prefix_of_their_provider() {
        for key in [
            r#"{"provider": "b", "value": "Bearer K"}"#,
            r#"{"provider": "b", "value": "bearer K"}"#,
            r#"{"provider": "m", "value": "key.K"}"#,
        ] {
            assert!(found(key), "{key}");
        }
        for key in [
            r#"{"provider": "b", "value": "BearerK"}"#,
            r#"{"provider": "p", "value": "Bearer K"}"#,
            r#"{"provider": "b", "env": "Bearer "}"#,
            r#"{"value": "Bearer K"}"#,
            r#"{"provider": "p", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}"#,
        ] {
            assert!(!found(key), "{key}");
        }
    }
}
