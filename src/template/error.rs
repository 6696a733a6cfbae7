//! What can be wrong with a template.

/// Why a text is no template: the operator's mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `${` without its `}`.
    #[error("`${{` is not closed by `}}`; write `$${{` for a literal `${{`")]
    Unclosed,
    /// `${}`, or `${:-default}`.
    #[error("`${{}}` names no variable")]
    Empty,
    /// This is no dotted name.
    #[error("`{0}` is no name of a variable")]
    BadName(Box<str>),
    /// Defaults stand in one another, more than four.
    #[error("more than four defaults stand in one another")]
    TooDeep,
}
