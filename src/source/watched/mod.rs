//! A source that is kept fresh: one VM fetches for all.
//!
//! Shared data holds for each watched source a small [`Lease`], the newest document in pieces, and its
//! [`Envelope`](super::Envelope). The lease says which VM fetches, when the next fetch is due, and which document is
//! the newest. Every VM reads the lease on every tick, and the document only if the lease names another one.
//!
//! A document may be large, and a worker has requests to answer: what has arrived is hashed in slices
//! ([`advance`](Watched::advance)), and the caller may read it in slices too. Meanwhile the last good document stays,
//! nothing else is fetched, and the owner keeps the lease.

mod arrival;
mod candidate;
mod envelope;
mod extra_fetch;
mod fetch;
mod last_good;
mod lease;
mod missing_copy;
mod schedule;
mod shared_keys;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Reply};
use crate::random::Random;
use crate::time::Timestamp;

use super::centre::MAX_CALLOUTS;
use super::{DocumentStatus, Hash, Next, Protocol, Session, SharedData, SourceError, Version};

pub use candidate::{Candidate, DefinitionHash, FetchOutcome, Progress, Tick};
pub use schedule::Schedule;

use arrival::{Arrival, Stage};
use candidate::{DocumentOrigin, SharedCopy};
use extra_fetch::ExtraFetch;
use fetch::Fetch;
use last_good::LastGood;
use lease::{Duty, Lease, Newest};
use missing_copy::MissingCopy;
use schedule::Loaded;
use shared_keys::SharedKeys;

/// How late an owner may act, or a reply may come, before it counts as lost: a busy worker ticks late.
const GRACE: Duration = Duration::from_secs(1);

/// How often the lease is written again where another VM wrote first.
const ATTEMPTS: usize = 3;

/// One watched source in one VM.
#[derive(Debug)]
pub struct Watched {
    protocol: Arc<Protocol>,
    session: Session,
    schedule: Schedule,
    shared_keys: SharedKeys,
    vm: u64,
    random: Random,
    last_good: Option<LastGood>,
    fetch: Option<Fetch>,
    stage: Stage,
    rejected: Option<(Hash, SourceError)>,
    missing_copy: Option<MissingCopy>,
    extra: ExtraFetch,
    has_failed: bool,
}

impl Watched {
    /// A source without a document. `vm` names this VM among those that share the data: a random number, not zero.
    #[must_use]
    pub fn new(
        protocol: Arc<Protocol>,
        schedule: Schedule,
        definition: DefinitionHash,
        vm: u64,
    ) -> Self {
        let spread = definition
            .0
            .first_chunk()
            .map_or(0, |head| u64::from_le_bytes(*head));
        Self {
            protocol,
            session: Session::default(),
            schedule,
            shared_keys: SharedKeys::of(definition),
            vm: vm.max(1),
            random: Random::seeded(vm ^ spread),
            last_good: None,
            fetch: None,
            stage: Stage::Idle,
            rejected: None,
            missing_copy: None,
            extra: ExtraFetch::default(),
            has_failed: false,
        }
    }

    /// Replaces the protocol by one that asks for the same document, and the schedule. Everything that is known stays,
    /// and so does a callout that is under way.
    pub fn reconfigure(&mut self, protocol: Arc<Protocol>, schedule: Schedule) {
        self.protocol = protocol;
        self.schedule = schedule;
    }

    /// The last good document, and when the source last confirmed it.
    #[must_use]
    pub fn last_good(&self) -> Option<(Hash, Timestamp)> {
        let last_good = self.last_good.as_ref()?;
        Some((last_good.hash, last_good.confirmed))
    }

    /// Whether a fetch has failed since this VM watches the source, or just before.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// The version of the last good document, as text for people. `None` before the first document, or if its source names
    /// no versions.
    #[must_use]
    pub fn version_text(&self) -> Option<String> {
        let version = &self.last_good.as_ref()?.version;
        let is_named = *version != Version::default();
        is_named.then(|| self.protocol.version_text(version))
    }

    /// Reads the lease, and starts what is due. Call it every 100 to 250 ms, or more often.
    pub fn tick(&mut self, now: Timestamp, shared_data: &mut dyn SharedData) -> Tick {
        if let Some(fetch) = &mut self.fetch {
            // A clock that was put back must not make the callout longer.
            fetch.deadline = fetch.deadline.min(now.after(fetch.span));
            if now >= fetch.deadline {
                self.fetch = None;
                self.fail(
                    &SourceError::Callout(CalloutError::NoReply),
                    now,
                    shared_data,
                );
            }
            return Tick::Idle;
        }
        let (mut lease, cas) = self.shared_keys.read(shared_data);
        if let Some((newest, last_good)) = lease.newest.zip(self.last_good.as_mut()) {
            last_good.confirm(newest, now);
        }
        self.has_failed |= lease.failures > 0;
        self.note_fetches(&lease, now);
        if !matches!(self.stage, Stage::Idle) {
            self.note_unread(&lease);
            self.keep(lease, cas, now, shared_data);
            return Tick::Idle;
        }
        if let Some(newest) = lease.newest {
            if self.adopt(newest, now, shared_data) {
                return Tick::Arrived;
            }
            self.note_missing_copy(newest);
        }
        if lease.failures == 0 && lease.due > now.after(self.schedule.latest()) {
            // A policy that is gone noted this, and it had a longer interval.
            lease.due = now;
        }
        let must = self.missing_copy.as_ref();
        let must = must.is_some_and(|missing_copy| missing_copy.is_due(&lease, now));
        let must = must || self.extra.is_wanted();
        match lease.duty(self.vm, now, self.horizon(&lease)) {
            Duty::Wait if !must => Tick::Idle,
            Duty::Wait | Duty::Fetch => self.start(lease, cas, now, shared_data),
        }
    }

