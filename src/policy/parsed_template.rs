//! Templates as they are written.

use crate::config::{ConfigErrors, Path, listed, nearest};
use crate::template::{Function, Template, TemplateError};

/// Reads a template. Adds its error to `errors`.
pub(in crate::policy) fn parsed(
    text: &str,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Template> {
    match Template::parse(text) {
        Ok(template) => return Some(template),
        Err(TemplateError::UnknownFunction(name)) => {
            let known = Function::NAMES;
            let suggestion = match nearest(&name, &known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are {}", listed(&known, "and")),
            };
            errors.suggest(path, format!("unknown function `{name}`"), suggestion);
        }
        Err(error) => errors.push(path, error.to_string()),
    }
    None
}
