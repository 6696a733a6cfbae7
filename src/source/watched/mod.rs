//! A source that is kept fresh: one VM fetches for all.
//!
//! On the board lie, for each watched source, a small [`Lease`], and the newest document beside its
//! [`Envelope`](super::Envelope). The lease says who fetches, when the next fetch is due, and which document is the newest;
//! every VM reads it on every tick, and the document, which lies there in pieces, only where it doesn't hold that one.
//!
//! A document is large, perhaps, and a worker has requests to answer: what has come is looked at bit by bit
//! ([`advance`](Watched::advance)), and so may be read by whoever validates it. Meanwhile the last good one is the last good
//! one, nothing else is fetched, and the lease is kept.

mod arrival;
mod candidate;
mod envelope;
mod held;
mod lease;
mod notices;
mod random;
mod schedule;
#[cfg(test)]
mod tests;
mod unreadable;

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Reply};
use crate::time::Timestamp;

use super::{Board, Finding, Hash, Next, Protocol, Session, SourceError};

pub use candidate::{Candidate, Identity, Outcome, Progress, Tick};
pub use envelope::{Envelope, EnvelopeError};
pub use lease::{Duty, Lease, Newest};
pub use schedule::Schedule;

use arrival::{Arrival, Stage};
use candidate::{Copies, Origin};
use held::Held;
use notices::Notices;
use random::Random;
use schedule::Loaded;
use unreadable::Unreadable;

/// How much later than it should an owner may act, or a reply come, before others think it gone: a worker that is busy
/// ticks late.
const GRACE: Duration = Duration::from_secs(1);

/// How often a record is written again where somebody else was quicker.
const ATTEMPTS: usize = 3;

/// How many callouts one document may take.
const MAX_CALLOUTS: u8 = 8;

#[derive(Debug)]
struct Flight {
    /// When it is lost.
    deadline: Timestamp,
    /// How long it takes at most.
    span: Duration,
    /// How many callouts there have been for this document, this one among them.
    callouts: u8,
    /// Where the board has no good copy of the document that is held it gets one, whatever the reply says.
    copies: Copies,
}

impl Flight {
    fn new(callout: &Callout, callouts: u8, copies: Copies, now: Timestamp) -> Self {
        let span = callout.timeout.saturating_add(GRACE);
        Self {
            deadline: now.after(span),
            span,
            callouts,
            copies,
        }
    }
}

/// One watched source in one VM.
#[derive(Debug)]
pub struct Watched {
    protocol: Arc<Protocol>,
    session: Session,
    schedule: Schedule,
    notices: Notices,
    vm: u64,
    random: Random,
    held: Option<Held>,
    flight: Option<Flight>,
    stage: Stage,
    rejected: Option<(Hash, SourceError)>,
    unreadable: Option<Unreadable>,
    trouble: Option<SourceError>,
}

impl Watched {
    /// A source without a document. `vm` names this VM among those that share the board: drawn at random, not zero.
    #[must_use]
    pub fn new(protocol: Arc<Protocol>, schedule: Schedule, identity: Identity, vm: u64) -> Self {
        let spread = identity
            .0
            .first_chunk()
            .map_or(0, |head| u64::from_le_bytes(*head));
        Self {
            protocol,
            session: Session::default(),
            schedule,
            notices: Notices::of(identity),
            vm: vm.max(1),
            random: Random::seeded(vm ^ spread),
            held: None,
            flight: None,
            stage: Stage::Idle,
            rejected: None,
            unreadable: None,
            trouble: None,
        }
    }

    /// From now on it is asked by this protocol, which asks for the same, and by this schedule. What is known stays, and so
    /// does a callout that is under way.
    pub fn go_by(&mut self, protocol: Arc<Protocol>, schedule: Schedule) {
        self.protocol = protocol;
        self.schedule = schedule;
    }

    /// Which document is the last good one, unless the source has not confirmed it for longer than `stale_for`.
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> Option<Hash> {
        let held = self.held.as_ref()?;
        let is_usable = held.is_usable(now, self.schedule.stale_for);
        is_usable.then_some(held.hash)
    }

    /// Which document was the last good one, and when the source last said that it is.
    #[must_use]
    pub fn last_good(&self) -> Option<(Hash, Timestamp)> {
        let held = self.held.as_ref()?;
        Some((held.hash, held.confirmed))
    }

    /// Why there is no newer document, where the last attempt of this VM came to nothing.
    #[must_use]
    pub const fn trouble(&self) -> Option<&SourceError> {
        self.trouble.as_ref()
    }

    /// Whether a callout of this VM is under way.
    #[must_use]
    pub const fn is_fetching(&self) -> bool {
        self.flight.is_some()
    }

