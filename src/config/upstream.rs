//! The choice of a route's upstream.

use crate::config::condition::Condition;
use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{
    Decode, Named, expected, expected_word, filled, name, non_empty, pairs,
};
use crate::config::values::names::{cookie_name, header_name};
use crate::config::values::scalar::integer;
use crate::config::values::text::line;
use crate::config::{ConfigErrors, HeaderEdits, Path};

/// The upstream of a route's requests.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// One choice for all requests.
    One(UpstreamChoice),
    /// The first whose condition holds. Not empty.
    First(Vec<UpstreamCase>),
}

/// A choice of an upstream.
#[derive(Clone, Debug)]
pub enum UpstreamChoice {
    /// A template.
    Named(String),
    /// Drawn by weights.
    Split(Split),
}

record! {
    /// Upstreams by weight.
    pub struct Split {
        /// The weights by upstream, or a template that is one looked-up value: a map from upstreams to weights.
        "weights" weights: Weights = required;
        /// What decides: requests with the same value get the same upstream.
        "by" by: DrawBy = "random";
    }
}

/// The weights of upstreams.
#[derive(Clone, Debug)]
pub enum Weights {
    /// By upstream.
    Fixed(Vec<Named<u32>>),
    /// A template that is one looked-up value.
    LookedUp(String),
}

/// What decides which upstream is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawBy {
    /// Nothing: each request draws anew.
    Random,
    /// The consumer's name.
    Consumer,
    /// The client's address, without its port.
    Address,
    /// A header of the request.
    Header(String),
    /// A cookie.
    Cookie(String),
}

one_of! {
    /// A value of the request that decides which upstream is drawn.
    pub(super) enum WrittenDrawBy {
        /// The value of a header.
        "header" Header(String) as header_name;
        /// The value of a cookie.
        "cookie" Cookie(String) as cookie_name;
    }
}

record! {
    /// One of several choices of an upstream.
    pub struct UpstreamCase {
        /// It is chosen if this holds. The last candidate has none.
        "when" when: Option<Condition> = optional;
        /// The upstream: a template, or `{weights, by}`.
        "upstream" upstream: UpstreamChoice = required;
    }
}

record! {
    /// The upstream of a route's requests, if it is no template.
    pub(super) struct WrittenUpstream {
        /// The weights by upstream, or a template that is one looked-up value: a map from upstreams to weights.
        "weights" weights: Option<Weights> = optional;
        /// What decides: requests with the same value get the same upstream. Without it, each request draws anew.
        "by" by: Option<DrawBy> = optional;
        /// The first candidate whose condition holds.
        "first" first: Option<Vec<UpstreamCase>> as non_empty = optional;
    }
    rules [FieldRule::One(&["weights", "first"]), FieldRule::Needs("by", "weights")]
}

record! {
    /// Changes to the requests that go to one upstream.
    pub struct UpstreamEdits {
        /// The host: a template.
        "host" host: Option<String> as line = optional;
        /// Header fields of the request.
        "headers" headers: HeaderEdits = {};
        /// Header fields of the upstream's response.
        "responseHeaders" response_headers: HeaderEdits = {};
    }
    rules [FieldRule::AtLeastOne(&["host", "headers", "responseHeaders"])]
}

impl Decode for Upstream {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) => line(node, at, errors)
                .map(UpstreamChoice::Named)
                .map(Self::One),
            Node::Map(_) => {
                let written = WrittenUpstream::decode(node, at, errors)?;
                if let Some(first) = written.first {
                    return Some(Self::First(first));
                }
                let by = written.by.unwrap_or(DrawBy::Random);
                let split = written.weights.map(|weights| Split { weights, by })?;
                Some(Self::One(UpstreamChoice::Split(split)))
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => expected(
                "a template, `{weights: …}` or `{first: […]}`",
                node,
                at,
                errors,
            ),
        }
    }
}

impl Decode for UpstreamChoice {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) => line(node, at, errors).map(Self::Named),
            Node::Map(_) => Decode::decode(node, at, errors).map(Self::Split),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => {
                expected("a template or `{weights: …}`", node, at, errors)
            }
        }
    }
}

impl Decode for Weights {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) => line(node, at, errors).map(Self::LookedUp),
            Node::Map(_) => {
                let weights = pairs(name, integer::<0, 1_000_000, u32>, node, at, errors);
                filled(weights, at, errors).map(Self::Fixed)
            }
            Node::List(nodes) if nodes.iter().any(|one| one.entry("weight").is_some()) => {
                // The Gateway API, Envoy and APISIX use a list here.
                let reason = "expected a map, found a list";
                errors.suggest(at, reason, "write `{UPSTREAM: WEIGHT}`");
                None
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => {
                expected("a map of weights or a looked-up value", node, at, errors)
            }
        }
    }
}

impl Decode for DrawBy {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::Map(_) => Some(match WrittenDrawBy::decode(node, at, errors)? {
                WrittenDrawBy::Header(name) => Self::Header(name),
                WrittenDrawBy::Cookie(name) => Self::Cookie(name),
            }),
            Node::String(word) if word == "random" => Some(Self::Random),
            Node::String(word) if word == "consumer" => Some(Self::Consumer),
            Node::String(word) if word == "address" => Some(Self::Address),
            Node::String(word) if word == "header" || word == "cookie" => {
                let suggestion = format!("write `{{{word}: NAME}}`");
                errors.suggest(at, format!("which {word}?"), suggestion);
                None
            }
            Node::String(_) => expected_word(&["random", "consumer", "address"], node, at, errors),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => expected(
                "`random`, `consumer`, `address`, `{header: NAME}` or `{cookie: NAME}`",
                node,
                at,
                errors,
            ),
        }
    }
}
