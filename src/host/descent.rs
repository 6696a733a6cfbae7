//! Which root a stream is of, where a VM has several.
//!
//! A stream's callbacks name the stream alone. `proxy_on_context_create` would name its root as well, but a callback that is
//! exported is called for every request, and nearly every VM has one root. So it isn't exported, and where there are several
//! roots it is found out by what Envoy (1.36 to 1.40) keeps by root: a root declares properties that may be set only once
//! (its foreign function `declare_property`), under names that hold the root's own number; and when a stream sets a property
//! that nobody has set yet, Envoy goes by what the stream's own root has declared. So whoever may set such a name once, and
//! not twice, is of the root in the name.
//!
//! Every filter of a request sees what was set, until the request is over. One of another root, before this one in the
//! chain, may have set the name already, as something that may be set again, so that a no may be wrong; a yes never is. So
//! only a yes counts, and where no root says it, all are asked again under names that the filters before didn't need.

use super::abi::{self, Failure, Status};
use super::id::ContextId;

/// How many names each root has: as many filters of one VM can stand in one chain, and yet be told apart.
const NAMES: u8 = 8;

/// A property by which a root can be known.
fn name(root: ContextId, number: u8) -> String {
    format!("postern.root.{}.{number}", root.0)
}

/// Marks the root that this callback is for, once in its life.
///
/// # Errors
/// The first host call's that fails. Without its marks a root's streams are denied while there are other roots.
#[inline(never)]
pub(super) fn mark(root: ContextId) -> Result<(), Failure> {
    (0..NAMES).try_for_each(|number| abi::declare_property_once(name(root, number).as_bytes()))
}

/// The root of the effective stream, of those that are given; `None` where none of them can be shown to be it.
///
/// # Errors
/// The first host call's that fails.
#[inline(never)]
pub(super) fn root_of_stream(roots: &[ContextId]) -> Result<Option<ContextId>, Failure> {
    for number in 0..NAMES {
        for root in roots {
            if is_of(*root, number)? {
                return Ok(Some(*root));
            }
        }
    }
    Ok(None)
}

/// Whether the effective stream is shown to be of this root.
fn is_of(root: ContextId, number: u8) -> Result<bool, Failure> {
    let name = name(root, number);
    Ok(can_set(&name)? && !can_set(&name)?)
}

fn can_set(name: &str) -> Result<bool, Failure> {
    match abi::set_property(name.as_bytes(), b"") {
        Ok(()) => Ok(true),
        Err(failure) if failure.status == Status::BAD_ARGUMENT => Ok(false),
        Err(failure) => Err(failure),
    }
}
