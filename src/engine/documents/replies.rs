//! Replies to callouts.

use std::cell::RefCell;
use std::rc::Rc;

use crate::http::{Callout, CalloutError, Reply};
use crate::source::{Budget, ReadResult, SharedData, SourceError};
use crate::time::Timestamp;

use super::call_inputs::CallInputs;
use super::store::{OnDemandSource, Purpose};
use super::waiting::{EntryKey, FlightId, FlightResult, Waiter, Waiters, Woken};
use crate::engine::Engine;
use crate::engine::event::{Event, Observer};

/// The largest document on demand, in bytes, that is read as soon as it arrives, even while other documents wait.
const SMALL_BYTES: usize = 4 << 10;

/// The most bytes of replies that wait to be read; a reply above that is dropped. A client that chooses the keys could
/// cause more replies than the engine reads.
const MAX_INBOX_BYTES: usize = 8 << 20;

/// The cost of a byte of a document on demand, where a byte of a plain record costs 1.
const COST_OF_BYTE: usize = 4;

impl Engine {
    /// Takes the result of a flight. A flight that isn't under way is ignored.
    pub fn reply(
        &mut self,
        flight: FlightId,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
        observer: &mut dyn Observer,
    ) -> Woken {
        self.store.note(now);
        match reply {
            Ok(reply) if self.must_wait(flight, &reply) => {
                let waiting = self.inbox.iter().map(|(_, reply)| reply.body.len());
                let waiting: usize = waiting.fold(reply.body.len(), usize::saturating_add);
                if waiting > MAX_INBOX_BYTES {
                    return self.take(
                        flight,
                        Err(CalloutError::NoReply),
                        now,
                        shared_data,
                        observer,
                    );
                }
                self.inbox.push_back((flight, reply));
                Woken::default()
            }
            reply => {
                let cost = self.cost(flight, reply.as_ref().ok());
                self.store.0.borrow_mut().shared_budget.spend(cost);
                self.take(flight, reply, now, shared_data, observer)
            }
        }
    }

    /// Whether a reply has to wait for a tick. A watched source itself delays what arrives for it.
    fn must_wait(&self, flight: FlightId, reply: &Reply) -> bool {
        reply.body.len() > SMALL_BYTES
            && self.store.0.borrow().shared_budget.is_spent()
            && self.cost(flight, Some(reply)) > 0
    }

    /// The cost of reading a document on demand.
    fn cost(&self, flight: FlightId, reply: Option<&Reply>) -> usize {
        let inner = self.store.0.borrow();
        let purpose = inner.flights.get(&flight).map(|flight| &flight.purpose);
        match (purpose, reply) {
            (Some(Purpose::OnDemand(..)), Some(reply)) => {
                reply.body.len().saturating_mul(COST_OF_BYTE)
            }
            _ => 0,
        }
    }

    /// Reads replies that had to wait, within the budget.
    pub(in crate::engine) fn empty_inbox(
        &mut self,
        budget: &mut Budget,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
        observer: &mut dyn Observer,
    ) -> Woken {
        let mut woken = Woken::default();
        while !budget.is_spent() {
            let Some((flight, reply)) = self.inbox.pop_front() else {
                break;
            };
            budget.spend(self.cost(flight, Some(&reply)));
            let more = self.take(flight, Ok(reply), now, shared_data, observer);
            woken.0.extend(more.0);
        }
        woken
    }

    /// Reads a reply.
    fn take(
        &mut self,
        flight: FlightId,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
        observer: &mut dyn Observer,
    ) -> Woken {
        let Some(mut flight) = self.store.end_flight(flight) else {
            return Woken::default();
        };
        match flight.purpose {
            Purpose::Watched(source) => {
                let mut call = CallInputs {
                    now,
                    shared_data,
                    observer,
                };
                let policy = &self.policy;
                let next = self
                    .sources
                    .fetched(&source, reply, policy, &self.store, &mut call);
                if let Some((id, callout)) = next {
                    self.fetch(id, source, callout, observer);
                }
                Woken(self.sources.wake(self.id, now))
            }
            Purpose::OnDemand(source, key) => {
                let definition = source.borrow().definition;
                let result = source.borrow_mut().machine.fetched(&key, reply, now);
                let result = match result {
                    ReadResult::Send(callout) => {
                        self.go_on(source, key, callout, flight.waiters, observer);
                        return Woken::default();
                    }
                    result @ (ReadResult::Found(..)
                    | ReadResult::Missing
                    | ReadResult::Failed(_)
                    | ReadResult::Ignored) => result,
                };
                if let ReadResult::Failed(error) = &result {
                    self.tell_failure(&source, error, observer);
                }
                let tell = |waiter: &Waiter| {
                    waiter.results.borrow_mut().push(FlightResult {
                        source: definition,
                        key: key.clone(),
                        result: result.clone(),
                    });
                };
                Woken(flight.waiters.take(&tell))
            }
            Purpose::Superseded => Woken(flight.waiters.take(&|_| {})),
        }
    }

    /// Sends one more callout for an entry. The exchanges that wait for it wait on.
    fn go_on(
        &mut self,
        source: Rc<RefCell<OnDemandSource>>,
        key: EntryKey,
        callout: Callout,
        waiters: Waiters,
        observer: &mut dyn Observer,
    ) {
        if let Some(id) = self.sources.id_of_demand(&source) {
            observer.event(&Event::SourceFetched {
                source: self.policy.sources.name(id),
                id,
            });
        }
        let purpose = Purpose::OnDemand(source, key);
        let flight = self.store.start_flight(self.id, purpose, callout.timeout);
        if let Some(flight) = self.store.0.borrow_mut().flights.get_mut(&flight) {
            flight.waiters = waiters;
        }
        self.outbox.push((flight, callout));
    }

    fn tell_failure(
        &self,
        source: &Rc<RefCell<OnDemandSource>>,
        error: &SourceError,
        observer: &mut dyn Observer,
    ) {
        if let Some(id) = self.sources.id_of_demand(source) {
            observer.event(&Event::SourceFailed {
                source: self.policy.sources.name(id),
                id,
                error,
            });
        }
    }
}
