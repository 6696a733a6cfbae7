//! Routes that almost match, and why they don't.

use postern::config::{Config, FieldMatch, FieldTest, Match, PathMatch, Route, Scheme};
use postern::http::{Headers, is_grpc};
use postern::internals::regex::Pattern;
use postern::internals::route::{
    CookiePredicate, HeaderPredicate, HostPattern, PathPattern, QueryPredicate, ValueMatch,
};
use serde::Serialize;

use super::trace::Canonical;
use crate::terminal::printable;

/// A route that almost matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct NearMiss {
    pub(super) route: String,
    /// Why it isn't chosen.
    pub(super) because: String,
    #[serde(skip)]
    distance: usize,
}

/// The most near misses that are reported.
const LIMIT: usize = 5;

/// The parts of a request that routes match.
pub(super) struct RequestFacts<'s> {
    pub(super) canonical: &'s Canonical,
    pub(super) method: &'s str,
    pub(super) headers: Headers<'s>,
}

/// The routes that don't match because of one condition, and those that match, but come after `chosen`. The nearest is first.
pub(super) fn near_misses(
    config: &Config,
    chosen: Option<usize>,
    input: &RequestFacts<'_>,
) -> Vec<NearMiss> {
    let winner = chosen
        .and_then(|at| config.routes.get(at))
        .map(|route| &*route.name);
    // If a route is chosen, those with another host or path are of no interest.
    let farthest = if winner.is_some() { 3 } else { usize::MAX };
    let others = config
        .routes
        .iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != chosen);
    let mut near: Vec<NearMiss> = others
        .filter_map(|(_, route)| miss(route, winner, input))
        .collect();
    near.retain(|near| near.distance <= farthest);
    near.sort_by_key(|near| near.distance);
    near.truncate(LIMIT);
    near
}

fn miss(route: &Route, winner: Option<&str>, input: &RequestFacts<'_>) -> Option<NearMiss> {
    let everything = Match {
        path: None,
        methods: Vec::new(),
        headers: Vec::new(),
        query: Vec::new(),
        cookies: Vec::new(),
        scheme: None,
        grpc: None,
    };
    let matches = if route.matches.is_empty() {
        std::slice::from_ref(&everything)
    } else {
        &route.matches
    };
    let best = matches
        .iter()
        .filter_map(|one| reason(route, one, winner, input))
        .min_by_key(|(distance, _)| *distance);
    best.map(|(distance, because)| NearMiss {
        route: route.name.clone(),
        because,
        distance,
    })
}

/// The only reason why a match isn't chosen, with its distance. None if there are several reasons.
fn reason(
    route: &Route,
    one: &Match,
    winner: Option<&str>,
    input: &RequestFacts<'_>,
) -> Option<(usize, String)> {
    let mut reasons = Vec::new();
    reasons.extend(method(one, input).map(|because| (1, because)));
    reasons.extend(header(one, input).map(|because| (2, because)));
    reasons.extend(query(one, input).map(|because| (3, because)));
    reasons.extend(cookie(one, input).map(|because| (3, because)));
    reasons.extend(scheme(one, input).map(|because| (3, because)));
    reasons.extend(grpc(one, input).map(|because| (3, because)));
    reasons.extend(host(route, one, input)?.map(|because| (4, because)));
    reasons.extend(path(one, input)?.map(|because| (5, because)));
    match (reasons.pop(), reasons.is_empty(), winner) {
        (Some(reason), true, _) => Some(reason),
        (None, _, Some(winner)) => {
            let because = format!(
                "it matches too, but `{winner}` comes first: it is more specific, or before it in the policy"
            );
            Some((0, because))
        }
        _ => None,
    }
}

fn method(one: &Match, input: &RequestFacts<'_>) -> Option<String> {
    let fits = one.methods.is_empty() || one.methods.iter().any(|method| method == input.method);
    (!fits).then(|| {
        format!(
            "the method is {}, not {}",
            input.method,
            one.methods.join(" or ")
        )
    })
}

fn header(one: &Match, input: &RequestFacts<'_>) -> Option<String> {
    let missed = one.headers.iter().find(|field| {
        let predicate = HeaderPredicate::new(&field.name, test(field));
        predicate.is_ok_and(|predicate| predicate.matches(&input.headers) != Ok(true))
    })?;
    Some(wanted("header", missed))
}

