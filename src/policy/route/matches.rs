//! The matches of a route.

use crate::config::{self, ConfigErrors, Path};
use crate::route::{
    HeaderPredicate, HostPattern, MatchIndex, Method, PathPattern, PredicateError, QueryPredicate,
    RouteId, Rule, ValueMatch,
};

use crate::policy::owned_headers::OwnedHeaders;

/// The rules of a route: one for each match. A route without matches has one rule that matches all requests.
pub(in crate::policy) fn rules(
    written: &config::Route,
    route: RouteId,
    owned: &OwnedHeaders,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Rule>> {
    let hosts = hosts(&written.hosts, &path.field("hosts"), errors);
    if written.matches.is_empty() {
        let rule = Rule {
            hosts: hosts?,
            path: None,
            methods: Vec::new(),
            headers: Vec::new(),
            query: Vec::new(),
            route,
            match_index: MatchIndex::default(),
        };
        return Some(vec![rule]);
    }
    let all = path.field("match");
    let rule = |at: usize, one: &config::Match, errors: &mut ConfigErrors| {
        let mut rule = rule(one, owned, &all.index(at), errors)?;
        rule.hosts.clone_from(hosts.as_ref()?);
        rule.route = route;
        rule.match_index = MatchIndex(u32::try_from(at).unwrap_or(u32::MAX));
        Some(rule)
    };
    let compiled: Vec<_> = written
        .matches
        .iter()
        .enumerate()
        .map(|(at, one)| rule(at, one, errors))
        .collect();
    compiled.into_iter().collect()
}

fn hosts(
    written: &[String],
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<HostPattern>> {
    let host = |at: usize, text: &String, errors: &mut ConfigErrors| {
        HostPattern::parse(text)
            .map_err(|error| errors.push(&path.index(at), error.to_string()))
            .ok()
    };
    let compiled: Vec<_> = written
        .iter()
        .enumerate()
        .map(|(at, text)| host(at, text, errors))
        .collect();
    compiled.into_iter().collect()
}

fn rule(
    written: &config::Match,
    owned: &OwnedHeaders,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Rule> {
    let pattern = match &written.path {
        Some(pattern) => self::pattern(pattern, &path.field("path"), errors).map(Some),
        None => Some(None),
    };
    let at = path.field("methods");
    let methods: Vec<_> = written
        .methods
        .iter()
        .enumerate()
        .map(|(index, text)| {
            Method::parse(text)
                .map_err(|error| errors.push(&at.index(index), error.to_string()))
                .ok()
        })
        .collect();
    let at = path.field("headers");
    let headers: Vec<_> = written
        .headers
        .iter()
        .enumerate()
        .map(|(index, field)| header(field, owned, &at.index(index), errors))
        .collect();
    let at = path.field("query");
    let query: Vec<_> = written
        .query
        .iter()
        .enumerate()
        .map(|(index, field)| {
            predicate(
                QueryPredicate::new(&field.name, test(field)),
                &at.index(index),
                errors,
            )
        })
        .collect();
    Some(Rule {
        hosts: Vec::new(),
        path: pattern?,
        methods: methods.into_iter().collect::<Option<_>>()?,
        headers: headers.into_iter().collect::<Option<_>>()?,
        query: query.into_iter().collect::<Option<_>>()?,
        route: RouteId(0),
        match_index: MatchIndex::default(),
    })
}

fn pattern(
    written: &config::PathMatch,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<PathPattern> {
    let (pattern, field) = match written {
        config::PathMatch::Exact(text) => (PathPattern::exact(text), "exact"),
        config::PathMatch::Prefix(text) => (PathPattern::prefix(text), "prefix"),
        config::PathMatch::Template(text) => (PathPattern::template(text), "template"),
    };
    pattern
        .map_err(|error| errors.push(&path.field(field), error.to_string()))
        .ok()
}

fn header(
    written: &config::FieldMatch,
    owned: &OwnedHeaders,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<HeaderPredicate> {
    if owned.contains(written.name.as_bytes()) {
        let reason = "the header is set by this policy, so the client's is removed before routes are matched";
        errors.push(&path.field("name"), reason);
        return None;
    }
    predicate(
        HeaderPredicate::new(&written.name, test(written)),
        path,
        errors,
    )
}

fn predicate<T>(
    made: Result<T, PredicateError>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<T> {
    made.map_err(|error| errors.push(&path.field("name"), error.to_string()))
        .ok()
}

fn test(written: &config::FieldMatch) -> ValueMatch {
    match &written.test {
        config::FieldTest::Exact(value) => ValueMatch::Exact(value.as_bytes().into()),
        config::FieldTest::Present => ValueMatch::Present,
        config::FieldTest::Absent => ValueMatch::Absent,
    }
}
