//! Changes to the cookies of a request.

use crate::config::{self, ConfigErrors, Path};
use crate::rewrite::is_cookie_value;

use crate::policy::rewrite::templates;
use crate::policy::template::{Scope, ValueTemplate};

/// Changes to the cookies of a request, in the order `remove`, `set`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CookieEdits {
    pub(crate) remove: Box<[Box<[u8]>]>,
    pub(crate) set: Vec<(Box<[u8]>, ValueTemplate)>,
}

impl CookieEdits {
    /// The changes, or `None` if there are none.
    pub(in crate::policy) fn compile(
        written: &config::CookieEdits,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Option<Box<Self>>> {
        if written.set.is_empty() && written.remove.is_empty() {
            return Some(None);
        }
        let name = |name: &str| -> Box<[u8]> { name.as_bytes().into() };
        let path = path.field("set");
        let set = templates(&written.set, name, scope, &path, errors)?;
        for (edit, (_, value)) in written.set.iter().zip(&set) {
            if value.literal().is_some_and(|text| !is_cookie_value(&text)) {
                let reason = "not a value for a cookie";
                let suggestion = "it has ASCII characters without blanks, `\"`, `,`, `;` and `\\`";
                errors.suggest(&path.field(&edit.name), reason, suggestion);
            }
        }
        let remove = written.remove.iter().map(|text| name(text)).collect();
        Some(Some(Box::new(Self { remove, set })))
    }
}
