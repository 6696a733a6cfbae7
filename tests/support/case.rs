//! The format of a case file. `tests/cases/README.md` describes how to write one.

#[path = "recipes.rs"]
mod recipes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::tokens::{Keys, TokenRecipe, Tokens};

/// One file: a policy, its config centre, and requests with their expected results.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFile {
    /// The file's name without its ending. It is also the authority of its documents at the config centre.
    #[serde(skip)]
    pub(crate) stem: String,
    /// The policy, as YAML.
    pub(crate) policy: Option<String>,
    /// The environment of the VM.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// The config centre's replies, by path.
    #[serde(default)]
    pub(crate) world: BTreeMap<String, WorldReply>,
    /// The upstreams' answers, by path, where they aren't the usual one.
    #[serde(default, rename = "upstream")]
    pub(crate) upstreams: BTreeMap<String, UpstreamAnswer>,
    /// Signed tokens. The other fields refer to them.
    #[serde(default)]
    pub(crate) tokens: BTreeMap<String, TokenRecipe>,
    /// Requests to that policy, in order.
    #[serde(default, rename = "case")]
    pub(crate) cases: Vec<Case>,
    /// Policies that must not compile.
    #[serde(default, rename = "refused")]
    pub(crate) refused: Vec<Refused>,
}

impl CaseFile {
    /// The paths that are fetched without a request, so that a case's callouts do not include them: watched documents, and
    /// what is retried.
    pub(crate) fn watched_paths(&self) -> Vec<String> {
        let policy = self.parsed_policy();
        let sources = policy
            .get("sources")
            .and_then(|sources| sources.as_object());
        let watched = |source: &&serde_json::Value| {
            let http = &source["http"];
            // Another request comes first, or the path says not all.
            let is_plain = ["login", "body"]
                .iter()
                .all(|field| http.get(field).is_none());
            source.get("onDemand").is_none() && http["cluster"] == "centre" && is_plain
        };
        let sources = sources.into_iter().flat_map(|sources| sources.values());
        let retried = self.world.iter().filter(|(_, reply)| reply.retried);
        sources
            .filter(watched)
            .filter_map(|source| Some(source["http"]["path"].as_str()?.to_owned()))
            .chain(retried.map(|(path, _)| path.clone()))
            .collect()
    }

    /// Whether a path is one of [`watched_paths`](Self::watched_paths), with a form or without.
    pub(crate) fn is_watched(watched: &[String], path: &str) -> bool {
        let of_path = path.split(' ').next().unwrap_or_default();
        watched.iter().any(|own| own == path || own == of_path)
    }

    /// The policy; null if there is none.
    pub(crate) fn parsed_policy(&self) -> serde_json::Value {
        let yaml = self.policy.as_deref();
        yaml.and_then(|yaml| serde_yaml_ng::from_str(yaml).ok())
            .unwrap_or_default()
    }
}

/// The config centre's reply for one path, or for `//HOST/PATH`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorldReply {
    /// The default is 200.
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) body: String,
    /// The connection is closed without an answer.
    #[serde(default)]
    pub(crate) down: bool,
    /// There is no answer.
    #[serde(default)]
    pub(crate) silent: bool,
    /// What the request must have: header fields, `:method`, and `:content`. Any other request fails the case.
    #[serde(default)]
    pub(crate) asked: BTreeMap<String, String>,
    /// The path is fetched again and again without a request. A case's callouts do not include it.
    #[serde(default)]
    pub(crate) retried: bool,
    /// The replies from the second request on. The last one stays.
    #[serde(default)]
    pub(crate) later: Vec<Self>,
}

impl WorldReply {
    /// The replies in order.
    pub(crate) fn turns(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.later)
    }
}

/// The upstreams' answer for one path.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UpstreamAnswer {
    /// The default is 200.
    pub(crate) status: Option<u16>,
    /// Header fields, after those of every answer.
    pub(crate) headers: Vec<(String, String)>,
    /// The connection is closed without an answer, so Envoy answers with 503.
    pub(crate) down: bool,
}

/// The upstreams' answer for a path, whose query doesn't matter; the usual one where there is no other.
pub(crate) fn answer_for(all: &BTreeMap<String, UpstreamAnswer>, path: &[u8]) -> UpstreamAnswer {
    let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
    let own = std::str::from_utf8(path)
        .ok()
        .and_then(|path| all.get(path));
    own.cloned().unwrap_or_default()
}

/// One request and its expected result: exactly one of `forwarded`, `answered`, `denied`.
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
    /// The paths that are fetched from the config centre because of this request, in order.
    #[serde(default)]
    pub(crate) callouts: Vec<String>,
    /// Another result in Envoy, if Envoy itself answers or changes the request before the filter.
    pub(crate) envoy: Option<EnvoyNote>,
}

/// The result in Envoy, and the reason why it differs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvoyNote {
    pub(crate) instead: Expected,
    pub(crate) because: String,
}

