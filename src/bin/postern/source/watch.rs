//! `--watch`: a line for each change.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Session;
use super::report::CentreReport;
use crate::clock;
use crate::exit::{ExitStatus, Failure};
use crate::explain::LookupTrace;
use crate::output::print_line;

/// How often entries on demand are looked up again. The source's `ttl` says how often it is really asked.
const AGAIN: Duration = Duration::from_secs(1);

/// What was printed of a source last.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    outcomes: usize,
    state: String,
    hash: Option<String>,
    values: Vec<String>,
}

/// Asks until the user ends it.
pub(super) fn run(session: &mut Session, as_json: bool) -> Result<ExitStatus, Failure> {
    let mut shown: BTreeMap<String, Shown> = BTreeMap::new();
    let mut last: Option<Instant> = None;
    loop {
        // No exchange waits here.
        let _ = session.gate.turn();
        let names = super::names(&session.config, &session.gate.engine);
        let is_new = names.iter().any(|name| {
            let known = shown.get(name).map_or(0, |shown| shown.outcomes);
            session.gate.outcomes(name) != known
        });
        let is_due = last.is_none_or(|last| last.elapsed() >= AGAIN);
        if !(is_new || is_due) || session.gate.engine.is_reading() {
            continue;
        }
        last = Some(clock::instant());
        let requested = session.requested();
        for report in session.reports() {
            let now = Shown {
                outcomes: session.gate.outcomes(&report.name),
                state: described(&report),
                hash: report.document.as_ref().map(|held| held.hash.clone()),
                values: values(&report, &requested),
            };
            if !session.gate.is_settled(&report.name) {
                continue;
            }
            let before = shown.get(&report.name);
            let is_same = before.is_some_and(|before| {
                before.state == now.state && before.hash == now.hash && before.values == now.values
            });
            if !is_same {
                print_line(&line(&report, &now, as_json))?;
            }
            shown.insert(report.name.clone(), now);
        }
        session.gate.histories.forget_callouts();
    }
}

fn described(report: &CentreReport) -> String {
    match report.state.reason() {
        Some((reason, _)) => format!("{}: {reason}", report.state.word()),
        None => report.state.word().to_owned(),
    }
}

/// What the lookups of a source get: those that were tried, or those of the request.
fn values(report: &CentreReport, requested: &[LookupTrace]) -> Vec<String> {
    let tried = report
        .lookups
        .iter()
        .filter(|result| result.entry != "not tried");
    let tried = tried.map(|result| {
        let name = if result.probe.is_written {
            result.probe.lookup.as_str()
        } else {
            "the entry"
        };
        written(name, result.entry, &result.values)
    });
    let of_request = requested
        .iter()
        .filter(|lookup| lookup.source == report.name);
    let of_request = of_request.map(|lookup| {
        let values = lookup.values.as_deref().unwrap_or_default();
        written(&lookup.name, lookup.entry, values)
    });
    let mut all: Vec<String> = tried.chain(of_request).collect();
    // A lookup without a key may have been tried, and be one of the request's, too.
    all.sort();
    all.dedup();
    all
}

fn written(name: &str, entry: &str, values: &[(String, Option<Value>)]) -> String {
    let values: Vec<String> = values
        .iter()
        .map(|(name, value)| {
            let value = value.as_ref().map_or("none".to_owned(), Value::to_string);
            format!("{name} {value}")
        })
        .collect();
    match (entry, values.is_empty()) {
        ("found", false) => format!("{name}: {}", values.join(", ")),
        _ => format!("{name}: {entry}"),
    }
}

fn line(report: &CentreReport, now: &Shown, as_json: bool) -> String {
    let time = clock::written(clock::now()).unwrap_or_default();
    if as_json {
        let mut all = report.to_json();
        if let Value::Object(members) = &mut all {
            members.insert("time".to_owned(), json!(time));
            members.insert("values".to_owned(), json!(now.values));
        }
        return all.to_string();
    }
    let mut parts = vec![now.state.clone()];
    if let Some(held) = report
        .document
        .as_ref()
        .filter(|_| !report.state.is_failure())
    {
        parts.extend(held.more.version.clone());
        parts.push(format!("{} bytes", held.bytes));
    }
    parts.extend(report.notes.first().cloned());
    parts.extend(now.values.iter().cloned());
    format!("{time} {}: {}", report.name, parts.join("; "))
}
