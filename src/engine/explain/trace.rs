//! Reports the details of each stage to observers that ask for them. For other observers this costs one check for each stage,
//! and in the module nothing.

use crate::http::Request;
use crate::policy::{
    Claims, Credential, Denial, Lookup, LookupValueId, Policy, Provider, Reason, Route, Verdict,
};
use crate::route::{RouteMatch, canonical_host, canonicalise};
use crate::source::{Entry, ReadResult};

use crate::engine::documents::{SourceState, View};
use crate::engine::event::{Detail, EntryOrigin, EntryStatus, Observer, VerdictDetail};
use crate::engine::exchange::head::Head;
use crate::engine::exchange::lookup_result::{LookupResult, ValueRef};
use crate::engine::exchange::request::BuiltRequest;
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

/// The route that was found. Of several routes with one match, each before its `when` is known to hold.
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
    let captures = found.captures(&head.for_router());
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
    let request = lookup.request.as_deref();
    let built = request.and_then(|request| attributes.build(request).ok().flatten());
    let own = request.and_then(|request| attributes.request_key(request).ok().flatten());
    let own = own.as_deref().or(key.as_deref());
    let keyless = (lookup.key.is_some() || lookup.request.is_some()) && own.is_none();
    let (origin, entry) = entry(lookup, own, keyless, result, exchange);
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
    let line = built.as_ref().map(BuiltRequest::line);
    // A credential of a client is a secret.
    let shown = line.or(key.as_deref()).filter(|_| !lookup.sends_credential);
    exchange.observer.detail(&Detail::LookedUp {
        lookup: &lookup.name,
        source: policy
            .sources
            .at(lookup.source)
            .map_or("", |source| &source.name),
        key: shown,
        origin,
        entry,
        values: named.as_deref(),
    });
}

/// Where the entry of a key was looked for, and whether it was found.
fn entry(
    lookup: &Lookup,
    key: Option<&[u8]>,
    keyless: bool,
    result: &Result<LookupResult<'_>, Stop>,
    exchange: &Exchange<'_, impl Observer + ?Sized>,
) -> (EntryOrigin, EntryStatus) {
    match exchange.sources.at(lookup.source) {
        Some(SourceState::Inline(policy_view)) => {
            (EntryOrigin::Inline, known(&policy_view.view, key, keyless))
        }
        Some(SourceState::Watched(watched)) => {
            let entry = watched
                .usable_view()
                .map(|policy_view| known(&policy_view.view, key, keyless));
            (EntryOrigin::Document, entry.unwrap_or(EntryStatus::Failed))
        }
        Some(SourceState::OnDemand(source)) => {
            let definition = source.borrow().definition;
            let told = exchange.memory.answers.iter().rev().find(|result| {
                result.source == definition && key.is_some_and(|key| *result.key == *key)
            });
            match told.map(|result| &result.result) {
                Some(ReadResult::Found(..)) => (EntryOrigin::Callout, EntryStatus::Found),
                Some(ReadResult::Missing) => (EntryOrigin::Callout, EntryStatus::Missing),
                Some(ReadResult::Failed(_) | ReadResult::Ignored | ReadResult::Send(_)) => {
                    (EntryOrigin::Callout, EntryStatus::Failed)
                }
                None if result.is_ok() && !keyless => (EntryOrigin::Memory, EntryStatus::Found),
                None => (EntryOrigin::Memory, remembered(result)),
            }
        }
        None => (EntryOrigin::Inline, EntryStatus::Failed),
    }
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
