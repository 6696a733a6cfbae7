//! Looks up values in sources, for one exchange.

use std::rc::Rc;

use serde_json::Value;

use crate::engine::documents::View;
use crate::engine::documents::{SourceState, WatchedState};
use crate::engine::event::Observer;
use crate::policy::{Denial, Fallback, KeyKind, Lookup, LookupKey, LookupRequest, Reason};
use crate::source::{Arguments, Entry};

use super::lookup_result::{FallbackCause, LookupResult};
use super::values::Attributes;
use super::{Exchange, Stop};

/// The result of a search for an entry.
pub(super) enum EntryResult<'x> {
    /// The lookup's values.
    Values(LookupResult<'x>),
    /// The document has no such entry.
    Missing,
    /// There is no usable document.
    Failed,
}

impl<'e, O: Observer + ?Sized> Exchange<'e, O> {
    /// The values of one lookup. `attributes` holds the values of the lookups before it.
    pub(in crate::engine) fn look_up(
        &mut self,
        lookup: &'e Lookup,
        attributes: &Attributes<'_>,
    ) -> Result<LookupResult<'e>, Stop> {
        let Some(LookupKey { template, .. }) = &lookup.key else {
            return match &lookup.request {
                Some(request) => self.look_up_by_request(lookup, request, attributes),
                None => self.look_closer(lookup, None),
            };
        };
        let Some(key) = attributes.bytes(template)? else {
            return missing(lookup);
        };
        // The usual case: there is a document, and it has the entry.
        let view = self.sources.at(lookup.source).and_then(whole);
        match view.and_then(|view| Some(view.index.as_ref()?.get(&key))) {
            Some(Entry::Found(item)) => Ok(LookupResult::of_indexed(item, lookup)),
            Some(Entry::Missing) => missing(lookup),
            // Two items have the key, so neither is used.
            Some(Entry::Ambiguous) => failed(lookup),
            None => self.look_closer(lookup, Some(&key)),
        }
    }

    /// The values in the answer to a request that is built from the exchange.
    #[inline(never)]
    fn look_up_by_request(
        &mut self,
        lookup: &'e Lookup,
        request: &LookupRequest,
        attributes: &Attributes<'_>,
    ) -> Result<LookupResult<'e>, Stop> {
        let Some(key) = attributes.request_key(request)? else {
            // A value that can't stand in its place is a denial, whatever others are absent.
            attributes.build(request)?;
            return missing(lookup);
        };
        let Some(SourceState::OnDemand(source)) = self.sources.at(lookup.source) else {
            return failed(lookup);
        };
        // The usual case: the answer is remembered.
        if let Some(values) = self.fresh(source, &key, lookup) {
            return Ok(values);
        }
        match self.told_entry(source, &key, lookup) {
            Some(entry) => of_entry(entry, lookup),
            None => self.look_up_by_new_request(lookup, request, &key, attributes),
        }
    }

    #[inline(never)]
    fn look_up_by_new_request(
        &mut self,
        lookup: &'e Lookup,
        request: &LookupRequest,
        key: &[u8],
        attributes: &Attributes<'_>,
    ) -> Result<LookupResult<'e>, Stop> {
        let Some(built) = attributes.build(request)? else {
            return missing(lookup);
        };
        let Some(SourceState::OnDemand(source)) = self.sources.at(lookup.source) else {
            return failed(lookup);
        };
        let source = Rc::clone(source);
        let entry = self.on_demand(&source, &built.arguments(key), lookup)?;
        of_entry(entry, lookup)
    }

    /// The cases that are less frequent.
    #[inline(never)]
    fn look_closer(
        &mut self,
        lookup: &'e Lookup,
        key: Option<&[u8]>,
    ) -> Result<LookupResult<'e>, Stop> {
        let entry = self.ask(lookup, key)?;
        of_entry(entry, lookup)
    }

    fn ask(&mut self, lookup: &Lookup, key: Option<&[u8]>) -> Result<EntryResult<'e>, Stop> {
        match (self.sources.at(lookup.source), key) {
            (Some(SourceState::Inline(policy_view)), key) => {
                Ok(entry(&policy_view.view, key, lookup))
            }
            (Some(SourceState::Watched(watched)), key) => self.watched(watched, key, lookup),
            (Some(SourceState::OnDemand(source)), Some(key)) => {
                let source = Rc::clone(source);
                let arguments = match lookup.key.as_ref().map(|key| key.kind) {
                    Some(KeyKind::Path) => Arguments::path(key),
                    Some(KeyKind::Segment) | None => Arguments::segment(key),
                };
                self.on_demand(&source, &arguments, lookup)
            }
            (Some(SourceState::OnDemand(_)), None) | (None, _) => Ok(EntryResult::Failed),
        }
    }

    fn watched(
        &mut self,
        watched: &'e WatchedState,
        key: Option<&[u8]>,
        lookup: &Lookup,
    ) -> Result<EntryResult<'e>, Stop> {
        match self.first_document(lookup.source, watched, lookup.hold)? {
            Some(policy_view) => Ok(entry(&policy_view.view, key, lookup)),
            None => Ok(EntryResult::Failed),
        }
    }
}

fn of_entry<'x>(entry: EntryResult<'x>, lookup: &'x Lookup) -> Result<LookupResult<'x>, Stop> {
    match entry {
        EntryResult::Values(values) => Ok(values),
        EntryResult::Missing => missing(lookup),
        EntryResult::Failed => failed(lookup),
    }
}

#[inline(never)]
fn missing(lookup: &Lookup) -> Result<LookupResult<'_>, Stop> {
    let values = fall_back(&lookup.on_missing, Reason::LookupMissing)?;
    Ok(LookupResult::Fallback(values, FallbackCause::Missing))
}

#[inline(never)]
fn failed(lookup: &Lookup) -> Result<LookupResult<'_>, Stop> {
    let values = fall_back(&lookup.on_failure, Reason::LookupFailed)?;
    Ok(LookupResult::Fallback(values, FallbackCause::Failure))
}

fn fall_back(fallback: &Fallback, reason: Reason) -> Result<&[Option<Value>], Stop> {
    match fallback {
        Fallback::Deny(status) => Err(Denial::with_status(reason, *status).into()),
        Fallback::Values(values) => Ok(values),
    }
}

/// The document of a source that has all entries in one document. `None` if there is no usable document.
fn whole(source: &SourceState) -> Option<&View> {
    match source {
        SourceState::Inline(policy_view) => Some(&policy_view.view),
        SourceState::Watched(watched) => {
            watched.usable_view().map(|policy_view| &*policy_view.view)
        }
        SourceState::OnDemand(_) => None,
    }
}

/// The whole document as an entry.
fn entry<'x>(view: &'x View, key: Option<&[u8]>, lookup: &Lookup) -> EntryResult<'x> {
    // A lookup with a key needs an index, and this document has none.
    match view.value().filter(|_| key.is_none()) {
        Some(value) => EntryResult::Values(LookupResult::of(value, lookup)),
        None => EntryResult::Failed,
    }
}
