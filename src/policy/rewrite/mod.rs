//! The changes that a route makes.

mod cookie;
mod header;
pub(in crate::policy) mod path;
mod query;
pub(in crate::policy) mod response;
pub(in crate::policy) mod upstream;

use crate::config::{self, ConfigErrors, Named, Path};
use crate::http::same_name;

use crate::policy::identity::Routing;
use crate::policy::rewrite::path::{Matches, PathRewrite};
use crate::policy::rewrite::response::ResponseEdits;
use crate::policy::rewrite::upstream::{Upstream, UpstreamEdits, UpstreamScope};
use crate::policy::template::{Scope, ValueTemplate};

pub(crate) use cookie::CookieEdits;
pub(crate) use header::{HeaderEdits, HeaderMove, RarerHeaderEdits};
pub(crate) use query::QueryEdits;

/// Changes besides the path. Routes rarely share the path, but often the rest.
#[derive(Debug, PartialEq)]
pub(crate) struct RouteEdits {
    /// The choice of the upstream, for the routing header.
    pub(crate) upstream: Option<Upstream>,
    pub(crate) others: Option<OtherEdits>,
}

impl RouteEdits {
    /// The changes, if there are any.
    pub(in crate::policy) fn of(upstream: Option<Upstream>, others: OtherEdits) -> Option<Self> {
        let others = (others != OtherEdits::default()).then_some(others);
        (upstream.is_some() || others.is_some()).then_some(Self { upstream, others })
    }
}

/// Changes that few routes have.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct OtherEdits {
    pub(crate) host: Option<ValueTemplate>,
    pub(crate) method: Option<ValueTemplate>,
    pub(crate) headers: HeaderEdits,
    pub(crate) query: QueryEdits,
    pub(crate) cookies: Option<Box<CookieEdits>>,
    pub(crate) response: ResponseEdits,
    /// Changes for single upstreams.
    pub(crate) of_upstreams: Vec<UpstreamEdits>,
}

/// The new path, the upstream, and all other changes.
pub(in crate::policy) fn compile(
    written: &config::Rewrite,
    scopes: &UpstreamScope<'_>,
    matches: Matches,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<(Option<PathRewrite>, Option<Upstream>, OtherEdits)> {
    let scope = scopes.conditions.templates;
    let template = |text: &Option<String>, name: &'static str, errors: &mut ConfigErrors| match text
    {
        Some(text) => scope.template(text, &path.field(name), errors).map(Some),
        None => Some(None),
    };
    let new_path = match &written.path {
        Some(new) => {
            PathRewrite::compile(new, scope, matches, &path.field("path"), errors).map(Some)
        }
        None => Some(None),
    };
    let host = template(&written.host, "host", errors);
    let method = template(&written.method, "method", errors);
    let at = path.field("upstream");
    let compile = |upstream| scopes.compile(upstream, &at, errors);
    let upstream = written.upstream.as_ref().map(compile);
    let of_upstreams = scopes.edits(&written.edits, &path.field("edits"), errors);
    let at = path.field("headers");
    let headers = HeaderEdits::of_request(&written.headers, scope, &at, errors);
    if let Some(routing) = scopes.routing {
        check_routing(&written.headers, routing, &at, errors);
    }
    let query = QueryEdits::compile(&written.query, scope, &path.field("query"), errors);
    let at = path.field("cookies");
    let cookies = CookieEdits::compile(&written.cookies, scope, &at, errors);
    let others = OtherEdits {
        host: host?,
        method: method?,
        headers: headers?,
        query: query?,
        cookies: cookies?,
        response: ResponseEdits::default(),
        of_upstreams: of_upstreams?,
    };
    let upstream = match upstream {
        Some(upstream) => Some(upstream?),
        None => None,
    };
    Some((new_path?, upstream, others))
}

/// Refuses the routing header: only `upstream` may write it, because its values are checked against a list.
fn check_routing(
    written: &config::HeaderEdits,
    routing: &Routing,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    for (list, name) in [(&written.set, "set"), (&written.add, "add")] {
        let path = path.field(name);
        for edit in list
            .iter()
            .filter(|edit| same_name(edit.name.as_bytes(), &routing.header))
        {
            let reason = "this is the `routing` header, whose values are checked against a list";
            errors.suggest(&path.field(&edit.name), reason, "write `upstream`");
        }
    }
}

/// The templates of a list, each with its name as `name` makes it.
fn templates<N>(
    list: &[Named<String>],
    name: impl Fn(&str) -> N,
    scope: &Scope<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<(N, ValueTemplate)>> {
    let one = |edit: &Named<String>, errors: &mut ConfigErrors| {
        let value = scope.template(&edit.value, &path.field(&edit.name), errors)?;
        Some((name(&edit.name), value))
    };
    let compiled: Vec<_> = list.iter().map(|edit| one(edit, errors)).collect();
    compiled.into_iter().collect()
}

/// Refuses a name that stands twice in a list of names for names. The order of a map means nothing, so no entry may depend on
/// another one.
fn check_once(
    written: &[Named<String>],
    is_same: fn(&[u8], &[u8]) -> bool,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    let mut names: Vec<&str> = Vec::new();
    for one in written {
        for name in [&one.name, &one.value] {
            let is_same = |other: &&str| is_same(other.as_bytes(), name.as_bytes());
            if names.iter().any(is_same) {
                let reason = format!("`{name}` stands here twice");
                let suggestion =
                    "the order of these entries means nothing, so each name is in one of them";
                errors.suggest(&path.field(&one.name), reason, suggestion);
            }
            names.push(name);
        }
    }
}
