//! What all verbs have in common: how they end, and how they speak.

use std::io::{self, Write as _};
use std::process::ExitCode;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All is well: 0.
    Good,
    /// Something is wrong with what was looked at: 1.
    Bad,
    /// It could not be looked at: 2.
    Unusable,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        Self::from(match verdict {
            Verdict::Good => 0,
            Verdict::Bad => 1,
            Verdict::Unusable => 2,
        })
    }
}

/// Why a verb could not do its work, for a person to read.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

/// Prints a line.
pub(crate) fn say(line: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{line}") {
        // Whoever listened has heard enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure(format!("standard output: {error}"))),
    }
}
