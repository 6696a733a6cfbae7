//! Compiled routes.

mod dedup;
pub(in crate::policy) mod direct_response;
pub(in crate::policy) mod lookup;
mod matches;
pub(in crate::policy) mod request;
pub(in crate::policy) mod respond;
mod sent_credentials;
pub(in crate::policy) mod spec;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::arena::{ArenaId, TextArena};
use crate::config::{self, ConfigErrors, ConfigLists, Decoded, Named, Path};
use crate::route::{MatchIndex, Priority, RouteId, Router, RouterBuilder, Rule};

use crate::policy::condition::{ConditionScope, DocumentScope, Holds};
use crate::policy::flag::Flags;
use crate::policy::identity::Routing;
use crate::policy::owned_headers::OwnedHeaders;
use crate::policy::provider::{Provider, ProviderId, Providers};
use crate::policy::requirement::Requirement;
use crate::policy::rewrite::path::{Matches, PathRewrite};
use crate::policy::rewrite::response::{DirectResponseEdits, ResponseEdits, Responses};
use crate::policy::rewrite::upstream::UpstreamScope;
use crate::policy::rewrite::{self, OtherEdits, RouteEdits};
use crate::policy::route::dedup::Dedup;
use crate::policy::route::direct_response::Redirect;
use crate::policy::route::lookup::Lookup;
use crate::policy::route::respond::Respond;
use crate::policy::route::spec::{
    Checks, DirectResponse, RouteAction, RouteRequirement, RouteSpec,
};
use crate::policy::source::{Lists, NotedLists, Sources};
use crate::policy::template::{LookupNames, NeededFacts, Scope};

/// All routes of a policy.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    list: Vec<Route>,
    /// The names of the routes. They are stored apart because most requests don't read them.
    names: TextArena,
    /// The literal prefixes of new paths.
    prefixes: TextArena,
}

impl Routes {
    /// The route of this id.
    pub(crate) fn get(&self, id: RouteId) -> Option<&Route> {
        self.list.get(usize::try_from(id.0).ok()?)
    }

    pub(crate) fn name(&self, route: &Route) -> &str {
        self.names.get(route.name).unwrap_or_default()
    }

    /// A prefix of a new path.
    pub(crate) fn prefix(&self, id: ArenaId) -> &[u8] {
        self.prefixes.bytes(id).unwrap_or_default()
    }

    /// The lookups of all routes.
    pub(in crate::policy) fn lookups(&self) -> impl Iterator<Item = &Lookup> {
        self.list.iter().flat_map(|route| route.spec.lookups())
    }
}

/// A route. It is small, and aligned so that each lies in one cache line.
#[derive(Debug)]
#[repr(align(16))]
pub(crate) struct Route {
    name: ArenaId,
    pub(crate) spec: Arc<RouteSpec>,
    /// The new path of requests that are forwarded.
    pub(crate) path: Option<PathRewrite>,
}

/// The inputs for the compilation of routes.
pub(in crate::policy) struct CompileInputs<'a> {
    pub(in crate::policy) providers: &'a Providers,
    pub(in crate::policy) sources: &'a Sources,
    pub(in crate::policy) flags: &'a Flags,
    pub(in crate::policy) routing: Option<&'a Routing>,
    pub(in crate::policy) owned: &'a OwnedHeaders,
    pub(in crate::policy) parts: SharedParts,
}

/// The parts that many routes share.
#[derive(Default)]
pub(in crate::policy) struct SharedParts {
    required: Dedup<RouteRequirement>,
    checks: Dedup<Checks>,
    edits: Dedup<RouteEdits>,
    answers: Dedup<DirectResponseEdits>,
    specs: Dedup<RouteSpec>,
    names: RefCell<TextArena>,
    prefixes: RefCell<TextArena>,
    /// The facts that the route needs which is compiled now.
    facts: Cell<NeededFacts>,
    /// The lists of documents that conditions ask.
    lists: NotedLists,
    /// The first documents that the route waits for which is compiled now.
    holds: Holds,
}

impl SharedParts {
    /// The lists of documents that conditions ask.
    pub(in crate::policy) fn lists(&self) -> Lists {
        self.lists.finish()
    }
}