    /// Takes the result of the callout of [`Tick::Fetch`] or [`FetchOutcome::Send`].
    pub fn fetched(
        &mut self,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
        result: Result<Reply, CalloutError>,
    ) -> FetchOutcome {
        let Some(fetch) = self.fetch.take() else {
            return FetchOutcome::Ignored;
        };
        let status = match self.protocol.reply(&mut self.session, result, now) {
            Next::Send(callout) => return self.go_on(callout, &fetch, now, shared_data),
            Next::Done(status) => status,
        };
        let error = match status {
            DocumentStatus::Changed {
                body,
                version,
                is_older,
            } => {
                let origin = DocumentOrigin::Fetched {
                    at: now,
                    shared_copy: fetch.shared_copy,
                    is_older,
                };
                let arrival = Arrival::fetched(body, version, origin);
                self.stage = Stage::Arrived(Box::new(arrival));
                return FetchOutcome::Arrived;
            }
            DocumentStatus::Same if fetch.shared_copy == SharedCopy::Good => {
                return self.not_modified(now, shared_data);
            }
            DocumentStatus::Same => SourceError::Status(304),
            DocumentStatus::Missing => SourceError::Missing,
            DocumentStatus::Refused(status) => {
                self.session = Session::default();
                SourceError::Refused(status)
            }
            DocumentStatus::Broken(error) => error,
        };
        self.fail(&error, now, shared_data);
        FetchOutcome::Failed(error)
    }

    /// The callout under way will get no reply, because its sender is gone: another VM, or this one, may fetch at the
    /// next tick.
    pub fn abandon(&mut self, now: Timestamp, shared_data: &mut dyn SharedData) {
        if self.fetch.is_some() {
            self.release(now, shared_data);
            self.extra.begin_again();
        }
    }

    /// No engine of this VM uses the source any more: gives up the lease, if this VM has it.
    pub fn close(mut self, now: Timestamp, shared_data: &mut dyn SharedData) {
        self.release(now, shared_data);
    }

    fn release(&mut self, now: Timestamp, shared_data: &mut dyn SharedData) {
        let was_fetching = self.fetch.take().is_some() || self.stage.is_fetched();
        for _ in 0..ATTEMPTS {
            let (mut lease, cas) = self.shared_keys.read(shared_data);
            if lease.owner != self.vm {
                return;
            }
            lease.owner = 0;
            lease.deadline = Timestamp::default();
            lease.is_fetching = false;
            if was_fetching {
                lease.due = now;
            }
            if self.shared_keys.write(&lease, cas, shared_data) {
                return;
            }
        }
    }

    fn start(
        &mut self,
        mut lease: Lease,
        cas: u32,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) -> Tick {
        let published = lease.newest.map(|newest| newest.hash);
        let last_good = self.last_good.as_ref();
        let last_good = last_good.filter(|last_good| published == Some(last_good.hash));
        let shared_copy = last_good.map_or(SharedCopy::Missing, |_| SharedCopy::Good);
        let known = last_good
            .map(|last_good| last_good.version.clone())
            .unwrap_or_default();
        let callout = self.protocol.start(&mut self.session, &known, now);
        let fetch = Fetch::new(&callout, 1, shared_copy, now);
        lease.owner = self.vm;
        lease.deadline = fetch.deadline;
        lease.is_fetching = true;
        if self.extra.is_wanted() {
            lease.extra = now;
            // If this VM is lost meanwhile, another one fetches.
            lease.due = lease.due.min(now);
        }
        if !self.shared_keys.write(&lease, cas, shared_data) {
            return Tick::Idle;
        }
        self.extra = ExtraFetch::begun(&lease);
        // If this fetch fails too, the next one waits for the copy again.
        self.missing_copy = None;
        self.fetch = Some(fetch);
        Tick::Fetch(callout)
    }

