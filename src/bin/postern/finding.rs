//! What a check found, and how it is told.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::yaml::Position;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// The filter refuses it.
    Error,
    /// Legal, but surely not meant.
    Warning,
    /// Good to know.
    Note,
}

impl Level {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) file: String,
    pub(crate) at: Position,
    pub(crate) level: Level,
    /// What kind of thing: stable, for machines.
    pub(crate) rule: &'static str,
    /// The resource that holds the policy; empty for a plain policy.
    pub(crate) wrapper: String,
    /// Where in the policy; empty for the whole.
    pub(crate) path: String,
    pub(crate) reason: String,
    pub(crate) suggestion: Option<String>,
}

/// One line for a person.
pub(crate) fn line(finding: &Finding) -> String {
    let Finding {
        file,
        at,
        level,
        wrapper,
        path,
        reason,
        suggestion,
        ..
    } = finding;
    let mut line = format!("{file}:{}:{}: {}: ", at.line, at.column, level.name());
    if !wrapper.is_empty() {
        let _ = write!(line, "{wrapper}: ");
    }
    if !path.is_empty() {
        let _ = write!(line, "{path}: ");
    }
    line.push_str(reason);
    if let Some(suggestion) = suggestion {
        let _ = write!(line, " ({suggestion})");
    }
    line
}

/// For machines.
pub(crate) fn as_json(finding: &Finding) -> Value {
    json!({
        "file": finding.file,
        "line": finding.at.line,
        "column": finding.at.column,
        "level": finding.level.name(),
        "rule": finding.rule,
        "wrapper": finding.wrapper,
        "path": finding.path,
        "reason": finding.reason,
        "suggestion": finding.suggestion,
    })
}

/// Every rule, and what it means.
pub(crate) const RULES: [(&str, &str); 13] = [
    ("unreadable", "The file is neither YAML nor JSON."),
    (
        "wrapper",
        "The resource doesn't hand the policy over as the filter needs it.",
    ),
    (
        "ambiguous",
        "Programs that make JSON of YAML read a part of the policy differently.",
    ),
    ("invalid", "The filter refuses the policy."),
    (
        "never-matches",
        "A route can never be chosen: one before it has the same matches.",
    ),
    (
        "crowded-place",
        "Many matches share host and path; they are tried one after the other.",
    ),
    (
        "nobody",
        "A consumer has no credential, so nobody can be it.",
    ),
    (
        "repeated-key",
        "A consumer has the same key twice; it counts once.",
    ),
    (
        "line-end",
        "The value of a variable ends with a line end, which is taken off.",
    ),
    ("unused", "A provider or a source is never used."),
    (
        "plain-secret",
        "A secret stands in the policy in plain text.",
    ),
    (
        "open-lookup",
        "A client that doesn't authenticate chooses what is asked of a source.",
    ),
    ("environment", "The policy reads environment variables."),
];

/// SARIF 2.1.0: one log with one run.
pub(crate) fn sarif(findings: &[Finding]) -> Value {
    let rule =
        |(id, meaning): &(&str, &str)| json!({"id": id, "shortDescription": {"text": meaning}});
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "postern",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": RULES.iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let mut message = if finding.path.is_empty() {
        finding.reason.clone()
    } else {
        format!("{}: {}", finding.path, finding.reason)
    };
    if let Some(suggestion) = &finding.suggestion {
        let _ = write!(message, " ({suggestion})");
    }
    let file = if finding.file == "-" {
        "stdin"
    } else {
        &finding.file
    };
    json!({
        "ruleId": finding.rule,
        "level": finding.level.name(),
        "message": {"text": message},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(file)},
                "region": {"startLine": finding.at.line, "startColumn": finding.at.column},
            },
            "logicalLocations": [{"fullyQualifiedName": finding.path}],
        }],
    })
}

/// A path as a URI reference (RFC 3986 §4.1).
fn uri(path: &str) -> String {
    let bytes = path.replace('\\', "/");
    let mut uri = String::new();
    for byte in bytes.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
