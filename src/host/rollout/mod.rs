//! How a filter's policies are rolled out: what each of its VMs runs.

mod filters;
mod record;

pub(super) use filters::{Filters, Reported};
pub(super) use record::{NONE, RolloutRecord};
