//! JSONPaths of a policy.

use crate::config::{ConfigErrors, Path};
use crate::source::{JsonPath, PropertyNames};
use crate::template::claim_path;

/// A JSONPath for a document or claims that have their names as they are written, compiled.
pub(super) fn json_path(
    text: &str,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<JsonPath> {
    json_path_with(text, PropertyNames::Exact, path, errors)
}

/// A JSONPath whose names stand for these, compiled.
pub(super) fn json_path_with(
    text: &str,
    names: PropertyNames,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<JsonPath> {
    match JsonPath::compile_with(text, names) {
        Ok(compiled) => Some(compiled),
        Err(error) => {
            let on_one_line = text.replace(['\t', '\n', '\r'], " ");
            errors.suggest(
                path,
                format!("`{on_one_line}`: {error}"),
                "a JSONPath begins with `$` (RFC 9535)",
            );
            None
        }
    }
}

/// The path of the claim that a variable of a template names. It is one value: names and indices.
///
/// # Errors
/// What may be written instead.
pub(super) fn claim(variable: &str) -> Result<JsonPath, String> {
    let Some(path) = claim_path(variable) else {
        return Err("write `claims.NAME` or `claims['NAME']`".into());
    };
    match JsonPath::compile(&path) {
        Ok(path) if path.is_singular() => Ok(path),
        Ok(_) => Err("a claim in a template is one value: write names and indices only".into()),
        Err(error) => Err(format!("as a JSONPath it is `{path}`: {error}")),
    }
}
