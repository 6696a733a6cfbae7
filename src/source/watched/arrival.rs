//! A document that has arrived, until its hash is known.

use sha2::{Digest, Sha256};

use crate::source::{Budget, Hash, SharedData, SourceError, Version};
use crate::time::Timestamp;

use super::Watched;
use super::candidate::{Candidate, DocumentOrigin, Progress, SharedCopy};
use super::envelope::Envelope;
use super::lease::Newest;
use super::missing_copy::MissingCopy;
use super::shared_keys::SharedKeys;

/// A document that has arrived from a source and is not accepted or rejected yet.
#[derive(Debug, Default)]
pub(super) enum Stage {
    /// Nothing.
    #[default]
    Idle,
    /// A document whose hash isn't known yet.
    Arrived(Box<Arrival>),
    /// A document that the caller validates: a candidate.
    Out(DocumentOrigin),
}

impl Stage {
    /// Whether this VM fetched it: then it has the lease.
    pub(super) const fn is_fetched(&self) -> bool {
        matches!(self.origin(), Some(DocumentOrigin::Fetched { .. }))
    }

    /// Its hash, if it is from shared data.
    pub(super) const fn shared(&self) -> Option<Hash> {
        match self.origin() {
            Some(DocumentOrigin::Shared(newest)) => Some(newest.hash),
            Some(DocumentOrigin::Fetched { .. }) | None => None,
        }
    }

    const fn origin(&self) -> Option<DocumentOrigin> {
        match self {
            Self::Idle => None,
            Self::Arrived(arrival) => Some(arrival.origin),
            Self::Out(origin) => Some(*origin),
        }
    }
}

/// The text, and how far it is hashed.
pub(super) struct Arrival {
    text: Vec<u8>,
    /// The length of the whole text, and how many pieces of it are there.
    length: usize,
    pieces: usize,
    version: Version,
    origin: DocumentOrigin,
    hasher: Sha256,
    hashed: usize,
}

impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arrival")
            .field("bytes", &self.text.len())
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// How many bytes are copied for the cost of one that is read or hashed.
const CHEAP: usize = 8;

/// How many bytes are hashed between two checks of the budget.
const PIECE: usize = 16 << 10;

impl Arrival {
    /// A document that is complete in one reply.
    pub(super) fn fetched(text: Vec<u8>, version: Version, origin: DocumentOrigin) -> Self {
        Self {
            length: text.len(),
            pieces: 0,
            text,
            version,
            origin,
            hasher: Sha256::new(),
            hashed: 0,
        }
    }

    /// A document in shared data.
    pub(super) fn posted(envelope: Envelope, newest: Newest) -> Self {
        let mut arrival =
            Self::fetched(Vec::new(), envelope.version, DocumentOrigin::Shared(newest));
        arrival.length = usize::try_from(envelope.bytes).unwrap_or(usize::MAX);
        arrival
    }

    /// Continues to copy and to hash.
    fn advance(
        &mut self,
        shared_keys: &SharedKeys,
        budget: &mut Budget,
        shared_data: &mut dyn SharedData,
    ) -> Advance {
        while self.text.len() < self.length {
            if budget.is_spent() {
                return Advance::Pending;
            }
            let piece = shared_keys.piece(self.pieces, shared_data);
            if !piece.is_some_and(|piece| self.take(piece, budget)) {
                return Advance::Broken;
            }
        }
        if self.hash(budget) {
            Advance::Hashed
        } else {
            Advance::Pending
        }
    }

    /// Takes a piece from shared data. Returns whether it fits.
    fn take(&mut self, piece: Vec<u8>, budget: &mut Budget) -> bool {
        budget.spend(piece.len().div_ceil(CHEAP));
        let missing = self.length.saturating_sub(self.text.len());
        if piece.is_empty() || piece.len() > missing {
            return false;
        }
        self.pieces = self.pieces.saturating_add(1);
        if piece.len() == self.length {
            self.text = piece;
            return true;
        }
        let has_room = self.text.try_reserve_exact(missing).is_ok();
        if has_room {
            self.text.extend_from_slice(&piece);
        }
        has_room
    }

    /// Continues to hash. Returns whether all is hashed.
    fn hash(&mut self, budget: &mut Budget) -> bool {
        while !budget.is_spent() {
            let rest = self.text.get(self.hashed..).unwrap_or_default();
            let piece = rest.get(..PIECE).unwrap_or(rest);
            if piece.is_empty() {
                return true;
            }
            self.hasher.update(piece);
            self.hashed = self.hashed.saturating_add(piece.len());
            budget.spend(piece.len());
        }
        self.hashed == self.text.len()
    }
}

