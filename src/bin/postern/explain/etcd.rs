//! The answers of etcd. The tool makes them itself: a file holds the document, and not what etcd says.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use postern::config::{Config, SourceKind};
use serde_json::{Value, json};

/// The sources in etcd by their names, each with the prefix of its keys.
#[derive(Debug)]
pub(super) struct EtcdSources(BTreeMap<String, Option<String>>);

impl EtcdSources {
    pub(super) fn new(config: &Config) -> Self {
        let sources = config.sources.iter();
        let of_etcd = sources.filter_map(|source| {
            let SourceKind::Etcd(etcd) = &source.value.kind else {
                return None;
            };
            Some((source.name.clone(), etcd.prefix.clone()))
        });
        Self(of_etcd.collect())
    }

    /// The answer to each question of the source, if it is one of these and holds `document`.
    pub(super) fn answer(&self, source: &str, document: &[u8]) -> Option<Vec<u8>> {
        let prefix = self.0.get(source)?;
        let read: Value = serde_json::from_slice(document).unwrap_or_default();
        let pairs: Vec<Value> = match (prefix, read) {
            // Each member of the document is one key. Its value may be a whole tree.
            (Some(prefix), Value::Object(members)) => members
                .iter()
                .map(|(name, value)| pair(&format!("{prefix}{name}"), value.to_string().as_bytes()))
                .collect(),
            (Some(_) | None, _) => vec![pair("", document)],
        };
        Some(answer(&pairs))
    }

    /// The answer to each question of the source, if it is one of these and there is no document.
    pub(super) fn nothing(&self, source: &str) -> Option<Vec<u8>> {
        self.0.get(source).map(|_| answer(&[]))
    }
}

/// The answer to a login, to a question about the state, and to one about the values.
fn answer(pairs: &[Value]) -> Vec<u8> {
    let answer =
        json!({"token": "explain", "header": {"revision": 1}, "count": pairs.len(), "kvs": pairs});
    answer.to_string().into_bytes()
}

fn pair(key: &str, value: &[u8]) -> Value {
    let base64 = |bytes: &[u8]| Base64::encode_string(bytes);
    json!({"key": base64(key.as_bytes()), "value": base64(value), "mod_revision": 1})
}
