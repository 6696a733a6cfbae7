//! Routes that came close, and why they are not the one.

use postern::config::{Config, FieldMatch, FieldTest, Match, PathMatch, Route};
use postern::http::Headers;
use postern::internals::route::{HeaderPredicate, HostPattern, PathPattern, QueryPredicate, Test};
use serde::Serialize;

use crate::story::{Canonical, shown};

/// A route that came close.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Near {
    pub(crate) route: String,
    /// Why it isn't the one.
    pub(crate) because: String,
    #[serde(skip)]
    distance: usize,
}

/// How many are told.
const MOST: usize = 5;

/// What routes are compared with.
pub(crate) struct Seen<'s> {
    pub(crate) canonical: &'s Canonical,
    pub(crate) method: &'s str,
    pub(crate) headers: Headers<'s>,
}

/// The routes that missed by one thing, or that fit and gave way to `chosen`; the nearest first.
pub(crate) fn misses(config: &Config, chosen: Option<usize>, seen: &Seen<'_>) -> Vec<Near> {
    let winner = chosen
        .and_then(|at| config.routes.get(at))
        .map(|route| &*route.name);
    // Where a route was found, another host or path is no riddle.
    let farthest = if winner.is_some() { 3 } else { usize::MAX };
    let others = config
        .routes
        .iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != chosen);
    let mut near: Vec<Near> = others
        .filter_map(|(_, route)| miss(route, winner, seen))
        .collect();
    near.retain(|near| near.distance <= farthest);
    near.sort_by_key(|near| near.distance);
    near.truncate(MOST);
    near
}

fn miss(route: &Route, winner: Option<&str>, seen: &Seen<'_>) -> Option<Near> {
    let everything = Match {
        path: None,
        methods: Vec::new(),
        headers: Vec::new(),
        query: Vec::new(),
    };
    let matches = if route.matches.is_empty() {
        std::slice::from_ref(&everything)
    } else {
        &route.matches
    };
    let best = matches
        .iter()
        .filter_map(|one| reason(route, one, winner, seen))
        .min_by_key(|(distance, _)| *distance);
    best.map(|(distance, because)| Near {
        route: route.name.clone(),
        because,
        distance,
    })
}

/// The one reason why a match isn't the one, and how far it was.
fn reason(
    route: &Route,
    one: &Match,
    winner: Option<&str>,
    seen: &Seen<'_>,
) -> Option<(usize, String)> {
    let mut reasons = Vec::new();
    reasons.extend(method(one, seen).map(|because| (1, because)));
    reasons.extend(header(one, seen).map(|because| (2, because)));
    reasons.extend(query(one, seen).map(|because| (3, because)));
    reasons.extend(host(route, one, seen)?.map(|because| (4, because)));
    reasons.extend(path(one, seen)?.map(|because| (5, because)));
    match (reasons.pop(), reasons.is_empty(), winner) {
        (Some(reason), true, _) => Some(reason),
        (None, _, Some(winner)) => {
            let because = format!(
                "it matches too, but `{winner}` comes first: it is more specific, or written before it"
            );
            Some((0, because))
        }
        _ => None,
    }
}

fn method(one: &Match, seen: &Seen<'_>) -> Option<String> {
    let fits = one.methods.is_empty() || one.methods.iter().any(|method| method == seen.method);
    (!fits).then(|| {
        format!(
            "the method is {}, not {}",
            seen.method,
            one.methods.join(" or ")
        )
    })
}

fn header(one: &Match, seen: &Seen<'_>) -> Option<String> {
    let missed = one.headers.iter().find(|field| {
        HeaderPredicate::new(&field.name, test(field))
            .is_ok_and(|predicate| !predicate.matches(&seen.headers))
    })?;
    Some(wanted("header", missed))
}

fn query(one: &Match, seen: &Seen<'_>) -> Option<String> {
    let query = seen.canonical.query.as_deref();
    let missed = one.query.iter().find(|field| {
        QueryPredicate::new(&field.name, test(field))
            .is_ok_and(|predicate| !predicate.matches(query))
    })?;
    Some(wanted("query parameter", missed))
}

fn test(field: &FieldMatch) -> Test {
    match &field.test {
        FieldTest::Exact(value) => Test::Exact(value.as_bytes().into()),
        FieldTest::Present => Test::Present,
        FieldTest::Absent => Test::Absent,
    }
}

fn wanted(what: &str, field: &FieldMatch) -> String {
    let name = &field.name;
    match &field.test {
        FieldTest::Exact(value) => format!("the {what} `{name}` isn't `{value}`"),
        FieldTest::Present => format!("the {what} `{name}` is missing"),
        FieldTest::Absent => format!("the {what} `{name}` is there"),
    }
}

/// Another host is close only to a route that isn't for every path.
fn host(route: &Route, one: &Match, seen: &Seen<'_>) -> Option<Option<String>> {
    let host = seen.canonical.host.as_bytes();
    let fits = |text: &String| HostPattern::parse(text).is_ok_and(|pattern| pattern.matches(host));
    if route.hosts.is_empty() || route.hosts.iter().any(fits) {
        return Some(None);
    }
    one.path.as_ref()?;
    Some(Some(format!(
        "the host is {}, not {}",
        seen.canonical.host,
        route.hosts.join(" or ")
    )))
}

/// Another path is close only where its first segment is the same, or differs in case alone.
fn path(one: &Match, seen: &Seen<'_>) -> Option<Option<String>> {
    let (kind, text, pattern) = match &one.path {
        None => return Some(None),
        Some(PathMatch::Exact(text)) => ("exactly", text, PathPattern::exact(text)),
        Some(PathMatch::Prefix(text)) => ("below", text, PathPattern::prefix(text)),
        Some(PathMatch::Template(text)) => ("of the form", text, PathPattern::template(text)),
    };
    let path = &*seen.canonical.matching;
    if pattern.ok()?.matches(path) {
        return Some(None);
    }
    let first = |path: &str| {
        path.split('/')
            .nth(1)
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    if first(text) != first(&shown(path)) {
        return None;
    }
    Some(Some(format!("the path isn't {kind} {text}")))
}
