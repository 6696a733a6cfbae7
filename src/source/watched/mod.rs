//! A source that is kept fresh: one VM fetches for all.
//!
//! On the board lie, for each watched source, a small [`Lease`] and the newest document in an [`Envelope`]. The lease
//! says who fetches, when the next fetch is due, and which document is the newest; every VM reads it on every tick, and
//! the document only where that is one that it doesn't hold.

mod candidate;
mod held;
mod notices;
mod unreadable;

use std::rc::Rc;
use std::time::Duration;

use crate::http::{CalloutError, Reply};
use crate::time::Timestamp;

use super::fetcher::{Fetched, Validator};
use super::lease::{Duty, Lease, Newest};
use super::random::Random;
use super::schedule::{Loaded, Schedule};
use super::{Board, Document, Fetcher, Hash, SourceError};

pub use candidate::{Candidate, Identity, Outcome, Tick};

use candidate::Origin;
use held::Held;
use notices::Notices;
use unreadable::Unreadable;

/// How much later than it should an owner may act, or a reply come, before others think it gone: a worker that is busy
/// ticks late.
const GRACE: Duration = Duration::from_secs(1);

/// How often a record is written again where somebody else was quicker.
const ATTEMPTS: usize = 3;

#[derive(Debug)]
struct Flight {
    /// When it is lost.
    deadline: Timestamp,
    /// Whether the board has no good copy of the document that is held: it gets one whatever the reply says.
    republish: bool,
}

/// One watched source in one VM.
#[derive(Debug)]
pub struct Watched {
    fetcher: Rc<Fetcher>,
    schedule: Schedule,
    notices: Notices,
    vm: u64,
    random: Random,
    held: Option<Held>,
    flight: Option<Flight>,
    rejected: Option<(Hash, SourceError)>,
    unreadable: Option<Unreadable>,
    trouble: Option<SourceError>,
}

impl Watched {
    /// A source without a document. `vm` names this VM among those that share the board: drawn at random, not zero.
    #[must_use]
    pub fn new(fetcher: Rc<Fetcher>, schedule: Schedule, identity: Identity, vm: u64) -> Self {
        let spread = identity
            .0
            .first_chunk()
            .map_or(0, |head| u64::from_le_bytes(*head));
        Self {
            fetcher,
            schedule,
            notices: Notices::of(identity),
            vm: vm.max(1),
            random: Random::seeded(vm ^ spread),
            held: None,
            flight: None,
            rejected: None,
            unreadable: None,
            trouble: None,
        }
    }

    /// The last good document, unless the source has not confirmed it for longer than `stale_for`.
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> Option<&Rc<Document>> {
        let held = self.held.as_ref()?;
        let is_usable = held.is_usable(now, self.schedule.stale_for);
        is_usable.then_some(&held.document)
    }

