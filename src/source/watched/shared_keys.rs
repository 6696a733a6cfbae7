//! The keys of one source in shared data.

use crate::source::{ABSENT, Hash, SharedData, Version};
use crate::time::Timestamp;

use super::candidate::DefinitionHash;
use super::envelope::Envelope;
use super::lease::{Lease, Newest};

/// The length of a piece of a document in shared data, in bytes. The host copies twice what is read there, which takes
/// a millisecond for one piece.
const PIECE: usize = 2 << 20;

/// The keys of one source in shared data.
#[derive(Debug)]
pub(super) struct SharedKeys {
    definition: DefinitionHash,
    lease: String,
    envelope: String,
}

impl SharedKeys {
    /// The keys carry the version of the format: a module with another version has keys of its own.
    pub(super) fn of(definition: DefinitionHash) -> Self {
        Self {
            definition,
            lease: format!("postern.4.lease.{definition}"),
            envelope: format!("postern.4.envelope.{definition}"),
        }
    }

    /// The key of a piece of the document.
    fn piece_key(&self, piece: usize) -> String {
        format!("postern.4.document.{}.{piece}", self.definition)
    }

    /// The lease, and the compare-and-swap token for writing it. Bytes that are not a lease count as no lease.
    pub(super) fn read(&self, shared_data: &mut dyn SharedData) -> (Lease, u32) {
        match shared_data.read(&self.lease) {
            Some((wire, cas)) => (Lease::decode(&wire).unwrap_or_default(), cas),
            None => (Lease::default(), ABSENT),
        }
    }

    /// Writes the lease, unless another VM wrote since it was read.
    pub(super) fn write(&self, lease: &Lease, cas: u32, shared_data: &mut dyn SharedData) -> bool {
        shared_data.write(&self.lease, &lease.encode(), Some(cas))
    }

    /// Publishes a document for the other VMs. If the host doesn't take it, each VM fetches it after a while.
    pub(super) fn publish(
        &self,
        hash: Hash,
        version: &Version,
        body: &[u8],
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) {
        let envelope = Envelope {
            fetched: now,
            hash,
            version: version.clone(),
            bytes: length(body),
        };
        let before = self
            .envelope(shared_data)
            .map_or(0, |before| pieces(before.bytes));
        let mut count = 0;
        for piece in body.chunks(PIECE) {
            if !shared_data.write(&self.piece_key(count), piece, None) {
                return;
            }
            count = count.saturating_add(1);
        }
        shared_data.write(&self.envelope, &envelope.encode(), None);
        // Keys can't be removed from shared data. The remaining pieces of a longer document are emptied.
        for piece in count..before {
            shared_data.write(&self.piece_key(piece), b"", None);
        }
    }

    fn envelope(&self, shared_data: &mut dyn SharedData) -> Option<Envelope> {
        let (wire, _) = shared_data.read(&self.envelope)?;
        Envelope::decode(&wire).ok()
    }

    /// The envelope of the newest document, if it is there and the document has at most `limit` bytes. The hash will
    /// show whether the bytes are right.
    pub(super) fn newest(
        &self,
        newest: Newest,
        limit: usize,
        shared_data: &mut dyn SharedData,
    ) -> Option<Envelope> {
        let envelope = self.envelope(shared_data)?;
        let fits = usize::try_from(envelope.bytes).is_ok_and(|bytes| bytes <= limit);
        (envelope.hash == newest.hash && fits).then_some(envelope)
    }

    /// A piece of the document.
    pub(super) fn piece(&self, piece: usize, shared_data: &mut dyn SharedData) -> Option<Vec<u8>> {
        let (bytes, _) = shared_data.read(&self.piece_key(piece))?;
        Some(bytes)
    }
}

fn length(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}

fn pieces(bytes: u64) -> usize {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    bytes.div_ceil(PIECE)
}
