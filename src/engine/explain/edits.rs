//! Reports the edits of a request, one by one, to observers that ask for details.

use crate::http::{KnownName, Text, cookies, query_pairs};
use crate::policy::{
    CookieEdits, HeaderEdits, OtherEdits, PathRewrite, Policy, QueryEdits, Route, RouteEdits,
};

use crate::engine::event::{Detail, Observer};
use crate::engine::exchange::Exchange;
use crate::engine::exchange::forward::{of_upstream, sanitise};
use crate::engine::exchange::header_edits::edit_headers;
use crate::engine::exchange::plan::Plan;
use crate::engine::exchange::strip::StrippedCredentials;
use crate::engine::exchange::values::Attributes;

use super::trace::is_wanted;

/// The edits that a route writes, in their order, and what each found in this request. Values aren't told: the request that is
/// forwarded shows them.
pub(in crate::engine) fn made(
    attributes: &Attributes<'_>,
    route: &Route,
    changes: Option<&RouteEdits>,
    upstream: Option<&Text>,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(exchange) {
        return;
    }
    let mut told = Told::default();
    match &route.path {
        Some(PathRewrite::Template(_)) => told.add("path: a template", None),
        Some(PathRewrite::Prefix(new)) => {
            let new = policy.routes.prefix(*new).escape_ascii();
            told.add(&format!("path: prefix {new}"), None);
        }
        Some(PathRewrite::Regex(rewrite)) => {
            let path = String::from_utf8_lossy(attributes.head.path.matching());
            let found = rewrite.regex.find(&path).ok().flatten();
            let found = usize::from(found.is_some());
            told.add(
                &format!("path: regex {}", rewrite.regex.text()),
                Some(found),
            );
        }
        None => {}
    }
    if let Some(others) = changes.and_then(|changes| changes.others.as_ref()) {
        told.others(others, attributes, route, upstream, policy);
    }
    for (edit, found) in told.0 {
        let edit = &edit;
        exchange.observer.detail(&Detail::Edited { edit, found });
    }
}

/// Each edit as text, and how many it found.
#[derive(Default)]
struct Told(Vec<(String, Option<usize>)>);

impl Told {
    fn add(&mut self, edit: &str, found: Option<usize>) {
        self.0.push((edit.to_owned(), found));
    }

    fn named(&mut self, edit: &str, name: &[u8], found: Option<usize>) {
        self.add(&format!("{edit} {}", name.escape_ascii()), found);
    }

    fn others(
        &mut self,
        others: &OtherEdits,
        attributes: &Attributes<'_>,
        route: &Route,
        upstream: Option<&Text>,
        policy: &Policy,
    ) {
        self.query(&others.query, attributes);
        let headers = attributes.head.request.headers();
        let mut list = Vec::new();
        let mut plan = Plan::new(headers, &mut list);
        sanitise(&mut plan, headers, policy);
        StrippedCredentials::of(attributes.authenticated, route, policy)
            .headers(&mut plan, headers);
        self.headers(&others.headers, &mut plan, attributes);
        if let Some(own) = of_upstream(others, upstream) {
            self.headers(&own.headers, &mut plan, attributes);
        }
        if let Some(edits) = &others.cookies {
            self.cookies(edits, &plan);
        }
        for (edit, is_there) in [
            ("host", others.host.is_some()),
            ("method", others.method.is_some()),
        ] {
            if is_there {
                self.add(edit, None);
            }
        }
    }

    fn query(&mut self, edits: &QueryEdits, attributes: &Attributes<'_>) {
        let query = attributes.head.path.query().unwrap_or_default();
        let count = |name: &[u8]| {
            let pairs = query_pairs(query).filter(|pair| pair.is_named(name));
            Some(pairs.count())
        };
        let rarer = edits.rarer.as_deref();
        if let Some(keep) = rarer.and_then(|rarer| rarer.keep.as_deref()) {
            let kept = keep.iter().filter_map(|name| count(name)).sum();
            let names: Vec<String> = keep
                .iter()
                .map(|name| name.escape_ascii().to_string())
                .collect();
            let names = names.join(", ");
            self.add(&format!("query: keep {names}"), Some(kept));
        }
        for name in &edits.remove {
            self.named("query: remove", name, count(name));
        }
        for one in rarer.iter().flat_map(|rarer| &rarer.rename) {
            let to = one.to.escape_ascii();
            let edit = format!("query: rename {} to {to}", one.from.escape_ascii());
            self.add(&edit, count(&one.from));
        }
        for (name, _) in &edits.set {
            self.named("query: set", name, None);
        }
        for (name, _) in &edits.add {
            self.named("query: add", name, None);
        }
    }

    fn headers(&mut self, edits: &HeaderEdits, plan: &mut Plan<'_>, attributes: &Attributes<'_>) {
        for name in &edits.remove {
            self.named("headers: remove", name, Some(plan.values(name).len()));
            plan.remove(name);
        }
        let rarer = edits.rarer.as_deref();
        for prefix in rarer.iter().flat_map(|rarer| &rarer.remove_prefixes) {
            let before = all_values(plan, attributes);
            plan.remove_prefix(prefix);
            let found = before.saturating_sub(all_values(plan, attributes));
            let edit = format!("headers: remove {}*", prefix.escape_ascii());
            self.add(&edit, Some(found));
        }
        for (kind, moves) in rarer
            .iter()
            .flat_map(|rarer| [("rename", &rarer.rename), ("copy", &rarer.copy)])
        {
            for one in moves {
                let (from, to) = (one.from.escape_ascii(), one.to.escape_ascii());
                let found = plan.values(&one.from).len();
                self.add(&format!("headers: {kind} {from} to {to}"), Some(found));
            }
        }
        for (name, _) in &edits.set {
            self.named("headers: set", name, None);
        }
        for (name, _) in &edits.add {
            self.named("headers: add", name, None);
        }
        // A denial is told elsewhere.
        let _: Result<(), _> = edit_headers(plan, edits, attributes);
    }

    fn cookies(&mut self, edits: &CookieEdits, plan: &Plan<'_>) {
        let fields = plan.values(&"cookie".into());
        for name in &edits.remove {
            let all = fields.iter().flat_map(|field| cookies(field));
            let found = all.filter(|(own, _)| *own == &**name).count();
            self.named("cookies: remove", name, Some(found));
        }
        for (name, _) in &edits.set {
            self.named("cookies: set", name, None);
        }
    }
}

/// The number of values of the headers that came.
fn all_values(plan: &Plan<'_>, attributes: &Attributes<'_>) -> usize {
    let mut names: Vec<&[u8]> = Vec::new();
    for (name, _) in attributes.head.request.headers().iter() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let values = names.iter().map(|name| {
        let name = KnownName::from(*name);
        plan.values(&name).len()
    });
    values.sum()
}
