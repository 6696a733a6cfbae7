//! What a driver lends.

use crate::source::SharedData;
use crate::time::Timestamp;

use crate::engine::event::Observer;

/// What a driver lends for a moment: the time, the shared data, and somebody to tell.
pub(in crate::engine) struct CallInputs<'w> {
    pub(in crate::engine) now: Timestamp,
    pub(in crate::engine) shared_data: &'w mut dyn SharedData,
    pub(in crate::engine) observer: &'w mut dyn Observer,
}
