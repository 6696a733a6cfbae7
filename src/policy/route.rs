//! Routes, compiled.

use crate::config::{self, ConfigErrors, Lists, Named, Path};
use crate::route::{PathPattern, RouteIndex, Router, Rule};

use super::answer::{Redirect, Respond};
use super::condition::{Condition, ConditionScope};
use super::identity::Routing;
use super::lookup::{self, Lookup};
use super::provider::Providers;
use super::requirement::Requirement;
use super::rewrite::{HeaderEdits, Matches, Rewrite};
use super::rules;
use super::source::Sources;
use super::variable::{KnownLookup, Scope};
use super::written::Gates;

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
    pub(super) gates: &'a Gates,
}

/// All routes, what finds them, and what is wrong with them. Some are missing where that is something.
pub(super) fn compile(
    lists: &mut dyn Lists,
    around: &Surroundings<'_>,
) -> Result<(Vec<Route>, Router, ConfigErrors), ConfigErrors> {
    let mut routes = Vec::with_capacity(lists.about_routes());
    let mut rules = Vec::new();
    let mut errors = ConfigErrors::default();
    let root = Path::Root;
    let path = root.field("routes");
    lists.routes(&mut |at, written| {
        let path = path.index(at);
        around.gates.note(written);
        let index = RouteIndex(u32::try_from(at).unwrap_or(u32::MAX));
        if let Some(matches) = rules::of(written, index, around.gates, &path, &mut errors) {
            if let Some(route) = around.route(written, &matches, &path, &mut errors) {
                routes.push(route);
            }
            rules.extend(matches);
        }
    })?;
    let router = if errors.is_empty() {
        Router::build(rules)
    } else {
        Router::default()
    };
    Ok((routes, router, errors))
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
            gates: self.gates,
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
