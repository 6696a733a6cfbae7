//! The explanation of one request.

use postern::config::Config;
use postern::engine::Outcome;
use postern::http::{Edit, Edits, LateEdit, LateEdits, Response, StatusSet};
use serde::Serialize;
use serde_json::{Value, json};

use super::driver::{Driver, FinalStep};
use super::mask::Mask;
use super::near_misses::{NearMiss, RequestFacts, near_misses};
use super::predicates;
use super::request::RequestHead;
use super::trace::Trace;
use crate::terminal::printable;

/// How a policy treats a request.
#[derive(Clone, Debug)]
pub(crate) struct Explanation {
    pub(super) request: RequestHead,
    pub(super) trace: Trace,
    pub(super) near_misses: Vec<NearMiss>,
    pub(super) result: RequestResult,
    mask: Mask,
}

/// What happens to a request in the end.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct RequestResult {
    /// `forwarded`, `answered` or `denied`.
    pub(super) outcome: &'static str,
    /// The status of the policy's own response.
    pub(super) status: Option<u16>,
    /// Why the request is denied.
    pub(super) reason: Option<&'static str>,
    /// The upstream, if the route chooses one.
    pub(super) upstream: Option<String>,
    /// The path that the upstream gets, with the query.
    pub(super) path: Option<String>,
    /// Changes of the request's headers, or the headers of the policy's own response.
    pub(super) headers: Vec<Change>,
    /// Changes of the headers of the upstream's response.
    pub(super) response: Vec<Change>,
    /// The body of the policy's own response.
    pub(super) body: Option<String>,
}

/// The change of a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    /// `set`, `add` or `remove`; of a response also `rename` and `copy` (the value is the new name), `remove all` (the name
    /// is the beginning of the names), and `cookies` (the name has the cookies, the value their attributes).
    pub(super) change: &'static str,
    pub(super) name: String,
    pub(super) value: Option<String>,
    /// The statuses of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) statuses: Option<String>,
}

impl Explanation {
    /// Performs the exchange of a request.
    pub(super) fn new(
        request: RequestHead,
        driver: &mut Driver,
        config: &Config,
    ) -> Result<Self, String> {
        let exchange = driver.exchange(&request.to_headers())?;
        Ok(Self::of_exchange(request, exchange, config))
    }

    /// The explanation of an exchange that was performed.
    pub(crate) fn of_exchange(
        request: RequestHead,
        (step, mut trace): (FinalStep, Trace),
        config: &Config,
    ) -> Self {
        let headers = request.to_headers();
        let mut near_misses = trace.canonical.as_ref().map_or_else(Vec::new, |canonical| {
            let chosen = trace.matched.as_ref().map(|matched| matched.index);
            let input = RequestFacts {
                canonical,
                method: &request.method,
                headers: headers.view(),
            };
            near_misses(config, chosen, &input)
        });
        // Their `when` says why they aren't chosen.
        near_misses.retain(|miss| trace.considered.iter().all(|one| one.route != miss.route));
        if let Some(matched) = &mut trace.matched {
            matched.predicates = predicates::held(config, matched);
        }
        let result = match step {
            FinalStep::Continue(edits) => forwarded(&request, &edits, config),
            FinalStep::Respond(response) => answered(&response, &trace),
        };
        Self {
            request,
            trace,
            near_misses,
            result,
            mask: Mask::new(config),
        }
    }

    /// The name of the route. None if no route matches.
    pub(super) fn route(&self) -> Option<&str> {
        self.trace.matched.as_ref().map(|matched| &*matched.route)
    }

    /// The values of a header (its name in lower case) as the upstream gets it, or as the policy's own response has it.
    pub(super) fn header(&self, name: &str) -> Vec<String> {
        let received = self.request.headers.iter().filter(|(own, _)| own == name);
        let mut values: Vec<String> = if self.result.outcome == "forwarded" {
            received.map(|(_, value)| value.clone()).collect()
        } else {
            Vec::new()
        };
        for change in self
            .result
            .headers
            .iter()
            .filter(|change| change.name == name)
        {
            // A denial can have several challenges.
            if self.result.outcome == "forwarded" && change.change != "add" {
                values.clear();
            }
            values.extend(change.value.clone());
        }
        values
    }

    /// The request's URL without the credentials in its query.
    pub(super) fn shown_url(&self) -> String {
        self.mask.hide(&self.request.url())
    }

