//! The state of each source, for people and for programs.

use postern::config::{Config, MergePart};
use postern::engine::{Engine, HeldDocument, SourceReport as EngineReport};
use postern::internals::source::SourceError;
use postern::time::Timestamp;
use serde_json::{Map, Value, json};

use super::gate::Gate;
use super::hint::hint;
use super::history::{CalloutTrace, LastAnswer};
use super::probes::Probe;
use crate::clock;
use crate::explain::LookupTrace;

/// What is known of one source.
#[derive(Clone, Debug)]
pub(super) struct CentreReport {
    pub(super) name: String,
    /// What it is called in the policy, such as `http`.
    pub(super) kind: String,
    /// The names of its parts, the lowest first, if it is made of others.
    pub(super) parts: Vec<String>,
    pub(super) state: State,
    pub(super) callouts: Vec<CalloutTrace>,
    pub(super) document: Option<Held>,
    /// What is to be said of its document: records that are left out, and why.
    pub(super) notes: Vec<String>,
    pub(super) lookups: Vec<ProbeResult>,
}

/// The state of a source, in the words of the seam between the filter and a centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The document is in the policy.
    Inline,
    /// The document is made of others.
    Merged,
    /// A document came.
    Changed,
    /// The document that is held is still the newest.
    Same,
    /// The centre has no such document.
    Missing { reason: String, hint: String },
    /// The centre refuses the credentials.
    Refused { reason: String, hint: String },
    /// There is no usable document.
    Broken { reason: String, hint: String },
    /// Nothing was asked, because of this.
    NotAsked(String),
    /// An entry was asked for.
    Answered,
}

impl State {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Merged => "merged",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Missing { .. } => "missing",
            Self::Refused { .. } => "refused",
            Self::Broken { .. } => "broken",
            Self::NotAsked(_) => "not asked",
            Self::Answered => "answered",
        }
    }

    /// Why it isn't good, and what to do.
    pub(super) fn reason(&self) -> Option<(&str, &str)> {
        match self {
            Self::Missing { reason, hint }
            | Self::Refused { reason, hint }
            | Self::Broken { reason, hint } => Some((reason, hint)),
            Self::NotAsked(reason) => Some((reason, "")),
            Self::Inline | Self::Merged | Self::Changed | Self::Same | Self::Answered => None,
        }
    }

    pub(super) const fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. } | Self::Refused { .. } | Self::Broken { .. }
        )
    }

    fn of(error: &SourceError, problem: Option<String>, kind: &str) -> Self {
        // What this computer says of its own attempt is more than what a host would say.
        let reason = match (error, problem) {
            (SourceError::Callout(_), Some(problem)) => problem,
            _ => error.to_string(),
        };
        let hint = hint(error, kind).to_owned();
        if matches!(error, SourceError::Refused(_)) {
            Self::Refused { reason, hint }
        } else if matches!(error, SourceError::Missing) {
            Self::Missing { reason, hint }
        } else {
            Self::Broken { reason, hint }
        }
    }
}

/// The document that is held.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) bytes: usize,
    /// The SHA-256 of its text.
    pub(super) hash: String,
    pub(super) consumers: usize,
    pub(super) keys: Option<usize>,
    pub(super) more: HeldDocument,
}

/// What a lookup gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProbeResult {
    pub(super) probe: Probe,
    /// `found`, `missing`, `failed`, or `not tried`.
    pub(super) entry: &'static str,
    pub(super) key: Option<String>,
    pub(super) values: Vec<(String, Option<Value>)>,
}

impl ProbeResult {
    pub(super) fn new(probe: &Probe, key: Option<&str>, looked_up: Option<&LookupTrace>) -> Self {
        let values = looked_up.and_then(|lookup| lookup.values.clone());
        Self {
            probe: probe.clone(),
            entry: looked_up.map_or("not tried", |lookup| lookup.entry),
            key: key
                .map(str::to_owned)
                .filter(|_| probe.key.is_some() && !probe.is_by_template),
            values: values.filter(|_| probe.is_written).unwrap_or_default(),
        }
    }

    /// Whether it was not tried because there is no key.
    pub(super) const fn needs_key(&self) -> bool {
        self.probe.key.is_some() && self.key.is_none()
    }

