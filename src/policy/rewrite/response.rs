//! Changes to responses, by the origin of the response.

use std::sync::Arc;

use crate::config::{self, ConfigErrors, Named, Occasion, Path, SameSite};
use crate::http::{CookieAttributes, StatusSet};

use crate::policy::rewrite::HeaderEdits;
use crate::policy::template::Scope;

/// Changes to responses with one of some statuses, or to all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ResponseBlock {
    pub(crate) statuses: Option<StatusSet>,
    pub(crate) headers: HeaderEdits,
    pub(crate) cookies: Option<Arc<CookieAttributes>>,
}

/// Changes to responses, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ResponseEdits {
    pub(crate) blocks: Vec<Arc<ResponseBlock>>,
    /// Whether the response itself says what the changes are. Otherwise they are known with the request.
    pub(crate) are_late: bool,
}

impl ResponseEdits {
    /// Changes of headers alone.
    pub(in crate::policy) fn of_headers(headers: HeaderEdits) -> Self {
        let mut edits = Self::default();
        if headers != HeaderEdits::default() {
            edits.push(&Arc::new(ResponseBlock {
                statuses: None,
                headers,
                cookies: None,
            }));
        }
        edits
    }

    fn push(&mut self, block: &Arc<ResponseBlock>) {
        self.are_late |= block.is_late();
        self.blocks.push(Arc::clone(block));
    }
}

impl ResponseBlock {
    const fn is_late(&self) -> bool {
        self.statuses.is_some() || self.cookies.is_some() || self.headers.rarer.is_some()
    }

    fn compile(
        written: &config::ResponseEdits,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let at = path.field("headers");
        let headers = HeaderEdits::compile(&written.headers, scope, &at, errors);
        let at = path.field("cookies");
        let cookies = match &written.cookies {
            Some(written) => Some(Arc::new(cookies(written, &at, errors)?)),
            None => None,
        };
        let when = written.when.as_ref();
        Some(Self {
            statuses: when.map(|when| StatusSet(when.status.as_slice().into())),
            headers: headers?,
            cookies,
        })
    }
}

fn cookies(
    written: &config::SetCookieEdits,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<CookieAttributes> {
    let secure = written.secure.is_some();
    if written.same_site == Some(SameSite::None) && !secure {
        // The draft of RFC 6265bis, §5.7, step 19.
        let reason = "browsers refuse such a cookie without `Secure`";
        errors.suggest(&path.field("sameSite"), reason, "add `secure: true`");
        return None;
    }
    let names = written.names.iter();
    Some(CookieAttributes {
        secure,
        http_only: written.http_only.is_some(),
        same_site: written.same_site.map(|value| match value {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        }),
        names: names.map(|name| name.as_bytes().into()).collect(),
    })
}

/// Changes to the responses of the filter itself: denials after the route matched, and the route's direct response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::policy) struct DirectResponseEdits {
    pub(in crate::policy) denials: ResponseEdits,
    pub(in crate::policy) answers: ResponseEdits,
}

/// The changes to all responses of a route.
#[derive(Default)]
pub(in crate::policy) struct Responses {
    /// Changes to the upstream's responses.
    pub(in crate::policy) forwarded: ResponseEdits,
    /// Changes to the filter's own responses. Most routes have none.
    pub(in crate::policy) own: DirectResponseEdits,
}

impl Responses {
    /// Compiles the changes of a route.
    pub(in crate::policy) fn compile(
        route: &config::Route,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let mut compiled = Some(Self::default());
        let mut one = |written: &config::ResponseEdits, path: &Path<'_>| {
            check_occasions(route, &written.on, &path.field("on"), errors);
            let on = |occasion| written.on.contains(&occasion);
            let (denials, answers) = (on(Occasion::Denied), on(Occasion::Answered));
            if denials || answers {
                check_edits(&written.headers, route, &path.field("headers"), errors);
            }
            let block = ResponseBlock::compile(written, scope, path, errors).map(Arc::new);
            let (Some(all), Some(block)) = (&mut compiled, &block) else {
                compiled = None;
                return;
            };
            if on(Occasion::Forwarded) && !answers_itself(route) {
                all.forwarded.push(block);
            }
            if denials {
                all.own.denials.push(block);
            }
            if answers {
                all.own.answers.push(block);
            }
        };
        if let Some(written) = &route.response {
            written.each(&path.field("response"), &mut one);
        }
        compiled
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
    for (moves, name) in [(&written.rename, "rename"), (&written.copy, "copy")] {
        let path = path.field(name);
        for one in moves {
            let path = path.field(&one.name);
            check_name(&one.value, redirects, &path, errors);
            if name == "rename" {
                check_name(&one.name, redirects, &path, errors);
            }
        }
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

/// The same for one name, or for a prefix of names with a `*` at its end.
fn check_name(name: &str, redirects: bool, path: &Path<'_>, errors: &mut ConfigErrors) {
    let folded = name.replace('_', "-");
    let is = |own: &str| match folded.strip_suffix('*') {
        Some(prefix) => own.starts_with(prefix) || (own.ends_with('-') && prefix.starts_with(own)),
        None => own == folded || (own.ends_with('-') && folded.starts_with(own)),
    };
    if redirects && is("location") {
        let reason = "the redirect sets this header itself";
        errors.suggest(path, reason, "write `redirect: {host, path}`");
    } else if ["www-authenticate", "grpc-", "content-"]
        .into_iter()
        .any(is)
    {
        let reason = "the header can't be changed on responses of the filter itself";
        let suggestion = "`www-authenticate`, `grpc-*` and `content-*` describe such a response";
        errors.suggest(path, reason, suggestion);
    }
}
