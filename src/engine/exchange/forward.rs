//! The edits of a request that continues.

use crate::http::{Edit, Edits, Headers, KnownName, is_token};
use crate::policy::{
    self, Credential, Denial, HeaderEdits, IdentityHeaders, OtherEdits, Policy, Reason, Route,
    ValueTemplate,
};
use crate::route::canonical_host;

use super::claim_headers::tell_claims;
use super::head::Head;
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

/// What happens with a value that is not allowed in a header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum InvalidValue {
    /// The request is denied.
    Deny,
    /// The header is left out, because a denial must not cause another denial.
    Omit,
}

/// The edits of a response that the gate sends.
#[inline(never)]
pub(in crate::engine) fn edit_own(
    list: &mut Vec<Edit>,
    edits: &HeaderEdits,
    attributes: &Attributes<'_>,
    invalid: InvalidValue,
) -> Result<(), Denial> {
    edit_headers(&mut Plan::blind(list), edits, attributes, invalid)
}

fn edit_headers(
    plan: &mut Plan<'_>,
    edits: &HeaderEdits,
    attributes: &Attributes<'_>,
    invalid: InvalidValue,
) -> Result<(), Denial> {
    let text = |value: &ValueTemplate| match attributes.text(value) {
        Err(_) if invalid == InvalidValue::Omit => Ok(None),
        text => text,
    };
    for name in &edits.remove {
        plan.remove(name);
    }
    for (name, value) in &edits.set {
        match text(value)? {
            Some(value) => plan.set(name, value),
            None => plan.remove(name),
        }
    }
    for (name, value) in &edits.add {
        if let Some(value) = text(value)? {
            plan.add(name, value);
        }
    }
    Ok(())
}
