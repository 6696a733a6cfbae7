//! The specification of a route, which many routes share: most routes of a policy are of a few kinds.

use std::sync::Arc;
use std::time::Duration;

use crate::policy::condition::Condition;
use crate::policy::provider::ProviderId;
use crate::policy::requirement::Requirement;
use crate::policy::rewrite::RouteEdits;
use crate::policy::rewrite::response::{DirectResponseEdits, ResponseEdits};
use crate::policy::route::direct_response::Redirect;
use crate::policy::route::lookup::Lookup;
use crate::policy::route::respond::Respond;
use crate::policy::source::SourceId;
use crate::policy::template::NeededFacts;

/// Everything about a route except its name and its new path.
#[derive(Debug)]
pub(crate) struct RouteSpec {
    required: Arc<RouteRequirement>,
    checks: Option<Arc<Checks>>,
    action: RouteAction,
    /// Changes to the responses of the filter itself. Most routes have none.
    answers: Option<Arc<DirectResponseEdits>>,
    needed: NeededFacts,
}

/// The required authentication.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::policy) struct RouteRequirement {
    pub(in crate::policy) requirement: Requirement,
    /// The providers in the requirement.
    pub(in crate::policy) providers: Box<[ProviderId]>,
    /// Whether one of them reads credentials from a cookie or from the query.
    pub(in crate::policy) looks_elsewhere: bool,
}

/// The checks after authentication. Most routes have none.
#[derive(Debug, PartialEq)]
pub(in crate::policy) struct Checks {
    pub(in crate::policy) lookups: Box<[Lookup]>,
    pub(in crate::policy) authorize: Option<Condition>,
    pub(in crate::policy) when: Option<Condition>,
    /// The sources whose first document conditions wait for, each with the longest time.
    pub(in crate::policy) holds: Box<[(SourceId, Duration)]>,
}

/// The action of a route.
#[derive(Debug)]
pub(crate) enum RouteAction {
    /// The request is forwarded, with these changes besides the path.
    Forward(Option<Arc<RouteEdits>>),
    /// The filter answers.
    DirectResponse(Box<DirectResponse>),
}

/// A response of the policy.
#[derive(Debug)]
pub(crate) enum DirectResponse {
    /// A redirect.
    Redirect(Redirect),
    /// A response of the policy's own.
    Respond(Respond),
}

impl RouteSpec {
    pub(in crate::policy) const fn new(
        required: Arc<RouteRequirement>,
        checks: Option<Arc<Checks>>,
        action: RouteAction,
        answers: Option<Arc<DirectResponseEdits>>,
        needed: NeededFacts,
    ) -> Self {
        Self {
            required,
            checks,
            action,
            answers,
            needed,
        }
    }

    /// The required authentication.
    pub(crate) fn requirement(&self) -> &Requirement {
        &self.required.requirement
    }

    /// The providers in the requirement. Their credentials are stripped.
    pub(crate) fn providers(&self) -> &[ProviderId] {
        &self.required.providers
    }

    /// Whether their credentials may be in a cookie or in the query.
    pub(crate) fn looks_elsewhere(&self) -> bool {
        self.required.looks_elsewhere
    }

    pub(crate) fn lookups(&self) -> &[Lookup] {
        self.checks.as_ref().map_or(&[], |checks| &checks.lookups)
    }

    /// The condition of `authorize`.
    pub(crate) fn authorize(&self) -> Option<&Condition> {
        self.checks.as_ref()?.authorize.as_ref()
    }

    /// What the host has to be asked for, before anything else.
    pub(crate) const fn needed_facts(&self) -> NeededFacts {
        self.needed
    }

    /// The sources whose first document is waited for before conditions are checked.
    pub(crate) fn holds(&self) -> &[(SourceId, Duration)] {
        self.checks.as_ref().map_or(&[], |checks| &checks.holds)
    }

    /// The condition of `when`.
    pub(crate) fn when(&self) -> Option<&Condition> {
        self.checks.as_ref()?.when.as_ref()
    }

    /// Whether both routes require the same.
    pub(in crate::policy) fn requires_same(&self, other: &Self) -> bool {
        self.required == other.required
    }

    pub(crate) const fn action(&self) -> &RouteAction {
        &self.action
    }

    /// Changes to denials.
    pub(crate) fn edits_of_denials(&self) -> Option<&ResponseEdits> {
        self.answers.as_ref().map(|edits| &edits.denials)
    }

    /// Changes to redirects and fixed responses.
    pub(crate) fn edits_of_answers(&self) -> Option<&ResponseEdits> {
        self.answers.as_ref().map(|edits| &edits.answers)
    }
}

/// Two specifications are equal if they forward requests and share all parts.
impl PartialEq for RouteSpec {
    fn eq(&self, other: &Self) -> bool {
        let (RouteAction::Forward(own), RouteAction::Forward(others)) =
            (&self.action, &other.action)
        else {
            return false;
        };
        Arc::ptr_eq(&self.required, &other.required)
            && same(self.checks.as_ref(), other.checks.as_ref())
            && same(own.as_ref(), others.as_ref())
            && same(self.answers.as_ref(), other.answers.as_ref())
            && self.needed == other.needed
    }
}

/// Whether both are the same allocation, or both are absent.
fn same<T>(left: Option<&Arc<T>>, right: Option<&Arc<T>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Arc::ptr_eq(left, right),
        (left, right) => left.is_none() && right.is_none(),
    }
}
