//! A document on its way between VMs.

use std::fmt;

use crate::time::Timestamp;

use super::bytes::{Reader, Writer};
use super::{Hash, Validator};

/// The last byte is the version: what another version wrote is foreign.
const MAGIC: &[u8; 8] = b"pstrnD\0\x01";

/// Why what was read is no envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Something else wrote it, or another version.
    Foreign,
    /// It is cut off, or too long.
    Length,
    /// The document isn't the one that was put in.
    Corrupt,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "the envelope is foreign",
            Self::Length => "the envelope has the wrong length",
            Self::Corrupt => "the envelope's document has another hash",
        })
    }
}

impl std::error::Error for EnvelopeError {}

/// A document's bytes with what belongs to them, as it lies in shared data: magic and version, time, hash, the parts of
/// the validator, the bytes; everything of variable length has its length before it. `Debug` shows of the bytes their number alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// When the source gave it.
    pub fetched: Timestamp,
    /// Hash of the bytes.
    pub hash: Hash,
    /// How to ask for a newer one.
    pub validator: Validator,
    /// The bytes.
    pub body: &'a [u8],
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("fetched", &self.fetched)
            .field("hash", &self.hash)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Envelope<'a> {
    /// Its wire form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut wire = Writer::default();
        wire.0.reserve(self.body.len().saturating_add(256));
        let validator = &self.validator;
        wire.raw(MAGIC)
            .time(self.fetched)
            .raw(&self.hash.0)
            .text(validator.etag.as_deref().unwrap_or_default())
            .text(validator.last_modified.as_deref().unwrap_or_default())
            .text(self.body);
        wire.0
    }

    /// Reads the wire form. Takes nothing but a whole envelope of this version with the very document that was put in.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn decode(wire: &'a [u8]) -> Result<Self, EnvelopeError> {
        let rest = wire.strip_prefix(MAGIC).ok_or(EnvelopeError::Foreign)?;
        let envelope = Self::fields(Reader(rest)).ok_or(EnvelopeError::Length)?;
        if Hash::of(envelope.body) == envelope.hash {
            Ok(envelope)
        } else {
            Err(EnvelopeError::Corrupt)
        }
    }

    fn fields(mut reader: Reader<'a>) -> Option<Self> {
        let given = |text: &[u8]| (!text.is_empty()).then(|| text.to_vec());
        let fetched = reader.time()?;
        let hash = reader.hash()?;
        let etag = given(reader.text()?);
        let last_modified = given(reader.text()?);
        let body = reader.text()?;
        let validator = Validator {
            etag,
            last_modified,
        };
        reader.is_empty().then_some(Self {
            fetched,
            hash,
            validator,
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope<'static> {
        Envelope {
            fetched: Timestamp::from_nanos(7),
            hash: Hash::of(b"{}"),
            validator: Validator {
                etag: Some(b"\"1\"".to_vec()),
                last_modified: None,
            },
            body: b"{}",
        }
    }

    #[test]
    fn round_trip() {
        assert_eq!(Envelope::decode(&envelope().encode()), Ok(envelope()));
    }

    #[test]
    fn every_cut_and_every_addition_is_refused() {
        let wire = envelope().encode();
        for end in 0..wire.len() {
            assert!(Envelope::decode(&wire[..end]).is_err(), "cut at {end}");
        }
        let longer = [&wire[..], b"x"].concat();
        assert_eq!(Envelope::decode(&longer), Err(EnvelopeError::Length));
    }

    #[test]
    fn what_is_foreign_or_corrupt() {
        let mut wire = envelope().encode();
        let last = wire.len() - 1;
        wire[last] ^= 1;
        assert_eq!(Envelope::decode(&wire), Err(EnvelopeError::Corrupt));
        wire[7] ^= 1;
        assert_eq!(Envelope::decode(&wire), Err(EnvelopeError::Foreign));
        let huge = [&MAGIC[..], &[255; 200]].concat();
        assert_eq!(Envelope::decode(&huge), Err(EnvelopeError::Length));
    }
}
