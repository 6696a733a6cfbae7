//! Routes, compiled.

use crate::config::{self, Config, ConfigErrors, Named, Path};
use crate::hash::Set;
use crate::route::{
    HeaderPredicate, HostPattern, Method, PathPattern, PredicateError, QueryPredicate, RouteIndex,
    Rule, Test,
};

use super::answer::{Redirect, Respond};
use super::condition::{Condition, ConditionScope};
use super::identity::Routing;
use super::lookup::{self, Lookup};
use super::names::Names;
use super::provider::Providers;
use super::requirement::Requirement;
use super::rewrite::{HeaderEdits, Matches, Rewrite};
use super::source::Sources;
use super::variable::{KnownLookup, Scope};

/// What is done with the requests of one route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) name: Box<str>,
    pub(crate) require: Requirement,
    /// The providers that the requirement names: their credentials are stripped.
    pub(crate) providers: Vec<usize>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) authorize: Option<Condition>,
    pub(crate) action: Action,
}

/// How a route ends.
#[derive(Debug)]
pub(crate) enum Action {
    /// The upstream answers.
    Forward(Box<Rewrite>),
    /// The client is sent elsewhere.
    Redirect(Redirect),
    /// The policy answers.
    Respond(Respond),
}

/// What routes are compiled with.
pub(super) struct Surroundings<'a> {
    pub(super) providers: &'a Providers,
    pub(super) sources: &'a Sources,
    pub(super) routing: Option<&'a Routing>,
    pub(super) written: &'a Names,
}

/// All routes and the rules that lead to them. Some are missing where `errors` has something to say.
pub(super) fn compile(
    config: &Config,
    around: &Surroundings<'_>,
    errors: &mut ConfigErrors,
) -> (Vec<Route>, Vec<Rule>) {
    let (mut routes, mut rules) = (Vec::new(), Vec::new());
    let root = Path::Root;
    let path = root.field("routes");
    let mut names = Set::default();
    for (at, written) in config.routes.iter().enumerate() {
        let path = path.index(at);
        if !names.insert(written.name.as_str()) {
            errors.push(
                &path.field("name"),
                format!("there is another route `{}`", written.name),
            );
        }
        let index = RouteIndex(u32::try_from(at).unwrap_or(u32::MAX));
        if let Some(matches) = rules_of(written, index, around.written, &path, errors) {
            if let Some(route) = around.route(written, &matches, &path, errors) {
                routes.push(route);
            }
            rules.extend(matches);
        }
    }
    (routes, rules)
}

