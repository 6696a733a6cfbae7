//! A team's own regression test: a file of requests, and what is to become of each.

use std::collections::BTreeMap;
use std::path::Path;

use postern::config::Config;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::explanation::Explanation;
use crate::file;
use crate::gate::Gate;
use crate::sent::Sent;
use crate::verb::{Failure, Verdict, say};
use crate::yaml::Document;

/// A file of cases.
#[derive(Debug)]
pub(crate) struct Cases {
    pub(crate) env: Vec<(String, String)>,
    pub(crate) documents: Vec<(String, String)>,
    pub(crate) replies: Vec<(String, String)>,
    cases: Vec<Case>,
}

/// The file as it is written; cases are read one by one, so that an error says which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    documents: BTreeMap<String, Answer>,
    #[serde(default)]
    replies: BTreeMap<String, Answer>,
    cases: Vec<Value>,
}

/// A file's name, or a status.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answer {
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
    headers: Headers,
    body: Option<String>,
    expect: Expect,
}

/// Header fields: by name, or one after the other where a name comes twice.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Headers {
    Named(BTreeMap<String, String>),
    Listed(Vec<String>),
}

impl Default for Headers {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// What is to become of a request; what isn't said doesn't matter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// `forwarded`, `answered` or `denied`.
    outcome: Option<String>,
    /// Of the gate's own answer.
    status: Option<u16>,
    /// `null`: no route matches.
    #[serde(default, deserialize_with = "said")]
    route: Option<Option<String>>,
    /// Why it is denied.
    reason: Option<String>,
    /// `null`: the policy chooses none.
    #[serde(default, deserialize_with = "said")]
    upstream: Option<Option<String>>,
    /// The path that the upstream gets, with the query.
    path: Option<String>,
    /// `null`: nobody is known.
    #[serde(default, deserialize_with = "said")]
    consumer: Option<Option<String>>,
    /// Header fields as the upstream gets them, or the gate's own answer has them; `null`: not there.
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
}

/// Tells `null` from what isn't written.
fn said<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Reads a file of cases.
pub(crate) fn read(path: &Path) -> Result<Cases, Failure> {
    let name = path.display();
    let text = file::text(path)?;
    let failure = |reason: String| Failure(format!("{name}: {reason}"));
    let written: Value = if path.extension().is_some_and(|ending| ending == "toml") {
        toml::from_str(&text).map_err(|error| failure(error.to_string()))?
    } else {
        let document = Document::only(&text).map_err(|error| Failure(format!("{name}:{error}")))?;
        serde_json::from_str(&document.root.to_json())
            .map_err(|error| failure(error.to_string()))?
    };
    let written: Written =
        serde_json::from_value(written).map_err(|error| failure(error.to_string()))?;
    let mut cases = Vec::with_capacity(written.cases.len());
    for (at, case) in written.cases.into_iter().enumerate() {
        let case = serde_json::from_value(case)
            .map_err(|error| failure(format!("cases[{at}]: {error}")))?;
        cases.push(case);
    }
    Ok(Cases {
        env: written.env.into_iter().collect(),
        documents: answers(written.documents),
        replies: answers(written.replies),
        cases,
    })
}

fn answers(written: BTreeMap<String, Answer>) -> Vec<(String, String)> {
    let text = |answer| match answer {
        Answer::Status(status) => status.to_string(),
        Answer::File(file) => file,
    };
    written
        .into_iter()
        .map(|(name, answer)| (name, text(answer)))
        .collect()
}

/// Sends every request and compares what becomes of it.
pub(crate) fn run(
    cases: &Cases,
    gate: &mut Gate<'_>,
    config: &Config,
    as_json: bool,
) -> Result<Verdict, Failure> {
    let mut failed = 0_usize;
    let mut told = Vec::new();
    for (at, case) in cases.cases.iter().enumerate() {
        let name = case.name.as_deref().unwrap_or(&case.request);
        let sent = case
            .sent()
            .map_err(|error| Failure(format!("cases[{at}] ({name}): {error}")))?;
        let explanation = Explanation::of(sent, gate, config).map_err(Failure)?;
        let differences = case.expect.differences(&explanation);
        if !differences.is_empty() {
            failed = failed.saturating_add(1);
        }
        if as_json {
            let explanation = explanation.to_json();
            told.push(
                json!({"name": name, "differences": differences, "explanation": explanation}),
            );
            continue;
        }
        say(&format!(
            "{} {name}",
            if differences.is_empty() {
                "ok  "
            } else {
                "FAIL"
            }
        ))?;
        for difference in differences {
            say(&format!("     {difference}"))?;
        }
    }
    let passed = cases.cases.len().saturating_sub(failed);
    if as_json {
        say(&format!(
            "{:#}",
            json!({"passed": passed, "failed": failed, "cases": told})
        ))?;
    } else {
        say(&format!("{passed} passed, {failed} failed"))?;
    }
    Ok(if failed == 0 {
        Verdict::Good
    } else {
        Verdict::Bad
    })
}

impl Case {
    fn sent(&self) -> Result<Sent, String> {
        let (method, url) = match self.request.trim().split_once(' ') {
            Some((method, url)) => (Some(method), url.trim()),
            None => (None, self.request.trim()),
        };
        let headers: Vec<String> = match &self.headers {
            Headers::Listed(list) => list.clone(),
            Headers::Named(named) => named
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect(),
        };
        Sent::new(url, method, &headers, self.body.as_deref())
    }
}

impl Expect {
    fn differences(&self, found: &Explanation) -> Vec<String> {
        let end = &found.end;
        let mut differences = Vec::new();
        let mut compare = |what: &str, wanted: Option<Option<&str>>, found: Option<&str>| {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
                let shown = |value: Option<&str>| value.unwrap_or("none").to_owned();
                differences.push(format!("{what} is {}, not {}", shown(found), shown(wanted)));
            }
        };
        let status = end.status.map(|status| status.to_string());
        let wanted = self.status.map(|status| status.to_string());
        compare(
            "outcome",
            self.outcome.as_deref().map(Some),
            Some(end.outcome),
        );
        compare("status", wanted.as_deref().map(Some), status.as_deref());
        compare("reason", self.reason.as_deref().map(Some), end.reason);
        compare(
            "route",
            self.route.as_ref().map(Option::as_deref),
            found.route(),
        );
        compare(
            "consumer",
            self.consumer.as_ref().map(Option::as_deref),
            found.story.consumer(),
        );
        compare(
            "upstream",
            self.upstream.as_ref().map(Option::as_deref),
            end.upstream.as_deref(),
        );
        compare("path", self.path.as_deref().map(Some), end.path.as_deref());
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
