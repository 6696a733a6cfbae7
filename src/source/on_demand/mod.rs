//! A source that is asked by key.

mod entry_answer;
mod introspection;
mod remembered;
mod reply;
mod request;
mod state;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::Cache;
use crate::hash::Map;
use crate::http::{Callout, CalloutError, Reply};
use crate::time::Timestamp;

use super::{ReadRefusal, Session, SourceError, Version};

use remembered::{CachedAnswer, NegativeEntry, age};
use reply::{EntryReply, Revision, Storage};
use request::EntryExchange;

pub use entry_answer::EntryAnswer;
pub use request::{Arguments, RequestTemplate};
pub use state::{EntryState, Lifetime, Limits, ReadResult};

/// How long a key is not asked for again after its callout failed, and no key after a login failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The memory of an entry beside its key, its document and its version, in bytes.
const ENTRY: usize = 256;

/// How late a reply may come before its callout counts as lost.
const GRACE: Duration = Duration::from_secs(1);

/// What one VM knows of one source on demand: documents, keys without one, callouts under way. Each has a bound of its
/// own, so that requests for many keys that don't exist evict no document. `Debug` shows no key: some are tokens.
pub struct OnDemand {
    template: Arc<RequestTemplate>,
    limits: Limits,
    documents: Cache<Rc<[u8]>, CachedAnswer>,
    negatives: Cache<Rc<[u8]>, NegativeEntry>,
    pending: Map<Rc<[u8]>, PendingRead>,
    /// What all entries share.
    session: Session,
    /// The key whose exchange logs in, or did last.
    login: Option<Rc<[u8]>>,
    /// Why the last login failed.
    login_failed: Option<(SourceError, Timestamp)>,
}

#[derive(Debug)]
struct PendingRead {
    /// When it counts as lost.
    deadline: Timestamp,
    /// The document that a 304 confirms: it may be evicted by the time that the reply comes.
    revision: Option<Revision>,
    /// None where one callout is all.
    exchange: Option<Box<EntryExchange>>,
}

impl fmt::Debug for OnDemand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnDemand")
            .field("template", &self.template)
            .field("limits", &self.limits)
            .field("documents", &self.documents.len())
            .field("negatives", &self.negatives.len())
            .field("pending", &self.pending.len())
            .finish()
    }
}

