//! Keys that no source is asked for.

/// Why a key isn't asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadRefusal {
    /// Too many callouts are under way.
    TooManyInFlight,
    /// The key is longer than `max_key_bytes`.
    KeyTooLong,
    /// No entry can have it: it has to be one segment and holds one of `/ \ ? # %`, or a byte that the source's names can't have.
    ReservedByte,
    /// The key holds a control byte, or would be an empty or a dot segment.
    UnfitKey,
}
