//! A document on its way between VMs.

use std::fmt;

use crate::time::Timestamp;

use super::{Hash, Validator};

/// What was read is no envelope of this version, or not a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Written by something else.
    Foreign,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("foreign")
    }
}

impl std::error::Error for EnvelopeError {}

/// A document's bytes with what belongs to them.
#[derive(Clone, Debug, PartialEq, Eq)]
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
