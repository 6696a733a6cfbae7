//! What a driver lends.

use crate::source::Board;
use crate::time::Timestamp;

use super::event::Observer;

/// What a driver lends for a moment: the time, the shared data, and somebody to tell.
pub(super) struct World<'w> {
    pub(super) now: Timestamp,
    pub(super) board: &'w mut dyn Board,
    pub(super) observer: &'w mut dyn Observer,
}
