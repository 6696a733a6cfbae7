//! The findings of all files as text, JSON and SARIF.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::finding::{Finding, Level};
use super::rules::RULES;
use crate::exit::ExitStatus;

/// The findings of all files.
pub(super) struct Report {
    pub(super) findings: Vec<Finding>,
    /// How many policies were found.
    pub(super) policies: usize,
    /// Whether a file can't be read, or holds no policy.
    pub(super) has_unusable_file: bool,
}

/// The IDs of what isn't found by a rule of [`rules`](super::rules), each with its meaning.
const OTHER_IDS: [(&str, &str); 7] = [
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
        "repeated-key",
        "A consumer has the same key twice; it counts once.",
    ),
    (
        "line-end",
        "The value of a variable ends with a line end, which is taken off.",
    ),
    ("environment", "The policy reads environment variables."),
];

impl Report {
    fn count(&self, level: Level) -> usize {
        let levels = self.findings.iter().map(|finding| finding.issue.level);
        levels.filter(|own| *own == level).count()
    }

    pub(super) fn status(&self, deny_warnings: bool) -> ExitStatus {
        let has_denied_warnings = deny_warnings && self.count(Level::Warning) > 0;
        if self.has_unusable_file {
            ExitStatus::Unusable
        } else if has_denied_warnings || self.count(Level::Error) > 0 {
            ExitStatus::Failed
        } else {
            ExitStatus::Success
        }
    }

    /// A line for each finding, and one with the counts.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            text.push_str(&line(finding));
            text.push('\n');
        }
        let policies = match self.policies {
            1 => "1 policy".to_owned(),
            count => format!("{count} policies"),
        };
        let errors = counted(self.count(Level::Error), "error");
        let warnings = counted(self.count(Level::Warning), "warning");
        let _ = writeln!(text, "{policies}: {errors}, {warnings}");
        text
    }

    pub(super) fn to_json(&self) -> Value {
        let finding = |finding: &Finding| {
            json!({
                "file": finding.file,
                "line": finding.at.line,
                "column": finding.at.column,
                "level": finding.issue.level.name(),
                "rule": finding.issue.rule,
                "wrapper": finding.wrapper,
                "path": finding.issue.path,
                "reason": finding.issue.reason,
                "suggestion": finding.issue.suggestion,
            })
        };
        let findings: Vec<_> = self.findings.iter().map(finding).collect();
        json!({"policies": self.policies, "findings": findings})
    }

    /// SARIF 2.1.0: one log with one run.
    pub(super) fn to_sarif(&self) -> Value {
        let own = RULES.iter().map(|rule| (rule.id, rule.meaning));
        let rules = OTHER_IDS
            .into_iter()
            .chain(own)
            .map(|(id, meaning)| json!({"id": id, "shortDescription": {"text": meaning}}));
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "postern",
                    "version": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": rules.collect::<Vec<_>>(),
                }},
                "columnKind": "unicodeCodePoints",
                "results": self.findings.iter().map(sarif_result).collect::<Vec<_>>(),
            }],
        })
    }
}

/// `FILE:LINE:COLUMN: LEVEL: WRAPPER: PATH: REASON (SUGGESTION)`.
fn line(finding: &Finding) -> String {
    let Finding {
        file,
        at,
        wrapper,
        issue,
    } = finding;
    let mut line = format!("{file}:{}:{}: {}: ", at.line, at.column, issue.level.name());
    if !wrapper.is_empty() {
        let _ = write!(line, "{wrapper}: ");
    }
    line.push_str(&message(finding));
    line
}

/// `PATH: REASON (SUGGESTION)`.
fn message(Finding { issue, .. }: &Finding) -> String {
    let mut message = String::new();
    if !issue.path.is_empty() {
        let _ = write!(message, "{}: ", issue.path);
    }
    message.push_str(&issue.reason);
    if let Some(suggestion) = &issue.suggestion {
        let _ = write!(message, " ({suggestion})");
    }
    message
}

fn sarif_result(finding: &Finding) -> Value {
    let file = match &*finding.file {
        "-" => "stdin",
        file => file,
    };
    json!({
        "ruleId": finding.issue.rule,
        "level": finding.issue.level.name(),
        "message": {"text": message(finding)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(file)},
                "region": {"startLine": finding.at.line, "startColumn": finding.at.column},
            },
            "logicalLocations": [{"fullyQualifiedName": finding.issue.path}],
        }],
    })
}

fn counted(count: usize, name: &str) -> String {
    match count {
        0 => format!("no {name}s"),
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    }
}

/// A file's path as a URI reference (RFC 3986 §4.1).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
