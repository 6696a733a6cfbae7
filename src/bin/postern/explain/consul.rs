//! The answers of Consul and of Eureka. The tool makes them itself: a file holds the document, and not what a server says.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use postern::config::{Config, SourceKind, SpringConsulFormat};
use postern::http::{Callout, HeaderMap, Reply};
use serde_json::{Value, json};

/// The sources in Consul and in Eureka by their names.
#[derive(Debug)]
pub(super) struct ConsulSources(BTreeMap<String, Held>);

/// What a file is the content of.
#[derive(Debug)]
enum Held {
    /// The value of a key.
    Value,
    /// All keys below a prefix.
    Below(String),
    /// The value at this path. There is no other one.
    Only(String),
    /// All keys at this path, which is a folder. There is no other one.
    OnlyBelow(String),
    /// An application in Eureka.
    Application,
}

impl ConsulSources {
    pub(super) fn new(config: &Config) -> Self {
        let of_consul = config.sources.iter().filter_map(|source| {
            let kind = &source.value.kind;
            let held = if let SourceKind::Consul(consul) = kind {
                consul.prefix.clone().map_or(Held::Value, Held::Below)
            } else if let SourceKind::SpringCloudConsul(spring) = kind {
                let prefix = spring.prefix.trim_matches('/');
                let folder = format!("{prefix}/{}", spring.application);
                match spring.format {
                    SpringConsulFormat::KeyValue => Held::OnlyBelow(folder + "/"),
                    SpringConsulFormat::Files => Held::Only(folder + ".yml"),
                    SpringConsulFormat::Yaml | SpringConsulFormat::Properties => {
                        Held::Only(format!("{folder}/{}", spring.data_key))
                    }
                }
            } else if matches!(kind, SourceKind::Eureka(_)) {
                Held::Application
            } else {
                return None;
            };
            Some((source.name.clone(), held))
        });
        Self(of_consul.collect())
    }

    /// The answer to a callout of the source, if it is one of these and holds `document`.
    pub(super) fn answer(&self, source: &str, callout: &Callout, document: &[u8]) -> Option<Reply> {
        let held = self.0.get(source)?;
        let path = callout.headers.iter().find(|(name, _)| **name == *b":path");
        let path = String::from_utf8_lossy(&path?.1).into_owned();
        let is_at = |name: &str| path.starts_with(&format!("/v1/kv/{name}?"));
        let body = match held {
            Held::Value => Some(document.to_vec()),
            Held::Below(prefix) => Some(pairs(prefix, document)),
            Held::Only(name) => is_at(name).then(|| document.to_vec()),
            Held::OnlyBelow(name) => is_at(name).then(|| pairs(name, document)),
            Held::Application => Some(application(document)),
        };
        Some(reply(body))
    }

    /// The answer where there is no such document.
    pub(super) fn nothing(&self, source: &str) -> Option<Reply> {
        self.0.get(source).map(|_| reply(None))
    }
}

fn reply(body: Option<Vec<u8>>) -> Reply {
    let status = if body.is_some() { "200" } else { "404" };
    Reply {
        headers: HeaderMap::from_pairs(&[(":status", status), ("x-consul-index", "1")]),
        body: body.unwrap_or_default(),
    }
}

/// Each member of the document is one key. Its value may be a whole tree; a text is what it is.
fn pairs(prefix: &str, document: &[u8]) -> Vec<u8> {
    let read: Value = serde_json::from_slice(document).unwrap_or_default();
    let pair = |(name, value): (&String, &Value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        json!({"Key": format!("{prefix}{name}"), "Value": Base64::encode_string(text.as_bytes())})
    };
    let pairs: Vec<Value> = read.as_object().into_iter().flatten().map(pair).collect();
    Value::Array(pairs).to_string().into_bytes()
}

fn application(document: &[u8]) -> Vec<u8> {
    let read: Value = serde_json::from_slice(document).unwrap_or_default();
    let answer = json!({"application": {"name": read.get("application"), "instance": read.get("instances")}});
    answer.to_string().into_bytes()
}
