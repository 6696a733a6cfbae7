//! Errors of templates.

/// The reason why a text isn't a template. The operator has to correct it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `${` without its `}`.
    #[error("`${{` is not closed by `}}`; write `$${{` for a literal `${{`")]
    Unclosed,
    /// `${}`, or `${:-default}`.
    #[error("`${{}}` names no variable")]
    Empty,
    /// The text in the braces isn't a dotted name.
    #[error("`{0}` is not a valid name of a variable")]
    BadName(Box<str>),
    /// More than four defaults are nested.
    #[error("more than four defaults are nested")]
    TooDeep,
}
