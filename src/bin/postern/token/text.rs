//! What is in a token, as text.

use std::time::SystemTime;

use serde_json::Value;

use super::content::Content;
use super::members::Members;
use super::times;
use crate::explain::ProviderTrace;
use crate::terminal::{Colours, Style, TextWriter};

/// The header, the claims, the length of the signature, and what the providers of a policy say.
pub(super) fn render(
    content: &Content,
    verdicts: Option<&[ProviderTrace]>,
    now: SystemTime,
    colours: Colours,
) -> String {
    let mut writer = TextWriter::new(colours);
    object(&mut writer, "header", content.header.as_ref(), |_, _| None);
    object(
        &mut writer,
        "claims",
        content.claims.as_ref(),
        |name, value| claim_time(name, value, now),
    );
    writer.line(0, "signature", Style::Heading);
    let signature = match content.signature {
        Some(0) => "none: the token isn't signed".to_owned(),
        Some(bytes) => {
            let unit = if bytes == 1 { "byte" } else { "bytes" };
            let note = if verdicts.is_some() {
                ""
            } else {
                ", not verified"
            };
            format!("{bytes} {unit}{note}")
        }
        None => "unreadable".to_owned(),
    };
    writer.line(2, &signature, Style::Plain);
    if let Some(error) = &content.error {
        writer.line(0, &printable(error), Style::Bad);
    }
    if let Some(verdicts) = verdicts {
        writer.line(0, "providers", Style::Heading);
        for one in verdicts {
            verdict(&mut writer, one);
        }
    }
    writer.finish()
}

fn verdict(writer: &mut TextWriter, of: &ProviderTrace) {
    let mut text = of.verdict.to_owned();
    match (of.verdict, &of.consumer) {
        ("accepted", None) => text.push_str(": of no consumer"),
        (_, None) => {}
        (_, Some(consumer)) => {
            text.push_str(&format!(": consumer {consumer}"));
            if !of.groups.is_empty() {
                text.push_str(&format!(" of {}", of.groups.join(", ")));
            }
        }
    }
    if let Some(reason) = of.reason {
        text.push_str(&format!(": {reason}"));
    }
    if let Some(detail) = &of.detail {
        text.push_str(&format!(": {detail}"));
    }
    let style = match of.verdict {
        "accepted" => Style::Good,
        "absent" => Style::Plain,
        _ => Style::Bad,
    };
    writer.row(2, &of.name, &printable(&text), style);
}

fn object(
    writer: &mut TextWriter,
    title: &str,
    members: Option<&Members>,
    note: impl Fn(&str, &Value) -> Option<(String, Style)>,
) {
    writer.line(0, title, Style::Heading);
    let Some(members) = members else {
        writer.line(2, "unreadable", Style::Bad);
        return;
    };
    if members.0.is_empty() {
        writer.line(2, "(empty)", Style::Plain);
    }
    for (name, value) in &members.0 {
        let (note, style) = note(name, value).unwrap_or((String::new(), Style::Plain));
        // As JSON: a number in quotes isn't a time.
        let text = printable(&format!("{value}{note}"));
        writer.row(2, &printable(name), &text, style);
    }
}

/// What stands behind the number of a time.
fn claim_time(name: &str, value: &Value, now: SystemTime) -> Option<(String, Style)> {
    if !times::CLAIMS.contains(&name) {
        return None;
    }
    let Some((time, written)) = times::time(value) else {
        let note = " (not a time: seconds since 1970 are expected)".to_owned();
        return Some((note, Style::Bad));
    };
    let (state, style) = match name {
        "exp" if time <= now => (": expired", Style::Bad),
        "nbf" if time > now => (": not valid yet", Style::Bad),
        "iat" if time > now => (": in the future", Style::Bad),
        _ => ("", Style::Plain),
    };
    Some((format!(" ({written}{state})"), style))
}

/// The text without what a terminal would obey.
fn printable(text: &str) -> String {
    let is_harmless = |letter: char| !letter.is_control() && !is_invisible(letter);
    if text.chars().all(is_harmless) {
        return text.to_owned();
    }
    text.chars()
        .map(|letter| {
            if is_harmless(letter) {
                letter.to_string()
            } else {
                letter.escape_unicode().to_string()
            }
        })
        .collect()
}

/// Letters that change the order of others, or that nobody sees.
const fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn says_what_a_time_means_now() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        for (name, seconds, note) in [
            ("exp", 1000, " (1970-01-01T00:16:40Z: expired)"),
            ("exp", 1001, " (1970-01-01T00:16:41Z)"),
            ("nbf", 1001, " (1970-01-01T00:16:41Z: not valid yet)"),
            ("iat", 1001, " (1970-01-01T00:16:41Z: in the future)"),
            ("iat", 999, " (1970-01-01T00:16:39Z)"),
        ] {
            let found = claim_time(name, &json!(seconds), now).map(|(note, _)| note);
            assert_eq!(found.as_deref(), Some(note), "{name}");
        }
        assert!(claim_time("sub", &json!(1), now).is_none());
        let (note, _) = claim_time("exp", &json!("1"), now).unwrap();
        assert!(note.contains("not a time"), "{note}");
    }

    #[test]
    fn escapes_what_a_terminal_obeys() {
        assert_eq!(printable("a\x1b[2Jé\u{202e}"), "a\\u{1b}[2Jé\\u{202e}");
        assert_eq!(printable("plain"), "plain");
    }
}
