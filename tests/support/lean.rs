//! What the lean module can run.

use crate::case::{CaseFile, json_of};
use crate::compile::compile;

/// Whether a file's policy is one that it takes; one that doesn't compile is left for the run to find.
pub(crate) fn suits(file: &CaseFile) -> bool {
    let json = json_of(file.policy.as_deref().unwrap_or_default());
    let policy =
        json.and_then(|json| compile(&json, &file.env).map_err(|errors| errors.to_string()));
    policy.map_or(true, |policy| policy.suits_lean().is_ok())
}
