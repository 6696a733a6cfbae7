//! A file of cases: requests, and what is expected of each. It is a policy's regression test.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use postern::config::Config;
use serde::Deserialize;
use serde_json::{Value, json};

use super::driver::Driver;
use super::explanation::Explanation;
use super::request::RequestHead;
use crate::clock;
use crate::exit::{ExitStatus, Failure};
use crate::input;
use crate::output::print_line;
use crate::yaml::YamlDocument;

/// A file of cases.
#[derive(Debug)]
pub(super) struct Cases {
    /// The time of the first request.
    pub(super) at: Option<SystemTime>,
    pub(super) env: Vec<(String, String)>,
    pub(super) documents: Vec<(String, String)>,
    pub(super) replies: Vec<(String, String)>,
    /// Header fields of replies, `NAME: VALUE`.
    pub(super) reply_headers: Vec<(String, String)>,
    cases: Vec<Case>,
}

/// The file as it is written. Cases are parsed one by one, so that an error names its case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    at: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    documents: BTreeMap<String, WrittenReply>,
    #[serde(default)]
    replies: BTreeMap<String, WrittenReply>,
    #[serde(default, rename = "replyHeaders")]
    reply_headers: BTreeMap<String, CaseHeaders>,
    cases: Vec<Value>,
}

/// The reply of a source: the name of a file, or a status.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum WrittenReply {
    Status(u16),
    File(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: Option<String>,
    /// `METHOD URL`, or a URL.
    request: String,
    #[serde(default)]
    headers: CaseHeaders,
    body: Option<String>,
    expect: Expect,
}

/// CaseHeaders: a map, or a list of `NAME: VALUE` in which a name can be twice.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum CaseHeaders {
    Named(BTreeMap<String, String>),
    Listed(Vec<String>),
}

impl CaseHeaders {
    /// `NAME: VALUE`, one by one.
    fn listed(&self) -> Vec<String> {
        match self {
            Self::Listed(list) => list.clone(),
            Self::Named(named) => named
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect(),
        }
    }
}

impl Default for CaseHeaders {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// What is expected of a request. A field that isn't written isn't compared.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// `forwarded`, `answered` or `denied`.
    outcome: Option<String>,
    /// The status of the policy's own response.
    status: Option<u16>,
    /// `null` means that no route matches.
    #[serde(default, deserialize_with = "nullable")]
    route: Option<Option<String>>,
    /// Why the request is denied.
    reason: Option<String>,
    /// `null` means that the policy chooses none.
    #[serde(default, deserialize_with = "nullable")]
    upstream: Option<Option<String>>,
    /// The path that the upstream gets, with the query.
    path: Option<String>,
    /// `null` means that no consumer is known.
    #[serde(default, deserialize_with = "nullable")]
    consumer: Option<Option<String>>,
    /// CaseHeaders as the upstream gets them, or as the policy's own response has them. `null` means that a header isn't there.
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
}

/// Distinguishes `null` from a field that isn't written.
fn nullable<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Reads a file of cases.
pub(super) fn read(path: &Path) -> Result<Cases, Failure> {
    let name = path.display();
    let text = input::read_text(path)?;
    let failure = |reason: String| Failure(format!("{name}: {reason}"));
    let written: Value = if path.extension().is_some_and(|ending| ending == "toml") {
        toml::from_str(&text).map_err(|error| failure(error.to_string()))?
    } else {
        let document =
            YamlDocument::only(&text).map_err(|error| Failure(format!("{name}:{error}")))?;
        serde_json::from_str(&document.root.to_json())
            .map_err(|error| failure(error.to_string()))?
    };
    let written: WrittenFile =
        serde_json::from_value(written).map_err(|error| failure(error.to_string()))?;
    let mut cases = Vec::with_capacity(written.cases.len());
    for (at, case) in written.cases.into_iter().enumerate() {
        let case = serde_json::from_value(case)
            .map_err(|error| failure(format!("cases[{at}]: {error}")))?;
        cases.push(case);
    }
    let at = written.at.as_deref().map(clock::parse_time).transpose();
    Ok(Cases {
        at: at.map_err(|error| failure(format!("at: {error}")))?,
        env: written.env.into_iter().collect(),
        documents: replies(written.documents),
        replies: replies(written.replies),
        reply_headers: written
            .reply_headers
            .iter()
            .flat_map(|(entry, fields)| {
                let fields = fields.listed().into_iter();
                fields.map(|field| (entry.clone(), field))
            })
            .collect(),
        cases,
    })
}

