//! What happened to each source.

use std::collections::BTreeMap;
use std::time::Duration;

use postern::engine::{Detail, Event, Observer};
use postern::http::Callout;
use postern::internals::source::SourceError;
use postern::time::Timestamp;
use serde_json::{Value, json};

use super::mask;
use crate::clock;
use crate::explain::Trace;
use crate::terminal::printable;

/// A request to a centre, and what came of it. It shows no header and no content, because these have credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CalloutTrace {
    pub(super) method: String,
    pub(super) scheme: String,
    pub(super) authority: String,
    /// Without credentials in its query.
    pub(super) path: String,
    /// Where it was sent.
    pub(super) address: Option<String>,
    pub(super) status: Option<u16>,
    /// The length of the content.
    pub(super) bytes: usize,
    pub(super) took: Duration,
    /// Why there is no reply.
    pub(super) problem: Option<String>,
}

impl CalloutTrace {
    pub(super) fn new(callout: &Callout) -> Self {
        let header = |name: &str| {
            let mut all = callout.headers.iter();
            let found = all.find(|(own, _)| **own == *name.as_bytes());
            found.map_or_else(String::new, |(_, value)| printable(value))
        };
        Self {
            method: header(":method"),
            scheme: header(":scheme"),
            authority: header(":authority"),
            path: mask::hide(&header(":path")),
            ..Self::default()
        }
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        if self.address.is_none() {
            return "nothing: it isn't known where the cluster is".to_owned();
        }
        let Self {
            method,
            scheme,
            authority,
            path,
            ..
        } = self;
        let result = match (&self.problem, self.status) {
            (Some(problem), _) => problem.clone(),
            (None, status) => format!(
                "{}, {} bytes, {} ms",
                status.unwrap_or_default(),
                self.bytes,
                self.took.as_millis()
            ),
        };
        format!("{method} {scheme}://{authority}{path}: {result}")
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "method": self.method,
            "authority": self.authority,
            "scheme": self.scheme,
            "path": self.path,
            "address": self.address,
            "status": self.status,
            "bytes": self.bytes,
            "milliseconds": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "problem": self.problem,
        })
    }
}

/// What the last answers of a source made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LastAnswer {
    /// A new document is in use.
    Changed,
    /// The source failed, or its document can't be used.
    Failed(SourceError),
}

/// What happened to one source.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) callouts: Vec<CalloutTrace>,
    pub(super) outcome: Option<LastAnswer>,
    /// What is to be said of its document: records that are left out, and why.
    pub(super) notes: Vec<String>,
    /// How many outcomes there were.
    pub(super) outcomes: usize,
    /// When the last outcome came.
    pub(super) at: Timestamp,
    /// Why the last request has no reply.
    pub(super) problem: Option<String>,
}

/// What happened to all sources.
#[derive(Debug, Default)]
pub(super) struct Histories(BTreeMap<String, History>);

impl Histories {
    pub(super) fn of(&self, source: &str) -> History {
        self.0.get(source).cloned().unwrap_or_default()
    }

    fn at(&mut self, source: &str) -> &mut History {
        self.0.entry(source.to_owned()).or_default()
    }

    pub(super) fn answered(&mut self, source: &str, callout: CalloutTrace) {
        let history = self.at(source);
        history.problem.clone_from(&callout.problem);
        history.callouts.push(callout);
    }

    /// Forgets the requests of all sources.
    pub(super) fn forget_callouts(&mut self) {
        self.0
            .values_mut()
            .for_each(|history| history.callouts.clear());
    }

    fn ended(&mut self, source: &str, outcome: LastAnswer) {
        let history = self.at(source);
        history.outcome = Some(outcome);
        history.at = clock::timestamp(clock::now());
        history.outcomes = history.outcomes.saturating_add(1);
    }
}

/// The most lines about records that are left out. A document may have a hundred thousand such records.
const MOST_LINES: usize = 20;

/// Writes down what the engine reports.
pub(super) struct Watcher<'w> {
    pub(super) histories: &'w mut Histories,
    /// The exchange that is under way.
    pub(super) trace: Option<&'w mut Trace>,
}

impl Observer for Watcher<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most events are for metrics and logs"
    )]
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::SourceFetched { source, .. } => self.histories.at(source).notes.clear(),
            Event::SourceLoaded { source, .. } => self.histories.ended(source, LastAnswer::Changed),
            Event::SourceFailed { source, error, .. } => {
                let outcome = LastAnswer::Failed((*error).clone());
                self.histories.ended(source, outcome);
            }
            Event::SourceWentBack { source, .. } => {
                let line =
                    "it is older than the one before: its server was set up again from old data";
                self.histories.at(source).notes.push(line.to_owned());
            }
            Event::RecordLeftOut {
                source,
                record,
                reason,
                ..
            } => {
                let lines = &mut self.histories.at(source).notes;
                if lines.len() < MOST_LINES {
                    lines.push(match *record {
                        "-" => (*reason).to_owned(),
                        record => format!("record {record} is left out: {reason}"),
                    });
                } else if lines.len() == MOST_LINES {
                    lines.push("… and more".to_owned());
                }
            }
            _ => {}
        }
        if let Some(trace) = &mut self.trace {
            trace.event(event);
        }
    }

    fn wants_detail(&self) -> bool {
        self.trace.is_some()
    }

    fn detail(&mut self, detail: &Detail<'_>) {
        if let Some(trace) = &mut self.trace {
            trace.detail(detail);
        }
    }
}
