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
    /// No function has this name.
    #[error("unknown function `{0}`")]
    UnknownFunction(Box<str>),
    /// A function without its `)`, or something between its `)` and the end.
    #[error("`{0}(` is not closed by one `)`; a default follows it: `${{{0}(NAME):-default}}`")]
    UnclosedCall(&'static str),
    /// More than three functions are nested.
    #[error("more than three functions are nested")]
    TooManyFunctions,
    /// More than four defaults are nested.
    #[error("more than four defaults are nested")]
    TooDeep,
}
