//! The filter's stats in the host.

mod counters;
mod family;
mod metrics;
mod names;

pub(super) use counters::{AdapterCount, Counters};
pub(super) use metrics::{Metrics, Reading, VmAfter};
pub(super) use names::{label as stat_label, name as stat_name};