    fn to_json(&self) -> Value {
        let values: Map<String, Value> = self
            .values
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().unwrap_or_default()))
            .collect();
        json!({
            "lookup": self.probe.lookup,
            "routes": self.probe.routes,
            "template": self.probe.key,
            "key": self.key,
            "entry": self.entry,
            "values": values,
        })
    }
}

impl CentreReport {
    /// The reports on all sources that are meant.
    pub(super) fn all(gate: &Gate, config: &Config, only: Option<&str>) -> Vec<Self> {
        let names = names(config, &gate.engine);
        let is_part = |of: &str, name: &str| {
            let mut parts = gate.parts(of).unwrap_or_default().iter();
            parts.any(|part| part.source == name)
        };
        let meant = names
            .into_iter()
            .filter(|name| only.is_none_or(|only| only == name || is_part(only, name)));
        meant.map(|name| Self::new(gate, config, name)).collect()
    }

    fn new(gate: &Gate, config: &Config, name: String) -> Self {
        let written = config.sources.iter().find(|source| source.name == name);
        let kind = match written {
            Some(source) => source.value.kind.name().to_owned(),
            None if name.ends_with(".introspection") => "introspection".to_owned(),
            None => "keys of an issuer".to_owned(),
        };
        let history = gate.histories.of(&name);
        let report = engine_report(&gate.engine, &name);
        let document = match &report {
            Some(EngineReport::Watched { document, .. }) => *document,
            Some(_) | None => None,
        };
        let document = document.map(|document| Held {
            bytes: document.bytes,
            hash: document.hash.to_string(),
            consumers: document.consumers,
            keys: document.keys,
            more: gate.engine.held(&name).unwrap_or_default(),
        });
        let state = match (&history.outcome, &report) {
            (_, None) => State::Inline,
            _ if gate.parts(&name).is_some() => merged(gate, &name, history.outcome.as_ref()),
            _ if !gate.is_asked(&name) => State::NotAsked(not_asked(gate, &name)),
            (Some(LastAnswer::Changed), _) => State::Changed,
            (Some(LastAnswer::Failed(_)), Some(report)) if is_confirmed(report, history.at) => {
                State::Same
            }
            (Some(LastAnswer::Failed(error)), _) => {
                State::of(error, history.problem.clone(), &kind)
            }
            (None, Some(EngineReport::OnDemand { .. })) if history.callouts.is_empty() => {
                State::NotAsked(by_request(&name, config).to_owned())
            }
            (None, _) => State::Answered,
        };
        let left_out = parts_without(gate, &name).filter(|part| part.optional);
        let left_out = left_out.map(|part| format!("its part `{}` has no document", part.source));
        let parts = gate.parts(&name).unwrap_or_default().iter();
        let parts = parts.map(|part| part.source.clone()).collect();
        let notes = history.notes.into_iter().chain(left_out).collect();
        Self {
            name,
            kind,
            parts,
            state,
            callouts: history.callouts,
            document,
            notes,
            lookups: Vec::new(),
        }
    }

    /// Takes what lookups got. For a source on demand, that is its state.
    pub(super) fn looked_up(&mut self, lookups: Vec<ProbeResult>, is_on_demand: bool) {
        let mut tried = lookups.iter().filter(|result| result.entry != "not tried");
        let first = tried.next().map(|result| result.entry);
        match first.filter(|_| is_on_demand) {
            Some("found") => self.state = State::Answered,
            Some("missing") => {
                self.state = State::Missing {
                    reason: "there is no such entry".to_owned(),
                    hint: hint(&SourceError::Missing, &self.kind).to_owned(),
                };
            }
            _ => {}
        }
        self.lookups = lookups;
    }

