//! The answers of Nacos, and of ACM. The tool makes them itself: a file holds the content of a data ID, and not what Nacos says.

use std::collections::BTreeMap;

use postern::config::{AlibabaExtension, Config, SourceKind};
use postern::http::{Callout, HeaderMap, Reply};
use serde_json::json;

/// The names of the sources in Nacos and ACM. An application has several data IDs: then with the one that the file is the content of. Nacos
/// has no others.
#[derive(Debug)]
pub(super) struct NacosSources(BTreeMap<String, Option<String>>);

impl NacosSources {
    pub(super) fn new(config: &Config) -> Self {
        let of_nacos = config.sources.iter().filter_map(|source| {
            let kind = &source.value.kind;
            let data_id = if let SourceKind::SpringCloudAlibaba(spring) = kind {
                let extension = match spring.extension {
                    AlibabaExtension::Properties => "properties",
                    AlibabaExtension::Yaml => "yaml",
                    AlibabaExtension::Yml => "yml",
                    AlibabaExtension::Json => "json",
                };
                Some(format!("{}.{extension}", spring.application))
            } else if matches!(kind, SourceKind::Nacos(_) | SourceKind::Acm(_)) {
                None
            } else {
                return None;
            };
            Some((source.name.clone(), data_id))
        });
        Self(of_nacos.collect())
    }

    /// The answer to a callout of the source, if it is one of these and holds `document`.
    pub(super) fn answer(&self, source: &str, callout: &Callout, document: &[u8]) -> Option<Reply> {
        let data_id = self.0.get(source)?;
        let path = callout.headers.iter().find(|(name, _)| **name == *b":path");
        let path = String::from_utf8_lossy(&path?.1).into_owned();
        let content = String::from_utf8_lossy(document);
        let is_missing = data_id.as_deref().is_some_and(|data_id| {
            path.contains("dataId=") && !path.contains(&format!("dataId={data_id}&"))
        });
        let body = if is_missing && path.contains("/v1/cs/") {
            b"config data not exist".to_vec()
        } else if is_missing {
            json!({"code": 20004, "data": null})
                .to_string()
                .into_bytes()
        } else if path.ends_with("/diamond") {
            b"127.0.0.1".to_vec()
        } else if path.ends_with("/login") {
            json!({"accessToken": "explain"}).to_string().into_bytes()
        } else if path.contains("/v2/cs/") {
            json!({"code": 0, "data": content}).to_string().into_bytes()
        } else if path.contains("/v3/client/") {
            let data = json!({"content": content, "contentType": "unset"});
            json!({"code": 0, "data": data}).to_string().into_bytes()
        } else {
            document.to_vec()
        };
        let status = if is_missing { "404" } else { "200" };
        let headers = [
            (":status", status),
            ("config-type", "unset"),
            // Without it ACM's answers are in GBK.
            ("content-type", "text/plain;charset=UTF-8"),
        ];
        Some(Reply {
            headers: HeaderMap::from_pairs(&headers),
            body,
        })
    }
}