    /// Sends one more callout for the same document, and keeps the lease for as long as that one may take.
    fn go_on(
        &mut self,
        callout: Callout,
        last: &Fetch,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) -> FetchOutcome {
        if last.callouts >= MAX_CALLOUTS {
            let error =
                SourceError::Unusable(format!("it takes more than {MAX_CALLOUTS} callouts"));
            self.fail(&error, now, shared_data);
            return FetchOutcome::Failed(error);
        }
        let fetch = Fetch::new(
            &callout,
            last.callouts.saturating_add(1),
            last.shared_copy,
            now,
        );
        for _ in 0..ATTEMPTS {
            let (mut lease, cas) = self.shared_keys.read(shared_data);
            if lease.is_of_another(self.vm, now, self.horizon(&lease)) {
                break;
            }
            lease.owner = self.vm;
            lease.deadline = fetch.deadline;
            lease.is_fetching = true;
            if self.shared_keys.write(&lease, cas, shared_data) {
                self.fetch = Some(fetch);
                return FetchOutcome::Send(callout);
            }
        }
        // Another VM has the lease by now: its result counts.
        FetchOutcome::Ignored
    }

    fn not_modified(&mut self, now: Timestamp, shared_data: &mut dyn SharedData) -> FetchOutcome {
        let Some(last_good) = &mut self.last_good else {
            let error = SourceError::Status(304);
            self.fail(&error, now, shared_data);
            return FetchOutcome::Failed(error);
        };
        last_good.confirmed = now;
        self.confirmed(None, now, shared_data);
        FetchOutcome::Unchanged
    }

    /// The source has confirmed the last good document. Shared data gets `copy`, if there is one.
    fn confirmed(&mut self, copy: Option<&[u8]>, now: Timestamp, shared_data: &mut dyn SharedData) {
        let pause = self.protocol.pause(&self.session, self.schedule.refresh);
        self.conclude(0, copy, pause, now, shared_data);
    }

    /// Keeps the lease while the document that was fetched under it is read.
    fn keep(&self, mut lease: Lease, cas: u32, now: Timestamp, shared_data: &mut dyn SharedData) {
        let longest = now.after(self.callout_time());
        let lasts = now.after(GRACE) < lease.deadline && lease.deadline <= longest;
        if self.stage.is_fetched() && lease.owner == self.vm && !lasts {
            lease.deadline = longest;
            self.shared_keys.write(&lease, cas, shared_data);
        }
    }

    fn fail(&mut self, error: &SourceError, now: Timestamp, shared_data: &mut dyn SharedData) {
        let (lease, _) = self.shared_keys.read(shared_data);
        self.has_failed = true;
        let failures = lease.failures.saturating_add(1);
        let wait = self.schedule.backoff(failures, error, Loaded::by(&lease));
        self.conclude(failures, None, wait, now, shared_data);
    }

    /// Notes the result of a fetch, keeps the lease for the next one, and publishes a document. Does nothing where
    /// another VM has the lease by now: its result counts.
    fn conclude(
        &mut self,
        failures: u32,
        body: Option<&[u8]>,
        wait: Duration,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) {
        let due = now.after(self.random.jitter(wait));
        let mut body = body;
        for _ in 0..ATTEMPTS {
            let (mut lease, cas) = self.shared_keys.read(shared_data);
            if lease.is_of_another(self.vm, now, self.horizon(&lease)) {
                return;
            }
            // The document is written first: a VM that reads the lease finds at least the document that the lease
            // names.
            if let (Some(body), Some(last_good)) = (body.take(), &self.last_good) {
                let version = &last_good.version;
                self.shared_keys
                    .publish(last_good.hash, version, body, now, shared_data);
            }
            lease.owner = self.vm;
            lease.due = due;
            lease.deadline = due.after(GRACE);
            lease.is_fetching = false;
            lease.failures = failures;
            if failures == 0 {
                lease.newest = self.last_good.as_ref().map(LastGood::newest);
            }
            if self.shared_keys.write(&lease, cas, shared_data) {
                return;
            }
        }
    }

    /// Takes the newest document from shared data, unless it is the last good one or one that was rejected.
    fn adopt(&mut self, newest: Newest, now: Timestamp, shared_data: &mut dyn SharedData) -> bool {
        let known = [
            self.last_good.as_ref().map(|last_good| last_good.hash),
            self.rejected.as_ref().map(|(hash, _)| *hash),
            self.missing_copy
                .as_ref()
                .map(|missing_copy| missing_copy.hash),
        ];
        if known.contains(&Some(newest.hash)) {
            return false;
        }
        let limit = self.protocol.endpoint().max_bytes();
        match self.shared_keys.newest(newest, limit, shared_data) {
            Some(envelope) => {
                self.missing_copy = None;
                let arrival = Arrival::posted(envelope, newest);
                self.stage = Stage::Arrived(Box::new(arrival));
                true
            }
            None => {
                self.missing_copy = Some(self.missing_copy(newest.hash, now));
                false
            }
        }
    }

    fn callout_time(&self) -> Duration {
        self.protocol.longest_callout().saturating_add(GRACE)
    }

    /// As far as any time in the record can lie ahead.
    fn horizon(&self, lease: &Lease) -> Duration {
        let waits = self.schedule.longest_wait(Loaded::by(lease));
        waits.saturating_add(self.callout_time())
    }
}
