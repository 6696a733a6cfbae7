//! A source that is asked by key.

mod request;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::Cache;
use crate::hash::Map;
use crate::http::{Callout, CalloutError, Reply};
use crate::time::Timestamp;

use super::{Document, DocumentStatus, SourceError, Version, centre, weight};

pub use request::{Arguments, RequestTemplate};

/// How long a key is not asked for again after its callout failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The memory of an entry beside its key, its document and its version, in bytes.
const ENTRY: usize = 256;

/// How late a reply may come before its callout counts as lost.
const GRACE: Duration = Duration::from_secs(1);

/// The limits of a source on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a document is fresh.
    pub ttl: Duration,
    /// How long it is remembered that a key has no document.
    pub miss_ttl: Duration,
    /// How long a document may be used after the source last confirmed it, while a newer one is fetched or cannot be had.
    /// It has no effect if it is shorter than `ttl`.
    pub stale_for: Duration,
    /// The most callouts under way.
    pub max_in_flight: usize,
    /// The longest key, in bytes.
    pub max_key_bytes: usize,
    /// The most documents that are remembered, and the most keys without one.
    pub max_entries: usize,
    /// The most memory of the documents that are remembered, in bytes: the sum of their [`weight()`], keys and
    /// versions. The keys without a document may take a quarter of it.
    pub max_bytes: usize,
}

/// Why a key isn't asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadRefusal {
    /// Too many callouts are under way.
    TooManyInFlight,
    /// The key is longer than `max_key_bytes`.
    KeyTooLong,
    /// The key has to be one segment and holds one of `/ \ ? # %`.
    ReservedByte,
    /// The key holds a control byte, or would be an empty or a dot segment.
    UnfitKey,
}

/// The state of an entry.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum EntryState {
    /// Its document.
    Fresh(Arc<Document>),
    /// The source has none.
    Missing,
    /// Its document, older than `ttl`; and a callout to send (see [`Start`](EntryState::Start)), unless one is under
    /// way, or too many are, or the last one failed a moment ago.
    Stale(Arc<Document>, Option<Callout>),
    /// A callout for it is under way.
    Pending,
    /// Send this, and give the result to [`OnDemand::fetched`].
    Start(Callout),
    /// The source failed a moment ago, and there is no older document.
    Failed(SourceError),
    /// It is unknown, and no callout for it is under way.
    Refused(ReadRefusal),
}

/// The result of a callout.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum ReadResult {
    /// The key's document.
    Found(Arc<Document>),
    /// The source has none.
    Missing,
    /// There is no usable answer. An older document may still be usable: ask again.
    Failed(SourceError),
    /// It is not needed any more.
    Ignored,
}

#[derive(Debug)]
struct CachedDocument {
    document: Arc<Document>,
    /// How much memory the document takes.
    weight: usize,
    version: Version,
    confirmed: Timestamp,
    /// When the last refresh failed, if it is the newest event.
    failed: Option<Timestamp>,
}

/// A key without a document: why, and since when that is known.
#[derive(Debug)]
struct NegativeEntry {
    error: Option<SourceError>,
    since: Timestamp,
}

/// What one VM knows of one source on demand: documents, keys without one, callouts under way. Each has a bound of its
/// own, so that requests for many keys that don't exist evict no document.
#[derive(Debug)]
pub struct OnDemand {
    template: Arc<RequestTemplate>,
    limits: Limits,
    documents: Cache<Rc<[u8]>, CachedDocument>,
    negatives: Cache<Rc<[u8]>, NegativeEntry>,
    pending: Map<Rc<[u8]>, PendingRead>,
}

#[derive(Debug)]
struct PendingRead {
    /// When it counts as lost.
    deadline: Timestamp,
    /// The document that a 304 confirms: it may be evicted by the time that the reply comes.
    revision: Option<Revision>,
}

/// A document and its version.
#[derive(Clone, Debug)]
struct Revision {
    document: Arc<Document>,
    weight: usize,
    version: Version,
}

impl PendingRead {
    /// Whether a reply may still come. A deadline after `longest` was set before the clock was put back.
    fn is_under_way(&self, now: Timestamp, longest: Timestamp) -> bool {
        now < self.deadline && self.deadline <= longest
    }
}

/// How long ago `moment` was. A time in the future was noted before the clock was put back: it counts from now.
fn age(moment: &mut Timestamp, now: Timestamp) -> Duration {
    *moment = (*moment).min(now);
    now.since(*moment)
}

impl OnDemand {
    /// A source without remembered answers.
    #[must_use]
    pub fn new(template: Arc<RequestTemplate>, limits: Limits) -> Self {
        Self {
            template,
            limits,
            documents: Cache::new(limits.max_entries, limits.max_bytes),
            negatives: Cache::new(limits.max_entries, limits.max_bytes >> 2),
            pending: Map::default(),
        }
    }

    /// Uses these limits from now on, except for the bounds of all that is remembered, which stay.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The state of an entry, and what to do with it.
    pub fn ask(&mut self, arguments: &Arguments<'_>, now: Timestamp) -> EntryState {
        if let Err(refusal) = self.template.check(arguments) {
            return EntryState::Refused(refusal);
        }
        let key = arguments.cache_key();
        if key.len() > self.limits.max_key_bytes {
            return EntryState::Refused(ReadRefusal::KeyTooLong);
        }
        let Some((document, age)) = self.revision(key, now) else {
            return self.ask_anew(arguments, now);
        };
        if age <= self.limits.ttl {
            return EntryState::Fresh(document);
        }
        EntryState::Stale(document, self.refresh(arguments, now))
    }

