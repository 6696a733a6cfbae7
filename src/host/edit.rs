//! Edits, as host calls. The effective context is the stream's.

use crate::http::Edit;

use super::abi::{self, Failure, MapKind};

/// Gives the request another `:path`.
#[inline(always)]
pub(super) fn path(path: &[u8]) -> Result<(), Failure> {
    abi::replace_header(MapKind::Request, b":path", path)
}

/// Edits a header map, one call an edit.
#[inline(always)]
pub(super) fn headers(map: MapKind, edits: &[Edit]) -> Result<(), Failure> {
    // Names are read in one place, and not in each arm: that is less code.
    edits.iter().try_for_each(|edit| match edit {
        Edit::Set(_, value) => abi::replace_header(map, edit.name(), value),
        Edit::Add(_, value) => abi::add_header(map, edit.name(), value),
        Edit::Remove(_) => abi::remove_header(map, edit.name()),
    })
}
