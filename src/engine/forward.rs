//! What becomes of a request that goes on.

use std::borrow::Cow;

use crate::http::{Edits, Headers, Text};
use crate::policy::{
    self, Denial, HeaderEdits, PathPiece, PathRewrite, Policy, QueryEdits, Reason, Rewrite, Route,
};
use crate::rewrite::{PathBuilder, PathValueError, QueryEdit, edit_query, replace_prefix};
use crate::route::canonical_host;

use super::authenticate::Identity;
use super::head::Head;
use super::plan::Plan;
use super::spare::Spare;
use super::strip::Stripped;
use super::values::{Facts, blame, origin, whose};

/// The headers as they came go on without the gate's own.
fn sanitise(plan: &mut Plan<'_>, headers: &Headers<'_>, policy: &Policy) {
    if headers.may_have_any(policy.written.marks()) {
        forget_ours(plan, headers, policy);
    }
}

#[inline(never)]
fn forget_ours(plan: &mut Plan<'_>, headers: &Headers<'_>, policy: &Policy) {
    for (name, _) in headers.iter() {
        if policy.written.contains(name) {
            plan.remove(&Text::Owned(name.to_vec()));
        }
    }
}

/// A request that no route is for, and that goes on all the same.
pub(super) fn pass(head: &Head<'_>, policy: &Policy, spare: &Spare) -> Edits {
    let headers = head.request.headers();
    let mut plan = Plan::new(headers, spare);
    sanitise(&mut plan, headers, policy);
    let path = Cow::Borrowed(head.path.forward());
    set_path(&mut plan, head, path, head.path.query());
    Edits {
        request: plan.finish(),
        response: Vec::new(),
    }
}

/// All edits of one exchange.
pub(super) fn edits(
    facts: &Facts<'_>,
    route: &Route,
    rewrite: &Rewrite,
    policy: &Policy,
    spare: &Spare,
) -> Result<Edits, Denial> {
    let head = facts.head;
    let headers = head.request.headers();
    let mut plan = Plan::new(headers, spare);
    sanitise(&mut plan, headers, policy);
    let stripped = Stripped::of(facts.who, route, policy);
    stripped.headers(&mut plan, headers);
    let path = match &rewrite.path {
        Some(new) => Cow::Owned(new_path(new, facts, policy, spare.path())?),
        None => Cow::Borrowed(head.path.forward()),
    };
    let changes = rewrite.edits.as_deref();
    let query = new_query(facts, &stripped, changes.map(|changes| &changes.query))?;
    set_path(&mut plan, head, path, query.as_deref());
    if let Some(changes) = changes {
        return changed(plan, changes, facts, policy, spare);
    }
    identify(&mut plan, facts, policy);
    Ok(Edits {
        request: plan.finish(),
        response: Vec::new(),
    })
}

/// What a route changes beside the path and the query.
#[inline(never)]
fn changed(
    mut plan: Plan<'_>,
    changes: &policy::Edits,
    facts: &Facts<'_>,
    policy: &Policy,
    spare: &Spare,
) -> Result<Edits, Denial> {
    edit_headers(&mut plan, &changes.headers, facts)?;
    identify(&mut plan, facts, policy);
    if let Some(host) = &changes.host {
        let new = facts.needed(host)?;
        canonical_host(&new).map_err(|_| blame(whose(host)))?;
        plan.set(&":authority".into(), new);
    }
    if let Some(method) = &changes.method {
        let new = facts.needed(method)?;
        if !is_token(&new) {
            return Err(blame(whose(method)).into());
        }
        plan.set(&":method".into(), new);
    }
    if let (Some(upstream), Some(routing)) = (&changes.upstream, &policy.routing) {
        let chosen = facts.needed_bytes(upstream)?;
        let chosen = routing.allowed(&chosen).ok_or(Reason::UpstreamNotAllowed)?;
        plan.set(&routing.header, chosen.clone());
    }
    let mut response = Plan::blind(spare);
    edit_headers(&mut response, &changes.response, facts)?;
    Ok(Edits {
        request: plan.finish(),
        response: response.finish(),
    })
}

/// The headers that tell the upstream who it is. Client's copies are gone already.
fn identify(plan: &mut Plan<'_>, facts: &Facts<'_>, policy: &Policy) {
    let Some(who) = &facts.who.identity else {
        return;
    };
    let names = &policy.identity;
    plan.set(&names.consumer, who.consumer().name().to_text());
    if !names.tells_name_alone() {
        describe(plan, names, who);
    }
}

/// What else the policy has the upstream told.
#[inline(never)]
fn describe(plan: &mut Plan<'_>, names: &policy::Identity, who: &Identity<'_>) {
    if let Some(header) = &names.groups {
        let groups: Vec<&[u8]> = who.consumer().groups().collect();
        if !groups.is_empty() {
            plan.set(header, groups.join(&b',').into());
        }
    }
    if let Some(header) = &names.credential {
        if let Some(id) = who.credential.id() {
            plan.set(header, id.to_text());
        }
    }
    for (label, header) in &names.labels {
        if let Some(value) = who.consumer().label(label) {
            plan.set(header, value.to_text());
        }
    }
}

