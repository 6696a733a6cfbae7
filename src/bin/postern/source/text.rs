//! Reports as text.

use super::report::{CentreReport, Held, ProbeResult, State};
use crate::terminal::{Colours, Style, TextWriter};

/// The most routes that are named for one lookup.
const ROUTES: usize = 3;

/// All reports.
pub(super) fn render(reports: &[CentreReport], colours: Colours) -> String {
    let mut writer = TextWriter::new(colours);
    if reports.is_empty() {
        writer.line(0, "the policy has no sources", Style::Plain);
    }
    for report in reports {
        source(&mut writer, report);
    }
    writer.finish()
}

fn source(writer: &mut TextWriter, report: &CentreReport) {
    writer.line(
        0,
        &format!("{}: {}", report.name, report.kind),
        Style::Heading,
    );
    if !report.parts.is_empty() {
        writer.row(2, "made of", &report.parts.join(", "), Style::Plain);
    }
    let mut last = None;
    for callout in &report.callouts {
        if callout.address.is_some() && callout.address != last {
            last.clone_from(&callout.address);
            let at = callout.address.clone().unwrap_or_default();
            writer.row(2, "at", &at, Style::Plain);
        }
        writer.row(2, "asked", &callout.line(), Style::Plain);
    }
    let style = match &report.state {
        state if state.is_failure() => Style::Bad,
        State::NotAsked(_) => Style::Plain,
        State::Inline
        | State::Merged
        | State::Changed
        | State::Same
        | State::Answered
        | State::Missing { .. }
        | State::Refused { .. }
        | State::Broken { .. } => Style::Good,
    };
    let (reason, hint) = report.state.reason().unwrap_or_default();
    let text = match reason {
        "" => report.state.word().to_owned(),
        reason => format!("{}: {reason}", report.state.word()),
    };
    writer.row(2, "state", &text, style);
    if !hint.is_empty() {
        writer.row(2, "hint", hint, Style::Plain);
    }
    if let Some(held) = &report.document {
        if report.parts.is_empty() {
            let version = held.more.version.as_deref();
            let version =
                version.unwrap_or("none: the server names none, so its content is compared");
            writer.row(2, "version", version, Style::Plain);
        }
        document(writer, held);
    }
    for line in &report.notes {
        writer.row(2, "note", line, Style::Bad);
    }
    for result in &report.lookups {
        lookup(writer, result);
    }
}

fn document(writer: &mut TextWriter, held: &Held) {
    let hash = held.hash.get(..12).unwrap_or_default();
    let format = held.more.format.as_deref().map(format_word);
    let format = format.map_or_else(String::new, |format| format!("read as {format}, "));
    let text = format!("{} bytes, {format}SHA-256 {hash}…", held.bytes);
    writer.row(2, "document", &text, Style::Plain);
    if let Some(index) = held.more.index {
        let text = format!(
            "keys: {}; keys of several entries: {}; entries without a key: {}",
            index.keys, index.ambiguous, index.left_out
        );
        writer.row(2, "index", &text, Style::Plain);
    }
    for list in &held.more.lists {
        let text = format!(
            "{}: {} entries; neither text nor a number: {}",
            list.path, list.entries, list.left_out
        );
        writer.row(2, "list", &text, Style::Plain);
    }
    for flag in &held.more.flags {
        let (state, style) = match &flag.state {
            Some(state) => (state.as_str(), Style::Plain),
            None => ("the document has no usable state", Style::Bad),
        };
        writer.row(2, "flag", &format!("{}: {state}", flag.name), style);
    }
    if held.consumers > 0 {
        writer.row(2, "consumers", &held.consumers.to_string(), Style::Plain);
    }
    if let Some(keys) = held.keys {
        writer.row(2, "keys", &keys.to_string(), Style::Plain);
    }
}

/// A format of the filter in fewer words: the format of the content, and behind it what is around the content. A format that
/// the content itself says has no name here.
fn format_word(name: &str) -> String {
    let words: Vec<&str> = name
        .split(['(', ')'])
        .filter(|word| !matches!(*word, "" | "Some" | "Content"))
        .collect();
    match words.as_slice() {
        ["Kubernetes", "None"] => "a map of texts".to_owned(),
        [outer, "None"] => format!("what {outer} says"),
        [outer, inner] => format!("{} of {outer}", inner.to_ascii_lowercase()),
        ["Json" | "Yaml" | "Properties" | "Text"] => words.concat().to_ascii_lowercase(),
        _ => name.to_owned(),
    }
}

/// What a lookup is called: its name, and the routes that have it.
fn title(result: &ProbeResult) -> String {
    let probe = &result.probe;
    if !probe.is_written {
        return "the entry".to_owned();
    }
    let mut routes: Vec<&str> = probe.routes.iter().map(String::as_str).collect();
    let more = routes.len().saturating_sub(ROUTES);
    routes.truncate(ROUTES);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} of {}{more}", probe.lookup, routes.join(", "))
}

fn lookup(writer: &mut TextWriter, result: &ProbeResult) {
    let key = match (&result.key, &result.probe.key) {
        (Some(key), _) => format!(", key `{key}`"),
        (None, Some(request)) if result.probe.is_by_template => format!(", `{request}`"),
        (None, Some(template)) if result.probe.is_written => format!(", key `{template}`"),
        (None, _) => String::new(),
    };
    let style = match result.entry {
        "found" => Style::Good,
        "not tried" => Style::Plain,
        _ => Style::Bad,
    };
    let entry = match result.entry {
        "missing" => "there is no such entry",
        "failed" => "no usable document",
        "not tried" if result.probe.is_by_template => "not tried: name a request by --request",
        "not tried" if result.needs_key() => {
            "not tried: name a key by --key, or a request by --request"
        }
        other => other,
    };
    let text = format!("{}{key}: {entry}", title(result));
    writer.row(2, "lookup", &text, style);
    for (name, value) in &result.values {
        let value = value
            .as_ref()
            .map_or("none".to_owned(), ToString::to_string);
        writer.row(4, name, &value, Style::Plain);
    }
}

#[cfg(test)]
mod tests {
    use super::format_word;

    #[test]
    fn names_formats() {
        for (name, word) in [
            ("Content(Json)", "json"),
            ("Etcd(Yaml)", "yaml of Etcd"),
            ("Nacos(Some(Json))", "json of Nacos"),
            ("Nacos(None)", "what Nacos says"),
            ("Kubernetes(Some(Yaml))", "yaml of Kubernetes"),
            ("Kubernetes(None)", "a map of texts"),
            ("SpringEnvironment", "SpringEnvironment"),
        ] {
            assert_eq!(format_word(name), word);
        }
    }
}
