//! The choice of a route's upstream.

use crate::config::{self, ConfigErrors, DrawBy, Path};
use crate::draw::Ticket;
use crate::http::Text;

use crate::policy::condition::{Condition, ConditionScope};
use crate::policy::identity::Routing;
use crate::policy::rewrite::HeaderEdits;
use crate::policy::rewrite::response::ResponseEdits;
use crate::policy::template::{LookedUp, Scope, ValuePiece, ValueTemplate, Variable};

/// The upstream of a route's requests.
#[derive(Debug, PartialEq)]
pub(crate) enum Upstream {
    /// One choice for all requests.
    One(UpstreamChoice),
    /// The first whose condition holds. The last one has none.
    First(Vec<UpstreamCase>),
}

/// One of several choices.
#[derive(Debug, PartialEq)]
pub(crate) struct UpstreamCase {
    pub(crate) when: Option<Condition>,
    pub(crate) upstream: UpstreamChoice,
}

/// A choice of an upstream.
#[derive(Debug, PartialEq)]
pub(crate) enum UpstreamChoice {
    /// A name.
    Named(ValueTemplate),
    /// Drawn by weights.
    Split(Split),
}

/// Upstreams by weight.
#[derive(Debug, PartialEq)]
pub(crate) struct Split {
    pub(crate) weights: Weights,
    /// Requests with the same value get the same upstream. Without it, and without a value, each request draws anew.
    pub(crate) by: Option<Variable>,
}

/// The weights of upstreams.
#[derive(Debug, PartialEq)]
pub(crate) enum Weights {
    /// Those of the policy. One is above zero at least.
    Fixed(Vec<Weighted>),
    /// A map in a lookup's entry.
    LookedUp(LookedUp),
}

/// An upstream with its weight.
#[derive(Debug, PartialEq)]
pub(crate) struct Weighted {
    pub(crate) upstream: Text,
    pub(crate) ticket: Ticket,
    pub(crate) weight: u32,
}

/// Changes to the requests that go to one upstream.
#[derive(Debug, PartialEq)]
pub(crate) struct UpstreamEdits {
    pub(crate) upstream: Text,
    pub(crate) host: Option<ValueTemplate>,
    pub(crate) headers: HeaderEdits,
    pub(crate) response: ResponseEdits,
}

/// What is known of a policy where a route's upstream is compiled.
pub(in crate::policy) struct UpstreamScope<'a> {
    pub(in crate::policy) conditions: &'a ConditionScope<'a>,
    pub(in crate::policy) routing: Option<&'a Routing>,
}

