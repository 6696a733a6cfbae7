//! Reads sources on demand, for one exchange.

use std::cell::RefCell;
use std::rc::Rc;

use crate::engine::documents::FlightId;
use crate::engine::documents::{OnDemandSource, Purpose};
use crate::engine::event::{Event, Observer, Recall};
use crate::engine::memory::Memory;
use crate::http::Callout;
use crate::policy::{Lookup, Reason, SourceId};
use crate::rewrite::Origin;
use crate::source::{Arguments, EntryAnswer, EntryState, ReadRefusal, ReadResult};
use crate::time::Timestamp;

use super::lookup_result::LookupResult;
use super::lookups::EntryResult;
use super::request::blame_request;
use super::values::{blame, whose};
use super::{Exchange, Stop};

impl<'e, O: Observer + ?Sized> Exchange<'e, O> {
    /// The entry of a key: the result of a callout for this exchange, or the remembered answer. If there is neither, a callout is
    /// sent.
    pub(super) fn on_demand(
        &mut self,
        source: &Rc<RefCell<OnDemandSource>>,
        arguments: &Arguments<'_>,
        lookup: &Lookup,
    ) -> Result<EntryResult<'e>, Stop> {
        let key = arguments.cache_key();
        if let Some(told) = self.told_entry(source, key, lookup) {
            return Ok(told);
        }
        let now = self.inputs.now();
        match self.ask_source(lookup.source, source, arguments, now) {
            EntryState::Fresh(document, _) | EntryState::Stale(document, None) => {
                Ok(remembered(&document, lookup))
            }
            EntryState::Stale(document, Some(callout)) => {
                self.start_flight(lookup.source, source, key, callout);
                Ok(remembered(&document, lookup))
            }
            EntryState::Missing => Ok(EntryResult::Missing),
            EntryState::Refused(
                ReadRefusal::KeyTooLong | ReadRefusal::ReservedByte | ReadRefusal::UnfitKey,
            ) if lookup.request.is_some() => Err(unfit(lookup).into()),
            // No entry can have such a key.
            EntryState::Refused(ReadRefusal::KeyTooLong | ReadRefusal::ReservedByte) => {
                Ok(EntryResult::Missing)
            }
            EntryState::Refused(ReadRefusal::UnfitKey) => Err(unfit(lookup).into()),
            EntryState::Failed(_) | EntryState::Refused(ReadRefusal::TooManyInFlight) => {
                Ok(EntryResult::Failed)
            }
            EntryState::Pending => {
                let flight = source.borrow().flights.get(key).copied();
                self.await_flight(flight, now)?;
                Ok(EntryResult::Failed)
            }
            EntryState::LoggingIn(other) => {
                let flight = source.borrow().flights.get(&*other).copied();
                self.await_flight(flight, now)?;
                Ok(EntryResult::Failed)
            }
            EntryState::Start(callout) => {
                let flight = self.start_flight(lookup.source, source, key, callout);
                self.await_flight(Some(flight), now)?;
                Ok(EntryResult::Failed)
            }
        }
    }

    /// The values in the remembered answer of a key, if it is fresh.
    pub(super) fn fresh(
        &mut self,
        source: &RefCell<OnDemandSource>,
        key: &[u8],
        lookup: &Lookup,
    ) -> Option<LookupResult<'static>> {
        // An exchange that has waited may have got an answer that isn't remembered.
        if !self.memory.answers.is_empty() {
            return None;
        }
        let now = self.inputs.now();
        let ttl = self.policy.sources.limits(lookup.source)?.ttl;
        let mut shared = source.borrow_mut();
        let document = shared.machine.fresh(key, ttl, now)?;
        if !is_answer(document, lookup) {
            return None;
        }
        let values = LookupResult::of_answer(document, lookup).into_owned();
        self.observer.event(&Event::SourceAsked {
            source: self.policy.sources.name(lookup.source),
            id: lookup.source,
            recall: Recall::Hit,
        });
        Some(values)
    }

    /// The entry of a key by the callout that this exchange waited for.
    pub(super) fn told_entry(
        &self,
        source: &RefCell<OnDemandSource>,
        key: &[u8],
        lookup: &Lookup,
    ) -> Option<EntryResult<'e>> {
        Some(match self.told(source, key)? {
            ReadResult::Found(document, _) if is_answer(document, lookup) => {
                EntryResult::Values(LookupResult::of_answer(document, lookup))
            }
            ReadResult::Missing => EntryResult::Missing,
            ReadResult::Found(..)
            | ReadResult::Failed(_)
            | ReadResult::Ignored
            | ReadResult::Send(_) => EntryResult::Failed,
        })
    }

    /// The result of the callout that this exchange waited for.
    pub(super) fn told(
        &self,
        source: &RefCell<OnDemandSource>,
        key: &[u8],
    ) -> Option<&'e ReadResult> {
        let definition = source.borrow().definition;
        let memory: &'e Memory = self.memory;
        let mut answers = memory.answers.iter().rev();
        let told = answers.find(|result| result.source == definition && *result.key == *key);
        told.map(|told| &told.result)
    }

    /// What is remembered of an entry, and what is to do for it.
    pub(super) fn ask_source(
        &mut self,
        id: SourceId,
        source: &RefCell<OnDemandSource>,
        arguments: &Arguments<'_>,
        now: Timestamp,
    ) -> EntryState {
        let mut shared = source.borrow_mut();
        // Remembered answers are shared with policies that have other limits.
        if let Some(limits) = self.policy.sources.limits(id) {
            shared.machine.set_limits(limits);
        }
        let answer = shared.machine.ask(arguments, now);
        self.observer.event(&Event::SourceAsked {
            source: self.policy.sources.name(id),
            id,
            recall: recall(&answer),
        });
        answer
    }

    pub(super) fn start_flight(
        &mut self,
        id: SourceId,
        source: &Rc<RefCell<OnDemandSource>>,
        key: &[u8],
        callout: Callout,
    ) -> FlightId {
        self.observer.event(&Event::SourceFetched {
            source: self.policy.sources.name(id),
            id,
        });
        let purpose = Purpose::OnDemand(Rc::clone(source), key.into());
        let timeout = callout.timeout;
        let flight = self.store.start_flight(self.engine, purpose, timeout);
        self.outbox.push((flight, callout));
        flight
    }
}

/// The reason to deny a request without an entry, because its values can't be sent.
#[cold]
fn unfit(lookup: &Lookup) -> Reason {
    match (&lookup.key, &lookup.request) {
        (Some(key), _) => blame(whose(&key.template)),
        (None, Some(request)) => blame_request(request),
        (None, None) => blame(Origin::Client),
    }
}

const fn recall(answer: &EntryState) -> Recall {
    match answer {
        EntryState::Fresh(..) | EntryState::Stale(..) | EntryState::Missing => Recall::Hit,
        EntryState::Pending | EntryState::LoggingIn(_) | EntryState::Start(_) => Recall::Miss,
        EntryState::Failed(_) | EntryState::Refused(_) => Recall::Refused,
    }
}

/// Whether an answer says something for a lookup: one without content answers only those that read header fields.
fn is_answer(answer: &EntryAnswer, lookup: &Lookup) -> bool {
    !answer.is_without_content() || lookup.reads_headers()
}

/// Copies the values: a remembered answer may be dropped while the exchange goes on.
fn remembered(answer: &EntryAnswer, lookup: &Lookup) -> EntryResult<'static> {
    if !is_answer(answer, lookup) {
        return EntryResult::Failed;
    }
    EntryResult::Values(LookupResult::of_answer(answer, lookup).into_owned())
}