    /// Which document was the last good one, and when the source last said that it is.
    #[must_use]
    pub fn last_good(&self) -> Option<(Hash, Timestamp)> {
        let held = self.held.as_ref()?;
        Some((held.document.hash(), held.confirmed))
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

    /// Looks at the board; to be called every 100 to 250 ms.
    pub fn tick(&mut self, now: Timestamp, board: &mut dyn Board) -> Tick {
        let longest = now.after(self.flight_time());
        if let Some(flight) = &mut self.flight {
            // A clock that was put back must not make the flight longer.
            flight.deadline = flight.deadline.min(longest);
            if now >= flight.deadline {
                self.flight = None;
                self.fail(SourceError::Callout(CalloutError::NoReply), now, board);
            }
            return Tick::Idle;
        }
        let (lease, mark) = self.notices.read(board);
        if let Some(newest) = lease.newest {
            if let Some(held) = &mut self.held {
                held.confirm(newest, now);
            }
            if let Some(candidate) = self.adopt(newest, now, board) {
                return Tick::Adopt(candidate);
            }
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
        let error = match result.map(|reply| self.fetcher.interpret(reply)) {
            Ok(Fetched::Body { body, validator }) => {
                return self.body(body, validator, &flight, now, board);
            }
            Ok(Fetched::NotModified) if !flight.republish => {
                return self.unchanged(None, now, board);
            }
            Ok(Fetched::NotModified) => SourceError::Status(304),
            Ok(Fetched::Missing) => SourceError::Status(404),
            Ok(Fetched::Failed(error)) => error,
            Err(error) => SourceError::Callout(error),
        };
        self.fail(error.clone(), now, board);
        Outcome::Failed(error)
    }

    /// The candidate is good: it becomes the last good document, and the other VMs may have it.
    pub fn accept(&mut self, candidate: Candidate, now: Timestamp, board: &mut dyn Board) {
        let (body, confirmed) = match candidate.origin {
            Origin::Fetched(body) => (Some(body), now),
            Origin::Board(confirmed) => (None, confirmed.min(now)),
        };
        self.held = Some(Held {
            document: candidate.document,
            confirmed,
            validator: candidate.validator,
        });
        self.rejected = None;
        self.trouble = None;
        if let Some(body) = body {
            self.conclude(0, Some(&body), self.schedule.refresh, now, board);
        }
    }

    /// The candidate is no good, for `error`: the last good document stays, and this one isn't looked at again.
    pub fn reject(
        &mut self,
        candidate: Candidate,
        error: SourceError,
        now: Timestamp,
        board: &mut dyn Board,
    ) {
        let Candidate {
            document, origin, ..
        } = candidate;
        self.rejected = Some((document.hash(), error.clone()));
        match origin {
            Origin::Fetched(_) => self.fail(error, now, board),
            Origin::Board(_) => self.trouble = Some(error),
        }
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
        let was_fetching = self.flight.take().is_some();
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
        let held = held.filter(|held| published == Some(held.document.hash()));
        let callout = self
            .fetcher
            .watch(&held.map(|held| held.validator.clone()).unwrap_or_default());
        let flight = Flight {
            deadline: now.after(self.flight_time()),
            republish: held.is_none(),
        };
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

    fn body(
        &mut self,
        body: Vec<u8>,
        validator: Validator,
        flight: &Flight,
        now: Timestamp,
        board: &mut dyn Board,
    ) -> Outcome {
        // Hashing is much cheaper than parsing, and most documents are the ones that are held.
        let hash = Hash::of(&body);
        if let Some(held) = &mut self.held {
            if held.document.hash() == hash {
                held.validator = validator;
                return self.unchanged(flight.republish.then_some(body.as_slice()), now, board);
            }
        }
        let known = self.rejected.as_ref().filter(|(bad, _)| *bad == hash);
        let parsed = match known {
            Some((_, error)) => Err(error.clone()),
            None => Document::parse_hashed(&body, self.fetcher.max_bytes(), |_| hash),
        };
        match parsed {
            Ok(document) => Outcome::New(Candidate {
                document,
                validator,
                origin: Origin::Fetched(body),
            }),
            Err(error) => {
                self.rejected = Some((hash, error.clone()));
                self.fail(error.clone(), now, board);
                Outcome::Failed(error)
            }
        }
    }

    fn unchanged(
        &mut self,
        republished: Option<&[u8]>,
        now: Timestamp,
        board: &mut dyn Board,
    ) -> Outcome {
        let Some(held) = &mut self.held else {
            let error = SourceError::Status(304);
            self.fail(error.clone(), now, board);
            return Outcome::Failed(error);
        };
        held.confirmed = now;
        self.trouble = None;
        self.conclude(0, republished, self.schedule.refresh, now, board);
        Outcome::Unchanged
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
                let (document, validator) = (&held.document, &held.validator);
                self.notices.publish(document, validator, body, now, board);
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

    /// The newest document, where it isn't the one that is held or one that was found to be bad.
    fn adopt(
        &mut self,
        newest: Newest,
        now: Timestamp,
        board: &mut dyn Board,
    ) -> Option<Candidate> {
        let known = [
            self.held.as_ref().map(|held| held.document.hash()),
            self.rejected.as_ref().map(|(hash, _)| *hash),
            self.unreadable.as_ref().map(|unreadable| unreadable.hash),
        ];
        if known.contains(&Some(newest.hash)) {
            return None;
        }
        let limit = self.fetcher.max_bytes();
        let candidate = self.notices.document(newest, limit, board);
        let patience = self.schedule.refresh.min(Unreadable::PATIENCE);
        let patience = self.random.jitter(patience);
        self.unreadable = match candidate {
            Some(_) => None,
            None => Some(Unreadable::new(newest.hash, now, patience)),
        };
        candidate
    }

    fn flight_time(&self) -> Duration {
        self.fetcher.timeout().saturating_add(GRACE)
    }

    /// As far as any time in the record can lie ahead.
    fn horizon(&self, lease: &Lease) -> Duration {
        let waits = self.schedule.longest_wait(Loaded::by(lease));
        waits.saturating_add(self.flight_time())
    }
}
