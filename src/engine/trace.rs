//! Tells how an exchange came to its end, stage by stage, to observers that want to know. The others pay for a question
//! a stage, and in the module nothing at all.

use crate::http::Request;
use crate::policy::{
    Condition, Credential, LookedUp, Lookup, Operand, Policy, Provider, Route, Test, ValueTemplate,
    Verdict,
};
use crate::route::{Found, canonical_host, canonicalise};
use crate::source::{Entry, Settled};

use super::authorize::{Lookups, holds};
use super::detail::{Detail, Known, Origin, Said};
use super::documents::SourceState;
use super::documents::View;
use super::event::Observer;
use super::head::Head;
use super::lookups::{Desk, Stop};
use super::picked::{Pick, Picked};
use super::values::Facts;

/// Never in the module, which needs none of what stands here: a gateway has no time for it.
fn is_wanted(desk: &Desk<'_, impl Observer + ?Sized>) -> bool {
    cfg!(not(target_arch = "wasm32")) && desk.observer.wants_detail()
}

/// The request's head: what was removed, and its one spelling.
pub(super) fn head(head: &Head<'_>, policy: &Policy, desk: &mut Desk<'_, impl Observer + ?Sized>) {
    if !is_wanted(desk) {
        return;
    }
    sanitised(head.request, policy, desk);
    desk.observer.detail(&Detail::Canonical {
        host: &head.host,
        path: head.path.forward(),
        matching: head.path.matching(),
        query: head.path.query(),
    });
}

fn sanitised(request: &Request<'_>, policy: &Policy, desk: &mut Desk<'_, impl Observer + ?Sized>) {
    for (name, _) in request.headers().iter() {
        if policy.written.contains(name) {
            desk.observer.detail(&Detail::Sanitised { name });
        }
    }
}

/// Why a request has no head.
pub(super) fn malformed(
    request: &Request<'_>,
    policy: &Policy,
    desk: &mut Desk<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(desk) {
        return;
    }
    sanitised(request, policy, desk);
    let path = request.path().map(|path| canonicalise(path, &policy.paths));
    let host = request.headers().first(b":authority").map(canonical_host);
    let error = match (path, host) {
        (Some(Err(error)), _) => error.to_string(),
        (_, Some(Err(error))) => error.to_string(),
        // Missing, or repeated: the reason says so.
        (None | Some(Ok(_)), None | Some(Ok(_))) => return,
    };
    desk.observer.detail(&Detail::Malformed { error: &error });
}

/// The route that was found.
pub(super) fn matched(
    head: &Head<'_>,
    found: Found<'_>,
    route: &Route,
    desk: &mut Desk<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(desk) {
        return;
    }
    desk.observer.detail(&Detail::Matched {
        route: desk.policy.routes.name(route),
        place: usize::try_from(found.route.0).unwrap_or_default(),
        matching: found.matching,
    });
    let captures = found.captures(head.path.matching());
    for (name, _) in found.pattern.captures() {
        if let Some(capture) = captures.get(name) {
            let text = &capture.text();
            desk.observer.detail(&Detail::Captured { name, text });
        }
    }
}

/// What one of the route's providers says.
pub(super) fn verdict(
    provider: &Provider,
    verdict: &Verdict<'_>,
    desk: &mut Desk<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(desk) {
        return;
    }
    let groups: Vec<&[u8]>;
    let (said, locations) = match verdict {
        Verdict::Absent => (Said::Absent, Vec::new()),
        Verdict::Accepted(verified) => {
            let identity = &verified.identity;
            let consumer = identity.consumer();
            groups = consumer.map_or_else(Vec::new, |consumer| consumer.groups().collect());
            let said = Said::Accepted {
                consumer: consumer.map(|consumer| consumer.name().bytes()),
                groups: &groups,
                credential: identity
                    .credential
                    .and_then(Credential::id)
                    .map(|id| id.bytes()),
            };
            (said, vec![verified.at.location])
        }
        Verdict::Rejected(reason, locations) => (Said::Rejected(reason.name()), locations.clone()),
        Verdict::Unavailable => (Said::Unavailable, Vec::new()),
    };
    desk.observer.detail(&Detail::Authenticated {
        provider: &provider.name,
        said,
        places: &locations,
    });
}

/// What a lookup brought, be it a denial.
pub(super) fn looked_up(
    lookup: &Lookup,
    facts: &Facts<'_>,
    picked: &Result<Picked<'_>, Stop>,
    policy: &Policy,
    desk: &mut Desk<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(desk) {
        return;
    }
    let values = picked.as_ref().ok();
    let key = lookup
        .key
        .as_ref()
        .and_then(|key| facts.bytes(&key.template).ok().flatten());
    let keyless = lookup.key.is_some() && key.is_none();
    let (origin, entry) = match desk.sources.at(lookup.source) {
        Some(SourceState::Inline(seen)) => {
            (Origin::Inline, known(&seen.view, key.as_deref(), keyless))
        }
        Some(SourceState::Watched(watched)) => {
            let entry = watched
                .seen()
                .map(|seen| known(&seen.view, key.as_deref(), keyless));
            (Origin::Document, entry.unwrap_or(Known::Failed))
        }
        Some(SourceState::OnDemand(source)) => {
            let identity = source.borrow().identity;
            let told = desk.memory.answers.iter().rev().find(|result| {
                result.source == identity && key.as_ref().is_some_and(|key| *result.key == **key)
            });
            match told.map(|result| &result.settled) {
                Some(Settled::Found(_)) => (Origin::Callout, Known::Found),
                Some(Settled::Missing) => (Origin::Callout, Known::Missing),
                Some(Settled::Failed(_) | Settled::Ignored) => (Origin::Callout, Known::Failed),
                None if values.is_some() && !keyless => (Origin::Memory, Known::Found),
                None => (Origin::Memory, Known::Missing),
            }
        }
        None => (Origin::Inline, Known::Failed),
    };
    let named = values.map(|values| {
        let names = lookup.values.iter().map(|value| &*value.name);
        names
            .enumerate()
            .map(|(at, name)| (name, values.get(at).map(Pick::to_value)))
            .collect::<Vec<_>>()
    });
    let named = named.as_ref().map(|named| {
        let values = named.iter().map(|(name, value)| (*name, value.as_ref()));
        values.collect::<Vec<_>>()
    });
    desk.observer.detail(&Detail::LookedUp {
        lookup: &lookup.name,
        source: policy
            .sources
            .at(lookup.source)
            .map_or("", |source| &source.name),
        key: key.as_deref(),
        origin,
        entry,
        values: named.as_deref(),
    });
}