/// A request's head. `\xNN` in a text is that byte (in TOML's 'literal' strings).
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
    /// All headers as the host passes them: pseudo-headers first, names in lower case.
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

/// The expected result of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expected {
    Forwarded(Forwarded),
    Answered(Answered),
    Denied(Denied),
}

/// The request at the upstream. Each header that is not named must be unchanged.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Forwarded {
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) host: Option<String>,
    /// The cluster. The default is `default`.
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
    pub(crate) status: Option<u16>,
    pub(crate) headers: BTreeMap<String, Values>,
    pub(crate) absent: Vec<String>,
}

/// An answer of the policy.
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
    /// The path in the access log. The default is the request's path.
    pub(crate) logged: Option<String>,
}

/// A denial. Its form (problem document, challenge) is always checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Denied {
    pub(crate) status: u16,
    /// Without `postern_`. It is left out only if Envoy itself refuses the request.
    pub(crate) reason: Option<String>,
    /// The gRPC status, if the client uses gRPC.
    pub(crate) grpc: Option<u8>,
    /// The path in the access log. The default is the request's path.
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

/// A policy that must be refused, with all of its errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refused {
    pub(crate) name: String,
    #[serde(default, rename = "why")]
    _why: Option<String>,
    /// The policy as YAML. `json` is for what YAML can't express.
    pub(crate) policy: Option<String>,
    pub(crate) json: Option<String>,
    pub(crate) errors: Vec<RefusedError>,
    /// Whether a real Envoy is started with it, too.
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
    /// A text that no error may contain, such as a secret.
    pub(crate) never: Option<String>,
}

/// A policy's JSON text, from YAML.
pub(crate) fn json_of(yaml: &str) -> Result<String, String> {
    // A `serde_json::Value` would sort the fields, but errors are reported in the policy's order.
    let value: serde_yaml_ng::Value = serde_yaml_ng::from_str(yaml)
        .map_err(|error| format!("the policy is not YAML: {error}"))?;
    serde_json::to_string(&value)
        .map_err(|error| format!("the policy can't be written as JSON: {error}"))
}

/// The bytes of a text, with its escapes `\xNN` decoded.
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
            Some(byte) => {
                out.push(byte);
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

/// All case files, in the order of their names, and the recipes of the documentation.
pub(crate) fn files() -> Vec<CaseFile> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("tests/cases can be read")
        .map(|entry| entry.expect("tests/cases can be listed").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    let mut keys = Keys::default();
    let mut files: Vec<_> = paths.iter().map(|path| read(path, &mut keys)).collect();
    files.extend(recipes::files());
    files
}

fn read(path: &Path, keys: &mut Keys) -> CaseFile {
    let text = std::fs::read_to_string(path).expect("a case file is UTF-8");
    let mut file = match parse(&text, keys) {
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

/// Parses a file, and replaces its references to tokens and keys.
fn parse(text: &str, keys: &mut Keys) -> Result<CaseFile, String> {
    // An error has its line only if the file is parsed in one step.
    let file: CaseFile = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut value: toml::Value = toml::from_str(text).map_err(|error| error.to_string())?;
    // The recipes refer to each other. Nothing else needs to be filled in there.
    if let Some(fields) = value.as_table_mut() {
        fields.remove("tokens");
    }
    Tokens::new(&file.tokens, keys).fill(&mut value)?;
    value.try_into().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_unknown_keys_and_two_expected_results() {
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
            "[world.'/a']\nlater = [{ typo = 1 }]\n",
            "[tokens.a]\ntypo = 1\n",
        ] {
            assert!(toml::from_str::<CaseFile>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn decodes_escapes() {
        assert_eq!(bytes(r"a\xffb\x0a\y\x"), b"a\xffb\n\\y\\x");
    }

    #[test]
    fn replaces_references_in_every_field() {
        let text = "
            policy = 'a: {token:t}'
            env = { A = '{secret:oct16}' }
            tokens.t = { text = 'T' }
            [world.'/a']
            body = '{token:t}'
            [[case]]
            name = 'a'
            request = { path = '/{token:t}', headers = [['a', '{token:t}']] }
            forwarded = { headers = { a = ['{token:t}'] } }
            [[refused]]
            name = 'a'
            json = '{\"a\": \"{token:t}\"}'
            errors = []
        ";
        let file = parse(text, &mut Keys::default()).unwrap();
        let all = format!("{file:?}");
        assert!(!all.contains("{token") && !all.contains("{secret"), "{all}");
        assert_eq!(file.policy.as_deref(), Some("a: T"));
        assert_eq!(file.env["A"], "short secret, 16");
        assert_eq!(file.cases[0].request.headers[0].1, "T");
        assert_eq!(file.refused[0].json.as_deref(), Some("{\"a\": \"T\"}"));
    }
}