impl PendingRead {
    /// Whether a reply may still come. A deadline after `longest` was set before the clock was put back.
    fn is_under_way(&self, now: Timestamp, longest: Timestamp) -> bool {
        now < self.deadline && self.deadline <= longest
    }
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
            session: Session::default(),
            login: None,
            login_failed: None,
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
        let Limits { ttl, stale_for, .. } = self.limits;
        let is_usable_while_asked = self.template.answers_while_it_asks();
        if let Some(cached) = self.documents.get(key) {
            // A document that is too old stays: another policy may use it for longer.
            let age = cached.age(now);
            let document = || Arc::clone(&cached.answer);
            if age.is_some_and(|age| age <= ttl) {
                return EntryState::Fresh(document(), cached.lifetime.until(ttl));
            }
            if is_usable_while_asked && age.is_some_and(|age| age <= stale_for) {
                return EntryState::Stale(document(), self.refresh(arguments, now));
            }
        }
        self.ask_anew(arguments, now)
    }

    /// The remembered answer of a key, if it is not older than `ttl`.
    pub fn fresh(&mut self, key: &[u8], ttl: Duration, now: Timestamp) -> Option<&EntryAnswer> {
        let cached = self.documents.get(key)?;
        let age = cached.age(now)?;
        (age <= ttl).then_some(&cached.answer)
    }

    /// The document of a key for which the source has just failed, if it may be used for longer than it is fresh; and until
    /// when it may be used before the source is asked again.
    pub fn last_resort(
        &mut self,
        key: &[u8],
        now: Timestamp,
    ) -> Option<(Arc<EntryAnswer>, Timestamp)> {
        let cached = self.documents.get(key)?;
        let is_usable = cached.age(now)? <= self.limits.stale_for;
        let until = cached.lifetime.until(self.limits.stale_for);
        let until = until.min(now.after(RETRY_AFTER));
        is_usable.then(|| (Arc::clone(&cached.answer), until))
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
            answer: Arc::clone(&cached.answer),
            weight: cached.weight,
            version: cached.version.clone(),
            expires: cached.lifetime.expires,
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
            Err(state) => state,
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

    /// # Errors
    /// What the entry waits for, or why it isn't asked for.
    fn start(
        &mut self,
        arguments: &Arguments<'_>,
        revision: Option<Revision>,
        now: Timestamp,
    ) -> Result<Callout, EntryState> {
        let needs_login = self.template.needs_login(&mut self.session, now);
        if needs_login {
            self.await_login(now)?;
        }
        let longest = now.after(self.callout_time());
        let most = self.limits.max_in_flight;
        if self.pending.len() >= most {
            let under_way = |read: &PendingRead| read.is_under_way(now, longest);
            self.pending.retain(|_, read| under_way(read));
        }
        if self.pending.len() >= most {
            return Err(EntryState::Refused(ReadRefusal::TooManyInFlight));
        }
        let nothing = Version::default();
        let cached = revision
            .as_ref()
            .map_or(&nothing, |revision| &revision.version);
        let session = &mut self.session;
        let started = self.template.start(arguments, cached, session, now);
        let (callout, exchange) = started.map_err(EntryState::Refused)?;
        let key: Rc<[u8]> = arguments.cache_key().into();
        if needs_login {
            self.login = Some(Rc::clone(&key));
        }
        let read = PendingRead {
            deadline: now.after(callout.timeout.saturating_add(GRACE)),
            revision,
            exchange,
        };
        self.pending.insert(key, read);
        Ok(callout)
    }

    /// # Errors
    /// Another entry logs in, or the last login failed a moment ago.
    fn await_login(&mut self, now: Timestamp) -> Result<(), EntryState> {
        if let Some((error, since)) = &mut self.login_failed {
            if age(since, now) < RETRY_AFTER {
                return Err(EntryState::Failed(error.clone()));
            }
        }
        match self.login.clone() {
            Some(key) if self.is_in_flight(&key, now) => Err(EntryState::LoggingIn(key)),
            Some(_) | None => Ok(()),
        }
    }

    /// Takes the result of the callout for `key`.
    pub fn fetched(
        &mut self,
        key: &[u8],
        result: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> ReadResult {
        let Some((key, mut read)) = self.pending.remove_entry(key) else {
            return ReadResult::Ignored;
        };
        let exchange = read.exchange.as_deref_mut();
        let storage = self.template.storage(&result);
        let error = match self.template.read(exchange, result, now) {
            EntryReply::Send(callout) => {
                read.deadline = now.after(callout.timeout.saturating_add(GRACE));
                self.note_login(&key, now);
                self.pending.insert(key, read);
                return ReadResult::Send(callout);
            }
            EntryReply::Found(revision) => return self.found(key, revision, storage, now),
            EntryReply::Same(headers) => match read.revision {
                Some(mut revision) => {
                    revision.answer = revision.answer.with_headers(headers);
                    return self.found(key, revision, storage, now);
                }
                None => SourceError::Status(304),
            },
            EntryReply::Missing => {
                self.documents.remove(&key);
                match storage {
                    Storage::Remember => self.note_negative(key, None, now),
                    Storage::Forget => drop(self.negatives.remove(&key)),
                }
                return ReadResult::Missing;
            }
            EntryReply::Failed(error) => error,
        };
        // Where what a client sent may be refused, an older answer isn't for it any more.
        let is_built = || self.template.is_built();
        if matches!(error, SourceError::ClientRefused(_))
            || matches!(error, SourceError::Refused(_)) && is_built()
        {
            self.documents.remove(&key);
        }
        if self.login.as_ref() == Some(&key) && self.template.needs_login(&mut self.session, now) {
            self.login_failed = Some((error.clone(), now));
        }
        if let Some(cached) = self.documents.get(&key) {
            cached.failed = Some(now);
        }
        // For requests without a document, or with one that is too old.
        self.note_negative(key, Some(error.clone()), now);
        ReadResult::Failed(error)
    }

    /// Notes that this entry logs in, if it does and no other one.
    fn note_login(&mut self, key: &Rc<[u8]>, now: Timestamp) {
        if self.template.needs_login(&mut self.session, now) && self.await_login(now).is_ok() {
            self.login = Some(Rc::clone(key));
        }
    }

    fn found(
        &mut self,
        key: Rc<[u8]>,
        revision: Revision,
        storage: Storage,
        now: Timestamp,
    ) -> ReadResult {
        self.negatives.remove(&key);
        let document = Arc::clone(&revision.answer);
        let lifetime = Lifetime {
            confirmed: now,
            expires: revision.expires,
        };
        if storage == Storage::Forget {
            // Those who wait for it get it. An older one isn't the answer any more.
            self.documents.remove(&key);
            return ReadResult::Found(document, lifetime);
        }
        let cached = CachedAnswer {
            answer: revision.answer,
            weight: revision.weight,
            version: revision.version,
            lifetime,
            failed: None,
        };
        let sizes = [
            ENTRY,
            key.len(),
            cached.version.token().len(),
            cached.weight,
            document.headers().weight(),
        ];
        let bytes = sizes.into_iter().fold(0, usize::saturating_add);
        self.documents.insert(key, cached, bytes);
        ReadResult::Found(document, lifetime)
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
        self.template.longest_callout().saturating_add(GRACE)
    }
}
