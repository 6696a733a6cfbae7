//! Conditions on lists of documents and on flags.

use std::cell::RefCell;
use std::time::Duration;

use crate::config::{self, ConfigErrors, ListedValue, Path};
use crate::policy::flag::Flags;
use crate::policy::json_path::{json_path, json_path_with};
use crate::policy::source::{
    DocumentListId, LookupMode, NotedLists, SourceId, SourceKind, Sources,
};
use crate::policy::template::{LookedUp, NeededFacts, ValueTemplate};
use crate::source::{JsonPath, TextSet};

use super::{Condition, ConditionScope};

/// Whether a value is in a list of a document.
#[derive(Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) subject: Subject,
    pub(crate) list: DocumentListId,
    /// Whether the value counts as listed where there is no usable document.
    pub(crate) default: Option<bool>,
}

/// The value that is looked for.
#[derive(Debug, PartialEq)]
pub(crate) enum Subject {
    /// A text of the request.
    Text(ValueTemplate),
    /// A looked-up value.
    LookedUp(LookedUp),
    /// A claim of the sender's token.
    Claim(JsonPath),
}

/// The documents that conditions may ask beside those of lookups.
pub(in crate::policy) struct DocumentScope<'a> {
    pub(in crate::policy) sources: &'a Sources,
    pub(in crate::policy) flags: &'a Flags,
    pub(in crate::policy) lists: &'a NotedLists,
    pub(in crate::policy) holds: &'a Holds,
}

/// The first documents that the route waits for which is compiled now, each with the longest time.
#[derive(Debug, Default)]
pub(in crate::policy) struct Holds(RefCell<Vec<(SourceId, Duration)>>);

impl Holds {
    fn note(&self, source: SourceId, hold: Duration) {
        let mut all = self.0.borrow_mut();
        match all.iter_mut().find(|(id, _)| *id == source) {
            Some((_, longest)) => *longest = (*longest).max(hold),
            None => all.push((source, hold)),
        }
    }

    pub(in crate::policy) fn take(&self) -> Box<[(SourceId, Duration)]> {
        self.0.take().into()
    }
}

impl ConditionScope<'_> {
    pub(super) fn flag(
        &self,
        name: &str,
        key: Option<&str>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Condition> {
        let flag = self
            .documents
            .flags
            .named(name, &path.field("flag"), errors);
        let key = match key {
            Some(key) => self
                .templates
                .template(key, &path.field("key"), errors)
                .map(Some),
            None => Some(None),
        };
        let flag = flag?;
        if key.as_ref().is_some_and(Option::is_none)
            && flag.default.is_some_and(|share| !share.is_plain())
        {
            let reason = "the flag's default is a percentage, which needs a `key`";
            errors.suggest(
                path,
                reason,
                "say what decides, such as `key: \"${consumer.name}\"`",
            );
        }
        self.note(flag.source, flag.hold, flag.default.is_some());
        Some(Condition::Flag(flag, key?))
    }

    pub(super) fn listed(
        &self,
        subject: &ListedValue,
        list: &config::ListRef,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Condition> {
        let subject = self.subject(subject, path, errors);
        let path = path.field("in");
        let documents = self.documents;
        let at = path.field("source");
        let source = documents.sources.named(&list.source, &at, errors);
        if source.is_some_and(|id| documents.sources.lookup_mode(id) == LookupMode::OnDemand) {
            errors.push(
                &at,
                "a list can't be read on demand: it has no key of an entry",
            );
        }
        let at = path.field("list");
        let names = documents.sources.names(source);
        let entries = json_path_with(&list.list, names, &at, errors)?;
        if entries.is_singular() {
            let hint = format!("write `{entries}[*]`");
            errors.suggest(&at, "the path selects the entries, not the list", hint);
            return None;
        }
        let source = source?;
        check(documents.sources, source, &entries, &at, errors);
        self.note(source, list.hold, list.default.is_some());
        let Some(id) = documents.lists.note(source, entries) else {
            errors.push(&at, NotedLists::too_many());
            return None;
        };
        Some(Condition::Listed(Box::new(Listed {
            subject: subject?,
            list: id,
            default: list.default,
        })))
    }

    /// Notes what the route does about a document that isn't there.
    fn note(&self, source: SourceId, hold: Duration, has_default: bool) {
        if !hold.is_zero() {
            self.documents.holds.note(source, hold);
            self.templates.need(NeededFacts::FIRST_DOCUMENTS);
        }
        if has_default {
            self.templates.need(NeededFacts::DEFAULTS);
        }
    }

    fn subject(
        &self,
        written: &ListedValue,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Subject> {
        match written {
            ListedValue::Value(text) => {
                let template = self.templates.template(text, &path.field("value"), errors);
                template.map(Subject::Text)
            }
            ListedValue::Lookup(name) => self.looked_up(name, path, errors).map(Subject::LookedUp),
            ListedValue::Claim(claim) => {
                let at = path.field("claim");
                self.needs_claims(&at, errors);
                json_path(&config::path_of_claim(claim), &at, errors).map(Subject::Claim)
            }
        }
    }
}

/// A document of the policy itself must have the list.
fn check(
    sources: &Sources,
    source: SourceId,
    entries: &JsonPath,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    let Some(SourceKind::Inline(document)) = sources.at(source).map(|source| &source.kind) else {
        return;
    };
    if !entries.reaches(document.value()) {
        errors.push(path, "the document has no value at this path");
        return;
    }
    let left_out = TextSet::build(document, entries).left_out();
    if left_out > 0 {
        errors.push(
            path,
            format!("{left_out} entries are neither text nor a number"),
        );
    }
}
