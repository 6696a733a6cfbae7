//! What a driver lends for one call.

use crate::source::SharedData;
use crate::time::Timestamp;

use crate::engine::event::Observer;

/// What a driver lends for one call: the time, the shared data, and an observer.
pub(in crate::engine) struct CallInputs<'w> {
    pub(in crate::engine) now: Timestamp,
    pub(in crate::engine) shared_data: &'w mut dyn SharedData,
    pub(in crate::engine) observer: &'w mut dyn Observer,
}
