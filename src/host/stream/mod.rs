//! The streams of a VM, and what is still to be done for them.

mod edits;
mod reply;
mod roots;
mod tables;
mod work;

pub(super) use edits::{headers as edit_headers, path as edit_path};
pub(super) use reply::{MOST_EARLY_BYTES, read as read_reply, unsent};
pub(super) use tables::{PendingCallout, PendingEdits, Tables, WaitingExchange};
pub(super) use work::Work;
