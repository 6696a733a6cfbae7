//! The explanation of an exchange, and the report on an engine's sources.

pub(super) mod asked;
pub(super) mod conditions;
pub(super) mod edits;
pub(super) mod held;
pub(super) mod report;
pub(super) mod trace;
pub(super) mod upstream;