impl UpstreamScope<'_> {
    fn templates(&self) -> &Scope<'_> {
        self.conditions.templates
    }

    pub(in crate::policy) fn compile(
        &self,
        written: &config::Upstream,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Upstream> {
        let Some(routing) = self.routing else {
            let suggestion =
                "say which header carries it, and what is allowed: `routing: {header, allow}`";
            errors.suggest(path, "there is no `routing`", suggestion);
            return None;
        };
        match written {
            config::Upstream::One(choice) => self
                .choice(choice, routing, path, errors)
                .map(Upstream::One),
            config::Upstream::First(list) => {
                self.first(list, routing, &path.field("first"), errors)
            }
        }
    }

    fn first(
        &self,
        list: &[config::UpstreamCase],
        routing: &Routing,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Upstream> {
        let mut candidates = Vec::with_capacity(list.len());
        let last = list.len().saturating_sub(1);
        for (index, written) in list.iter().enumerate() {
            let path = path.index(index);
            let at = path.field("when");
            let when = match &written.when {
                Some(_) if index == last => {
                    let reason =
                        "the last upstream is for the requests for which no condition holds";
                    errors.suggest(&at, reason, "add one without `when`, or remove this `when`");
                    None
                }
                Some(when) => self.conditions.compile(when, &at, errors).map(Some),
                None if index != last => {
                    let reason = "the upstreams after this one are never chosen";
                    errors.suggest(&path, reason, "add `when`, or move it to the end");
                    None
                }
                None => Some(None),
            };
            let at = path.field("upstream");
            let upstream = self.choice(&written.upstream, routing, &at, errors);
            candidates.push(
                when.zip(upstream)
                    .map(|(when, upstream)| UpstreamCase { when, upstream }),
            );
        }
        let candidates = candidates.into_iter().collect::<Option<_>>();
        candidates.map(Upstream::First)
    }

    fn choice(
        &self,
        written: &config::UpstreamChoice,
        routing: &Routing,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<UpstreamChoice> {
        match written {
            config::UpstreamChoice::Named(text) => {
                let name = self.templates().template(text, path, errors)?;
                if let Some(literal) = name.literal() {
                    allowed(&literal, routing, path, errors);
                }
                Some(UpstreamChoice::Named(name))
            }
            config::UpstreamChoice::Split(split) => {
                let weights = match &split.weights {
                    config::Weights::Fixed(list) => fixed(list, routing, path, errors),
                    config::Weights::LookedUp(text) => self.looked_up(text, path, errors),
                };
                let by = self.by(&split.by, &path.field("by"), errors);
                Some(UpstreamChoice::Split(Split {
                    weights: weights?,
                    by: by?,
                }))
            }
        }
    }

    fn looked_up(&self, text: &str, path: &Path<'_>, errors: &mut ConfigErrors) -> Option<Weights> {
        let path = path.field("weights");
        let template = self.templates().template(text, &path, errors)?;
        let [ValuePiece::Variable(Variable::LookedUp(at), None)] = template.0.as_slice() else {
            let reason = "weights are a map, or one looked-up value without a default";
            errors.suggest(&path, reason, "write `${LOOKUP.VALUE}`");
            return None;
        };
        Some(Weights::LookedUp(*at))
    }

    fn by(
        &self,
        written: &DrawBy,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Option<Variable>> {
        let variable = match written {
            DrawBy::Random => return Some(None),
            DrawBy::Consumer => self.templates().find("consumer.name"),
            DrawBy::Address => self.templates().find("source.address"),
            DrawBy::Header(name) => self.templates().find(&format!("header.{name}")),
            DrawBy::Cookie(name) => self.templates().find(&format!("cookie.{name}")),
        };
        match variable {
            Ok(variable) => Some(Some(variable)),
            Err(why) => {
                errors.push(path, why);
                None
            }
        }
    }

    /// The changes for single upstreams.
    pub(in crate::policy) fn edits(
        &self,
        written: &[config::Named<config::UpstreamEdits>],
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Vec<UpstreamEdits>> {
        let mut edits = Vec::with_capacity(written.len());
        for config::Named { name, value } in written {
            let path = path.field(name);
            let routing = self.routing?;
            let upstream = allowed(name.as_bytes(), routing, &path, errors);
            let scope = self.templates();
            let host = match &value.host {
                Some(host) => scope.template(host, &path.field("host"), errors).map(Some),
                None => Some(None),
            };
            let at = path.field("headers");
            super::check_routing(&value.headers, routing, &at, errors);
            let headers = HeaderEdits::of_request(&value.headers, scope, &at, errors);
            let at = path.field("responseHeaders");
            let response = HeaderEdits::compile(&value.response_headers, scope, &at, errors);
            edits.push((|| {
                Some(UpstreamEdits {
                    upstream: upstream?,
                    host: host?,
                    headers: headers?,
                    response: ResponseEdits::of_headers(response?),
                })
            })());
        }
        edits.into_iter().collect()
    }
}

fn fixed(
    list: &[config::Named<u32>],
    routing: &Routing,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Weights> {
    let path = path.field("weights");
    if list.iter().all(|one| one.value == 0) {
        errors.push(&path, "one weight must be above 0 at least");
        return None;
    }
    let mut weights = Vec::with_capacity(list.len());
    for config::Named { name, value } in list {
        let upstream = allowed(name.as_bytes(), routing, &path.field(name), errors);
        weights.push(upstream.map(|upstream| Weighted {
            upstream,
            ticket: Ticket::of(name.as_bytes()),
            weight: *value,
        }));
    }
    let weights = weights.into_iter().collect::<Option<_>>();
    weights.map(Weights::Fixed)
}

/// The upstream of this name. Refuses those that the policy doesn't allow.
fn allowed(
    name: &[u8],
    routing: &Routing,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Text> {
    let upstream = routing.allowed(name).cloned();
    if upstream.is_none() {
        let reason = format!(
            "`{}` isn't on the list of `routing.allow`",
            name.escape_ascii()
        );
        errors.push(path, reason);
    }
    upstream
}
