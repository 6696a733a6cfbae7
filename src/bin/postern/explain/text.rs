//! An explanation as text.

use serde_json::Value;

use super::explanation::{Change, Explanation, RequestResult};
use super::trace::{ConditionTrace, LookupTrace, ProviderTrace};
use crate::terminal::{Colours, Style, TextWriter};

/// The explanation, stage by stage.
pub(crate) fn render(explanation: &Explanation, colours: Colours) -> String {
    let mut writer = TextWriter::new(colours);
    let title = format!("{} {}", explanation.request.method, explanation.shown_url());
    writer.line(0, &title, Style::Heading);
    let trace = &explanation.trace;
    section(&mut writer, "sources", !trace.sources.is_empty());
    for line in &trace.sources {
        writer.line(2, line, Style::Plain);
    }
    section(&mut writer, "sanitise", !trace.sanitised.is_empty());
    for name in &trace.sanitised {
        writer.row(2, "removed", name, Style::Plain);
    }
    section(&mut writer, "canonical", true);
    match (&trace.malformed, &trace.canonical) {
        (_, Some(canonical)) => {
            writer.row(2, "host", &canonical.host, Style::Plain);
            writer.row(2, "path", &canonical.path, Style::Plain);
        }
        (Some(error), None) => writer.line(2, error, Style::Bad),
        (None, None) => writer.line(2, "host or path is missing, or is there twice", Style::Bad),
    }
    if trace.canonical.is_some() {
        route(&mut writer, explanation);
    }
    section(&mut writer, "authenticate", !trace.providers.is_empty());
    for provider in &trace.providers {
        authenticated(&mut writer, provider);
    }
    section(&mut writer, "look up", !trace.lookups.is_empty());
    for lookup in &trace.lookups {
        looked_up(&mut writer, lookup);
    }
    section(&mut writer, "choose", !trace.considered.is_empty());
    let mut of = None;
    for considered in &trace.considered {
        if considered.condition.depth == 0 && of != Some(&considered.route) {
            of = Some(&considered.route);
            writer.line(2, &considered.route, Style::Plain);
        }
        condition(&mut writer, 4, &considered.condition);
    }
    section(&mut writer, "authorise", !trace.conditions.is_empty());
    for one in &trace.conditions {
        condition(&mut writer, 2, one);
    }
    section(&mut writer, "upstream", trace.upstream.is_some());
    if let Some(upstream) = &trace.upstream {
        upstream.render(&mut writer);
    }
    section(&mut writer, "edits", !trace.edits.is_empty());
    for one in &trace.edits {
        let found = match one.found {
            Some(0) => ": nothing there",
            Some(_) | None => "",
        };
        writer.line(2, &format!("{}{found}", one.edit), Style::Plain);
    }
    result(&mut writer, &explanation.shown_result());
    writer.finish()
}

fn condition(writer: &mut TextWriter, indent: usize, one: &ConditionTrace) {
    let (mark, style) = match one.holds {
        Some(true) => ("yes", Style::Good),
        Some(false) => ("no", Style::Bad),
        None => ("open", Style::Plain),
    };
    let indent = one.depth.saturating_mul(2).saturating_add(indent);
    writer.line(indent, &format!("{mark}: {}", one.condition), style);
}

fn section(writer: &mut TextWriter, title: &str, is_wanted: bool) {
    if is_wanted {
        writer.line(0, title, Style::Heading);
    }
}

fn route(writer: &mut TextWriter, explanation: &Explanation) {
    section(writer, "route", true);
    match &explanation.trace.matched {
        Some(matched) => {
            let text = format!(
                "{} (routes[{}], match {})",
                matched.route, matched.index, matched.matching
            );
            writer.row(2, "matched", &text, Style::Good);
            for predicate in &matched.predicates {
                writer.line(4, &format!("yes: {predicate}"), Style::Good);
            }
            for (name, text) in &matched.captures {
                writer.row(4, &format!("{{{name}}}"), text, Style::Plain);
            }
        }
        None => writer.line(2, "none: the policy's `unmatched` decides", Style::Bad),
    }
    for miss in &explanation.near_misses {
        writer.row(
            2,
            "not",
            &format!("{}: {}", miss.route, miss.because),
            Style::Plain,
        );
    }
}

