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
