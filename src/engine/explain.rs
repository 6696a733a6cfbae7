//! Tells how an exchange came to its end, and how an engine's sources are.

pub(super) mod report;
pub(super) mod trace;
