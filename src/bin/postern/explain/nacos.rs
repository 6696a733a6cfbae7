//! The answers of Nacos. The tool makes them itself: a file holds the content of a data ID, and not what Nacos says.

use std::collections::BTreeSet;

use postern::config::{Config, SourceKind};
use postern::http::{Callout, HeaderMap, Reply};
use serde_json::json;

/// The names of the sources in Nacos.
#[derive(Debug)]
pub(super) struct NacosSources(BTreeSet<String>);

impl NacosSources {
    pub(super) fn new(config: &Config) -> Self {
        let sources = config.sources.iter();
        let is_nacos = |kind: &SourceKind| matches!(kind, SourceKind::Nacos(_));
        let of_nacos = sources.filter(|source| is_nacos(&source.value.kind));
        Self(of_nacos.map(|source| source.name.clone()).collect())
    }

    /// The answer to a callout of the source, if it is one of these and holds `document`.
    pub(super) fn answer(&self, source: &str, callout: &Callout, document: &[u8]) -> Option<Reply> {
        self.0.get(source)?;
        let path = callout.headers.iter().find(|(name, _)| **name == *b":path");
        let path = String::from_utf8_lossy(&path?.1).into_owned();
        let content = String::from_utf8_lossy(document);
        let body = if path.ends_with("/login") {
            json!({"accessToken": "explain"}).to_string().into_bytes()
        } else if path.contains("/v2/cs/") {
            json!({"code": 0, "data": content}).to_string().into_bytes()
        } else if path.contains("/v3/client/") {
            let data = json!({"content": content, "contentType": "unset"});
            json!({"code": 0, "data": data}).to_string().into_bytes()
        } else {
            document.to_vec()
        };
        let headers = [(":status", "200"), ("config-type", "unset")];
        Some(Reply {
            headers: HeaderMap::from_pairs(&headers),
            body,
        })
    }
}
