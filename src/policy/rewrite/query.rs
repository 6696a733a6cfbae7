//! Changes to queries.

use crate::config::{self, ConfigErrors, Named, Path};

use crate::policy::rewrite::{check_once, templates};
use crate::policy::template::{Scope, ValueTemplate};

/// Changes to a query, in the order `keep`, `remove`, `rename`, `set`, `add`. Names are decoded text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct QueryEdits {
    pub(crate) set: Vec<(Box<[u8]>, ValueTemplate)>,
    pub(crate) add: Vec<(Box<[u8]>, ValueTemplate)>,
    pub(crate) remove: Vec<Box<[u8]>>,
    /// `None` if there are none.
    pub(crate) rarer: Option<Box<RarerQueryEdits>>,
}

/// Changes that few routes have.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RarerQueryEdits {
    /// The parameters that stay.
    pub(crate) keep: Option<Box<[Box<[u8]>]>>,
    pub(crate) rename: Box<[ParameterMove]>,
}

/// A parameter that gets another name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ParameterMove {
    pub(crate) from: Box<[u8]>,
    pub(crate) to: Box<[u8]>,
}

impl QueryEdits {
    /// Whether there are no changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty() && self.rarer.is_none()
    }

    /// Changes that remove all parameters.
    fn none_stays() -> Self {
        let rarer = RarerQueryEdits {
            keep: Some(Box::default()),
            ..RarerQueryEdits::default()
        };
        Self {
            rarer: Some(Box::new(rarer)),
            ..Self::default()
        }
    }

    /// The query of a redirect.
    pub(in crate::policy) fn of_redirect(
        written: &config::RedirectQuery,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        match written {
            config::RedirectQuery::Keep => Some(Self::default()),
            config::RedirectQuery::Drop => Some(Self::none_stays()),
            config::RedirectQuery::Edited(edits) => Self::compile(edits, scope, path, errors),
        }
    }

    pub(in crate::policy) fn compile(
        written: &config::QueryEdits,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let at = path.field("rename");
        check_once(&written.rename, <[u8] as PartialEq>::eq, &at, errors);
        for one in &written.rename {
            check_renamed(one, scope, &at, errors);
        }
        let set = templates(&written.set, bytes, scope, &path.field("set"), errors);
        let add = templates(&written.add, bytes, scope, &path.field("add"), errors);
        let names = |names: &[String]| names.iter().map(|name| bytes(name)).collect();
        let rename = |one: &Named<String>| ParameterMove {
            from: bytes(&one.name),
            to: bytes(&one.value),
        };
        let rarer = RarerQueryEdits {
            keep: written.keep.as_deref().map(names),
            rename: written.rename.iter().map(rename).collect(),
        };
        Some(Self {
            set: set?,
            add: add?,
            remove: written.remove.iter().map(|name| bytes(name)).collect(),
            rarer: (rarer != RarerQueryEdits::default()).then(|| Box::new(rarer)),
        })
    }
}

fn bytes(name: &str) -> Box<[u8]> {
    name.as_bytes().into()
}

/// Refuses parameters that hold credentials: they are stripped by their own names.
fn check_renamed(
    one: &Named<String>,
    scope: &Scope<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    for name in [&one.name, &one.value] {
        if scope.owned.is_credential_parameter(name.as_bytes()) {
            let reason = format!("a provider reads credentials from `{name}`");
            let suggestion = "name another parameter, so that no credential is forwarded in it";
            errors.suggest(&path.field(&one.name), reason, suggestion);
        }
    }
}