/// A new path, of literals and values, in the memory of `room`, which is empty.
pub(super) fn new_path(
    rewrite: &PathRewrite,
    facts: &Facts<'_>,
    policy: &Policy,
    room: Vec<u8>,
) -> Result<Vec<u8>, Denial> {
    match rewrite {
        PathRewrite::Template(pieces) => of_pieces(pieces, facts, room),
        PathRewrite::Prefix(new) => {
            let covered = facts.covered;
            let new = policy.routes.text(*new);
            let came = &facts.head.path;
            let mut path = room;
            // What goes behind it mostly is the query as it came.
            let query = came
                .query()
                .map_or(0, |query| query.len().saturating_add(1));
            path.reserve(
                new.len()
                    .saturating_add(came.forward().len())
                    .saturating_add(query),
            );
            replace_prefix(came.forward(), covered, new, &mut path);
            Ok(path)
        }
    }
}

#[inline(never)]
fn of_pieces(pieces: &[PathPiece], facts: &Facts<'_>, room: Vec<u8>) -> Result<Vec<u8>, Denial> {
    let mut path = PathBuilder::in_room(room);
    for piece in pieces {
        match piece {
            PathPiece::Literal(literal) => path.literal(literal),
            PathPiece::Variable(variable, default) => match (facts.value(variable)?, default) {
                (Some(found), _) => match found.segments {
                    Some(segments) => path.segments(segments, found.origin),
                    None => path.segment(&found.text, found.origin),
                },
                (None, Some(default)) => path.segment(default, crate::rewrite::Origin::Policy),
                (None, None) => return Err(blame(origin(variable)).into()),
            },
        }
    }
    path.finish()
        .map_err(|PathValueError { origin, .. }| blame(origin).into())
}

/// The query without credentials, and as the route changes it.
pub(super) fn new_query<'x>(
    facts: &Facts<'x>,
    stripped: &Stripped<'_>,
    edits: Option<&QueryEdits>,
) -> Result<Option<Cow<'x, [u8]>>, Denial> {
    let is_edited = edits.is_some_and(|edits| !edits.is_empty());
    if is_edited || stripped.changes_query() {
        return edited_query(facts, stripped, edits);
    }
    let head: &'x Head<'x> = facts.head;
    Ok(head.path.query().map(Cow::Borrowed))
}

#[inline(never)]
fn edited_query<'x>(
    facts: &Facts<'x>,
    stripped: &Stripped<'_>,
    edits: Option<&QueryEdits>,
) -> Result<Option<Cow<'x, [u8]>>, Denial> {
    let head: &'x Head<'x> = facts.head;
    let query = head.path.query();
    let Some(edits) = edits else {
        return Ok(edit_query(query, &stripped.query().collect::<Vec<_>>()));
    };
    let mut values = Vec::new();
    for (_, value) in edits.set.iter().chain(&edits.add) {
        values.push(facts.text(value)?);
    }
    let mut all: Vec<QueryEdit<'_>> = stripped.query().collect();
    let mut values = values.iter();
    all.extend(edits.remove.iter().map(|name| QueryEdit::Remove(name)));
    for (name, _) in &edits.set {
        all.push(match values.next() {
            Some(Some(value)) => QueryEdit::Set(name, value),
            _ => QueryEdit::Remove(name),
        });
    }
    for (name, _) in &edits.add {
        if let Some(Some(value)) = values.next() {
            all.push(QueryEdit::Add(name, value));
        }
    }
    Ok(edit_query(query, &all))
}

/// Joins path and query.
pub(super) fn joined(path: Cow<'_, [u8]>, query: Option<&[u8]>) -> Vec<u8> {
    let mut whole = path.into_owned();
    if let Some(query) = query {
        whole.reserve(query.len().saturating_add(1));
        whole.push(b'?');
        whole.extend_from_slice(query);
    }
    whole
}

fn set_path(plan: &mut Plan<'_>, head: &Head<'_>, path: Cow<'_, [u8]>, query: Option<&[u8]>) {
    let came = &head.path;
    let same_path = came.is_as_it_came() && is(&path, came.forward());
    let same_query = match (query, came.query()) {
        (Some(new), Some(old)) => is(new, old),
        (new, old) => new.is_none() && old.is_none(),
    };
    if !same_path || !same_query {
        plan.set_anew(":path".into(), joined(path, query).into());
    }
}

/// Equal. What wasn't changed is the very same bytes, which is told without reading them.
fn is(new: &[u8], old: &[u8]) -> bool {
    std::ptr::eq(new, old) || *new == *old
}

fn edit_headers(plan: &mut Plan<'_>, edits: &HeaderEdits, facts: &Facts<'_>) -> Result<(), Denial> {
    for name in &edits.remove {
        plan.remove(name);
    }
    for (name, value) in &edits.set {
        match facts.text(value)? {
            Some(value) => plan.set(name, value),
            None => plan.remove(name),
        }
    }
    for (name, value) in &edits.add {
        if let Some(value) = facts.text(value)? {
            plan.add(name.clone(), value);
        }
    }
    Ok(())
}

/// RFC 9110 §5.6.2.
fn is_token(text: &[u8]) -> bool {
    let in_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(in_token)
}
