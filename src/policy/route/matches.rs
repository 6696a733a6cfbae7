//! The matches of a route.

use crate::config::{self, ConfigErrors, Path};
use crate::http::Scheme;
use crate::regex::Pattern;
use crate::route::{
    CookiePredicate, HeaderPredicate, HostPattern, MatchIndex, Method, OtherPredicates,
    PathPattern, PredicateError, Priority, QueryPredicate, RouteId, Rule, ValueMatch,
};

use crate::policy::owned_headers::OwnedHeaders;
use crate::policy::rewrite::path::Matches;

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
            others: OtherPredicates::default(),
            priority: Priority(written.priority),
            is_conditional: written.when.is_some(),
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
        rule.priority = Priority(written.priority);
        rule.is_conditional = written.when.is_some();
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
    let (pattern, regex) = place(written, path, errors).unzip();
    let methods = methods(written, &path.field("methods"), errors);
    let headers = all(
        &written.headers,
        &path.field("headers"),
        errors,
        &|field, at, errors| header(field, owned, at, errors),
    );
    let query = all(
        &written.query,
        &path.field("query"),
        errors,
        &|field, at, errors| {
            predicate(
                QueryPredicate::new(&field.name, test(field, at, errors)?),
                at,
                errors,
            )
        },
    );
    let cookies = all(
        &written.cookies,
        &path.field("cookies"),
        errors,
        &|field, at, errors| {
            predicate(
                CookiePredicate::new(&field.name, test(field, at, errors)?),
                at,
                errors,
            )
        },
    );
    Some(Rule {
        hosts: Vec::new(),
        path: pattern?,
        methods: methods?,
        headers: headers?,
        query: query?,
        others: OtherPredicates {
            cookies: cookies?,
            scheme: written.scheme.map(|scheme| match scheme {
                config::Scheme::Http => Scheme::Http,
                config::Scheme::Https => Scheme::Https,
            }),
            is_grpc: written.grpc.is_some(),
            path: regex?,
        },
        priority: Priority::default(),
        is_conditional: false,
        route: RouteId(0),
        match_index: MatchIndex::default(),
    })
}

/// The pattern of the path, and its regular expression.
type Place = (Option<PathPattern>, Option<Pattern>);

fn place(written: &config::Match, path: &Path<'_>, errors: &mut ConfigErrors) -> Option<Place> {
    let at = path.field("path");
    Some(match (&written.path, &written.grpc) {
        (_, Some(grpc)) => (Some(call(grpc, &path.field("grpc"), errors)?), None),
        (Some(config::PathMatch::Regex(text)), None) => {
            let regex = regex(text, Extent::Whole, &at, errors)?;
            (Some(groups(&regex, &at, errors)?), Some(regex))
        }
        (Some(pattern), None) => (Some(self::pattern(pattern, &at, errors)?), None),
        (None, None) => (None, None),
    })
}

/// The methods. Calls of gRPC have one.
fn methods(
    written: &config::Match,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Method>> {
    if written.grpc.is_some() {
        return Method::parse("POST").ok().map(|post| vec![post]);
    }
    let methods = written.methods.iter().enumerate();
    let compiled: Vec<_> = methods
        .map(|(index, text)| {
            Method::parse(text)
                .map_err(|error| errors.push(&path.index(index), error.to_string()))
                .ok()
        })
        .collect();
    compiled.into_iter().collect()
}

/// A list of predicates of one kind.
fn all<T>(
    written: &[config::FieldMatch],
    path: &Path<'_>,
    errors: &mut ConfigErrors,
    one: &dyn Fn(&config::FieldMatch, &Path<'_>, &mut ConfigErrors) -> Option<T>,
) -> Option<Vec<T>> {
    let fields = written.iter().enumerate();
    let compiled: Vec<_> = fields
        .map(|(index, field)| one(field, &path.index(index), errors))
        .collect();
    compiled.into_iter().collect()
}

/// What of a text an expression has to match.
#[derive(Clone, Copy)]
enum Extent {
    Whole,
    Part,
}

fn regex(
    text: &str,
    extent: Extent,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Pattern> {
    let compiled = match extent {
        Extent::Whole => Pattern::whole(text),
        Extent::Part => Pattern::search(text),
    };
    compiled
        .map_err(|error| errors.push(&path.field("regex"), error.to_string()))
        .ok()
}

/// The captures of a path's expression.
fn groups(regex: &Pattern, path: &Path<'_>, errors: &mut ConfigErrors) -> Option<PathPattern> {
    PathPattern::regex(regex)
        .map_err(|error| errors.push(&path.field("regex"), error.to_string()))
        .ok()
}

/// The path of calls of gRPC: `/SERVICE/METHOD`. What isn't fixed is captured.
fn call(
    written: &config::GrpcMatch,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<PathPattern> {
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        let first = bytes.next();
        first.is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if let Some(service) = &written.service {
        if !service.split('.').all(is_name) {
            let reason = "not the name of a service";
            errors.suggest(&path.field("service"), reason, "write `PACKAGE.SERVICE`");
            return None;
        }
    }
    if let Some(method) = &written.method {
        if !is_name(method) {
            let reason = "not the name of a method";
            errors.suggest(&path.field("method"), reason, "letters, digits and `_`");
            return None;
        }
    }
    // The names were checked.
    PathPattern::template(&written.path()).ok()
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
        // Compiled before, by `regex`.
        config::PathMatch::Regex(_) => return None,
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
    let test = test(written, path, errors)?;
    predicate(HeaderPredicate::new(&written.name, test), path, errors)
}

fn predicate<T>(
    made: Result<T, PredicateError>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<T> {
    made.map_err(|error| errors.push(&path.field("name"), error.to_string()))
        .ok()
}

fn test(
    written: &config::FieldMatch,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<ValueMatch> {
    Some(match &written.test {
        config::FieldTest::Exact(value) => ValueMatch::Exact(value.as_bytes().into()),
        config::FieldTest::Regex(text) => {
            ValueMatch::Regex(regex(text, Extent::Part, path, errors)?)
        }
        config::FieldTest::Present => ValueMatch::Present,
        config::FieldTest::Absent => ValueMatch::Absent,
    })
}

/// The captures that every match of a route makes.
pub(super) fn common_captures(rules: &[Rule]) -> Vec<&str> {
    let captures = |rule: &'_ Rule| -> Vec<String> {
        rule.path
            .iter()
            .flat_map(PathPattern::captures)
            .map(|(name, _)| name.to_owned())
            .collect()
    };
    let Some((first, others)) = rules.split_first() else {
        return Vec::new();
    };
    let others: Vec<Vec<String>> = others.iter().map(captures).collect();
    let everywhere = |name: &&str| {
        others
            .iter()
            .all(|captures| captures.iter().any(|other| other == name))
    };
    first
        .path
        .iter()
        .flat_map(PathPattern::captures)
        .map(|(name, _)| name)
        .filter(everywhere)
        .collect()
}

/// Whether all matches of a route are prefixes.
pub(super) fn kind_of_matches(rules: &[Rule]) -> Matches {
    let prefix = |rule: &Rule| rule.path.as_ref().is_none_or(PathPattern::is_prefix);
    if rules.iter().all(prefix) {
        Matches::Prefixes
    } else {
        Matches::Mixed
    }
}
