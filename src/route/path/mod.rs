//! The canonical form of a request's path: one spelling for each meaning.

mod canonical;
mod rules;
mod spelling;

pub use canonical::{CanonicalPath, canonicalise};
pub use rules::{
    DuplicateSlash, EscapedPercent, Parameters, PathRules, RequestPathError, SlashChoice,
};
pub(super) use spelling::{decode, forwarded, hides_dots, matching_form, segments};
