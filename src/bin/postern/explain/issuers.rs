//! The metadata of issuers. The tool makes them itself, because a policy says everything that is read of them.

use std::collections::BTreeMap;

use postern::config::{Accepted, Config, JwtKeys, Provider};
use postern::http::Callout;
use serde_json::json;

/// Where the metadata say that the keys are, at the host of the metadata.
const KEYS: &str = "/.well-known/postern-explain-keys";

/// The issuers whose metadata name the keys, by the name of the source of these keys.
#[derive(Debug)]
pub(super) struct Issuers(BTreeMap<String, String>);

impl Issuers {
    pub(super) fn new(config: &Config) -> Self {
        let issuer = |provider: &Provider| {
            let Provider::Jwt(jwt) = provider else {
                return None;
            };
            match (&jwt.keys, &jwt.issuer) {
                (JwtKeys::Discovery(_), Some(Accepted::These(issuers))) => issuers.first().cloned(),
                _ => None,
            }
        };
        let named = config.providers.iter().filter_map(|named| {
            let source = format!("providers.{}.keys", named.name);
            Some((source, issuer(&named.value)?))
        });
        Self(named.collect())
    }

    /// The metadata, if this callout to the source asks for them and not for the keys.
    pub(super) fn metadata(&self, source: &str, callout: &Callout) -> Option<Vec<u8>> {
        let issuer = self.0.get(source)?;
        let header = |name: &[u8]| {
            let found = callout.headers.iter().find(|(own, _)| **own == *name);
            found.map_or_else(String::new, |(_, value)| {
                String::from_utf8_lossy(value).into_owned()
            })
        };
        if header(b":path") == KEYS {
            return None;
        }
        let keys = format!("{}://{}{KEYS}", header(b":scheme"), header(b":authority"));
        let metadata = json!({"issuer": issuer, "jwks_uri": keys});
        Some(metadata.to_string().into_bytes())
    }
}
