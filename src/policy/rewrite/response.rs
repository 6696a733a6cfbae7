//! Changes to responses, by the origin of the response.

use crate::config::{self, ConfigErrors, Named, Occasion, Path};
use crate::http::same_name;

use crate::policy::rewrite::HeaderEdits;
use crate::policy::template::Scope;

/// Changes to the responses of the filter itself: denials after the route matched, and the route's direct response.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::policy) struct DirectResponseEdits {
    pub(in crate::policy) denials: bool,
    pub(in crate::policy) answers: bool,
    /// `None` where they equal the changes to the upstream's responses.
    pub(in crate::policy) headers: Option<HeaderEdits>,
}

/// The changes to all responses of a route.
#[derive(Default)]
pub(in crate::policy) struct Responses {
    /// Changes to the upstream's responses.
    pub(in crate::policy) forwarded: HeaderEdits,
    /// Changes to the filter's own responses. Most routes have none.
    pub(in crate::policy) own: Option<DirectResponseEdits>,
}

impl Responses {
    /// Compiles the changes of a route.
    pub(in crate::policy) fn compile(
        route: &config::Route,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let Some(written) = &route.response else {
            return Some(Self::default());
        };
        let path = path.field("response");
        let on = |occasion| written.on.contains(&occasion);
        check_occasions(route, &written.on, &path.field("on"), errors);
        let (denials, answers) = (on(Occasion::Denied), on(Occasion::Answered));
        let path = path.field("headers");
        if denials || answers {
            check_edits(&written.headers, route, &path, errors);
        }
        let headers = HeaderEdits::of_response(&written.headers, scope, &path, errors)?;
        let mut headers = Some(headers);
        let mut forwarded = HeaderEdits::default();
        if on(Occasion::Forwarded) && !answers_itself(route) {
            forwarded = headers.take().unwrap_or_default();
        }
        let own = (denials || answers).then_some(DirectResponseEdits {
            denials,
            answers,
            headers,
        });
        Some(Self { forwarded, own })
    }
}

const fn answers_itself(route: &config::Route) -> bool {
    route.redirect.is_some() || route.respond.is_some()
}

/// Refuses changes without effect: a route either forwards requests or answers them.
fn check_occasions(
    route: &config::Route,
    on: &[Occasion],
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    let is_answer = answers_itself(route);
    let comes = |occasion: &Occasion| match occasion {
        Occasion::Forwarded => !is_answer,
        Occasion::Answered => is_answer,
        Occasion::Denied => true,
    };
    if on.iter().any(comes) {
        return;
    }
    if is_answer {
        let reason = "the route has a direct response, so its requests are not forwarded";
        errors.suggest(path, reason, "write `[answered]` or `[answered, denied]`");
    } else {
        let reason = "only a route with `redirect` or `respond` answers requests";
        errors.suggest(path, reason, "write `[forwarded]` or `[forwarded, denied]`");
    }
}

fn check_edits(
    written: &config::HeaderEdits,
    route: &config::Route,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    let redirects = route.redirect.is_some();
    for (list, name) in [(&written.set, "set"), (&written.add, "add")] {
        check_values(list, redirects, &path.field(name), errors);
    }
    let path = path.field("remove");
    for (at, name) in written.remove.iter().enumerate() {
        check_name(name, redirects, &path.index(at), errors);
    }
}

/// Refuses headers that the filter writes itself: content headers, authentication challenges, the gRPC status, and the
/// location of a redirect.
pub(in crate::policy) fn check_values(
    headers: &[Named<String>],
    redirects: bool,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    for header in headers {
        check_name(&header.name, redirects, &path.field(&header.name), errors);
    }
}

fn check_name(name: &str, redirects: bool, path: &Path<'_>, errors: &mut ConfigErrors) {
    let folded = name.replace('_', "-");
    if redirects && same_name(name.as_bytes(), b"location") {
        let reason = "the redirect sets this header itself";
        errors.suggest(path, reason, "write `redirect: {host, path}`");
    } else if folded == "www-authenticate"
        || folded.starts_with("grpc-")
        || folded.starts_with("content-")
    {
        let reason = "the header can't be changed on responses of the filter itself";
        let suggestion = "`www-authenticate`, `grpc-*` and `content-*` describe such a response";
        errors.suggest(path, reason, suggestion);
    }
}