fn query(one: &Match, input: &RequestFacts<'_>) -> Option<String> {
    let query = input.canonical.query.as_deref();
    let missed = one.query.iter().find(|field| {
        let predicate = QueryPredicate::new(&field.name, test(field));
        predicate.is_ok_and(|predicate| predicate.matches(query) != Ok(true))
    })?;
    Some(wanted("query parameter", missed))
}

fn cookie(one: &Match, input: &RequestFacts<'_>) -> Option<String> {
    let missed = one.cookies.iter().find(|field| {
        let predicate = CookiePredicate::new(&field.name, test(field));
        predicate.is_ok_and(|predicate| predicate.matches(&input.headers) != Ok(true))
    })?;
    Some(wanted("cookie", missed))
}

fn scheme(one: &Match, input: &RequestFacts<'_>) -> Option<String> {
    let wanted = match one.scheme? {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let came = input.headers.first(b":scheme").unwrap_or_default();
    let came = String::from_utf8_lossy(came);
    (!came.eq_ignore_ascii_case(wanted)).then(|| format!("the scheme is {came}, not {wanted}"))
}

fn grpc(one: &Match, input: &RequestFacts<'_>) -> Option<String> {
    one.grpc.as_ref()?;
    let content_type = input.headers.first(b"content-type");
    let is_call = input.method == "POST" && content_type.is_some_and(is_grpc);
    (!is_call).then(|| "it is no call of gRPC".to_owned())
}

fn test(field: &FieldMatch) -> ValueMatch {
    match &field.test {
        FieldTest::Exact(value) => ValueMatch::Exact(value.as_bytes().into()),
        // The policy has been compiled.
        FieldTest::Regex(text) => {
            Pattern::search(text).map_or(ValueMatch::Present, ValueMatch::Regex)
        }
        FieldTest::Present => ValueMatch::Present,
        FieldTest::Absent => ValueMatch::Absent,
    }
}

fn wanted(what: &str, field: &FieldMatch) -> String {
    let name = &field.name;
    match &field.test {
        FieldTest::Exact(value) => format!("the {what} `{name}` isn't `{value}`"),
        FieldTest::Regex(text) => format!("the {what} `{name}` has no match of `{text}`"),
        FieldTest::Present => format!("the {what} `{name}` is missing"),
        FieldTest::Absent => format!("the {what} `{name}` is there"),
    }
}

/// Why the host doesn't match. None if the route is for every path: then a wrong host is no near miss.
fn host(route: &Route, one: &Match, input: &RequestFacts<'_>) -> Option<Option<String>> {
    let host = input.canonical.host.as_bytes();
    let fits = |text: &String| HostPattern::parse(text).is_ok_and(|pattern| pattern.matches(host));
    if route.hosts.is_empty() || route.hosts.iter().any(fits) {
        return Some(None);
    }
    one.path.as_ref()?;
    Some(Some(format!(
        "the host is {}, not {}",
        input.canonical.host,
        route.hosts.join(" or ")
    )))
}

/// Why the path doesn't match. None if its first segment differs in more than case: then it is no near miss.
fn path(one: &Match, input: &RequestFacts<'_>) -> Option<Option<String>> {
    let path = &*input.canonical.matching;
    let call = one.grpc.as_ref();
    let call = call.map(|call| PathMatch::Template(call.path()));
    let matches =
        |pattern: Result<PathPattern, _>| pattern.is_ok_and(|pattern| pattern.matches(path));
    let (kind, text, matches) = match one.path.as_ref().or(call.as_ref()) {
        None => return Some(None),
        Some(PathMatch::Exact(text)) => ("exactly", text, matches(PathPattern::exact(text))),
        Some(PathMatch::Prefix(text)) => ("below", text, matches(PathPattern::prefix(text))),
        Some(PathMatch::Template(text)) => {
            ("of the form", text, matches(PathPattern::template(text)))
        }
        Some(PathMatch::Regex(text)) => {
            let found = Pattern::whole(text).map(|pattern| pattern.matches(path));
            ("a match of", text, found == Ok(Ok(true)))
        }
    };
    if matches {
        return Some(None);
    }
    let first = |path: &str| {
        path.split('/')
            .nth(1)
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    if first(text) != first(&printable(path)) {
        return None;
    }
    Some(Some(format!("the path isn't {kind} {text}")))
}
