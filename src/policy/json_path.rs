//! JSONPaths of a policy.

use crate::config::{ConfigErrors, Path};
use crate::source::JsonPath;

/// A JSONPath, compiled.
pub(super) fn json_path(
    text: &str,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<JsonPath> {
    match JsonPath::compile(text) {
        Ok(compiled) => Some(compiled),
        Err(error) => {
            errors.suggest(
                path,
                format!("`{text}`: {error}"),
                "a JSONPath begins with `$` (RFC 9535)",
            );
            None
        }
    }
}
