//! Who fetches, and what came of it: the small record that all VMs read on every tick.

use crate::time::Timestamp;

use super::Hash;

/// The newest document that was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Its hash.
    pub hash: Hash,
    /// When the source last said that it is this one.
    pub confirmed: Timestamp,
}

/// The record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The VM that fetches; zero where nobody does.
    pub owner: u64,
    /// Until when nobody else may.
    pub deadline: Timestamp,
    /// When the next fetch is due.
    pub due: Timestamp,
    /// How many fetches have failed since the last good one.
    pub failures: u32,
    /// The newest document that was published.
    pub newest: Option<Newest>,
}
