//! What the VMs tell each other about one source.

use crate::source::fetcher::Validator;
use crate::source::lease::{Lease, Newest};
use crate::source::{ABSENT, Board, Document, Envelope};
use crate::time::Timestamp;

use super::candidate::{Candidate, Identity, Origin};

/// The two places on the board that belong to one source.
#[derive(Debug)]
pub(super) struct Notices {
    lease: String,
    document: String,
}

impl Notices {
    /// The places carry the version of what lies there: what another version of the module wrote is left to it.
    pub(super) fn of(identity: Identity) -> Self {
        Self {
            lease: format!("postern.1.lease.{identity}"),
            document: format!("postern.1.document.{identity}"),
        }
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
        document: &Document,
        validator: &Validator,
        body: &[u8],
        now: Timestamp,
        board: &mut dyn Board,
    ) {
        let envelope = Envelope {
            fetched: now,
            hash: document.hash(),
            validator: validator.clone(),
            body,
        };
        board.write(&self.document, &envelope.encode(), None);
    }

    /// The newest document, where it is there, whole, and of at most `limit` bytes.
    pub(super) fn document(
        &self,
        newest: Newest,
        limit: usize,
        board: &mut dyn Board,
    ) -> Option<Candidate> {
        let (wire, _) = board.read(&self.document)?;
        let envelope = Envelope::decode(&wire).ok()?;
        if envelope.hash != newest.hash {
            return None;
        }
        let document = Document::parse_hashed(envelope.body, limit, |_| newest.hash).ok()?;
        Some(Candidate {
            document,
            validator: envelope.validator,
            origin: Origin::Board(newest.confirmed),
        })
    }
}
