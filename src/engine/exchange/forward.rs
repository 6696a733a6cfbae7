//! The edits of a request that continues.

use crate::http::{Edits, Headers, KnownName, is_token};
use crate::policy::{
    self, Credential, Denial, IdentityHeaders, OtherEdits, Policy, Reason, Route, ValueTemplate,
};
use crate::route::canonical_host;

use super::claim_headers::tell_claims;
use super::head::Head;
use super::header_edits::{InvalidValue, edit_headers};
use super::plan::Plan;
use super::strip::StrippedCredentials;
use super::target;
use super::values::{Attributes, blame, whose};

thread_local! {
    static AUTHORITY: KnownName = ":authority".into();
    static METHOD: KnownName = ":method".into();
}

/// Removes the owned headers from a request.
fn sanitise(plan: &mut Plan<'_>, headers: &Headers<'_>, policy: &Policy) {
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

/// All edits of one exchange.
pub(in crate::engine) fn edit(
    edits: &mut Edits,
    attributes: &Attributes<'_>,
    route: &Route,
    changes: Option<&policy::RouteEdits>,
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
        Some(others) => changed(&mut plan, others, attributes, policy)?,
        None => identify(&mut plan, attributes, policy)?,
    }
    if let Some(upstream) = changes.and_then(|changes| changes.upstream.as_ref()) {
        choose(&mut plan, upstream, attributes, policy)?;
    }
    match others {
        Some(others) => edit_headers(
            &mut Plan::blind(&mut edits.response),
            &others.response,
            attributes,
            InvalidValue::Deny,
        ),
        None => Ok(()),
    }
}

/// Writes the name of the upstream, if the policy allows that name.
#[inline(never)]
fn choose(
    plan: &mut Plan<'_>,
    upstream: &ValueTemplate,
    attributes: &Attributes<'_>,
    policy: &Policy,
) -> Result<(), Denial> {
    // A policy with `upstream` always has a header for it.
    if let Some(routing) = &policy.routing {
        let chosen = attributes.needed_bytes(upstream)?;
        let chosen = routing.allowed(&chosen).ok_or(Reason::UpstreamNotAllowed)?;
        plan.set(&routing.header, chosen.clone());
    }
    Ok(())
}

/// The edits of a route, except the path, the query and the upstream.
#[inline(never)]
fn changed(
    plan: &mut Plan<'_>,
    changes: &OtherEdits,
    attributes: &Attributes<'_>,
    policy: &Policy,
) -> Result<(), Denial> {
    edit_headers(plan, &changes.headers, attributes, InvalidValue::Deny)?;
    identify(plan, attributes, policy)?;
    if let Some(host) = &changes.host {
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
