//! What the VMs tell each other about one source.

use crate::source::{ABSENT, Board, Hash, Version};
use crate::time::Timestamp;

use super::candidate::Identity;
use super::envelope::Envelope;
use super::lease::{Lease, Newest};

/// How long a piece of a document is on the board. The host copies what is read there twice, which takes a millisecond for
/// as much as this.
const PIECE: usize = 2 << 20;

/// The places on the board that belong to one source.
#[derive(Debug)]
pub(super) struct Notices {
    identity: Identity,
    lease: String,
    envelope: String,
}

impl Notices {
    /// The places carry the version of what lies there: what another version of the module wrote is left to it.
    pub(super) fn of(identity: Identity) -> Self {
        Self {
            identity,
            lease: format!("postern.3.lease.{identity}"),
            envelope: format!("postern.3.envelope.{identity}"),
        }
    }

    /// Where a piece of the document is.
    fn place(&self, piece: usize) -> String {
        format!("postern.3.document.{}.{piece}", self.identity)
    }

    /// The lease, and the mark to write it by. What is no lease counts as none.
    pub(super) fn read(&self, board: &mut dyn Board) -> (Lease, u32) {
        match board.read(&self.lease) {
            Some((wire, mark)) => (Lease::decode(&wire).unwrap_or_default(), mark),
            None => (Lease::default(), ABSENT),
        }
    }

    /// Writes the lease, unless somebody else did since it was read.
    pub(super) fn write(&self, lease: &Lease, mark: u32, board: &mut dyn Board) -> bool {
        board.write(&self.lease, &lease.encode(), Some(mark))
    }

    /// Puts a document there for the others. Where the host doesn't take it, they fetch for themselves in the end.
    pub(super) fn publish(
        &self,
        hash: Hash,
        version: &Version,
        body: &[u8],
        now: Timestamp,
        board: &mut dyn Board,
    ) {
        let envelope = Envelope {
            fetched: now,
            hash,
            version: version.clone(),
            bytes: length(body),
        };
        let before = self
            .envelope(board)
            .map_or(0, |before| pieces(before.bytes));
        let mut count = 0;
        for piece in body.chunks(PIECE) {
            if !board.write(&self.place(count), piece, None) {
                return;
            }
            count = count.saturating_add(1);
        }
        board.write(&self.envelope, &envelope.encode(), None);
        // Nothing is ever taken off the board; what is left of a longer document needs no room, at least.
        for piece in count..before {
            board.write(&self.place(piece), b"", None);
        }
    }

    fn envelope(&self, board: &mut dyn Board) -> Option<Envelope> {
        let (wire, _) = board.read(&self.envelope)?;
        Envelope::decode(&wire).ok()
    }

    /// What belongs to the newest document, where it is there, and the document has at most `limit` bytes. Whether it is the
    /// one that it should be, its hash will tell.
    pub(super) fn newest(
        &self,
        newest: Newest,
        limit: usize,
        board: &mut dyn Board,
    ) -> Option<Envelope> {
        let envelope = self.envelope(board)?;
        let fits = usize::try_from(envelope.bytes).is_ok_and(|bytes| bytes <= limit);
        (envelope.hash == newest.hash && fits).then_some(envelope)
    }

    /// A piece of the document.
    pub(super) fn piece(&self, piece: usize, board: &mut dyn Board) -> Option<Vec<u8>> {
        let (bytes, _) = board.read(&self.place(piece))?;
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
