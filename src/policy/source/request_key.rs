//! The keys of requests by template.

use crate::config::{ConfigErrors, Path};
use crate::policy::source::request::{RequestText, RequestTexts};
use crate::template::Piece;

/// Refuses a key that leaves out a value of the request: an answer to one value would be given to another.
pub(super) fn check(texts: &RequestTexts, at: &Path<'_>, errors: &mut ConfigErrors) {
    let Some(key) = &texts.key else {
        return;
    };
    let mut refused: Vec<&str> = Vec::new();
    for piece in &texts.pieces {
        let RequestText::Value(piece, _) = piece else {
            continue;
        };
        let Piece::Value { variable, .. } = piece else {
            continue;
        };
        if key.pieces().iter().any(|own| decides(own, piece)) || refused.contains(&&**variable) {
            continue;
        }
        refused.push(variable);
        let is_there = key.variables().contains(&&**variable);
        let reason = if is_there {
            format!(
                "the key doesn't say what `{variable}` is in the request: two requests that differ would share an answer"
            )
        } else {
            format!("the request uses `{variable}`: two requests that differ would share an answer")
        };
        errors.suggest(
            at,
            reason,
            format!("add `${{{variable}}}`, or remove `key`"),
        );
    }
}

/// Whether the text of a part of the key decides the text of a part of the request. The value of the variable itself does, and so does
/// the same text. A function may give two values one text, and a default may be the same as a value.
fn decides(key: &Piece, request: &Piece) -> bool {
    let (
        Piece::Value {
            variable,
            functions,
            default,
        },
        Piece::Value {
            variable: other,
            functions: more,
            default: another,
        },
    ) = (key, request)
    else {
        return false;
    };
    let is_same = functions == more && default == another;
    let is_whole = default.is_none() && more.starts_with(functions);
    variable == other && (is_same || is_whole)
}