enum Advance {
    Pending,
    Hashed,
    /// Shared data has something else than the envelope says.
    Broken,
}

impl Watched {
    /// The length of a document that has arrived, while its hash isn't known.
    #[must_use]
    pub const fn arrived(&self) -> Option<usize> {
        match &self.stage {
            Stage::Arrived(arrival) => Some(arrival.length),
            Stage::Idle | Stage::Out(_) => None,
        }
    }

    /// Continues with the bytes that have arrived.
    pub fn advance(
        &mut self,
        budget: &mut Budget,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) -> Progress {
        let Stage::Arrived(arrival) = &mut self.stage else {
            return Progress::Idle;
        };
        let advance = arrival.advance(&self.shared_keys, budget, shared_data);
        if matches!(advance, Advance::Pending) {
            return Progress::Pending;
        }
        let Stage::Arrived(arrival) = std::mem::take(&mut self.stage) else {
            return Progress::Idle;
        };
        let arrival = *arrival;
        let candidate = Candidate {
            hash: Hash(arrival.hasher.finalize().into()),
            text: arrival.text,
            version: arrival.version,
            origin: arrival.origin,
        };
        match arrival.origin {
            DocumentOrigin::Fetched {
                at, shared_copy, ..
            } => self.compare(candidate, at, shared_copy, now, shared_data),
            DocumentOrigin::Shared(newest)
                if matches!(advance, Advance::Hashed) && candidate.hash == newest.hash =>
            {
                self.hand_out(candidate)
            }
            DocumentOrigin::Shared(newest) => {
                self.missing_copy = Some(self.missing_copy(newest.hash, now));
                Progress::Idle
            }
        }
    }

    /// Compares a document that was fetched with the last good one and with one that was rejected: usually it is one of
    /// them.
    fn compare(
        &mut self,
        candidate: Candidate,
        at: Timestamp,
        shared_copy: SharedCopy,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) -> Progress {
        if let Some(last_good) = self
            .last_good
            .as_mut()
            .filter(|last_good| last_good.hash == candidate.hash)
        {
            last_good.version = candidate.version;
            last_good.confirmed = at.min(now);
            let copy = (shared_copy == SharedCopy::Missing).then_some(candidate.text.as_slice());
            self.confirmed(copy, now, shared_data);
            return Progress::Unchanged;
        }
        let known = self.rejected.as_ref();
        let known = known.filter(|(bad, _)| *bad == candidate.hash);
        if let Some(error) = known.map(|(_, error)| error.clone()) {
            self.fail(&error, now, shared_data);
            return Progress::Failed(error);
        }
        self.hand_out(candidate)
    }

    fn hand_out(&mut self, candidate: Candidate) -> Progress {
        self.stage = Stage::Out(candidate.origin);
        Progress::New(candidate)
    }

    pub(super) fn missing_copy(&mut self, hash: Hash, now: Timestamp) -> MissingCopy {
        let patience = self.schedule.refresh.min(MissingCopy::PATIENCE);
        MissingCopy::new(hash, now, self.random.jitter(patience))
    }

    /// Accepts the candidate: it becomes the last good document, and is published for the other VMs.
    pub fn accept(
        &mut self,
        candidate: Candidate,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) {
        self.stage = Stage::Idle;
        let (is_ours, confirmed) = match candidate.origin {
            DocumentOrigin::Fetched { at, .. } => (true, at),
            DocumentOrigin::Shared(newest) => (false, newest.confirmed),
        };
        self.last_good = Some(super::LastGood {
            hash: candidate.hash,
            confirmed: confirmed.min(now),
            version: candidate.version,
        });
        self.rejected = None;
        if is_ours {
            self.confirmed(Some(&candidate.text), now, shared_data);
        }
    }

    /// The candidate is not good, because of `error`: the last good document stays, and this one is not read again.
    pub fn reject(
        &mut self,
        candidate: &Candidate,
        error: SourceError,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) {
        self.stage = Stage::Idle;
        if let DocumentOrigin::Fetched { .. } = candidate.origin {
            self.fail(&error, now, shared_data);
        }
        self.rejected = Some((candidate.hash, error));
    }
}
