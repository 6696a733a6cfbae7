//! The format of a case file. `tests/cases/README.md` describes it for those who write cases.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One file: a policy, the world around it, and what is to become of each request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFile {
    /// The file's name without its ending; the authority under which the centre serves its world.
    #[serde(skip)]
    pub(crate) stem: String,
    /// The policy, as YAML.
    pub(crate) policy: Option<String>,
    /// The environment of the VM.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// What the config centre answers, by path.
    #[serde(default)]
    pub(crate) world: BTreeMap<String, WorldReply>,
    /// Requests to that policy, in order.
    #[serde(default, rename = "case")]
    pub(crate) cases: Vec<Case>,
    /// Policies that must not compile.
    #[serde(default, rename = "refused")]
    pub(crate) refused: Vec<Refused>,
}

impl CaseFile {
    /// The paths of the documents that are kept fresh whether a request needs them or not. When they are asked for is
    /// no case's business.
    pub(crate) fn watched_paths(&self) -> Vec<String> {
        let policy: serde_json::Value = self
            .policy
            .as_deref()
            .and_then(|yaml| serde_yaml_ng::from_str(yaml).ok())
            .unwrap_or_default();
        let sources = policy
            .get("sources")
            .and_then(|sources| sources.as_object());
        let watched = |source: &&serde_json::Value| {
            source.get("onDemand").is_none() && source["http"]["cluster"] == "centre"
        };
        let sources = sources.into_iter().flat_map(|sources| sources.values());
        sources
            .filter(watched)
            .filter_map(|source| Some(source["http"]["path"].as_str()?.to_owned()))
            .collect()
    }
}

/// What the config centre answers for one path.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorldReply {
    /// 200 where it isn't said.
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) body: String,
    /// The connection is closed without an answer.
    #[serde(default)]
    pub(crate) down: bool,
    /// No answer ever comes.
    #[serde(default)]
    pub(crate) silent: bool,
}

/// One request and what is to become of it: exactly one of `forwarded`, `answered`, `denied`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default, rename = "why")]
    _why: Option<String>,
    /// Milliseconds that pass before the request.
    #[serde(default)]
    pub(crate) after: u64,
    #[serde(default)]
    pub(crate) request: Request,
    #[serde(flatten)]
    pub(crate) expected: Expected,
    /// The paths that are asked of the centre because of this request, in order.
    #[serde(default)]
    pub(crate) callouts: Vec<String>,
    /// Where a real Envoy answers or changes the request before the filter sees it.
    pub(crate) envoy: Option<EnvoyNote>,
}

/// What Envoy itself makes of a request, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvoyNote {
    pub(crate) instead: Expected,
    pub(crate) because: String,
}

/// A request's head. Texts may hold `\xNN` for any byte (in TOML's 'literal' strings).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) host: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Pseudo-headers that are left out.
    pub(crate) without: Vec<String>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".into(),
            path: "/".into(),
            host: "api.test".into(),
            headers: Vec::new(),
            without: Vec::new(),
        }
    }
}

impl Request {
    /// All pairs as the host hands them over, pseudo-headers first, names in lower case.
    pub(crate) fn pairs(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let pseudo = [
            (":authority", self.host.as_str()),
            (":path", self.path.as_str()),
            (":method", self.method.as_str()),
            (":scheme", "http"),
        ];
        let fields = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        pseudo
            .into_iter()
            .filter(|(name, _)| !self.without.iter().any(|left_out| left_out == name))
            .chain(fields)
            .map(|(name, value)| (bytes(name).to_ascii_lowercase(), bytes(value)))
            .collect()
    }
}

/// What is to become of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expected {
    Forwarded(Forwarded),
    Answered(Answered),
    Denied(Denied),
}

/// What the upstream gets. What isn't said must be as it came, header by header.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Forwarded {
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) host: Option<String>,
    /// The cluster; `default` where the policy chose none.
    pub(crate) upstream: Option<String>,
    pub(crate) headers: BTreeMap<String, Values>,
    pub(crate) absent: Vec<String>,
    /// What the client gets of the upstream's answer.
    pub(crate) response: ResponseHeaders,
}

/// Header fields of an answer, as far as they matter.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ResponseHeaders {
    pub(crate) headers: BTreeMap<String, Values>,
    pub(crate) absent: Vec<String>,
}