fn known(view: &View, key: Option<&[u8]>, keyless: bool) -> Known {
    let Some(key) = key else {
        return if keyless {
            Known::Missing
        } else {
            Known::Found
        };
    };
    match view.index.as_ref().map(|index| index.get(key)) {
        Some(Entry::Found(_)) => Known::Found,
        Some(Entry::Missing) => Known::Missing,
        Some(Entry::Ambiguous) | None => Known::Failed,
    }
}

/// A route's condition with all its parts.
pub(super) fn checked(
    route: &Route,
    facts: &Facts<'_>,
    lookups: Lookups,
    policy: &Policy,
    desk: &mut Desk<'_, impl Observer + ?Sized>,
) {
    if let Some(condition) = route.kind.authorize().filter(|_| is_wanted(desk)) {
        let scene = Scene {
            route,
            facts,
            lookups,
            policy,
        };
        scene.tell(condition, 0, desk);
    }
}

/// What conditions are told with.
struct Scene<'s> {
    route: &'s Route,
    facts: &'s Facts<'s>,
    lookups: Lookups,
    policy: &'s Policy,
}

impl Scene<'_> {
    fn tell(
        &self,
        condition: &Condition,
        depth: usize,
        desk: &mut Desk<'_, impl Observer + ?Sized>,
    ) {
        // A list of one, which labels make too, says nothing of its own.
        if let Condition::All(list) | Condition::Any(list) = condition {
            if let [one] = list.as_slice() {
                return self.tell(one, depth, desk);
            }
        }
        desk.observer.detail(&Detail::Checked {
            depth,
            condition: &self.written(condition),
            holds: holds(condition, self.facts, self.lookups),
        });
        let below = depth.saturating_add(1);
        match condition {
            Condition::All(list) | Condition::Any(list) => {
                list.iter().for_each(|one| self.tell(one, below, desk));
            }
            Condition::Not(inner) => self.tell(inner, below, desk),
            Condition::AnyGroup(_)
            | Condition::AllGroups(_)
            | Condition::Consumers(_)
            | Condition::Label(..)
            | Condition::Provider(_)
            | Condition::LookedUp(..) => {}
        }
    }

    fn written(&self, condition: &Condition) -> String {
        match condition {
            Condition::All(_) => "all of these".into(),
            Condition::Any(_) => "any of these".into(),
            Condition::Not(_) => "not this".into(),
            Condition::AnyGroup(names) => format!("groups: any of {}", names.join(", ")),
            Condition::AllGroups(names) => format!("groups: all of {}", names.join(", ")),
            Condition::Consumers(names) => format!("consumers: any of {}", names.join(", ")),
            Condition::Label(name, value) => format!("labels: {name} is {}", self.text(value)),
            Condition::Provider(place) => {
                let name = self
                    .policy
                    .providers
                    .at(*place)
                    .map_or("", |provider| &provider.name);
                format!("provider: {name}")
            }
            Condition::LookedUp(at, test) => self.test(*at, test),
        }
    }

    fn text(&self, template: &ValueTemplate) -> String {
        match self.facts.text(template) {
            Ok(Some(text)) => format!("`{}`", text.escape_ascii()),
            _ => "unknown".into(),
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Value(value) => value.to_string(),
            Operand::Text(template) => self.text(template),
        }
    }

    fn test(&self, at: LookedUp, test: &Test) -> String {
        let lookup = self.route.kind.lookups().get(at.lookup);
        let value = lookup.and_then(|lookup| lookup.values.get(at.value));
        let name = format!(
            "{}.{}",
            lookup.map_or("", |lookup| &lookup.name),
            value.map_or("", |value| &value.name)
        );
        let test = match test {
            Test::Equals(operand) => format!("lookup: {name} equals {}", self.operand(operand)),
            Test::Contains(operand) => format!("lookup: {name} contains {}", self.operand(operand)),
            Test::Exists => format!("lookup: {name} exists"),
            Test::Absent => format!("lookup: {name} doesn't exist"),
        };
        match (self.lookups, self.facts.looked_up(at)) {
            (Lookups::Pending, _) => test,
            (Lookups::Done, Some(value)) => format!("{test}; it is {}", value.to_value()),
            (Lookups::Done, None) => format!("{test}; there is none"),
        }
    }
}
