//! Values from sources, for one exchange.

use std::rc::Rc;

use serde_json::Value;

use crate::engine::documents::View;
use crate::engine::documents::{SourceState, WatchedState};
use crate::engine::event::Observer;
use crate::policy::{Denial, Fallback, Lookup, LookupKey, Reason};
use crate::source::Entry;

use super::picked::{Basis, Picked};
use super::values::Facts;
use super::{Exchange, Stop};

/// What a source says of an entry.
pub(super) enum Said<'x> {
    /// The lookup's values.
    Values(Picked<'x>),
    /// A good document has no such entry.
    Missing,
    /// There is no usable document.
    Failed,
}

impl<'e, O: Observer + ?Sized> Exchange<'e, O> {
    /// The values of one lookup. `facts` holds those of the lookups before it.
    pub(in crate::engine) fn look_up(
        &mut self,
        lookup: &'e Lookup,
        facts: &Facts<'_>,
    ) -> Result<Picked<'e>, Stop> {
        let Some(LookupKey { template, .. }) = &lookup.key else {
            return self.look_closer(lookup, None);
        };
        let Some(key) = facts.bytes(template)? else {
            return missing(lookup);
        };
        // What nearly all come to: a document is here, and has the entry.
        let view = self.sources.at(lookup.source).and_then(whole);
        match view.and_then(|view| Some(view.index.as_ref()?.get(&key))) {
            Some(Entry::Found(item)) => Ok(Picked::of_indexed(item, lookup)),
            Some(Entry::Missing) => missing(lookup),
            // Two claim the key: none of them answers.
            Some(Entry::Ambiguous) => failed(lookup),
            None => self.look_closer(lookup, Some(&key)),
        }
    }

    /// The same for all that is rarer.
    fn look_closer(&mut self, lookup: &'e Lookup, key: Option<&[u8]>) -> Result<Picked<'e>, Stop> {
        match self.ask(lookup, key)? {
            Said::Values(values) => Ok(values),
            Said::Missing => missing(lookup),
            Said::Failed => failed(lookup),
        }
    }

    fn ask(&mut self, lookup: &Lookup, key: Option<&[u8]>) -> Result<Said<'e>, Stop> {
        match (self.sources.at(lookup.source), key) {
            (Some(SourceState::Inline(seen)), key) => Ok(entry(&seen.view, key, lookup)),
            (Some(SourceState::Watched(watched)), key) => self.watched(watched, key, lookup),
            (Some(SourceState::OnDemand(source)), Some(key)) => {
                let source = Rc::clone(source);
                self.on_demand(&source, key, lookup)
            }
            (Some(SourceState::OnDemand(_)), None) | (None, _) => Ok(Said::Failed),
        }
    }

    fn watched(
        &mut self,
        watched: &'e WatchedState,
        key: Option<&[u8]>,
        lookup: &Lookup,
    ) -> Result<Said<'e>, Stop> {
        match self.first_document(lookup.source, watched, lookup.hold)? {
            Some(seen) => Ok(entry(&seen.view, key, lookup)),
            None => Ok(Said::Failed),
        }
    }
}

fn missing(lookup: &Lookup) -> Result<Picked<'_>, Stop> {
    let values = fall_back(&lookup.on_missing, Reason::LookupMissing)?;
    Ok(Picked::StandIn(values, Basis::Source))
}

fn failed(lookup: &Lookup) -> Result<Picked<'_>, Stop> {
    let values = fall_back(&lookup.on_failure, Reason::LookupFailed)?;
    Ok(Picked::StandIn(values, Basis::Failure))
}

fn fall_back(fallback: &Fallback, reason: Reason) -> Result<&[Option<Value>], Stop> {
    match fallback {
        Fallback::Deny(status) => Err(Denial::with_status(reason, *status).into()),
        Fallback::Values(values) => Ok(values),
    }
}

/// The document of a source that has all entries in one, if there is one.
fn whole(source: &SourceState) -> Option<&View> {
    match source {
        SourceState::Inline(seen) => Some(&seen.view),
        SourceState::Watched(watched) => watched.seen().map(|seen| &*seen.view),
        SourceState::OnDemand(_) => None,
    }
}

/// The whole document as an entry.
fn entry<'x>(view: &'x View, key: Option<&[u8]>, lookup: &Lookup) -> Said<'x> {
    // By key an index is asked, and was, if there is one.
    match view.value().filter(|_| key.is_none()) {
        Some(value) => Said::Values(Picked::of(value, lookup)),
        None => Said::Failed,
    }
}