    /// Looks at the board; to be called every 100 to 250 ms, or more often.
    pub fn tick(&mut self, now: Timestamp, board: &mut dyn Board) -> Tick {
        if let Some(flight) = &mut self.flight {
            // A clock that was put back must not make the flight longer.
            flight.deadline = flight.deadline.min(now.after(flight.span));
            if now >= flight.deadline {
                self.flight = None;
                self.fail(SourceError::Callout(CalloutError::NoReply), now, board);
            }
            return Tick::Idle;
        }
        let (mut lease, mark) = self.notices.read(board);
        if let Some((newest, held)) = lease.newest.zip(self.held.as_mut()) {
            held.confirm(newest, now);
        }
        if !matches!(self.stage, Stage::Idle) {
            self.keep(lease, mark, now, board);
            return Tick::Idle;
        }
        if let Some(newest) = lease.newest {
            if self.adopt(newest, now, board) {
                return Tick::Arrived;
            }
        }
        if lease.failures == 0 && lease.due > now.after(self.schedule.latest()) {
            // It was asked more seldom when this was noted, by a policy that is gone.
            lease.due = now;
        }
        let must = self.unreadable.as_ref();
        let must = must.is_some_and(|unreadable| unreadable.is_due(&lease, now));
        match lease.duty(self.vm, now, self.horizon(&lease)) {
            Duty::Wait if !must => Tick::Idle,
            Duty::Wait | Duty::Fetch => self.start(lease, mark, now, board),
        }
    }

    /// What came of the callout of [`Tick::Fetch`].
    pub fn fetched(
        &mut self,
        now: Timestamp,
        board: &mut dyn Board,
        result: Result<Reply, CalloutError>,
    ) -> Outcome {
        let Some(flight) = self.flight.take() else {
            return Outcome::Ignored;
        };
        let finding = match self.protocol.reply(&mut self.session, result, now) {
            Next::Send(callout) => return self.go_on(callout, &flight, now, board),
            Next::Done(finding) => finding,
        };
        let error = match finding {
            Finding::Changed { body, version } => {
                let origin = Origin::Fetched(now, flight.copies);
                let arrival = Arrival::fetched(body, version, origin);
                self.stage = Stage::Arrived(Box::new(arrival));
                return Outcome::Arrived;
            }
            Finding::Same if flight.copies == Copies::Good => {
                return self.not_modified(now, board);
            }
            Finding::Same => SourceError::Status(304),
            Finding::Missing => SourceError::Status(404),
            Finding::Refused(status) => {
                self.session = Session::default();
                SourceError::Status(status)
            }
            Finding::Broken(error) => error,
        };
        self.fail(error.clone(), now, board);
        Outcome::Failed(error)
    }

    /// The callout under way will never be answered (its sender is gone): another VM, or this one, may fetch at the next
    /// tick.
    pub fn abandon(&mut self, now: Timestamp, board: &mut dyn Board) {
        if self.flight.is_some() {
            self.release(now, board);
        }
    }

    /// Nobody here uses the source any more: the lease is given up, where it is this VM's.
    pub fn close(mut self, now: Timestamp, board: &mut dyn Board) {
        self.release(now, board);
    }

    fn release(&mut self, now: Timestamp, board: &mut dyn Board) {
        let was_fetching = self.flight.take().is_some() || self.stage.is_fetched();
        for _ in 0..ATTEMPTS {
            let (mut lease, mark) = self.notices.read(board);
            if lease.owner != self.vm {
                return;
            }
            lease.owner = 0;
            lease.deadline = Timestamp::default();
            if was_fetching {
                lease.due = now;
            }
            if self.notices.write(&lease, mark, board) {
                return;
            }
        }
    }

    fn start(
        &mut self,
        mut lease: Lease,
        mark: u32,
        now: Timestamp,
        board: &mut dyn Board,
    ) -> Tick {
        let published = lease.newest.map(|newest| newest.hash);
        let held = self.held.as_ref();
        let held = held.filter(|held| published == Some(held.hash));
        let copies = held.map_or(Copies::Missing, |_| Copies::Good);
        let known = held.map(|held| held.version.clone()).unwrap_or_default();
        let callout = self.protocol.start(&mut self.session, &known, now);
        let flight = Flight::new(&callout, 1, copies, now);
        lease.owner = self.vm;
        lease.deadline = flight.deadline;
        if !self.notices.write(&lease, mark, board) {
            return Tick::Idle;
        }
        // If this one fails too, the next is again a patience away.
        self.unreadable = None;
        self.flight = Some(flight);
        Tick::Fetch(callout)
    }

