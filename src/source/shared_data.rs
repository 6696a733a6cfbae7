//! What the VMs of one Envoy share.

/// The shared data of the host: small keys, no time to live, compare-and-swap.
pub trait SharedData {
    /// The bytes under `key`, and the mark that a later [`write`](SharedData::write) may ask for.
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes, and says whether it was done. With a mark only where nobody wrote since it was read; [`ABSENT`] lets
    /// exactly one in where nothing was under the key.
    fn write(&mut self, key: &str, value: &[u8], mark: Option<u32>) -> bool;
}

/// The mark for a key that held nothing. The host takes any mark there, but only the first writer's: the key then has one.
pub const ABSENT: u32 = u32::MAX;
