//! The way that one request took, whole.

use postern::config::Config;
use postern::engine::Outcome;
use postern::http::{Edit, Edits, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::gate::{Ending, Gate};
use crate::near::{Near, Seen, misses};
use crate::sent::Sent;
use crate::story::{Story, shown};

/// The way of a request, and how it ended.
#[derive(Clone, Debug)]
pub(crate) struct Explanation {
    pub(crate) sent: Sent,
    pub(crate) story: Story,
    pub(crate) near: Vec<Near>,
    pub(crate) end: End,
}

/// What became of it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct End {
    /// `forwarded`, `answered` or `denied`.
    pub(crate) outcome: &'static str,
    /// Of the gate's own answer.
    pub(crate) status: Option<u16>,
    /// Why it was denied.
    pub(crate) reason: Option<&'static str>,
    /// Where a route chose one.
    pub(crate) upstream: Option<String>,
    /// The path that the upstream gets, with the query.
    pub(crate) path: Option<String>,
    /// Changes to the request, or header fields of the answer.
    pub(crate) headers: Vec<Change>,
    /// Changes to the upstream's response.
    pub(crate) response: Vec<Change>,
    /// The content of the gate's own answer.
    pub(crate) body: Option<String>,
}

/// One change of a header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// `set`, `add` or `remove`.
    pub(crate) change: &'static str,
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

impl Explanation {
    /// Sends a request through a gate.
    pub(crate) fn of(sent: Sent, gate: &mut Gate<'_>, config: &Config) -> Result<Self, String> {
        let headers = sent.map();
        let (ending, story) = gate.exchange(&headers)?;
        let near = story.canonical.as_ref().map_or_else(Vec::new, |canonical| {
            let chosen = story.matched.as_ref().map(|matched| matched.place);
            let seen = Seen {
                canonical,
                method: &sent.method,
                headers: headers.view(),
            };
            misses(config, chosen, &seen)
        });
        let end = match ending {
            Ending::Forwarded(edits) => forwarded(&sent, &edits, config),
            Ending::Answered(response) => answered(&response, &story),
        };
        Ok(Self {
            sent,
            story,
            near,
            end,
        })
    }

    /// The name of the route; none where nothing matched.
    pub(crate) fn route(&self) -> Option<&str> {
        self.story.matched.as_ref().map(|matched| &*matched.route)
    }

    /// The values of a header field (lower case), as the upstream gets it, or the gate's own answer has it.
    pub(crate) fn header(&self, name: &str) -> Vec<String> {
        let came = self.sent.headers.iter().filter(|(own, _)| own == name);
        let mut values: Vec<String> = if self.end.outcome == "forwarded" {
            came.map(|(_, value)| value.clone()).collect()
        } else {
            Vec::new()
        };
        for change in self.end.headers.iter().filter(|change| change.name == name) {
            // A denial may have one challenge after the other.
            if self.end.outcome == "forwarded" && change.change != "add" {
                values.clear();
            }
            values.extend(change.value.clone());
        }
        values
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "request": {"method": self.sent.method, "url": self.sent.url()},
            "stages": self.story,
            "near": self.near,
            "end": self.end,
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
        name: shown(name),
        value: value.map(|value| shown(value)),
    }
}

fn forwarded(sent: &Sent, edits: &Edits, config: &Config) -> End {
    let path = edits.path().map(shown);
    let others = edits.request().iter().map(change);
    let own = path.clone().map(|path| Change {
        change: "set",
        name: ":path".to_owned(),
        value: Some(path),
    });
    let headers: Vec<Change> = own.into_iter().chain(others).collect();
    let set = |name: &str| {
        let found = headers.iter().find(|change| change.name == name);
        found.and_then(|change| change.value.clone())
    };
    End {
        outcome: "forwarded",
        upstream: config
            .routing
            .as_ref()
            .and_then(|routing| set(&routing.header)),
        path: Some(path.unwrap_or_else(|| sent.path.clone())),
        response: edits.response().iter().map(change).collect(),
        headers,
        ..End::default()
    }
}

fn answered(response: &Response, story: &Story) -> End {
    let denied = matches!(story.decided, Some((Outcome::Denied, _)));
    let header = |(name, value): &(postern::http::Text, postern::http::Text)| Change {
        change: "set",
        name: shown(name),
        value: Some(shown(value)),
    };
    let mut headers: Vec<Change> = response.headers.iter().map(header).collect();
    if let Some(status) = response.grpc_status {
        headers.push(Change {
            change: "set",
            name: "grpc-status".to_owned(),
            value: Some(status.to_string()),
        });
    }
    End {
        outcome: if denied { "denied" } else { "answered" },
        status: Some(response.status),
        reason: story.decided.and_then(|(_, reason)| reason),
        headers,
        body: (!response.body.is_empty())
            .then(|| String::from_utf8_lossy(&response.body).into_owned()),
        ..End::default()
    }
}
