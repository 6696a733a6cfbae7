//! Values from sources, for one exchange.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use crate::http::{Callout, Edits};
use crate::policy::{Denial, Fallback, KeyKind, Lookup, LookupKey, Policy, Reason, SourceId};
use crate::rewrite::Origin;
use crate::source::{Answer, Arguments, Document, Entry, Refusal, Settled};
use crate::time::Timestamp;

use super::Inputs;
use super::documents::View;
use super::documents::{EngineId, FlightId, Memory};
use super::documents::{OnDemandSource, Purpose, Store};
use super::documents::{SourceState, Sources, WatchedState};
use super::event::{Event, Observer, Recall};
use super::picked::{Basis, Picked};
use super::values::{Facts, blame, whose};

/// How often one exchange may wait: each time is bounded, and so is the whole.
const MAX_WAITS: u8 = 16;

/// How much longer than the callout itself an exchange waits for it: the host tells of the end of its time first.
const SLACK: Duration = Duration::from_millis(500);

/// Why an exchange goes no further now.
#[derive(Debug)]
pub(super) enum Stop {
    Deny(Denial),
    Wait(Awaited, Timestamp),
}

/// What an exchange waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Flight(FlightId),
    /// The first document of this source.
    Document(SourceId),
}

impl From<Denial> for Stop {
    fn from(denial: Denial) -> Self {
        Self::Deny(denial)
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Deny(reason.into())
    }
}

/// What looking up needs of the engine.
pub(super) struct Desk<'e, O: ?Sized> {
    pub(super) policy: &'e Policy,
    pub(super) sources: &'e Sources,
    pub(super) store: &'e Store,
    pub(super) engine: EngineId,
    /// Callouts to be sent.
    pub(super) outbox: &'e mut Vec<(FlightId, Callout)>,
    pub(super) memory: &'e Memory,
    /// What is to be done to an exchange that goes on; nothing yet.
    pub(super) edits: &'e mut Edits,
    pub(super) inputs: &'e mut dyn Inputs,
    pub(super) observer: &'e mut O,
}

/// What a source says of an entry.
enum Said<'x> {
    /// The lookup's values.
    Values(Picked<'x>),
    /// A good document has no such entry.
    Missing,
    /// There is no usable document.
    Failed,
}

impl<'e, O: Observer + ?Sized> Desk<'e, O> {
    /// The values of one lookup. `facts` holds those of the lookups before it.
    pub(super) fn look_up(
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
        if let Some(seen) = watched.seen() {
            return Ok(entry(&seen.view, key, lookup));
        }
        if lookup.hold.is_zero()
            || !self.may_wait()
            || !watched.shared.borrow_mut().waiters.has_room()
        {
            return Ok(Said::Failed);
        }
        let since = self.memory.since.unwrap_or_else(|| self.inputs.now());
        Err(Stop::Wait(
            Awaited::Document(lookup.source),
            since.after(lookup.hold),
        ))
    }

    fn on_demand(
        &mut self,
        source: &Rc<RefCell<OnDemandSource>>,
        key: &[u8],
        lookup: &Lookup,
    ) -> Result<Said<'e>, Stop> {
        let identity = source.borrow().identity;
        let told = self
            .memory
            .answers
            .iter()
            .rev()
            .find(|result| result.source == identity && *result.key == *key);
        if let Some(result) = told {
            return Ok(match &result.settled {
                Settled::Found(document) => Said::Values(Picked::of(document.value(), lookup)),
                Settled::Missing => Said::Missing,
                Settled::Failed(_) | Settled::Ignored => Said::Failed,
            });
        }
        let now = self.inputs.now();
        let mut shared = source.borrow_mut();
        // What is remembered is shared with policies that have other limits.
        if let Some(limits) = self.policy.sources.limits(lookup.source) {
            shared.machine.go_by(limits);
        }
        let arguments = match lookup.key.as_ref().map(|key| key.kind) {
            Some(KeyKind::Path) => Arguments::path(key),
            Some(KeyKind::Segment) | None => Arguments::segment(key),
        };
        let answer = shared.machine.ask(&arguments, now);
        drop(shared);
        self.observer.event(&Event::SourceAsked {
            source: self.policy.sources.name(lookup.source),
            id: lookup.source,
            recall: recall(&answer),
        });
        match answer {
            Answer::Fresh(document) | Answer::Stale(document, None) => {
                Ok(remembered(&document, lookup))
            }
            Answer::Stale(document, Some(callout)) => {
                self.start_flight(source, key, lookup, callout);
                Ok(remembered(&document, lookup))
            }
            // No entry has such a key.
            Answer::Missing | Answer::Refused(Refusal::KeyTooLong | Refusal::ReservedByte) => {
                Ok(Said::Missing)
            }
            Answer::Refused(Refusal::UnfitKey) => {
                let key = lookup.key.as_ref();
                Err(blame(key.map_or(Origin::Client, |key| whose(&key.template))).into())
            }
            Answer::Failed(_) | Answer::Refused(Refusal::TooManyInFlight) => Ok(Said::Failed),
            Answer::Pending => {
                let flight = source.borrow().flights.get(key).copied();
                self.await_flight(flight, now)
            }
            Answer::Start(callout) => {
                let flight = self.start_flight(source, key, lookup, callout);
                self.await_flight(Some(flight), now)
            }
        }
    }

    fn start_flight(
        &mut self,
        source: &Rc<RefCell<OnDemandSource>>,
        key: &[u8],
        lookup: &Lookup,
        callout: Callout,
    ) -> FlightId {
        self.observer.event(&Event::SourceFetched {
            source: self.policy.sources.name(lookup.source),
            id: lookup.source,
        });
        let purpose = Purpose::OnDemand(Rc::clone(source), key.into());
        let timeout = callout.timeout;
        let flight = self.store.start_flight(self.engine, purpose, timeout);
        self.outbox.push((flight, callout));
        flight
    }

    fn await_flight(&mut self, flight: Option<FlightId>, now: Timestamp) -> Result<Said<'e>, Stop> {
        let Some(id) = flight.filter(|_| self.may_wait()) else {
            return Ok(Said::Failed);
        };
        let mut inner = self.store.0.borrow_mut();
        let Some(flight) = inner.flights.get_mut(&id) else {
            return Ok(Said::Failed);
        };
        if !flight.waiters.has_room() {
            return Ok(Said::Failed);
        }
        Err(Stop::Wait(
            Awaited::Flight(id),
            now.after(flight.timeout.saturating_add(SLACK)),
        ))
    }

    fn may_wait(&self) -> bool {
        let is_patient = !self.memory.overdue && self.memory.waits < MAX_WAITS;
        is_patient && self.store.0.borrow().permits.is_free()
    }
}

const fn recall(answer: &Answer) -> Recall {
    match answer {
        Answer::Fresh(_) | Answer::Stale(..) | Answer::Missing => Recall::Hit,
        Answer::Pending | Answer::Start(_) => Recall::Miss,
        Answer::Failed(_) | Answer::Refused(_) => Recall::Refused,
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

/// What is remembered may be forgotten while the exchange goes on.
fn remembered(document: &Document, lookup: &Lookup) -> Said<'static> {
    Said::Values(Picked::of(document.value(), lookup).into_owned())
}
