//! Conditions on lists of documents and on flags.

use std::borrow::Cow;

use crate::draw::Share;
use crate::engine::documents::Sources;
use crate::engine::event::{Event, Observer};
use crate::policy::{
    Condition, Flag, Listed, Policy, Route, RouteAction, RouteId, Subject, Upstream, ValueTemplate,
};

use super::lookup_result::{ResultValue, ValueRef};
use super::values::{Attributes, Lookups, as_text, claim_as_text};

/// Whether a value is in a list. `None` if that is unknown: the value depends on a lookup that isn't done, or it has no text, or
/// there is no usable document.
pub(super) fn is_listed(
    listed: &Listed,
    attributes: &Attributes<'_>,
    lookups: Lookups,
) -> Option<bool> {
    let is_pending = lookups == Lookups::Pending;
    let claim;
    let value = match &listed.subject {
        Subject::Text(template) if is_pending && template.needs_lookup() => return None,
        Subject::Text(template) => Some(attributes.known(template)?),
        Subject::LookedUp(_) if is_pending => return None,
        Subject::LookedUp(at) => textual(attributes.looked_up(*at), as_text)?,
        Subject::Claim(path) => {
            claim = attributes.claim(path);
            textual(claim.as_ref().map(ResultValue::as_value), claim_as_text)?
        }
    };
    match attributes.sources.list(listed.list) {
        Some(list) => Some(value.is_some_and(|value| list.contains(&value))),
        None => listed.default,
    }
}

/// The text of a value, which may be absent. `None` for a value that has no text.
fn textual<'v>(
    value: Option<ValueRef<'v>>,
    text: fn(ValueRef<'v>) -> Option<Cow<'v, [u8]>>,
) -> Option<Option<Cow<'v, [u8]>>> {
    match value {
        Some(value) => text(value).map(Some),
        None => Some(None),
    }
}

/// Whether a flag is on. `None` if that is unknown: the key has no text or depends on a lookup that isn't done, or no document says a
/// usable state.
pub(super) fn is_on(
    flag: &Flag,
    key: Option<&ValueTemplate>,
    attributes: &Attributes<'_>,
    lookups: Lookups,
) -> Option<bool> {
    let share = state(flag, key, attributes.sources).or(flag.default)?;
    match (share, key) {
        (Share::ALL, _) => Some(true),
        (Share::NONE, _) => Some(false),
        (_, Some(key)) if lookups == Lookups::Pending && key.needs_lookup() => None,
        (_, Some(key)) => Some(flag.is_on(share, &attributes.known(key)?)),
        (_, None) => None,
    }
}

/// The state of a flag, as its document says it. A percentage says nothing to a condition without a key.
pub(in crate::engine) fn state(
    flag: &Flag,
    key: Option<&ValueTemplate>,
    sources: &Sources,
) -> Option<Share> {
    let share = flag.state(sources.value(flag.source)?)?;
    (key.is_some() || share.is_plain()).then_some(share)
}

/// Whether a condition asks a document that says nothing usable, where the policy has no default.
#[cold]
#[inline(never)]
pub(in crate::engine) fn lacks_document(
    condition: &Condition,
    sources: &Sources,
    policy: &Policy,
) -> bool {
    let mut lacks = false;
    let mut found = |_: &str, has_default: bool| lacks |= !has_default;
    each_without_document(condition, sources, policy, &mut found);
    lacks
}

/// Reports the conditions of a route whose default was taken: the request goes on without their documents. A route that wasn't
/// chosen has its `when` only.
#[cold]
#[inline(never)]
pub(in crate::engine) fn tell_defaults(
    id: RouteId,
    route: &Route,
    is_chosen: bool,
    sources: &Sources,
    policy: &Policy,
    observer: &mut (impl Observer + ?Sized),
) {
    let mut names = Vec::new();
    let rest = route.spec.authorize().into_iter().chain(of_upstream(route));
    let rest = rest.filter(|_| is_chosen);
    for condition in route.spec.when().into_iter().chain(rest) {
        each_without_document(condition, sources, policy, &mut |name, _| {
            names.push(name.to_owned());
        });
    }
    for lookup in &names {
        observer.event(&Event::FellBack {
            route: policy.routes.name(route),
            id,
            lookup,
        });
    }
}

/// The conditions that choose the upstream of a route.
fn of_upstream(route: &Route) -> impl Iterator<Item = &Condition> {
    let edits = match route.spec.action() {
        RouteAction::Forward(edits) => edits.as_deref(),
        RouteAction::DirectResponse(_) => None,
    };
    let candidates = match edits.and_then(|edits| edits.upstream.as_ref()) {
        Some(Upstream::First(candidates)) => candidates.as_slice(),
        Some(Upstream::One(_)) | None => &[],
    };
    let conditions = candidates.iter().map(|candidate| candidate.when.as_ref());
    conditions.flatten()
}

/// Calls `found` for each list and each flag of a condition whose document says nothing usable: with the name of the flag, or of
/// the list's source, and whether the policy has a default.
fn each_without_document(
    condition: &Condition,
    sources: &Sources,
    policy: &Policy,
    found: &mut dyn FnMut(&str, bool),
) {
    match condition {
        Condition::All(list) | Condition::Any(list) => {
            for one in list {
                each_without_document(one, sources, policy, found);
            }
        }
        Condition::Not(inner) => each_without_document(inner, sources, policy, found),
        Condition::Listed(listed) => {
            if sources.list(listed.list).is_none() {
                let source = policy.sources.lists.place(listed.list);
                let name = source.map_or("", |(source, _)| policy.sources.name(source));
                found(name, listed.default.is_some());
            }
        }
        Condition::Flag(flag, key) => {
            if state(flag, key.as_ref(), sources).is_none() {
                found(&flag.name, flag.default.is_some());
            }
        }
        Condition::AnyGroup(_)
        | Condition::AllGroups(_)
        | Condition::Consumers(_)
        | Condition::Label(..)
        | Condition::Provider(_)
        | Condition::LookedUp(..)
        | Condition::Claim(..)
        | Condition::AnyScope(_)
        | Condition::AllScopes(_)
        | Condition::Text(..) => {}
    }
}
