//! Edits as host calls. The effective context is the stream.

use crate::host::hostcalls::{Failure, Host, MapKind};
use crate::http::Edit;

/// Gives the request another `:path`.
pub(in crate::host) fn path(host: &impl Host, path: &[u8]) -> Result<(), Failure> {
    host.replace_header(MapKind::Request, b":path", path)
}

/// Edits a header map, with one call for each edit.
pub(in crate::host) fn headers(
    host: &impl Host,
    map: MapKind,
    edits: &[Edit],
) -> Result<(), Failure> {
    // Names are read once here, and not in each arm: that is less code.
    edits.iter().try_for_each(|edit| match edit {
        Edit::Set(_, value) => host.replace_header(map, edit.name(), value),
        Edit::Add(_, value) => host.add_header(map, edit.name(), value),
        Edit::Remove(_) => host.remove_header(map, edit.name()),
    })
}
