//! The keys of a document.

use crate::auth::jwt::{KeySet, KeySetError, KeyWarning};
use crate::source::{Budget, Document, SourceError};

use super::ViewInputs;

/// The cost of a key: the point of an elliptic curve takes the longest.
const COST_OF_KEY: usize = 8 << 10;

/// Reads the document's keys, of which there are few, in one go. Those that can't be used are reported and passed over.
///
/// # Errors
/// There is no usable key. So an empty set never replaces the keys that are in use.
pub(super) fn read(
    document: &Document,
    inputs: &mut ViewInputs<'_>,
    budget: &mut Budget,
) -> Result<KeySet, SourceError> {
    let read = KeySet::read_published(document.value());
    let (warnings, set) = match read {
        Ok((set, warnings)) => (warnings, Ok(set)),
        Err(KeySetError::NoneUsable(warnings)) => {
            let reason = KeySetError::NoneUsable(Vec::new()).to_string();
            (warnings, Err(SourceError::Unusable(reason)))
        }
        Err(error) => (Vec::new(), Err(SourceError::Unusable(error.to_string()))),
    };
    let keys = set.as_ref().map_or(0, |set: &KeySet| set.keys().len());
    let keys = keys.saturating_add(warnings.len());
    budget.spend(keys.saturating_mul(COST_OF_KEY));
    for warning in &warnings {
        inputs.left_out(&name(warning), &warning.error.to_string());
    }
    set
}

/// The key's `kid`, or its place in the set.
fn name(warning: &KeyWarning) -> String {
    let kid = warning.kid.as_deref();
    kid.map_or_else(|| warning.at.to_string(), str::to_owned)
}
