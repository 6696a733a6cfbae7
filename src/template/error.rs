//! What can be wrong with a template.

use std::fmt;

/// Why a text is no template: the operator's mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// A `${` without its `}`.
    Unclosed,
    /// `${}`, or `${:-default}`.
    Empty,
    /// This is no dotted name.
    BadName(Box<str>),
    /// Defaults stand in one another, more than four.
    TooDeep,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed => {
                f.write_str("`${` is not closed by `}`; write `$${` for a literal `${`")
            }
            Self::Empty => f.write_str("`${}` names no variable"),
            Self::BadName(name) => write!(f, "`{name}` is no name of a variable"),
            Self::TooDeep => f.write_str("more than four defaults stand in one another"),
        }
    }
}

impl std::error::Error for TemplateError {}
