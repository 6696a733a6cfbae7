//! The text of a claim that names something.

use std::borrow::Cow;

use serde_json::Value;

use crate::number::number_text;
use crate::source::{JsonPath, Selection};

/// The claim as text: a text that isn't empty, or an integer's. `None` for several values and other types. A number that isn't an
/// integer of 64 bits names nobody: several numbers have the same double, and so the same text.
pub(in crate::policy::provider) fn claim_text<'c>(
    claim: &JsonPath,
    claims: &'c Value,
) -> Option<Cow<'c, str>> {
    let Selection::One(claim) = claim.select(claims) else {
        return None;
    };
    match claim {
        Value::String(text) => (!text.is_empty()).then_some(Cow::Borrowed(text)),
        Value::Number(number) if !number.is_f64() => Some(Cow::Owned(number_text(number))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}