/// An answer that the policy gives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Values>,
    #[serde(default)]
    pub(crate) absent: Vec<String>,
    /// The whole content.
    pub(crate) body: Option<String>,
    /// The path that an access log shows; as it came where it isn't said.
    pub(crate) logged: Option<String>,
}

/// A refusal. Its form (problem document, challenge) is checked without being written out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Denied {
    pub(crate) status: u16,
    /// Without `postern_`; left out only where Envoy itself refuses.
    pub(crate) reason: Option<String>,
    /// The gRPC status, where the client speaks gRPC.
    pub(crate) grpc: Option<u8>,
    /// The path that an access log shows; as it came where it isn't said.
    pub(crate) logged: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Values>,
    #[serde(default)]
    pub(crate) absent: Vec<String>,
}

/// The values of one header, in order.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Values {
    One(String),
    Many(Vec<String>),
}

impl Values {
    pub(crate) fn all(&self) -> Vec<Vec<u8>> {
        match self {
            Self::One(value) => vec![bytes(value)],
            Self::Many(values) => values.iter().map(|value| bytes(value)).collect(),
        }
    }
}

/// A policy that must be refused, with every error of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refused {
    pub(crate) name: String,
    #[serde(default, rename = "why")]
    _why: Option<String>,
    /// YAML; or `json`, where YAML could not say it.
    pub(crate) policy: Option<String>,
    pub(crate) json: Option<String>,
    pub(crate) errors: Vec<RefusedError>,
    /// Whether it is given to a real Envoy too, which takes a start each.
    #[serde(default)]
    pub(crate) envoy: bool,
}

/// One error of a policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedError {
    pub(crate) path: String,
    /// A part of the reason or of the suggestion.
    #[serde(default)]
    pub(crate) says: String,
    /// What must not be printed: a secret.
    pub(crate) never: Option<String>,
}

/// The JSON text of a policy that was written as YAML.
pub(crate) fn json_of(yaml: &str) -> Result<String, String> {
    // Not by way of a `serde_json::Value`: it would sort the fields, and errors are told in the order of writing.
    let value: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(yaml).map_err(|error| format!("policy is no YAML: {error}"))?;
    serde_json::to_string(&value).map_err(|error| format!("policy is no JSON: {error}"))
}

/// The bytes that a text of a case file stands for.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = tail
            .strip_prefix(b"x")
            .filter(|_| byte == b'\\')
            .and_then(|digits| std::str::from_utf8(digits.get(..2)?).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(meant) => {
                out.push(meant);
                rest = &tail[3..];
            }
            None => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    out
}

/// The folder of the case files.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// All case files, in the order of their names.
pub(crate) fn files() -> Vec<CaseFile> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("tests/cases can be read")
        .map(|entry| entry.expect("tests/cases can be listed").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> CaseFile {
    let text = std::fs::read_to_string(path).expect("a case file is UTF-8");
    let mut file: CaseFile = match toml::from_str(&text) {
        Ok(file) => file,
        Err(error) => panic!("{}: {error}", path.display()),
    };
    file.stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a case file has an ASCII name")
        .to_owned();
    assert!(
        file.cases.is_empty() || file.policy.is_some(),
        "{}: cases need a policy",
        file.stem
    );
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_and_two_expectations_are_refused() {
        let good = "[[case]]\nname = 'a'\nanswered = { status = 200 }\n";
        toml::from_str::<CaseFile>(good).unwrap();
        for bad in [
            "typo = 1\n",
            "[[case]]\nname = 'a'\n",
            "[[case]]\nname = 'a'\ntypo = 1\nanswered = { status = 200 }\n",
            "[[case]]\nname = 'a'\nanswered = { status = 200, typo = 1 }\n",
            "[[case]]\nname = 'a'\nanswered = { status = 200 }\nforwarded = {}\n",
            "[[case]]\nname = 'a'\nanswered = { status = 200 }\nrequest = { typo = 1 }\n",
            "[world.'/a']\ntypo = 1\n",
        ] {
            assert!(toml::from_str::<CaseFile>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(bytes(r"a\xffb\x0a\y\x"), b"a\xffb\n\\y\\x");
    }
}