fn authenticated(writer: &mut TextWriter, provider: &ProviderTrace) {
    let from = if provider.locations.is_empty() {
        String::new()
    } else {
        format!(", from {}", provider.locations.join(" and "))
    };
    let mut text = provider.verdict.to_owned();
    if let Some(consumer) = &provider.consumer {
        text.push_str(&format!(": consumer {consumer}"));
        if !provider.groups.is_empty() {
            text.push_str(&format!(" of {}", provider.groups.join(", ")));
        }
        if let Some(credential) = &provider.credential {
            text.push_str(&format!(", credential {credential}"));
        }
    }
    if let Some(reason) = provider.reason {
        text.push_str(&format!(": {reason}"));
        if let Some(detail) = &provider.detail {
            text.push_str(&format!(" ({detail})"));
        }
    }
    let style = match provider.verdict {
        "accepted" => Style::Good,
        "absent" => Style::Plain,
        _ => Style::Bad,
    };
    writer.row(2, &provider.name, &format!("{text}{from}"), style);
    let claims = provider.claims.as_ref().and_then(Value::as_object);
    for (name, value) in claims.into_iter().flatten() {
        // Claims are whatever the issuer wrote. A terminal must not obey them.
        let name = name.escape_debug().to_string();
        writer.row(4, &name, &value.to_string(), Style::Plain);
    }
}

fn looked_up(writer: &mut TextWriter, lookup: &LookupTrace) {
    let what = match &lookup.key {
        Some(key) => format!("`{key}` in {}", lookup.source),
        None => lookup.source.clone(),
    };
    let origin = match lookup.origin {
        "inline" => "written in the policy",
        "document" => "its last good document",
        "callout" => "asked for this request",
        _ => "remembered",
    };
    let (entry, style) = match lookup.entry {
        "found" => (format!("found ({origin})"), Style::Good),
        "missing" => (format!("no such entry ({origin})"), Style::Bad),
        _ => ("no usable document".to_owned(), Style::Bad),
    };
    writer.row(2, &lookup.name, &format!("{what}: {entry}"), style);
    match &lookup.values {
        Some(values) => {
            for (name, value) in values {
                let value = value
                    .as_ref()
                    .map_or_else(|| "none".to_owned(), ToString::to_string);
                writer.row(4, name, &value, Style::Plain);
            }
        }
        None => writer.line(4, "the request is denied because of this", Style::Bad),
    }
}

fn result(writer: &mut TextWriter, result: &RequestResult) {
    let (title, style) = match (result.outcome, result.status, result.reason) {
        ("forwarded", ..) => ("forwarded".to_owned(), Style::Good),
        (outcome, Some(status), Some(reason)) => {
            (format!("{outcome}: {status} {reason}"), Style::Bad)
        }
        (outcome, status, _) => (
            format!("{outcome}: {}", status.unwrap_or_default()),
            Style::Good,
        ),
    };
    writer.line(0, &title, style);
    if let Some(upstream) = &result.upstream {
        writer.row(2, "upstream", upstream, Style::Plain);
    }
    if let Some(path) = &result.path {
        writer.row(2, "path", path, Style::Plain);
    }
    for change in &result.headers {
        writer.row(2, change.change, &written(change), Style::Plain);
    }
    for change in &result.response {
        let text = format!("{} {}", change.change, written(change));
        writer.row(2, "response", &text, Style::Plain);
    }
    if let Some(body) = &result.body {
        writer.row(2, "body", body.trim_end(), Style::Plain);
    }
}

fn written(change: &Change) -> String {
    let mark = match change.change {
        "rename" | "copy" => " to",
        _ => ":",
    };
    let mut text = change.name.clone();
    if let Some(value) = &change.value {
        text.push_str(&format!("{mark} {value}"));
    }
    if let Some(statuses) = &change.statuses {
        text.push_str(&format!(" (of {statuses})"));
    }
    text
}