/// All routes, their router, and their errors. Routes with errors are missing.
pub(in crate::policy) fn compile(
    lists: &mut dyn ConfigLists,
    around: &CompileInputs<'_>,
) -> Result<(Routes, Router, ConfigErrors), ConfigErrors> {
    let mut list = Vec::with_capacity(lists.about_routes());
    let mut router = RouterBuilder::default();
    let mut errors = ConfigErrors::default();
    let root = Path::Root;
    let path = root.field("routes");
    lists.routes(&mut |at, read| {
        let path = path.index(at);
        let written = match read {
            Decoded::Whole(written) => written,
            Decoded::Partly(written) => {
                // The unknown field may be one that other fields need: a `lookup`, a `match`. `require` needs none of them.
                let at = path.field("require");
                Requirement::compile(&written.require, around.providers, &at, &mut errors);
                return;
            }
        };
        around.owned.record(written);
        let index = RouteId(u32::try_from(at).unwrap_or(u32::MAX));
        if !router.has_room_for(Priority(written.priority)) {
            let reason = "a policy has at most 32 different priorities besides 0";
            errors.push(&path.field("priority"), reason);
        }
        if let Some(matches) = matches::rules(written, index, around.owned, &path, &mut errors) {
            if let Some(route) = around.route(written, &matches, &path, &mut errors) {
                list.push(route);
            }
            matches.into_iter().for_each(|rule| router.add(rule));
        }
    })?;
    let mut names = around.parts.names.take();
    names.shrink();
    let mut prefixes = around.parts.prefixes.take();
    prefixes.shrink();
    let routes = Routes {
        list,
        names,
        prefixes,
    };
    let router = router.finish();
    // With errors some routes are missing, so the ids say nothing.
    if errors.is_empty() {
        for equal in router.all_equal() {
            check_equal(equal, &routes, &mut errors);
        }
    }
    Ok((routes, router, errors))
}

/// Routes between which a `when` chooses require the same. Otherwise the credentials that a request needs would depend on a condition
/// that is read after them.
fn check_equal(equal: &[(RouteId, MatchIndex)], routes: &Routes, errors: &mut ConfigErrors) {
    let mut all = equal.iter();
    let all = all
        .by_ref()
        .filter_map(|(id, _)| Some((id, routes.get(*id)?)));
    let mut all = all.collect::<Vec<_>>().into_iter();
    let Some((_, first)) = all.next() else {
        return;
    };
    let other = all.find(|(_, route)| !route.spec.requires_same(&first.spec));
    if let Some((id, other)) = other {
        let root = Path::Root;
        let root = root.field("routes");
        let route = root.index(id.index());
        let (one, other) = (routes.name(first), routes.name(other));
        let reason = format!(
            "`{one}` and `{other}` have the same match, and a `when` chooses between them, so they must require the same"
        );
        let hint = "write the same `require` in both, or matches that differ";
        errors.suggest(&route.field("require"), reason, hint);
    }
}

