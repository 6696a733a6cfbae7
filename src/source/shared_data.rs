//! What the VMs of one Envoy share.

/// The shared data of the host: small keys, no time to live, compare-and-swap.
pub trait SharedData {
    /// The bytes under `key`, and the compare-and-swap token for a later [`write`](SharedData::write).
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes, and returns whether it was done. With a token it is done only if there was no other write since that
    /// token was read. With the largest token (`ABSENT`) exactly one writer succeeds if the key is absent.
    fn write(&mut self, key: &str, value: &[u8], mark: Option<u32>) -> bool;
}

/// The compare-and-swap token for an absent key. The host takes any token there, but only from the first
/// writer: then the key has a token.
pub(crate) const ABSENT: u32 = u32::MAX;