impl Surroundings<'_> {
    /// One route. What is wrong in one part doesn't hide what is wrong in another.
    fn route(
        &self,
        written: &config::Route,
        rules: &[Rule],
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Route> {
        let at = path.field("require");
        let require = Requirement::compile(&written.require, self.providers, &at, errors);
        let providers = require.as_ref().map(Requirement::providers);
        let captures = common_captures(rules);
        let authenticates = !matches!(written.require, config::Requirement::None);
        let lookups = self.lookups(written, &captures, authenticates, path, errors)?;
        let scope = self.scope(&captures, authenticates, &lookups);
        let conditions = ConditionScope {
            templates: &scope,
            providers: self.providers,
            required: providers.as_deref(),
        };
        let at = path.field("authorize");
        let compile = |condition| conditions.compile(condition, &at, errors);
        let authorize = written.authorize.as_ref().map(compile);
        let action = self.action(written, &scope, matches(rules), path, errors);
        Some(Route {
            name: written.name.as_str().into(),
            require: require?,
            providers: providers?,
            authorize: match authorize {
                Some(condition) => Some(condition?),
                None => None,
            },
            action: action?,
            lookups,
        })
    }

    /// The lookups of a route, each after those that its key speaks of. The order of writing counts for nothing: on the
    /// way through a control plane a map loses it.
    fn lookups(
        &self,
        written: &config::Route,
        captures: &[&str],
        authenticates: bool,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Vec<Lookup>> {
        let mut lookups: Vec<Lookup> = Vec::new();
        let mut whole = true;
        let path = path.field("lookup");
        let mut pending: Vec<&Named<config::Lookup>> = written.lookup.iter().collect();
        while !pending.is_empty() {
            let free = pending
                .iter()
                .position(|lookup| !lookup::speaks_of_any(lookup, &pending));
            // Where each waits for another, the first one is told that what it speaks of isn't there.
            let lookup = pending.remove(free.unwrap_or(0));
            let scope = self.scope(captures, authenticates, &lookups);
            let at = path.field(&lookup.name);
            match Lookup::compile(lookup, &scope, self.sources, &at, errors) {
                Some(lookup) => lookups.push(lookup),
                None => whole = false,
            }
        }
        // Without all of them, what speaks of them would be called wrong as well.
        whole.then_some(lookups)
    }

    fn scope<'s>(
        &'s self,
        captures: &[&'s str],
        authenticates: bool,
        lookups: &'s [Lookup],
    ) -> Scope<'s> {
        let known = |lookup: &'s Lookup| KnownLookup {
            name: &lookup.name,
            values: lookup.values.iter().map(|value| &*value.name).collect(),
        };
        Scope {
            captures: captures.to_vec(),
            lookups: lookups.iter().map(known).collect(),
            authenticates,
            written: self.written,
        }
    }

    fn action(
        &self,
        written: &config::Route,
        scope: &Scope<'_>,
        matches: Matches,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Action> {
        if let Some(redirect) = &written.redirect {
            return Redirect::compile(redirect, scope, matches, &path.field("redirect"), errors)
                .map(Action::Redirect);
        }
        if let Some(respond) = &written.respond {
            return Some(Action::Respond(Respond::compile(
                respond,
                "postern_respond",
            )));
        }
        let mut rewrite = match &written.rewrite {
            Some(rewrite) => Rewrite::compile(
                rewrite,
                scope,
                matches,
                self.routing,
                &path.field("rewrite"),
                errors,
            )?,
            None => Rewrite::default(),
        };
        if let Some(response) = &written.response {
            let path = path.field("response");
            rewrite.response =
                HeaderEdits::compile(&response.headers, scope, &path.field("headers"), errors)?;
        }
        Some(Action::Forward(Box::new(rewrite)))
    }
}

/// The captures that every match of a route makes.
fn common_captures(rules: &[Rule]) -> Vec<&str> {
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

fn matches(rules: &[Rule]) -> Matches {
    let prefix = |rule: &Rule| rule.path.as_ref().is_none_or(PathPattern::is_prefix);
    if rules.iter().all(prefix) {
        Matches::Prefixes
    } else {
        Matches::Mixed
    }
}

fn rules_of(
    written: &config::Route,
    route: RouteIndex,
    gates: &Names,
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
            matching: 0,
        };
        return Some(vec![rule]);
    }
    let all = path.field("match");
    let rule = |at: usize, one: &config::Match, errors: &mut ConfigErrors| {
        let mut rule = rule(one, gates, &all.index(at), errors)?;
        rule.hosts.clone_from(hosts.as_ref()?);
        rule.route = route;
        rule.matching = u32::try_from(at).unwrap_or(u32::MAX);
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
    gates: &Names,
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
        .map(|(place, text)| {
            Method::parse(text)
                .map_err(|error| errors.push(&at.index(place), error.to_string()))
                .ok()
        })
        .collect();
    let at = path.field("headers");
    let headers: Vec<_> = written
        .headers
        .iter()
        .enumerate()
        .map(|(place, field)| header(field, gates, &at.index(place), errors))
        .collect();
    let at = path.field("query");
    let query: Vec<_> = written
        .query
        .iter()
        .enumerate()
        .map(|(place, field)| {
            predicate(
                QueryPredicate::new(&field.name, test(field)),
                &at.index(place),
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
        route: RouteIndex(0),
        matching: 0,
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
    gates: &Names,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<HeaderPredicate> {
    if gates.contains(written.name.as_bytes()) {
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

fn test(written: &config::FieldMatch) -> Test {
    match &written.test {
        config::FieldTest::Exact(value) => Test::Exact(value.as_bytes().into()),
        config::FieldTest::Present => Test::Present,
        config::FieldTest::Absent => Test::Absent,
    }
}
