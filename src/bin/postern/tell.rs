//! An explanation as text.

use crate::explanation::{Change, End, Explanation};
use crate::page::{Colours, Page, Tone};
use crate::story::{Lookup, Provider};

/// The whole way, stage by stage.
pub(crate) fn tell(explanation: &Explanation, colours: Colours) -> String {
    let mut page = Page::new(colours);
    let sent = &explanation.sent;
    page.line(0, &format!("{} {}", sent.method, sent.url()), Tone::Head);
    let story = &explanation.story;
    section(&mut page, "sources", !story.sources.is_empty());
    for line in &story.sources {
        page.line(2, line, Tone::Plain);
    }
    section(&mut page, "sanitise", !story.sanitised.is_empty());
    for name in &story.sanitised {
        page.row(2, "removed", name, Tone::Plain);
    }
    section(&mut page, "canonical", true);
    match (&story.malformed, &story.canonical) {
        (_, Some(canonical)) => {
            page.row(2, "host", &canonical.host, Tone::Plain);
            page.row(2, "path", &canonical.path, Tone::Plain);
        }
        (Some(error), None) => page.line(2, error, Tone::Bad),
        (None, None) => page.line(2, "host or path is missing, or there are two", Tone::Bad),
    }
    if story.canonical.is_some() {
        route(&mut page, explanation);
    }
    section(&mut page, "authenticate", !story.providers.is_empty());
    for provider in &story.providers {
        authenticated(&mut page, provider);
    }
    section(&mut page, "look up", !story.lookups.is_empty());
    for lookup in &story.lookups {
        looked_up(&mut page, lookup);
    }
    section(&mut page, "authorise", !story.conditions.is_empty());
    for condition in &story.conditions {
        let (mark, tone) = match condition.holds {
            Some(true) => ("yes", Tone::Good),
            Some(false) => ("no", Tone::Bad),
            None => ("open", Tone::Plain),
        };
        let indent = condition.depth.saturating_mul(2).saturating_add(2);
        page.line(indent, &format!("{mark}: {}", condition.condition), tone);
    }
    end(&mut page, &explanation.end);
    page.finish()
}

fn section(page: &mut Page, title: &str, is_wanted: bool) {
    if is_wanted {
        page.line(0, title, Tone::Head);
    }
}

fn route(page: &mut Page, explanation: &Explanation) {
    section(page, "route", true);
    match &explanation.story.matched {
        Some(matched) => {
            let place = format!(
                "{} (routes[{}], match {})",
                matched.route, matched.place, matched.matching
            );
            page.row(2, "matched", &place, Tone::Good);
            for (name, text) in &matched.captures {
                page.row(4, &format!("{{{name}}}"), text, Tone::Plain);
            }
        }
        None => page.line(2, "none: what is `unmatched` follows", Tone::Bad),
    }
    for near in &explanation.near {
        page.row(
            2,
            "not",
            &format!("{}: {}", near.route, near.because),
            Tone::Plain,
        );
    }
}

fn authenticated(page: &mut Page, provider: &Provider) {
    let from = if provider.places.is_empty() {
        String::new()
    } else {
        format!(", from {}", provider.places.join(" and "))
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
    }
    let tone = match provider.verdict {
        "accepted" => Tone::Good,
        "absent" => Tone::Plain,
        _ => Tone::Bad,
    };
    page.row(2, &provider.name, &format!("{text}{from}"), tone);
}

fn looked_up(page: &mut Page, lookup: &Lookup) {
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
    let (entry, tone) = match lookup.entry {
        "found" => (format!("found ({origin})"), Tone::Good),
        "missing" => (format!("no such entry ({origin})"), Tone::Bad),
        _ => ("no usable document".to_owned(), Tone::Bad),
    };
    page.row(2, &lookup.name, &format!("{what}: {entry}"), tone);
    match &lookup.values {
        Some(values) => {
            for (name, value) in values {
                let value = value
                    .as_ref()
                    .map_or_else(|| "none".to_owned(), ToString::to_string);
                page.row(4, name, &value, Tone::Plain);
            }
        }
        None => page.line(4, "the request is denied for it", Tone::Bad),
    }
}

fn end(page: &mut Page, end: &End) {
    let (title, tone) = match (end.outcome, end.status, end.reason) {
        ("forwarded", ..) => ("forwarded".to_owned(), Tone::Good),
        (outcome, Some(status), Some(reason)) => {
            (format!("{outcome}: {status} {reason}"), Tone::Bad)
        }
        (outcome, status, _) => (
            format!("{outcome}: {}", status.unwrap_or_default()),
            Tone::Good,
        ),
    };
    page.line(0, &title, tone);
    if let Some(upstream) = &end.upstream {
        page.row(2, "upstream", upstream, Tone::Plain);
    }
    if let Some(path) = &end.path {
        page.row(2, "path", path, Tone::Plain);
    }
    for change in &end.headers {
        page.row(2, change.change, &written(change), Tone::Plain);
    }
    for change in &end.response {
        let text = format!("{} {}", change.change, written(change));
        page.row(2, "response", &text, Tone::Plain);
    }
    if let Some(body) = &end.body {
        page.row(2, "body", body.trim_end(), Tone::Plain);
    }
}

fn written(change: &Change) -> String {
    match &change.value {
        Some(value) => format!("{}: {value}", change.name),
        None => change.name.clone(),
    }
}
