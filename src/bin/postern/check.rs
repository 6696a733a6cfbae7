//! `postern check`: everything that is wrong with policies, wherever they stand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::environment::{Variables, pair};
use crate::finding::{Finding, Level, as_json, line, sarif};
use crate::judge::{Said, judge, without_blanks};
use crate::verb::{Failure, Verdict, say, write};
use crate::wrapper::{Held, find};
use crate::yaml::{self, Cause, Document, Node, Position, Value, read_json};
use crate::{embedded, file};

const EXAMPLES: &str = "\
Examples:
  postern check policy.yaml
  postern check --deny-warnings k8s/*.yaml
  kubectl get wasmplugin -A -o yaml | postern check -
  postern check --format sarif envoy/ecds.json > findings.sarif

Exit status: 0 where all is well, 1 where a policy has errors, 2 where a file
can't be read or holds no policy.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// Policies (YAML or JSON), and what holds them: Envoy's bootstrap, LDS and ECDS files, WasmPlugin, TrafficExtension,
    /// EnvoyFilter, EnvoyExtensionPolicy. `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How findings are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Let warnings count as errors.
    #[arg(long)]
    deny_warnings: bool,
    /// A variable of the VM's environment. Those that aren't given are taken to be set.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each: `FILE:LINE:COLUMN: LEVEL: PATH: REASON (SUGGESTION)`.
    Text,
    /// One object with all findings.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
}

impl Check {
    pub(crate) fn run(&self) -> Result<Verdict, Failure> {
        let mut all = Findings {
            environment: Variables::new(&self.env),
            findings: Vec::new(),
            policies: 0,
            unusable: false,
        };
        for path in &self.files {
            let name = path.display().to_string();
            match file::text(path) {
                Ok(text) => all.file(&name, &text),
                Err(Failure(reason)) => {
                    let reason = reason.strip_prefix(&format!("{name}: ")).unwrap_or(&reason);
                    all.unreadable(&name, Position::START, reason);
                }
            }
        }
        match self.format {
            Format::Text => all.print()?,
            Format::Json => {
                let findings: Vec<_> = all.findings.iter().map(as_json).collect();
                say(&format!(
                    "{:#}",
                    json!({"policies": all.policies, "findings": findings})
                ))?;
            }
            Format::Sarif => say(&format!("{:#}", sarif(&all.findings)))?,
        }
        Ok(all.verdict(self.deny_warnings))
    }
}

struct Findings {
    environment: Variables,
    findings: Vec<Finding>,
    policies: usize,
    /// A file could not be read, or holds no policy.
    unusable: bool,
}

/// Where a policy stands.
struct Place<'p> {
    file: &'p str,
    wrapper: &'p str,
}

impl Findings {
    fn file(&mut self, name: &str, text: &str) {
        let mut judged = file::begins_as_json_policy(text)
            .then(|| judge(text, without_blanks(text), &self.environment));
        if judged.as_ref().is_some_and(Vec::is_empty) {
            // There is nothing to report, so no positions are needed.
            self.policies = self.policies.saturating_add(1);
            return;
        }
        let documents = match yaml::read(text) {
            Ok(documents) => documents,
            Err(error) => return self.unreadable(name, error.at, &error.reason),
        };
        let before = (self.policies, self.findings.len());
        for document in &documents {
            let known = self.findings.len();
            let found = find(&document.root);
            let is_wrapped = found.iter().any(|found| !found.wrapper.is_empty());
            for found in found {
                let place = Place {
                    file: name,
                    wrapper: &found.wrapper,
                };
                match found.held {
                    Held::Policy(node) => {
                        // A JSON file that begins as a policy can still be a resource with one in it.
                        let judged = judged.take().filter(|_| found.wrapper.is_empty());
                        let said = judged.unwrap_or_else(|| {
                            let json = document.to_json(node);
                            judge(&json, json.len(), &self.environment)
                        });
                        let ambiguities = document.ambiguities_in(node);
                        self.policy(&place, node, ambiguities, said);
                    }
                    Held::Text(node) => self.text(&place, node, text),
                    Held::Wrong(at, reason, suggestion) => {
                        self.policies = self.policies.saturating_add(1);
                        self.push(
                            &place,
                            Level::Error,
                            "wrapper",
                            at,
                            reason,
                            Some(suggestion),
                        );
                    }
                    Held::Foreign(at) => {
                        let reason = "another module's configuration: passed over";
                        self.push(&place, Level::Note, "wrapper", at, reason, None);
                    }
                }
            }
            if is_wrapped {
                self.duplicate_keys(name, document, known);
            }
        }
        std::mem::forget(documents);
        if before.0 == self.policies {
            self.unreadable(name, Position::START, "there is no policy in it");
        }
        if let Some(own) = self.findings.get_mut(before.1..) {
            own.sort_by_key(|finding| (finding.at, finding.level));
        }
    }

    fn unreadable(&mut self, file: &str, at: Position, reason: &str) {
        let place = Place { file, wrapper: "" };
        self.push(&place, Level::Error, "unreadable", at, reason, None);
        self.unusable = true;
    }

    fn push(
        &mut self,
        place: &Place<'_>,
        level: Level,
        rule: &'static str,
        at: Position,
        reason: &str,
        suggestion: Option<&str>,
    ) {
        self.findings.push(Finding {
            file: place.file.to_owned(),
            at,
            level,
            rule,
            wrapper: place.wrapper.to_owned(),
            path: String::new(),
            reason: reason.to_owned(),
            suggestion: suggestion.map(str::to_owned),
        });
    }

    /// A policy that stands as text within the file: its places are brought back to the file's.
    fn text(&mut self, place: &Place<'_>, node: &Node<'_>, file: &str) {
        let Value::Text(text, style) = &node.value else {
            return;
        };
        let before = self.findings.len();
        match read_json(text) {
            Ok(node) => {
                let said = judge(text, text.len(), &self.environment);
                self.policy(place, &node, BTreeMap::new(), said);
            }
            Err(error) => {
                self.policies = self.policies.saturating_add(1);
                let reason = format!("not JSON: {}", error.reason);
                let suggestion = "the filter reads JSON; `postern ecds` makes it of YAML";
                self.push(
                    place,
                    Level::Error,
                    "invalid",
                    error.at,
                    &reason,
                    Some(suggestion),
                );
            }
        }
        let own = self.findings.get_mut(before..).unwrap_or_default();
        if own.is_empty() {
            return;
        }
        let wanted = own.iter().map(|finding| finding.at);
        let places = embedded::places(file, node.at, *style, text, wanted);
        for finding in own {
            finding.at = places.get(&finding.at).copied().unwrap_or(node.at);
        }
    }

    /// Adds what is to be said of a policy, and what programs read differently in it.
    fn policy(
        &mut self,
        place: &Place<'_>,
        node: &Node<'_>,
        ambiguities: BTreeMap<Position, (String, Cause)>,
        said: Vec<Said>,
    ) {
        self.policies = self.policies.saturating_add(1);
        self.findings.extend(said.into_iter().map(|said| Finding {
            file: place.file.to_owned(),
            at: node.locate(&said.path, said.which),
            level: said.level,
            rule: said.rule,
            wrapper: place.wrapper.to_owned(),
            path: said.path,
            reason: said.reason,
            suggestion: said.suggestion,
        }));
        self.findings
            .extend(ambiguities.into_iter().map(|(at, (path, cause))| Finding {
                file: place.file.to_owned(),
                at,
                level: if cause.is_refused() {
                    Level::Error
                } else {
                    Level::Warning
                },
                rule: "ambiguous",
                wrapper: place.wrapper.to_owned(),
                path,
                reason: cause.reason().to_owned(),
                suggestion: Some(cause.suggestion().to_owned()),
            }));
    }

    /// Adds the keys that are twice in a map of a document with a policy in it. `known` findings are there already: the
    /// filter reports those in the policy.
    fn duplicate_keys(&mut self, file: &str, document: &Document<'_>, known: usize) {
        let own = self.findings.get(known..).unwrap_or_default();
        let known: Vec<Position> = own.iter().map(|finding| finding.at).collect();
        let place = Place { file, wrapper: "" };
        for at in document.root.duplicate_keys() {
            if !known.contains(&at) {
                self.push(&place, Level::Error, "wrapper", at, "duplicate key", None);
            }
        }
    }

    fn count(&self, level: Level) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.level == level)
            .count()
    }

    fn print(&self) -> Result<(), Failure> {
        let mut lines = String::new();
        for finding in &self.findings {
            lines.push_str(&line(finding));
            lines.push('\n');
        }
        write(lines.as_bytes())?;
        let [errors, warnings] = [(Level::Error, "error"), (Level::Warning, "warning")]
            .map(|(level, name)| counted(self.count(level), name));
        let policies = match self.policies {
            1 => "1 policy".to_owned(),
            several => format!("{several} policies"),
        };
        say(&format!("{policies}: {errors}, {warnings}"))
    }

    fn verdict(&self, deny_warnings: bool) -> Verdict {
        let warnings = deny_warnings && self.count(Level::Warning) > 0;
        if self.unusable {
            Verdict::Unusable
        } else if warnings || self.count(Level::Error) > 0 {
            Verdict::Bad
        } else {
            Verdict::Good
        }
    }
}

fn counted(count: usize, name: &str) -> String {
    match count {
        0 => format!("no {name}s"),
        1 => format!("1 {name}"),
        several => format!("{several} {name}s"),
    }
}