    /// The result without the credentials in the query of its path. A provider with `forward` lets them through.
    pub(super) fn shown_result(&self) -> RequestResult {
        let mut result = self.result.clone();
        let path = result
            .headers
            .iter_mut()
            .find(|change| change.name == ":path");
        let values = path.and_then(|change| change.value.as_mut());
        for value in result.path.iter_mut().chain(values) {
            *value = self.mask.hide(value);
        }
        result
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "request": {"method": self.request.method, "url": self.shown_url()},
            "stages": self.trace,
            "near": self.near_misses,
            "end": self.shown_result(),
        })
    }
}

fn change(edit: &Edit) -> Change {
    let (change, name, value) = match edit {
        Edit::Set(name, value) => ("set", name, Some(value)),
        Edit::Add(name, value) => ("add", name, Some(value)),
        Edit::Remove(name) => ("remove", name, None),
    };
    Change {
        change,
        name: printable(name),
        value: value.map(|value| printable(value)),
        statuses: None,
    }
}

/// The changes of a response that the response itself decides.
fn late(edits: &LateEdits) -> Vec<Change> {
    let mut statuses: Option<String> = None;
    let mut changes = Vec::new();
    for edit in &edits.0 {
        let (what, name, value) = match edit {
            LateEdit::Block(of) => {
                statuses = of.as_ref().map(written_statuses);
                continue;
            }
            LateEdit::Known(edit) => {
                changes.push(Change {
                    statuses: statuses.clone(),
                    ..change(edit)
                });
                continue;
            }
            LateEdit::RemoveAll(prefix) => ("remove all", format!("{}*", printable(prefix)), None),
            LateEdit::Rename(from, to) => ("rename", printable(from), Some(printable(to))),
            LateEdit::Copy(from, to) => ("copy", printable(from), Some(printable(to))),
            LateEdit::Cookies(attributes) => {
                let names: Vec<_> = attributes
                    .names
                    .iter()
                    .map(|name| printable(name))
                    .collect();
                let names = if names.is_empty() {
                    "*".to_owned()
                } else {
                    names.join(", ")
                };
                ("cookies", names, Some(attributes.to_string()))
            }
        };
        changes.push(Change {
            change: what,
            name,
            value,
            statuses: statuses.clone(),
        });
    }
    changes
}

fn written_statuses(statuses: &StatusSet) -> String {
    let range = |(first, last): &(u16, u16)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    };
    let ranges: Vec<_> = statuses.0.iter().map(range).collect();
    ranges.join(", ")
}

fn forwarded(request: &RequestHead, edits: &Edits, config: &Config) -> RequestResult {
    let path = edits.path().map(printable);
    let others = edits.request().iter().map(change);
    let own = path.clone().map(|path| Change {
        change: "set",
        name: ":path".to_owned(),
        value: Some(path),
        statuses: None,
    });
    let headers: Vec<Change> = own.into_iter().chain(others).collect();
    let set = |name: &str| {
        let found = headers.iter().find(|change| change.name == name);
        found.and_then(|change| change.value.clone())
    };
    RequestResult {
        outcome: "forwarded",
        upstream: config
            .routing
            .as_ref()
            .and_then(|routing| set(&routing.header)),
        path: Some(path.unwrap_or_else(|| request.path.clone())),
        response: edits
            .late()
            .map_or_else(|| edits.response().iter().map(change).collect(), late),
        headers,
        ..RequestResult::default()
    }
}

fn answered(response: &Response, trace: &Trace) -> RequestResult {
    let denied = matches!(trace.decided, Some((Outcome::Denied, _)));
    let header = |(name, value): &(postern::http::Text, postern::http::Text)| Change {
        change: "set",
        name: printable(name),
        value: Some(printable(value)),
        statuses: None,
    };
    let mut headers: Vec<Change> = response.headers.iter().map(header).collect();
    if let Some(status) = response.grpc_status {
        headers.push(Change {
            change: "set",
            name: "grpc-status".to_owned(),
            value: Some(status.to_string()),
            statuses: None,
        });
    }
    RequestResult {
        outcome: if denied { "denied" } else { "answered" },
        status: Some(response.status),
        reason: trace.decided.and_then(|(_, reason)| reason),
        headers,
        body: (!response.body.is_empty())
            .then(|| String::from_utf8_lossy(&response.body).into_owned()),
        ..RequestResult::default()
    }
}
