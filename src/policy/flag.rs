//! Flags: on, off, or on for a share of the requests.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::config::{self, ConfigErrors, Named, Path};
use crate::draw::{DrawKey, Share, Ticket};
use crate::source::{JsonPath, Selection};

use super::json_path::json_path_with;
use super::source::{LookupMode, SourceId, SourceKind, Sources};

/// A flag whose state stands in a document.
#[derive(Debug, PartialEq)]
pub(crate) struct Flag {
    pub(crate) name: Box<str>,
    pub(crate) source: SourceId,
    path: JsonPath,
    /// The state where no document says a usable one.
    pub(crate) default: Option<Share>,
    /// The maximum time that a request waits for the first document.
    pub(crate) hold: Duration,
    ticket: Ticket,
}

impl Flag {
    /// The flag's state in a document. `None` if there is none, or if it says nothing that is known.
    pub(crate) fn state(&self, document: &Value) -> Option<Share> {
        match self.path.select(document) {
            Selection::One(value) => Share::of(value),
            Selection::None | Selection::Many(_) => None,
        }
    }

    /// Whether the flag is on for a key, if it is on for this share.
    pub(crate) fn is_on(&self, share: Share, key: &[u8]) -> bool {
        share.has(DrawKey::of(key), self.ticket)
    }

    fn compile(
        written: &Named<config::Flag>,
        sources: &Sources,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let name = written.name.as_str();
        let written = &written.value;
        let at = path.field("source");
        let source = sources.named(&written.source, &at, errors);
        if source.is_some_and(|id| sources.lookup_mode(id) == LookupMode::OnDemand) {
            errors.push(
                &at,
                "a flag can't be read on demand: it has no key of an entry",
            );
        }
        let at = path.field("value");
        let state = json_path_with(&written.value, sources.names(source), &at, errors);
        if state.as_ref().is_some_and(|state| !state.is_singular()) {
            let hint = "write names and indices only";
            errors.suggest(&at, "the state of a flag is one value", hint);
            return None;
        }
        let default = match written.default.as_ref().map(Share::of) {
            Some(None) => {
                errors.push(&path.field("default"), NO_STATE);
                None
            }
            known => Some(known.flatten()),
        };
        let flag = Self {
            name: name.into(),
            source: source?,
            path: state?,
            default: default?,
            hold: written.hold,
            // Not the ticket of an upstream with this name: each draws for itself.
            ticket: Ticket::of(["flag:", name].concat().as_bytes()),
        };
        flag.check(sources, &at, errors);
        Some(flag)
    }

    /// A document of the policy itself must have the state.
    fn check(&self, sources: &Sources, path: &Path<'_>, errors: &mut ConfigErrors) {
        let Some(SourceKind::Inline(document)) = sources.at(self.source).map(|source| &source.kind)
        else {
            return;
        };
        if self.state(document.value()).is_none() {
            errors.push(path, NO_STATE);
        }
    }
}

const NO_STATE: &str =
    "expected `true`, `false`, a percentage from 0 to 100, or `{enabled, percentage}` there";

/// The flags of a policy.
#[derive(Debug, Default)]
pub(in crate::policy) struct Flags(Vec<(Box<str>, Option<Arc<Flag>>)>);

impl Flags {
    pub(in crate::policy) fn compile(
        written: &[Named<config::Flag>],
        sources: &Sources,
        errors: &mut ConfigErrors,
    ) -> Self {
        let path = Path::Root;
        let path = path.field("flags");
        let one = |flag: &Named<config::Flag>| {
            let compiled = Flag::compile(flag, sources, &path.field(&flag.name), errors);
            // One with errors keeps its name, so that conditions on it are no further errors.
            (flag.name.as_str().into(), compiled.map(Arc::new))
        };
        Self(written.iter().map(one).collect())
    }

    /// The flags, in the order of the policy.
    pub(in crate::policy) fn into_list(self) -> Vec<Arc<Flag>> {
        self.0.into_iter().filter_map(|(_, flag)| flag).collect()
    }

    /// The sources that hold flags.
    pub(in crate::policy) fn sources(&self) -> impl Iterator<Item = SourceId> {
        let flags = self.0.iter().filter_map(|(_, flag)| flag.as_ref());
        flags.map(|flag| flag.source)
    }

    /// The flag of this name.
    pub(in crate::policy) fn named(
        &self,
        name: &str,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Arc<Flag>> {
        let found = self.0.iter().find(|(known, _)| **known == *name);
        if found.is_none() {
            let names: Vec<_> = self.0.iter().map(|(name, _)| format!("`{name}`")).collect();
            let known = if names.is_empty() {
                "`flags` is empty".into()
            } else {
                format!("there are {}", names.join(", "))
            };
            errors.suggest(path, format!("there is no flag `{name}`"), known);
        }
        found?.1.clone()
    }
}
