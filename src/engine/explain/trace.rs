//! Reports the details of each stage to observers that ask for them. For other observers this costs one check for each stage,
//! and in the module nothing.

use crate::http::Request;
use crate::policy::{
    Claims, Condition, Credential, Denial, LookedUp, Lookup, LookupValueId, Operand, Policy,
    Provider, Reason, Route, ValueTemplate, ValueTest, Verdict,
};
use crate::route::{RouteMatch, canonical_host, canonicalise};
use crate::source::{Entry, ReadResult};

use crate::engine::documents::{SourceState, View};
use crate::engine::event::{Detail, EntryOrigin, EntryStatus, Observer, VerdictDetail};
use crate::engine::exchange::authorize::{Lookups, holds};
use crate::engine::exchange::head::Head;
use crate::engine::exchange::lookup_result::{LookupResult, ResultValue, ValueRef};
use crate::engine::exchange::values::Attributes;
use crate::engine::exchange::{Exchange, Stop};

/// Whether the observer asks for details. Always false in the module: details cost too much time there.
pub(super) fn is_wanted(exchange: &Exchange<'_, impl Observer + ?Sized>) -> bool {
    cfg!(not(target_arch = "wasm32")) && exchange.observer.wants_detail()
}

/// Reports the request's head: the headers that were removed, and the canonical form.
pub(in crate::engine) fn head(
    head: &Head<'_>,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(exchange) {
        return;
    }
    sanitised(head.request, policy, exchange);
    exchange.observer.detail(&Detail::Canonical {
        host: &head.host,
        path: head.path.forward(),
        matching: head.path.matching(),
        query: head.path.query(),
    });
}

fn sanitised(
    request: &Request<'_>,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    for (name, _) in request.headers().iter() {
        if policy.owned_headers.contains(name) {
            exchange.observer.detail(&Detail::Sanitised { name });
        }
    }
}

/// Reports the reason why a request has no canonical head.
pub(in crate::engine) fn malformed(
    request: &Request<'_>,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(exchange) {
        return;
    }
    sanitised(request, policy, exchange);
    let path = request.path().map(|path| canonicalise(path, &policy.paths));
    let host = request.headers().first(b":authority").map(canonical_host);
    let error = match (path, host) {
        (Some(Err(error)), _) => error.to_string(),
        (_, Some(Err(error))) => error.to_string(),
        // The host or the path is missing or repeated: the denial's reason says which.
        (None | Some(Ok(_)), None | Some(Ok(_))) => return,
    };
    exchange
        .observer
        .detail(&Detail::Malformed { error: &error });
}

/// The route that was found.
pub(in crate::engine) fn matched(
    head: &Head<'_>,
    found: RouteMatch<'_>,
    route: &Route,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(exchange) {
        return;
    }
    exchange.observer.detail(&Detail::Matched {
        route: exchange.policy.routes.name(route),
        id: found.route,
        match_index: found.match_index,
    });
    let captures = found.captures(head.path.matching());
    for (name, _) in found.pattern.captures() {
        if let Some(capture) = captures.get(name) {
            let text = &capture.text();
            exchange.observer.detail(&Detail::Captured { name, text });
        }
    }
}

/// The verdict of one of the route's providers.
pub(in crate::engine) fn verdict(
    provider: &Provider,
    verdict: &Verdict<'_>,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(exchange) {
        return;
    }
    let groups: Vec<&[u8]>;
    let (detail, locations) = match verdict {
        Verdict::Absent => (VerdictDetail::Absent, Vec::new()),
        Verdict::Accepted(verified) => {
            let identity = &verified.identity;
            let consumer = identity.consumer();
            groups = consumer.map_or_else(Vec::new, |consumer| consumer.groups().collect());
            let detail = VerdictDetail::Accepted {
                consumer: consumer.map(|consumer| consumer.name().bytes()),
                groups: &groups,
                credential: identity
                    .credential
                    .and_then(Credential::id)
                    .map(|id| id.bytes()),
                claims: identity.claims().map(Claims::value),
            };
            (detail, vec![verified.at.location])
        }
        Verdict::Rejected(reason, locations) => {
            (VerdictDetail::Rejected(*reason), locations.clone())
        }
        Verdict::Foreign(locations) => (VerdictDetail::Foreign, locations.clone()),
        Verdict::Unavailable(reason) => (VerdictDetail::Unavailable(*reason), Vec::new()),
    };
    exchange.observer.detail(&Detail::Authenticated {
        provider: &provider.name,
        verdict: detail,
        locations: &locations,
    });
}

