//! Checks files: finds the policies in them, and gives every issue its position.

use std::collections::BTreeMap;

use super::finding::{Finding, Issue, Level};
use super::policy::{check_policy, size_without_white_space};
use super::report::Report;
use crate::environment::Variables;
use crate::input;
use crate::policy_file::{Content, Found, find, positions_in_file};
use crate::yaml::{self, Cause, DuplicateKey, Node, Position, Value, YamlDocument, read_json};

/// Checks one file after the other.
pub(super) struct Checker {
    environment: Variables,
    report: Report,
}

/// The file and the resource in it that hold a policy.
struct Holder<'p> {
    file: &'p str,
    wrapper: &'p str,
}

impl Checker {
    pub(super) const fn new(environment: Variables) -> Self {
        let report = Report {
            findings: Vec::new(),
            policies: 0,
            has_unusable_file: false,
        };
        Self {
            environment,
            report,
        }
    }

    pub(super) fn finish(self) -> Report {
        self.report
    }

    /// Checks the file `name`, which holds `text`.
    pub(super) fn check(&mut self, name: &str, text: &str) {
        let mut issues = input::begins_as_json_policy(text)
            .then(|| check_policy(text, size_without_white_space(text), &self.environment));
        if issues.as_ref().is_some_and(Vec::is_empty) {
            // There is nothing to report, so no positions are needed.
            self.count_policy();
            return;
        }
        let documents = match yaml::read(text) {
            Ok(documents) => documents,
            Err(error) => return self.report_unreadable(name, error.at, &error.reason),
        };
        let (policies, first) = (self.report.policies, self.report.findings.len());
        for document in &documents {
            self.document(name, text, document, &mut issues);
        }
        // The program ends soon, and to drop many nodes takes long.
        std::mem::forget(documents);
        if policies == self.report.policies {
            self.report_unreadable(name, Position::START, "the file holds no policy");
        }
        if let Some(own) = self.report.findings.get_mut(first..) {
            own.sort_by_key(|finding| (finding.at, finding.issue.level));
        }
    }

    /// Reports that a file can't be read, or holds no policy.
    pub(super) fn report_unreadable(&mut self, file: &str, at: Position, reason: &str) {
        let holder = Holder { file, wrapper: "" };
        self.add(&holder, Level::Error, "unreadable", at, reason, None);
        self.report.has_unusable_file = true;
    }

    /// Checks one document of a file. `issues` are those of the file, if it is read as a plain policy already.
    fn document(
        &mut self,
        name: &str,
        text: &str,
        document: &YamlDocument<'_>,
        issues: &mut Option<Vec<Issue>>,
    ) {
        let first = self.report.findings.len();
        let found = find(&document.root);
        let is_wrapped = found.iter().any(|found| !found.wrapper.is_empty());
        for Found { wrapper, content } in found {
            let holder = Holder {
                file: name,
                wrapper: &wrapper,
            };
            match content {
                Content::Policy(node) => {
                    // JSON that begins as a policy can still be a resource that holds one.
                    let known = issues.take().filter(|_| wrapper.is_empty());
                    let issues = known.unwrap_or_else(|| {
                        let json = document.to_json(node);
                        check_policy(&json, json.len(), &self.environment)
                    });
                    let ambiguities = document.ambiguities_in(node);
                    self.policy(&holder, node, ambiguities, issues);
                }
                Content::Text(node) => self.embedded_policy(&holder, node, text),
                Content::Invalid {
                    at,
                    reason,
                    suggestion,
                } => {
                    self.count_policy();
                    let suggestion = Some(suggestion);
                    self.add(&holder, Level::Error, "wrapper", at, reason, suggestion);
                }
                Content::OtherModule(at) => {
                    let reason = "the configuration of another module is not checked";
                    self.add(&holder, Level::Note, "wrapper", at, reason, None);
                }
            }
        }
        if is_wrapped {
            self.duplicate_keys(name, document, first);
        }
    }

    /// Reports the issues of a policy, and what programs read differently in it.
    fn policy(
        &mut self,
        holder: &Holder<'_>,
        node: &Node<'_>,
        ambiguities: BTreeMap<Position, (String, Cause)>,
        issues: Vec<Issue>,
    ) {
        self.count_policy();
        for issue in issues {
            let at = node.locate(&issue.path, issue.duplicate_key);
            self.push(holder, at, issue);
        }
        for (at, (path, cause)) in ambiguities {
            let level = if cause.is_refused() {
                Level::Error
            } else {
                Level::Warning
            };
            let issue = Issue {
                level,
                rule: "ambiguous",
                path,
                duplicate_key: DuplicateKey::First,
                reason: cause.reason().to_owned(),
                suggestion: Some(cause.suggestion().to_owned()),
            };
            self.push(holder, at, issue);
        }
    }

    /// Checks a policy that is text in the file. Positions in the text become positions in the file.
    fn embedded_policy(&mut self, holder: &Holder<'_>, node: &Node<'_>, file: &str) {
        let Value::Text(text, style) = &node.value else {
            return;
        };
        let first = self.report.findings.len();
        match read_json(text) {
            Ok(policy) => {
                let issues = check_policy(text, text.len(), &self.environment);
                self.policy(holder, &policy, BTreeMap::new(), issues);
            }
            Err(error) => {
                self.count_policy();
                let reason = format!("not JSON: {}", error.reason);
                let suggestion = Some("the filter reads JSON; `postern ecds` makes JSON of YAML");
                self.add(
                    holder,
                    Level::Error,
                    "invalid",
                    error.at,
                    &reason,
                    suggestion,
                );
            }
        }
        let own = self.report.findings.get_mut(first..).unwrap_or_default();
        if own.is_empty() {
            return;
        }
        let wanted = own.iter().map(|finding| finding.at);
        let positions = positions_in_file(file, node.at, *style, text, wanted);
        for finding in own {
            finding.at = positions.get(&finding.at).copied().unwrap_or(node.at);
        }
    }

    /// Reports the keys that are twice in a map of a document that wraps policies. Those in the policies are among the findings
    /// from `first` on: the filter's decoder finds them.
    fn duplicate_keys(&mut self, file: &str, document: &YamlDocument<'_>, first: usize) {
        let own = self.report.findings.get(first..).unwrap_or_default();
        let known: Vec<Position> = own.iter().map(|finding| finding.at).collect();
        let holder = Holder { file, wrapper: "" };
        for at in document.root.duplicate_keys() {
            if !known.contains(&at) {
                self.add(&holder, Level::Error, "wrapper", at, "duplicate key", None);
            }
        }
    }

    const fn count_policy(&mut self) {
        self.report.policies = self.report.policies.saturating_add(1);
    }

    /// Reports something about a file or a resource, outside of a policy.
    fn add(
        &mut self,
        holder: &Holder<'_>,
        level: Level,
        rule: &'static str,
        at: Position,
        reason: &str,
        suggestion: Option<&str>,
    ) {
        let issue = Issue {
            level,
            rule,
            path: String::new(),
            duplicate_key: DuplicateKey::First,
            reason: reason.to_owned(),
            suggestion: suggestion.map(str::to_owned),
        };
        self.push(holder, at, issue);
    }

    fn push(&mut self, holder: &Holder<'_>, at: Position, issue: Issue) {
        self.report.findings.push(Finding {
            file: holder.file.to_owned(),
            at,
            wrapper: holder.wrapper.to_owned(),
            issue,
        });
    }
}
