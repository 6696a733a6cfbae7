//! The envelope of a document in shared data.

use crate::time::Timestamp;

use crate::source::wire::{WireReader, WireWriter};
use crate::source::{Hash, Version};

/// The last byte is the version: what another version wrote is foreign.
const MAGIC: &[u8; 8] = b"pstrnD\0\x03";

/// Why bytes are not an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum EnvelopeError {
    /// Something else wrote it, or another version.
    #[error("the envelope is foreign")]
    Foreign,
    /// It is cut off, or too long.
    #[error("the envelope has the wrong length")]
    Length,
}

/// The data about a document in shared data: magic and version of the envelope, time, hash, version of the document,
/// number of bytes. Everything of variable length has its length before it. The bytes themselves have keys of their
/// own, so that nothing has to be copied together; the hash tells whether both belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    /// When the source gave it.
    pub fetched: Timestamp,
    /// Hash of the bytes.
    pub hash: Hash,
    /// The version of the document, for a conditional request.
    pub version: Version,
    /// How many bytes there are.
    pub bytes: u64,
}

/// More bytes than any document has: what says so is corrupt.
const MAX_BYTES: u64 = 1 << 30;

impl Envelope {
    /// Its wire form.
    #[must_use]
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut wire = WireWriter::default();
        wire.raw(MAGIC)
            .time(self.fetched)
            .raw(&self.hash.0)
            .text(self.version.token())
            .number(self.bytes);
        wire.0
    }

    /// Reads the wire form of a whole envelope of this version.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub(super) fn decode(wire: &[u8]) -> Result<Self, EnvelopeError> {
        let rest = wire.strip_prefix(MAGIC).ok_or(EnvelopeError::Foreign)?;
        Self::fields(WireReader(rest)).ok_or(EnvelopeError::Length)
    }

    fn fields(mut reader: WireReader<'_>) -> Option<Self> {
        let fetched = reader.time()?;
        let hash = reader.hash()?;
        let token = reader.text()?;
        let bytes = reader.number()?;
        let is_whole = reader.is_empty() && token.len() <= Version::MAX_BYTES;
        let is_sound = is_whole && bytes <= MAX_BYTES;
        is_sound.then(|| Self {
            fetched,
            hash,
            version: Version::new(token),
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            fetched: Timestamp::from_nanos(7),
            hash: Hash::of(b"{}"),
            version: Version::new(b"\"1\""),
            bytes: 2,
        }
    }

    #[test]
    fn round_trip() {
        assert_eq!(Envelope::decode(&envelope().encode()), Ok(envelope()));
    }

    #[test]
    fn refuses_every_cut_and_every_addition() {
        let wire = envelope().encode();
        for end in 0..wire.len() {
            assert!(Envelope::decode(&wire[..end]).is_err(), "cut at {end}");
        }
        let longer = [&wire[..], b"x"].concat();
        assert_eq!(Envelope::decode(&longer), Err(EnvelopeError::Length));
    }

    #[test]
    fn refuses_foreign_bytes() {
        let mut wire = envelope().encode();
        wire[7] ^= 1;
        assert_eq!(Envelope::decode(&wire), Err(EnvelopeError::Foreign));
        let huge = Envelope {
            bytes: MAX_BYTES + 1,
            ..envelope()
        };
        assert_eq!(Envelope::decode(&huge.encode()), Err(EnvelopeError::Length));
        let huge = [&MAGIC[..], &[255; 200]].concat();
        assert_eq!(Envelope::decode(&huge), Err(EnvelopeError::Length));
    }
}