/// The result of a lookup, or its denial.
pub(in crate::engine) fn looked_up(
    lookup: &Lookup,
    attributes: &Attributes<'_>,
    result: &Result<LookupResult<'_>, Stop>,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    if !is_wanted(exchange) {
        return;
    }
    let values = result.as_ref().ok();
    let key = lookup
        .key
        .as_ref()
        .and_then(|key| attributes.bytes(&key.template).ok().flatten());
    let keyless = lookup.key.is_some() && key.is_none();
    let (origin, entry) = match exchange.sources.at(lookup.source) {
        Some(SourceState::Inline(policy_view)) => (
            EntryOrigin::Inline,
            known(&policy_view.view, key.as_deref(), keyless),
        ),
        Some(SourceState::Watched(watched)) => {
            let entry = watched
                .usable_view()
                .map(|policy_view| known(&policy_view.view, key.as_deref(), keyless));
            (EntryOrigin::Document, entry.unwrap_or(EntryStatus::Failed))
        }
        Some(SourceState::OnDemand(source)) => {
            let definition = source.borrow().definition;
            let told = exchange.memory.answers.iter().rev().find(|result| {
                result.source == definition && key.as_ref().is_some_and(|key| *result.key == **key)
            });
            match told.map(|result| &result.result) {
                Some(ReadResult::Found(..)) => (EntryOrigin::Callout, EntryStatus::Found),
                Some(ReadResult::Missing) => (EntryOrigin::Callout, EntryStatus::Missing),
                Some(ReadResult::Failed(_) | ReadResult::Ignored | ReadResult::Send(_)) => {
                    (EntryOrigin::Callout, EntryStatus::Failed)
                }
                None if values.is_some() && !keyless => (EntryOrigin::Memory, EntryStatus::Found),
                None => (EntryOrigin::Memory, remembered(result)),
            }
        }
        None => (EntryOrigin::Inline, EntryStatus::Failed),
    };
    let named = values.map(|values| {
        let names = lookup.values.iter().map(|value| &*value.name);
        names
            .zip(LookupValueId::all())
            .map(|(name, id)| (name, values.get(id).map(ValueRef::to_value)))
            .collect::<Vec<_>>()
    });
    let named = named.as_ref().map(|named| {
        let values = named.iter().map(|(name, value)| (*name, value.as_ref()));
        values.collect::<Vec<_>>()
    });
    exchange.observer.detail(&Detail::LookedUp {
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

/// What was remembered of an entry on demand, where the request is denied because of it.
const fn remembered(result: &Result<LookupResult<'_>, Stop>) -> EntryStatus {
    match result {
        Err(Stop::Deny(Denial {
            reason: Reason::LookupFailed,
            ..
        })) => EntryStatus::Failed,
        Ok(_) | Err(_) => EntryStatus::Missing,
    }
}

fn known(view: &View, key: Option<&[u8]>, keyless: bool) -> EntryStatus {
    let Some(key) = key else {
        return if keyless {
            EntryStatus::Missing
        } else {
            EntryStatus::Found
        };
    };
    match view.index.as_ref().map(|index| index.get(key)) {
        Some(Entry::Found(_)) => EntryStatus::Found,
        Some(Entry::Missing) => EntryStatus::Missing,
        Some(Entry::Ambiguous) | None => EntryStatus::Failed,
    }
}

/// A route's condition with all its parts.
pub(in crate::engine) fn checked(
    route: &Route,
    attributes: &Attributes<'_>,
    lookups: Lookups,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    if let Some(condition) = route.spec.authorize().filter(|_| is_wanted(exchange)) {
        let trace = ConditionTrace {
            route,
            attributes,
            lookups,
            policy,
        };
        trace.tell(condition, 0, exchange);
    }
}

/// What is needed to report a condition.
struct ConditionTrace<'s> {
    route: &'s Route,
    attributes: &'s Attributes<'s>,
    lookups: Lookups,
    policy: &'s Policy,
}

impl ConditionTrace<'_> {
    fn tell(
        &self,
        condition: &Condition,
        depth: usize,
        exchange: &mut Exchange<'_, impl Observer + ?Sized>,
    ) {
        // A list with one condition is not reported itself. Labels make such lists too.
        if let Condition::All(list) | Condition::Any(list) = condition {
            if let [one] = list.as_slice() {
                return self.tell(one, depth, exchange);
            }
        }
        exchange.observer.detail(&Detail::Checked {
            depth,
            condition: &self.written(condition),
            holds: holds(condition, self.attributes, self.lookups),
        });
        let below = depth.saturating_add(1);
        match condition {
            Condition::All(list) | Condition::Any(list) => {
                list.iter().for_each(|one| self.tell(one, below, exchange));
            }
            Condition::Not(inner) => self.tell(inner, below, exchange),
            Condition::AnyGroup(_)
            | Condition::AllGroups(_)
            | Condition::Consumers(_)
            | Condition::Label(..)
            | Condition::Provider(_)
            | Condition::LookedUp(..)
            | Condition::Claim(..)
            | Condition::AnyScope(_)
            | Condition::AllScopes(_) => {}
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
            Condition::Provider(id) => {
                let name = self
                    .policy
                    .providers
                    .at(*id)
                    .map_or("", |provider| &provider.name);
                format!("provider: {name}")
            }
            Condition::LookedUp(at, test) => self.lookup(*at, test),
            Condition::Claim(path, test) => {
                let test = self.test(&format!("claim: {path}"), test);
                let claim = self.attributes.claim(path);
                found(test, claim.as_ref().map(ResultValue::as_value))
            }
            Condition::AnyScope(names) => format!("scopes: any of {}", names.join(", ")),
            Condition::AllScopes(names) => format!("scopes: all of {}", names.join(", ")),
        }
    }

    fn text(&self, template: &ValueTemplate) -> String {
        match self.attributes.text(template) {
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

    fn lookup(&self, at: LookedUp, test: &ValueTest) -> String {
        let lookup = self.route.spec.lookups().get(at.lookup.index());
        let value = lookup.and_then(|lookup| lookup.values.get(at.value.index()));
        let name = format!(
            "lookup: {}.{}",
            lookup.map_or("", |lookup| &lookup.name),
            value.map_or("", |value| &value.name)
        );
        let test = self.test(&name, test);
        match self.lookups {
            Lookups::Pending => test,
            Lookups::Done => found(test, self.attributes.looked_up(at)),
        }
    }

    fn test(&self, name: &str, test: &ValueTest) -> String {
        match test {
            ValueTest::Equals(operand) => format!("{name} equals {}", self.operand(operand)),
            ValueTest::In(operands) => {
                let operands: Vec<_> = operands.iter().map(|one| self.operand(one)).collect();
                format!("{name} is one of {}", operands.join(", "))
            }
            ValueTest::Contains(operand) => format!("{name} contains {}", self.operand(operand)),
            ValueTest::Exists => format!("{name} exists"),
            ValueTest::Absent => format!("{name} doesn't exist"),
            ValueTest::Matches(pattern) => format!("{name} matches `{}`", pattern.text()),
        }
    }
}

/// A test with the value that it is about.
fn found(test: String, value: Option<ValueRef<'_>>) -> String {
    match value {
        Some(value) => format!("{test}; it is {}", value.to_value()),
        None => test + "; there is none",
    }
}
