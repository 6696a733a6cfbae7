//! The edits of a request that continues.

use crate::http::{Edits, Headers, KnownName, Text, is_token};
use crate::policy::{
    self, Credential, Denial, IdentityHeaders, OtherEdits, Policy, Route, UpstreamEdits,
};
use crate::route::canonical_host;

use super::claim_headers::tell_claims;
use super::head::Head;
use super::header_edits::{change_cookies, edit_headers};
use super::plan::Plan;
use super::response_edits::edit_upstreams;
use super::strip::StrippedCredentials;
use super::target;
use super::values::{Attributes, blame, whose};

thread_local! {
    static AUTHORITY: KnownName = ":authority".into();
    static METHOD: KnownName = ":method".into();
}

/// Removes the owned headers from a request.
pub(in crate::engine) fn sanitise(plan: &mut Plan<'_>, headers: &Headers<'_>, policy: &Policy) {
    if headers.may_have_any(policy.owned_headers.marks()) {
        forget_ours(plan, headers, policy);
    }
}

#[inline(never)]
fn forget_ours(plan: &mut Plan<'_>, headers: &Headers<'_>, policy: &Policy) {
    for (name, _) in headers.iter() {
        if policy.owned_headers.contains(name) {
            plan.remove(&name.into());
        }
    }
}

/// The edits of a request that continues without a matching route.
pub(in crate::engine) fn pass(edits: &mut Edits, head: &Head<'_>, policy: &Policy) {
    let headers = head.request.headers();
    sanitise(&mut Plan::new(headers, &mut edits.request), headers, policy);
    target::keep(&mut edits.path, head, head.path.query());
}

/// All edits of one exchange, which goes to `upstream` if the route chooses one.
pub(in crate::engine) fn edit(
    edits: &mut Edits,
    attributes: &Attributes<'_>,
    route: &Route,
    changes: Option<&policy::RouteEdits>,
    upstream: Option<&Text>,
    policy: &Policy,
) -> Result<(), Denial> {
    let headers = attributes.head.request.headers();
    let mut plan = Plan::new(headers, &mut edits.request);
    sanitise(&mut plan, headers, policy);
    let stripped = StrippedCredentials::of(attributes.authenticated, route, policy);
    stripped.headers(&mut plan, headers);
    let others = changes.and_then(|changes| changes.others.as_ref());
    target::change(
        &mut edits.path,
        attributes,
        &stripped,
        route,
        others,
        policy,
    )?;
    match others {
        Some(others) => changed(&mut plan, others, upstream, attributes, policy)?,
        None => identify(&mut plan, attributes, policy)?,
    }
    if let (Some(upstream), Some(routing)) = (upstream, &policy.routing) {
        plan.set(&routing.header, upstream.clone());
    }
    match others {
        Some(others) => {
            let own = of_upstream(others, upstream).map(|own| &own.response);
            edit_upstreams(edits, &others.response, own, attributes)
        }
        None => Ok(()),
    }
}

/// The edits for the upstream that is chosen.
pub(in crate::engine) fn of_upstream<'e>(
    others: &'e OtherEdits,
    upstream: Option<&Text>,
) -> Option<&'e UpstreamEdits> {
    let upstream = upstream.filter(|_| !others.of_upstreams.is_empty())?;
    let mut all = others.of_upstreams.iter();
    all.find(|edits| *edits.upstream == **upstream)
}

/// The edits of a route, except the path, the query and the upstream.
#[inline(never)]
fn changed(
    plan: &mut Plan<'_>,
    changes: &OtherEdits,
    upstream: Option<&Text>,
    attributes: &Attributes<'_>,
    policy: &Policy,
) -> Result<(), Denial> {
    edit_headers(plan, &changes.headers, attributes)?;
    let own = of_upstream(changes, upstream);
    if let Some(own) = own {
        edit_headers(plan, &own.headers, attributes)?;
    }
    if let Some(cookies) = &changes.cookies {
        change_cookies(plan, cookies, attributes)?;
    }
    identify(plan, attributes, policy)?;
    let host = own.and_then(|own| own.host.as_ref());
    if let Some(host) = host.or(changes.host.as_ref()) {
        let new = attributes.needed(host)?;
        canonical_host(&new).map_err(|_| blame(whose(host)))?;
        AUTHORITY.with(|name| plan.set(name, new));
    }
    if let Some(method) = &changes.method {
        let new = attributes.needed(method)?;
        if !is_token(&new) {
            return Err(blame(whose(method)).into());
        }
        METHOD.with(|name| plan.set(name, new));
    }
    Ok(())
}

/// Sets the headers that identify the sender. The client's values are removed before.
#[inline(always)]
fn identify(
    plan: &mut Plan<'_>,
    attributes: &Attributes<'_>,
    policy: &Policy,
) -> Result<(), Denial> {
    if attributes.authenticated.may_have_tokens() {
        tell_claims(plan, attributes.authenticated, policy)?;
    }
    let identity = attributes.authenticated.identity();
    let Some(credential) = identity.and_then(|identity| identity.credential) else {
        return Ok(());
    };
    let names = &policy.identity;
    plan.set(&names.consumer, credential.owner().name().to_text());
    if !names.tells_name_alone() {
        describe(plan, names, credential);
    }
    Ok(())
}

/// Sets the other identity headers of the policy.
#[inline(never)]
fn describe(plan: &mut Plan<'_>, names: &IdentityHeaders, credential: Credential<'_>) {
    let consumer = credential.owner();
    if let Some(header) = &names.groups {
        let groups: Vec<&[u8]> = consumer.groups().collect();
        if !groups.is_empty() {
            plan.set(header, groups.join(&b',').into());
        }
    }
    if let Some(header) = &names.credential {
        if let Some(id) = credential.id() {
            plan.set(header, id.to_text());
        }
    }
    for (label, header) in &names.labels {
        if let Some(value) = consumer.label(label) {
            plan.set(header, value.to_text());
        }
    }
}
