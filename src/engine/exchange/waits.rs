//! The waits of an exchange.

use std::time::Duration;

use crate::engine::documents::FlightId;
use crate::engine::documents::PolicyView;
use crate::engine::documents::SourceState;
use crate::engine::documents::WatchedState;
use crate::engine::event::Observer;
use crate::policy::SourceId;
use crate::time::Timestamp;

use super::{Exchange, Stop};

/// How often one exchange may wait. Each wait has a deadline, so the total time is bounded.
const MAX_WAITS: u8 = 16;

/// How much longer than the callout's timeout an exchange waits for it. The host reports the timeout first.
const SLACK: Duration = Duration::from_millis(500);

/// How many callouts an exchange waits for where a document is fetched again: a set of keys takes two if it has to be discovered.
const CALLOUTS_OF_FETCH: u32 = 2;

/// What an exchange waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Awaited {
    /// The reply to a callout.
    Flight(FlightId),
    /// The first document of this source.
    Document(SourceId),
    /// The document of this source, which is fetched again.
    Refetch(SourceId),
}

/// One of the things that an exchange waits for.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Wait {
    pub(in crate::engine) awaited: Awaited,
    /// It doesn't wait longer for this.
    pub(in crate::engine) deadline: Timestamp,
}

/// Adds what one lookup waits for. Two lookups may wait for the same thing: then the longer wait counts.
#[cold]
#[inline(never)]
pub(in crate::engine) fn join(all: &mut Vec<Wait>, more: Vec<Wait>) {
    for wait in more {
        match all.iter_mut().find(|known| known.awaited == wait.awaited) {
            Some(known) => known.deadline = known.deadline.max(wait.deadline),
            None => all.push(wait),
        }
    }
}

impl From<Wait> for Stop {
    fn from(wait: Wait) -> Self {
        Self::Wait(vec![wait])
    }
}

impl<'e, O: Observer + ?Sized> Exchange<'e, O> {
    /// The document of a watched source. If there is none yet, the exchange waits for the first one, but no longer than `hold`
    /// after it began to wait. `None` if it may not wait, or if it has waited that long.
    pub(super) fn first_document(
        &mut self,
        source: SourceId,
        watched: &'e WatchedState,
        hold: Duration,
    ) -> Result<Option<&'e PolicyView>, Stop> {
        if let Some(policy_view) = watched.usable_view() {
            return Ok(Some(policy_view));
        }
        if hold.is_zero() || !self.may_wait() || !watched.shared.borrow_mut().waiters.has_room() {
            return Ok(None);
        }
        let now = self.inputs.now();
        let wait = Wait {
            awaited: Awaited::Document(source),
            deadline: self.memory.since.unwrap_or(now).after(hold),
        };
        // It may have waited for something else meanwhile.
        if now >= wait.deadline {
            return Ok(None);
        }
        Err(wait.into())
    }

    /// Waits for the first document of a source, if it is watched, as [`first_document`](Self::first_document) does.
    pub(in crate::engine) fn await_document(
        &mut self,
        source: SourceId,
        hold: Duration,
    ) -> Result<(), Stop> {
        if let Some(SourceState::Watched(watched)) = self.sources.at(source) {
            self.first_document(source, watched, hold)?;
        }
        Ok(())
    }

    /// Waits until a watched document has been fetched again and this policy uses it, or until that is known to have failed.
    /// Returns where it has been fetched for the same reason less than `interval` ago, or where the exchange may not wait.
    #[cold]
    #[inline(never)]
    pub(super) fn refetched(
        &mut self,
        source: SourceId,
        watched: &'e WatchedState,
        interval: Duration,
    ) -> Result<(), Stop> {
        if !self.may_wait() {
            return Ok(());
        }
        let now = self.inputs.now();
        let mut shared = watched.shared.borrow_mut();
        if !shared.refetch_waiters.has_room() {
            return Ok(());
        }
        let is_behind = watched.is_behind(&shared);
        let Some(machine) = shared.machine.watched() else {
            return Ok(());
        };
        let longest = machine.longest_callout().saturating_mul(CALLOUTS_OF_FETCH);
        if !is_behind && !machine.want_refetch(interval, now) {
            return Ok(());
        }
        // From the first such wait on: other exchanges may want the next fetch before this one has seen the end of the last.
        let since = self.memory.refetching.unwrap_or(now);
        let deadline = since.after(longest.saturating_add(SLACK));
        let awaited = Awaited::Refetch(source);
        Err(Wait { awaited, deadline }.into())
    }

    /// Waits for the reply to a callout.
    ///
    /// # Errors
    /// It waits. `Ok` if it may not.
    pub(super) fn await_flight(
        &mut self,
        flight: Option<FlightId>,
        now: Timestamp,
    ) -> Result<(), Stop> {
        let Some(id) = flight.filter(|_| self.may_wait()) else {
            return Ok(());
        };
        let mut inner = self.store.0.borrow_mut();
        let Some(flight) = inner.flights.get_mut(&id) else {
            return Ok(());
        };
        if !flight.waiters.has_room() {
            return Ok(());
        }
        let wait = Wait {
            awaited: Awaited::Flight(id),
            deadline: now.after(flight.timeout.saturating_add(SLACK)),
        };
        Err(wait.into())
    }

    fn may_wait(&self) -> bool {
        let is_patient = !self.memory.overdue && self.memory.waits < MAX_WAITS;
        is_patient && !self.memory.is_impatient.get() && self.store.0.borrow().permits.is_free()
    }
}
