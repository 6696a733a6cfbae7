//! Changes to header fields.

use crate::config::{self, ConfigErrors, Named, Path};
use crate::http::{KnownName, same_name};

use crate::policy::rewrite::{check_once, templates};
use crate::policy::template::{Scope, ValueTemplate};

/// Changes to a header map, in the order `remove`, `rarer`, `set`, `add`. Names are lower case.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HeaderEdits {
    pub(crate) set: Vec<(KnownName, ValueTemplate)>,
    pub(crate) add: Vec<(KnownName, ValueTemplate)>,
    pub(crate) remove: Vec<KnownName>,
    /// `None` if there are none.
    pub(crate) rarer: Option<Box<RarerHeaderEdits>>,
}

/// Changes that need the headers as they came, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RarerHeaderEdits {
    /// Prefixes of names. Their headers are removed.
    pub(crate) remove_prefixes: Box<[Box<[u8]>]>,
    pub(crate) rename: Box<[HeaderMove]>,
    pub(crate) copy: Box<[HeaderMove]>,
}

/// A header whose values another header gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HeaderMove {
    pub(crate) from: KnownName,
    pub(crate) to: KnownName,
}

impl HeaderEdits {
    /// Compiles changes to a request. A header of the gate can't be renamed, and none can be copied to or from it.
    pub(in crate::policy) fn of_request(
        written: &config::HeaderEdits,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        for (moves, name) in [(&written.rename, "rename"), (&written.copy, "copy")] {
            let path = path.field(name);
            for one in moves {
                let path = path.field(&one.name);
                check_moved(&one.name, scope, &path, errors);
                check_moved(&one.value, scope, &path, errors);
                check_target(&one.value, &path, errors);
            }
        }
        Self::compile(written, scope, path, errors)
    }

    /// Compiles changes to a response.
    pub(in crate::policy) fn compile(
        written: &config::HeaderEdits,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let name = |name: &str| KnownName::from(name);
        let set = templates(&written.set, name, scope, &path.field("set"), errors);
        let add = templates(&written.add, name, scope, &path.field("add"), errors);
        let (prefixes, names): (Vec<&String>, Vec<&String>) =
            written.remove.iter().partition(|text| text.ends_with('*'));
        let mut moves = |written: &[Named<String>], name| -> Box<[HeaderMove]> {
            check_once(written, same_name, &path.field(name), errors);
            let moves = written.iter().map(|one| HeaderMove {
                from: one.name.as_str().into(),
                to: one.value.as_str().into(),
            });
            moves.collect()
        };
        let prefix = |text: &String| text.trim_end_matches('*').as_bytes().into();
        let rarer = RarerHeaderEdits {
            remove_prefixes: prefixes.into_iter().map(prefix).collect(),
            rename: moves(&written.rename, "rename"),
            copy: moves(&written.copy, "copy"),
        };
        let is_there =
            !(rarer.remove_prefixes.is_empty() && rarer.rename.is_empty() && rarer.copy.is_empty());
        Some(Self {
            set: set?,
            add: add?,
            remove: names.into_iter().map(|text| name(text)).collect(),
            rarer: is_there.then(|| Box::new(rarer)),
        })
    }
}

/// Refuses a header of the gate: the client's value of it is never forwarded. Refuses a header that holds credentials too: they
/// are stripped from this header alone.
fn check_moved(name: &str, scope: &Scope<'_>, path: &Path<'_>, errors: &mut ConfigErrors) {
    if scope.owned.holds_credentials(name.as_bytes()) {
        let reason = format!("a provider reads credentials from `{name}`");
        let suggestion = "name another header, so that no credential is forwarded in it";
        errors.suggest(path, reason, suggestion);
    } else if scope.owned.contains(name.as_bytes()) {
        let reason = format!("`{name}` is set by this policy, so the client's is removed first");
        errors.suggest(path, reason, "name a header that only clients send");
    }
}

/// Refuses headers that Envoy trusts. It removes the client's before the filter sees the request, but not after it.
fn check_target(name: &str, path: &Path<'_>, errors: &mut ConfigErrors) {
    let folded = name.replace('_', "-");
    if folded.starts_with("x-envoy-") || same_name(name.as_bytes(), b"x-forwarded-client-cert") {
        let reason = format!("Envoy trusts `{name}`, so no header of a client can become it");
        errors.suggest(path, reason, "name another header");
    }
}