impl CompileInputs<'_> {
    /// Compiles a route. An error in one part doesn't hide errors in other parts.
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
        let captures = matches::common_captures(rules);
        let authenticates = !matches!(written.require, config::Requirement::None);
        let lookups = self.lookups(written, &captures, authenticates, path, errors)?;
        let scope = self.scope(&captures, authenticates, &lookups);
        let conditions = ConditionScope {
            templates: &scope,
            providers: self.providers,
            required: providers.as_deref(),
            documents: &DocumentScope {
                sources: self.sources,
                flags: self.flags,
                lists: &self.parts.lists,
                holds: &self.parts.holds,
            },
        };
        let mut compile = |written: &Option<config::Condition>, name: &str| match written {
            Some(condition) => conditions
                .compile(condition, &path.field(name), errors)
                .map(Some),
            None => Some(None),
        };
        let when = compile(&written.when, "when");
        let authorize = compile(&written.authorize, "authorize");
        let responses = Responses::compile(written, &scope, path, errors);
        let is_whole = responses.is_some();
        let Responses { forwarded, own } = responses.unwrap_or_default();
        let ending = self.ending(
            written,
            &conditions,
            matches::kind_of_matches(rules),
            forwarded,
            path,
            errors,
        );
        let (when, authorize) = (when?, authorize?);
        let holds = self.parts.holds.take();
        let asks =
            authorize.is_some() || when.is_some() || !lookups.is_empty() || !holds.is_empty();
        let checks = asks.then(|| {
            self.parts.checks.share(Checks {
                lookups: lookups.into(),
                authorize,
                when,
                holds,
            })
        });
        let (path, action) = ending.filter(|_| is_whole)?;
        let required = self.required(require?, providers?);
        Some(Route {
            name: self.parts.names.borrow_mut().add(&written.name),
            spec: self.spec(required, checks, action, own),
            path,
        })
    }

    fn spec(
        &self,
        required: Arc<RouteRequirement>,
        checks: Option<Arc<Checks>>,
        action: RouteAction,
        own: DirectResponseEdits,
    ) -> Arc<RouteSpec> {
        let is_answer = matches!(action, RouteAction::DirectResponse(_));
        let has_own = own != DirectResponseEdits::default();
        let own = has_own.then(|| self.parts.answers.share(own));
        let needed = self.parts.facts.take();
        let spec = RouteSpec::new(required, checks, action, own, needed);
        // Routes with a direct response are never equal.
        if is_answer {
            Arc::new(spec)
        } else {
            self.parts.specs.share(spec)
        }
    }

    fn required(
        &self,
        requirement: Requirement,
        providers: Box<[ProviderId]>,
    ) -> Arc<RouteRequirement> {
        let mut named = providers.iter().filter_map(|&id| self.providers.at(id));
        let looks_elsewhere = named.any(Provider::looks_elsewhere);
        self.parts.required.share(RouteRequirement {
            requirement,
            providers,
            looks_elsewhere,
        })
    }

    /// The lookups of a route, each after those that its key uses. The order in the config is ignored, because control planes
    /// don't keep the order of maps.
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
                .position(|lookup| !lookup::speaks_of_any(lookup, &pending, self.sources));
            // In a cycle, the first lookup gets the error that a lookup in its key doesn't exist.
            let lookup = pending.remove(free.unwrap_or(0));
            let scope = self.scope(captures, authenticates, &lookups);
            let at = path.field(&lookup.name);
            match Lookup::compile(lookup, &scope, self.sources, &at, errors) {
                Some(lookup) => lookups.push(lookup),
                None => whole = false,
            }
        }
        // If one is missing, the values that use it would get errors too.
        whole.then_some(lookups)
    }

    fn scope<'s>(
        &'s self,
        captures: &[&'s str],
        authenticates: bool,
        lookups: &'s [Lookup],
    ) -> Scope<'s> {
        let known = |lookup: &'s Lookup| LookupNames {
            name: &lookup.name,
            values: lookup.values.iter().map(|value| &*value.name).collect(),
        };
        Scope {
            captures: captures.to_vec(),
            lookups: lookups.iter().map(known).collect(),
            authenticates,
            owned: self.owned,
            prefixes: &self.parts.prefixes,
            facts: &self.parts.facts,
        }
    }

    /// The action of the route, and the new path.
    fn ending(
        &self,
        written: &config::Route,
        conditions: &ConditionScope<'_>,
        matches: Matches,
        response: ResponseEdits,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<(Option<PathRewrite>, RouteAction)> {
        let scope = conditions.templates;
        if let Some(redirect) = &written.redirect {
            return Redirect::compile(redirect, scope, matches, &path.field("redirect"), errors)
                .map(|redirect| {
                    (
                        None,
                        RouteAction::DirectResponse(Box::new(DirectResponse::Redirect(redirect))),
                    )
                });
        }
        if let Some(respond) = &written.respond {
            let at = path.field("respond");
            let respond = Respond::compile(respond, "postern_respond", scope, &at, errors)?;
            let answer = DirectResponse::Respond(respond);
            return Some((None, RouteAction::DirectResponse(Box::new(answer))));
        }
        let (new_path, upstream, mut others) = match &written.rewrite {
            Some(rewrite) => rewrite::compile(
                rewrite,
                &UpstreamScope {
                    conditions,
                    routing: self.routing,
                },
                matches,
                &path.field("rewrite"),
                errors,
            )?,
            None => (None, None, OtherEdits::default()),
        };
        others.response = response;
        let edits = RouteEdits::of(upstream, others).map(|edits| self.parts.edits.share(edits));
        Some((new_path, RouteAction::Forward(edits)))
    }
}