    /// The document that may be used, with its age.
    fn revision(&mut self, key: &[u8], now: Timestamp) -> Option<(Arc<Document>, Duration)> {
        let cached = self.documents.get(key)?;
        let age = age(&mut cached.confirmed, now);
        // A document that is too old stays: another policy may use it for longer.
        let is_usable = age <= self.limits.stale_for.max(self.limits.ttl);
        is_usable.then(|| (Arc::clone(&cached.document), age))
    }

    fn refresh(&mut self, arguments: &Arguments<'_>, now: Timestamp) -> Option<Callout> {
        let key = arguments.cache_key();
        let cached = self.documents.get(key)?;
        if let Some(failed) = &mut cached.failed {
            if age(failed, now) < RETRY_AFTER {
                return None;
            }
        }
        let revision = Revision {
            document: Arc::clone(&cached.document),
            weight: cached.weight,
            version: cached.version.clone(),
        };
        if self.is_in_flight(key, now) {
            return None;
        }
        self.start(arguments, Some(revision), now).ok()
    }

    fn ask_anew(&mut self, arguments: &Arguments<'_>, now: Timestamp) -> EntryState {
        let key = arguments.cache_key();
        if self.is_in_flight(key, now) {
            return EntryState::Pending;
        }
        if let Some(negative) = self.negatives.get(key) {
            let age = age(&mut negative.since, now);
            match &negative.error {
                Some(error) if age < RETRY_AFTER => return EntryState::Failed(error.clone()),
                None if age <= self.limits.miss_ttl => return EntryState::Missing,
                Some(_) | None => {
                    self.negatives.remove(key);
                }
            }
        }
        match self.start(arguments, None, now) {
            Ok(callout) => EntryState::Start(callout),
            Err(refusal) => EntryState::Refused(refusal),
        }
    }

    fn is_in_flight(&mut self, key: &[u8], now: Timestamp) -> bool {
        let longest = now.after(self.callout_time());
        let Some(read) = self.pending.get(key) else {
            return false;
        };
        let is_under_way = read.is_under_way(now, longest);
        if !is_under_way {
            self.pending.remove(key);
        }
        is_under_way
    }

    fn start(
        &mut self,
        arguments: &Arguments<'_>,
        revision: Option<Revision>,
        now: Timestamp,
    ) -> Result<Callout, ReadRefusal> {
        let deadline = now.after(self.callout_time());
        let most = self.limits.max_in_flight;
        if self.pending.len() >= most {
            let under_way = |read: &PendingRead| read.is_under_way(now, deadline);
            self.pending.retain(|_, read| under_way(read));
        }
        if self.pending.len() >= most {
            return Err(ReadRefusal::TooManyInFlight);
        }
        let nothing = Version::default();
        let cached = revision
            .as_ref()
            .map_or(&nothing, |revision| &revision.version);
        let callout = self.template.fill(arguments, cached)?;
        let key = arguments.cache_key().into();
        self.pending.insert(key, PendingRead { deadline, revision });
        Ok(callout)
    }

    /// Takes the result of the callout for `key`.
    pub fn fetched(
        &mut self,
        key: &[u8],
        result: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> ReadResult {
        let Some((key, read)) = self.pending.remove_entry(key) else {
            return ReadResult::Ignored;
        };
        let error = match centre::read(result, self.template.endpoint()) {
            DocumentStatus::Changed { body, version } => {
                let limit = self.template.endpoint().max_bytes();
                match Document::parse(&body, limit, self.template.format()) {
                    Ok(document) => {
                        let revision = Revision {
                            weight: weight(document.value()),
                            document,
                            version,
                        };
                        return self.found(key, revision, now);
                    }
                    Err(error) => error,
                }
            }
            DocumentStatus::Same => match read.revision {
                Some(revision) => return self.found(key, revision, now),
                None => SourceError::Status(304),
            },
            DocumentStatus::Missing => {
                self.documents.remove(&key);
                self.note_negative(key, None, now);
                return ReadResult::Missing;
            }
            DocumentStatus::Refused(status) => SourceError::Status(status),
            DocumentStatus::Broken(error) => error,
        };
        if let Some(cached) = self.documents.get(&key) {
            cached.failed = Some(now);
        }
        // For requests without a document, or with one that is too old.
        self.note_negative(key, Some(error.clone()), now);
        ReadResult::Failed(error)
    }

    fn found(&mut self, key: Rc<[u8]>, revision: Revision, now: Timestamp) -> ReadResult {
        self.negatives.remove(&key);
        let document = Arc::clone(&revision.document);
        let cached = CachedDocument {
            document: revision.document,
            weight: revision.weight,
            version: revision.version,
            confirmed: now,
            failed: None,
        };
        let beside = key.len().saturating_add(cached.version.token().len());
        let bytes = ENTRY.saturating_add(beside).saturating_add(cached.weight);
        self.documents.insert(key, cached, bytes);
        ReadResult::Found(document)
    }

    fn note_negative(&mut self, key: Rc<[u8]>, error: Option<SourceError>, now: Timestamp) {
        let bytes = ENTRY.saturating_add(key.len());
        self.negatives
            .insert(key, NegativeEntry { error, since: now }, bytes);
    }

    /// The callout for `key` will get no reply, because its sender is gone.
    pub fn abandon(&mut self, key: &[u8]) {
        self.pending.remove(key);
    }

    /// How many callouts are under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// How many documents are remembered.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.documents.len()
    }

    /// How many keys are remembered that have no document.
    #[must_use]
    pub fn negative_entries(&self) -> usize {
        self.negatives.len()
    }

    fn callout_time(&self) -> Duration {
        self.template.endpoint().timeout().saturating_add(GRACE)
    }
}