    pub(super) fn to_json(&self) -> Value {
        let reason = self.state.reason();
        let document = self.document.as_ref().map(|held| {
            let index = held.more.index.map(|index| {
                json!({"keys": index.keys, "ambiguous": index.ambiguous, "leftOut": index.left_out})
            });
            let lists = held.more.lists.iter().map(|list| {
                json!({"path": list.path, "entries": list.entries, "leftOut": list.left_out})
            });
            let flags = held.more.flags.iter();
            let flags = flags.map(|flag| json!({"name": flag.name, "state": flag.state}));
            json!({
                "version": held.more.version,
                "format": held.more.format,
                "bytes": held.bytes,
                "sha256": held.hash,
                "index": index,
                "lists": lists.collect::<Vec<_>>(),
                "flags": flags.collect::<Vec<_>>(),
                "consumers": held.consumers,
                "keys": held.keys,
            })
        });
        json!({
            "name": self.name,
            "kind": self.kind,
            "parts": self.parts,
            "state": self.state.word(),
            "reason": reason.map(|(reason, _)| reason),
            "hint": reason.map(|(_, hint)| hint).filter(|hint| !hint.is_empty()),
            "callouts": self.callouts.iter().map(CalloutTrace::to_json).collect::<Vec<_>>(),
            "document": document,
            "notes": self.notes,
            "lookups": self.lookups.iter().map(ProbeResult::to_json).collect::<Vec<_>>(),
        })
    }
}

/// Whether the source has confirmed its document since then.
fn is_confirmed(report: &EngineReport<'_>, since: Timestamp) -> bool {
    let EngineReport::Watched { age: Some(age), .. } = report else {
        return false;
    };
    let now = clock::timestamp(clock::now());
    now.since(since) > *age
}

/// The state of a source that is made of others.
fn merged(gate: &Gate, name: &str, outcome: Option<&LastAnswer>) -> State {
    let lacking: Vec<_> = parts_without(gate, name)
        .filter(|part| !part.optional)
        .map(|part| format!("`{}`", part.source))
        .collect();
    let hint = String::new();
    match (lacking.as_slice(), outcome) {
        ([], Some(LastAnswer::Failed(error))) => State::Broken {
            reason: error.to_string(),
            hint,
        },
        ([], _) => State::Merged,
        _ => State::Broken {
            reason: format!("there is no usable document of {}", lacking.join(" and ")),
            hint,
        },
    }
}

/// The parts of a source that have no usable document.
fn parts_without<'g>(gate: &'g Gate, name: &str) -> impl Iterator<Item = &'g MergePart> {
    let parts = gate.parts(name).unwrap_or_default().iter();
    parts.filter(|part| {
        let report = engine_report(&gate.engine, &part.source);
        matches!(report, Some(EngineReport::Watched { is_usable, .. }) if !is_usable)
    })
}

fn not_asked(gate: &Gate, name: &str) -> String {
    let Some(unset) = gate.unset(name) else {
        return "another source is meant".to_owned();
    };
    let names: Vec<_> = unset.iter().map(|name| format!("`{name}`")).collect();
    let verb = if names.len() == 1 { "isn't" } else { "aren't" };
    format!(
        "{} {verb} set: set it in the environment, or by --env",
        names.join(" and ")
    )
}

fn by_request(name: &str, config: &Config) -> &'static str {
    let mut sources = config.sources.iter();
    let written = sources.find(|source| source.name == name);
    if written.is_some_and(|source| source.value.is_by_template()) {
        "it is asked by the values of a request: --request"
    } else if name.ends_with(".introspection") {
        "it is asked about the token of a request: --request"
    } else {
        "it is asked for one entry: --key or --request"
    }
}

/// The names of all sources: those of the policy, and then those that providers add.
pub(super) fn names(config: &Config, engine: &Engine) -> Vec<String> {
    let mut names: Vec<String> = config
        .sources
        .iter()
        .map(|source| source.name.clone())
        .collect();
    for report in engine.report(clock::timestamp(clock::now())) {
        let name = report_name(&report);
        if !names.iter().any(|own| own == name) {
            names.push(name.to_owned());
        }
    }
    names
}

pub(super) fn report_name<'r>(report: &EngineReport<'r>) -> &'r str {
    match report {
        EngineReport::Watched { name, .. } | EngineReport::OnDemand { name, .. } => name,
        _ => "",
    }
}

fn engine_report<'e>(engine: &'e Engine, name: &str) -> Option<EngineReport<'e>> {
    let now = clock::timestamp(clock::now());
    let mut reports = engine.report(now).into_iter();
    reports.find(|report| report_name(report) == name)
}
