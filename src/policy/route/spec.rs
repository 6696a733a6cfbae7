//! What routes have in common with others: most of a policy's are of a few kinds.

use std::sync::Arc;

use crate::policy::provider::ProviderId;
use crate::policy::requirement::Requirement;
use crate::policy::rewrite::response::DirectResponseEdits;
use crate::policy::rewrite::{Edits, HeaderEdits};
use crate::policy::route::condition::Condition;
use crate::policy::route::direct_response::{Redirect, Respond};
use crate::policy::route::lookup::Lookup;

/// Everything about a route but its name and its new path.
#[derive(Debug)]
pub(crate) struct RouteSpec {
    required: Arc<RouteRequirement>,
    checks: Option<Arc<Checks>>,
    action: Action,
    /// What is changed of the gate's own answers; of most routes nothing.
    answers: Option<Arc<DirectResponseEdits>>,
}

/// What a client must prove.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::policy) struct RouteRequirement {
    pub(in crate::policy) requirement: Requirement,
    /// The providers that it names.
    pub(in crate::policy) providers: Box<[ProviderId]>,
    /// Whether any of them looks for credentials in a cookie or in the query.
    pub(in crate::policy) looks_elsewhere: bool,
}

/// What is checks besides; of most routes nothing.
#[derive(Debug, PartialEq)]
pub(in crate::policy) struct Checks {
    pub(in crate::policy) lookups: Box<[Lookup]>,
    pub(in crate::policy) authorize: Option<Condition>,
}

/// How a route ends.
#[derive(Debug)]
pub(crate) enum Action {
    /// The upstream answers. Holds what is changed beside the path.
    Forward(Option<Arc<Edits>>),
    /// The policy answers.
    DirectResponse(Box<DirectResponse>),
}

/// How the policy answers.
#[derive(Debug)]
pub(crate) enum DirectResponse {
    /// The client is sent elsewhere.
    Redirect(Redirect),
    /// With what is written there.
    Respond(Respond),
}

impl RouteSpec {
    pub(in crate::policy) const fn new(
        required: Arc<RouteRequirement>,
        checks: Option<Arc<Checks>>,
        action: Action,
        answers: Option<Arc<DirectResponseEdits>>,
    ) -> Self {
        Self {
            required,
            checks,
            action,
            answers,
        }
    }

    /// What a client must prove.
    pub(crate) fn requirement(&self) -> &Requirement {
        &self.required.requirement
    }

    /// The providers that the requirement names: their credentials are stripped.
    pub(crate) fn providers(&self) -> &[ProviderId] {
        &self.required.providers
    }

    /// Whether credentials of theirs may stand elsewhere than in headers of their own: in a cookie or in the query.
    pub(crate) fn looks_elsewhere(&self) -> bool {
        self.required.looks_elsewhere
    }

    pub(crate) fn lookups(&self) -> &[Lookup] {
        self.checks.as_ref().map_or(&[], |checks| &checks.lookups)
    }

    /// What must hold besides.
    pub(crate) fn authorize(&self) -> Option<&Condition> {
        self.checks.as_ref()?.authorize.as_ref()
    }

    pub(crate) const fn action(&self) -> &Action {
        &self.action
    }

    /// What is changed of denials.
    pub(crate) fn edits_of_denials(&self) -> Option<&HeaderEdits> {
        self.own_edits(self.answers.as_ref().filter(|edits| edits.denials)?)
    }

    /// What is changed of redirects and of fixed answers.
    pub(crate) fn edits_of_answers(&self) -> Option<&HeaderEdits> {
        self.own_edits(self.answers.as_ref().filter(|edits| edits.answers)?)
    }

    fn own_edits<'s>(&'s self, own: &'s DirectResponseEdits) -> Option<&'s HeaderEdits> {
        match (&own.headers, &self.action) {
            (None, Action::Forward(Some(edits))) => {
                edits.others.as_ref().map(|others| &others.response)
            }
            (headers, _) => headers.as_ref(),
        }
    }
}

/// Two are equal that are made of the very same parts, and let requests go on.
impl PartialEq for RouteSpec {
    fn eq(&self, other: &Self) -> bool {
        let (Action::Forward(own), Action::Forward(others)) = (&self.action, &other.action) else {
            return false;
        };
        Arc::ptr_eq(&self.required, &other.required)
            && same(self.checks.as_ref(), other.checks.as_ref())
            && same(own.as_ref(), others.as_ref())
            && same(self.answers.as_ref(), other.answers.as_ref())
    }
}

/// Whether both are the very same, or none.
fn same<T>(left: Option<&Arc<T>>, right: Option<&Arc<T>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Arc::ptr_eq(left, right),
        (left, right) => left.is_none() && right.is_none(),
    }
}
