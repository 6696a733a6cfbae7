//! Config centres.

mod board;
mod error;

pub use board::{ABSENT, Board};
pub use error::SourceError;