fn replies(written: BTreeMap<String, WrittenReply>) -> Vec<(String, String)> {
    let text = |answer| match answer {
        WrittenReply::Status(status) => status.to_string(),
        WrittenReply::File(file) => file,
    };
    written
        .into_iter()
        .map(|(name, answer)| (name, text(answer)))
        .collect()
}

/// Performs the exchange of every case, and prints how each differs from what is expected.
pub(super) fn run(
    cases: &Cases,
    driver: &mut Driver,
    config: &Config,
    as_json: bool,
) -> Result<ExitStatus, Failure> {
    let mut failed = 0_usize;
    let mut reports = Vec::new();
    for (at, case) in cases.cases.iter().enumerate() {
        let name = case.name.as_deref().unwrap_or(&case.request);
        let request = case
            .request_head()
            .map_err(|error| Failure(format!("cases[{at}] ({name}): {error}")))?;
        let explanation = Explanation::new(request, driver, config).map_err(Failure)?;
        let differences = case.expect.differences(&explanation);
        if !differences.is_empty() {
            failed = failed.saturating_add(1);
        }
        if as_json {
            let explanation = explanation.to_json();
            reports.push(
                json!({"name": name, "differences": differences, "explanation": explanation}),
            );
            continue;
        }
        print_line(&format!(
            "{} {name}",
            if differences.is_empty() {
                "ok  "
            } else {
                "FAIL"
            }
        ))?;
        for difference in differences {
            print_line(&format!("     {difference}"))?;
        }
    }
    let passed = cases.cases.len().saturating_sub(failed);
    if as_json {
        print_line(&format!(
            "{:#}",
            json!({"passed": passed, "failed": failed, "cases": reports})
        ))?;
    } else {
        print_line(&format!("{passed} passed, {failed} failed"))?;
    }
    Ok(if failed == 0 {
        ExitStatus::Success
    } else {
        ExitStatus::Failed
    })
}

impl Case {
    fn request_head(&self) -> Result<RequestHead, String> {
        let headers = self.headers.listed();
        RequestHead::of_line(&self.request, &headers, self.body.as_deref())
    }
}

impl Expect {
    fn differences(&self, found: &Explanation) -> Vec<String> {
        let result = &found.result;
        let mut differences = Vec::new();
        let mut compare = |what: &str, wanted: Option<Option<&str>>, found: Option<&str>| {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
                let shown = |value: Option<&str>| value.unwrap_or("none").to_owned();
                differences.push(format!("{what} is {}, not {}", shown(found), shown(wanted)));
            }
        };
        let status = result.status.map(|status| status.to_string());
        let wanted = self.status.map(|status| status.to_string());
        compare(
            "outcome",
            self.outcome.as_deref().map(Some),
            Some(result.outcome),
        );
        compare("status", wanted.as_deref().map(Some), status.as_deref());
        compare("reason", self.reason.as_deref().map(Some), result.reason);
        compare(
            "route",
            self.route.as_ref().map(Option::as_deref),
            found.route(),
        );
        compare(
            "consumer",
            self.consumer.as_ref().map(Option::as_deref),
            found.trace.consumer(),
        );
        compare(
            "upstream",
            self.upstream.as_ref().map(Option::as_deref),
            result.upstream.as_deref(),
        );
        compare(
            "path",
            self.path.as_deref().map(Some),
            result.path.as_deref(),
        );
        for (name, wanted) in &self.headers {
            let values = found.header(&name.to_ascii_lowercase());
            let joined = (!values.is_empty()).then(|| values.join(","));
            compare(
                &format!("header {name}"),
                Some(wanted.as_deref()),
                joined.as_deref(),
            );
        }
        differences
    }
}