    /// Sends one more callout for the same document, and keeps the lease for as long as that one may take.
    fn go_on(
        &mut self,
        callout: Callout,
        last: &Flight,
        now: Timestamp,
        board: &mut dyn Board,
    ) -> Outcome {
        if last.callouts >= MAX_CALLOUTS {
            let error =
                SourceError::Unusable(format!("it takes more than {MAX_CALLOUTS} callouts"));
            self.fail(error.clone(), now, board);
            return Outcome::Failed(error);
        }
        let flight = Flight::new(&callout, last.callouts.saturating_add(1), last.copies, now);
        for _ in 0..ATTEMPTS {
            let (mut lease, mark) = self.notices.read(board);
            if lease.is_of_another(self.vm, now, self.horizon(&lease)) {
                break;
            }
            lease.owner = self.vm;
            lease.deadline = flight.deadline;
            if self.notices.write(&lease, mark, board) {
                self.flight = Some(flight);
                return Outcome::Send(callout);
            }
        }
        // What the VM finds out that has the lease by now counts.
        Outcome::Ignored
    }

    fn not_modified(&mut self, now: Timestamp, board: &mut dyn Board) -> Outcome {
        let Some(held) = &mut self.held else {
            let error = SourceError::Status(304);
            self.fail(error.clone(), now, board);
            return Outcome::Failed(error);
        };
        held.confirmed = now;
        self.confirmed(None, now, board);
        Outcome::Unchanged
    }

    /// The document that is held is the source's own. The board gets a copy, where it is given here.
    fn confirmed(&mut self, copy: Option<&[u8]>, now: Timestamp, board: &mut dyn Board) {
        self.trouble = None;
        let pause = self.protocol.pause(self.schedule.refresh);
        self.conclude(0, copy, pause, now, board);
    }

    /// Goes on having the lease while what was fetched under it is looked at.
    fn keep(&self, mut lease: Lease, mark: u32, now: Timestamp, board: &mut dyn Board) {
        let longest = now.after(self.flight_time());
        let lasts = now.after(GRACE) < lease.deadline && lease.deadline <= longest;
        if self.stage.is_fetched() && lease.owner == self.vm && !lasts {
            lease.deadline = longest;
            self.notices.write(&lease, mark, board);
        }
    }

    fn fail(&mut self, error: SourceError, now: Timestamp, board: &mut dyn Board) {
        let (lease, _) = self.notices.read(board);
        let failures = lease.failures.saturating_add(1);
        let wait = self.schedule.backoff(failures, &error, Loaded::by(&lease));
        self.trouble = Some(error);
        self.conclude(failures, None, wait, now, board);
    }

    /// Notes what came of a fetch, keeps the lease for the next one, and publishes a document with its record. Where
    /// another VM has the lease by now, nothing: what that one finds out counts.
    fn conclude(
        &mut self,
        failures: u32,
        body: Option<&[u8]>,
        wait: Duration,
        now: Timestamp,
        board: &mut dyn Board,
    ) {
        let due = now.after(self.random.jitter(wait));
        let mut body = body;
        for _ in 0..ATTEMPTS {
            let (mut lease, mark) = self.notices.read(board);
            if lease.is_of_another(self.vm, now, self.horizon(&lease)) {
                return;
            }
            // The document first: whoever reads the record finds at least what it says.
            if let (Some(body), Some(held)) = (body.take(), &self.held) {
                let version = &held.version;
                self.notices.publish(held.hash, version, body, now, board);
            }
            lease.owner = self.vm;
            lease.due = due;
            lease.deadline = due.after(GRACE);
            lease.failures = failures;
            if failures == 0 {
                lease.newest = self.held.as_ref().map(Held::newest);
            }
            if self.notices.write(&lease, mark, board) {
                return;
            }
        }
    }

    /// Takes the newest document from the board, where it isn't the one that is held or one that was found to be bad.
    fn adopt(&mut self, newest: Newest, now: Timestamp, board: &mut dyn Board) -> bool {
        let known = [
            self.held.as_ref().map(|held| held.hash),
            self.rejected.as_ref().map(|(hash, _)| *hash),
            self.unreadable.as_ref().map(|unreadable| unreadable.hash),
        ];
        if known.contains(&Some(newest.hash)) {
            return false;
        }
        let limit = self.protocol.endpoint().max_bytes();
        match self.notices.newest(newest, limit, board) {
            Some(envelope) => {
                self.unreadable = None;
                let arrival = Arrival::posted(envelope, newest);
                self.stage = Stage::Arrived(Box::new(arrival));
                true
            }
            None => {
                self.unreadable = Some(self.unreadable(newest.hash, now));
                false
            }
        }
    }

    fn flight_time(&self) -> Duration {
        self.protocol.longest_callout().saturating_add(GRACE)
    }

    /// As far as any time in the record can lie ahead.
    fn horizon(&self, lease: &Lease) -> Duration {
        let waits = self.schedule.longest_wait(Loaded::by(lease));
        waits.saturating_add(self.flight_time())
    }
}
