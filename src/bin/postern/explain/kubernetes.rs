//! The answers of an API server of Kubernetes. The tool makes them itself: a file holds the document, and not what the server says.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use postern::config::{Config, SourceKind};
use postern::http::Callout;
use serde_json::{Map, Value, json};

/// The sources in Kubernetes by their names.
#[derive(Debug)]
pub(super) struct KubernetesSources(BTreeMap<String, Object>);

#[derive(Debug)]
struct Object {
    is_secret: bool,
    key: Option<String>,
}

impl KubernetesSources {
    pub(super) fn new(config: &Config) -> Self {
        let sources = config.sources.iter();
        let of_kubernetes = sources.filter_map(|source| {
            let SourceKind::Kubernetes(written) = &source.value.kind else {
                return None;
            };
            let object = Object {
                is_secret: written.secret.is_some(),
                key: written.key.clone(),
            };
            Some((source.name.clone(), object))
        });
        Self(of_kubernetes.collect())
    }

    /// The answer to each question of the source, if it is one of these and holds `document`: the value of a data key, or a map of
    /// all values. Nothing happens to it.
    pub(super) fn answer(
        &self,
        source: &str,
        callout: &Callout,
        document: &[u8],
    ) -> Option<Vec<u8>> {
        let object = self.0.get(source)?;
        let mut headers = callout.headers.iter();
        if headers.any(|(name, value)| **name == *b":path" && value.contains(&b'?')) {
            return Some(Vec::new());
        }
        let text = String::from_utf8_lossy(document).into_owned();
        let values = match &object.key {
            Some(key) => Map::from_iter([(key.clone(), Value::String(text))]),
            None => serde_json::from_str(&text).unwrap_or_default(),
        };
        let encode = |value: Value| match value.as_str() {
            Some(text) if object.is_secret => Base64::encode_string(text.as_bytes()).into(),
            _ => value,
        };
        let values: Map<String, Value> = values
            .into_iter()
            .map(|(name, value)| (name, encode(value)))
            .collect();
        let kind = if object.is_secret {
            "Secret"
        } else {
            "ConfigMap"
        };
        let metadata = json!({"uid": "explain", "resourceVersion": "1"});
        let answer = json!({"kind": kind, "metadata": metadata, "data": values});
        let answer = answer.to_string();
        Some(answer.into_bytes())
    }
}
