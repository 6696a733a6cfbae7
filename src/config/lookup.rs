//! Values from sources.

use std::time::Duration;

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, Named, expected, filled, pairs};
use crate::config::values::scalar::integer;
use crate::config::values::text::{json_path, line, variable};
use crate::config::values::units::duration;
use crate::config::{ConfigErrors, Path};

record! {
    /// Values that a route takes from a source.
    pub struct Lookup {
        /// The name of the source.
        "source" source: String as line = required;
        /// The entry's key, for sources with an `index` or read `onDemand`: a template, or `{path: …}`. Without it the
        /// whole document is the entry.
        "key" key: Option<LookupKey> = optional;
        /// The values by name, each a JSONPath from the entry. `${LOOKUP.VALUE}` in a template.
        "values" values: Vec<Named<String>> as json_paths = required;
        /// What is done where a good document has no such entry.
        "onMissing" on_missing: Fallback = {"deny": 404};
        /// What is done where there is no usable document.
        "onFailure" on_failure: Fallback = {"deny": 503};
        /// For how long a request waits for the first document. At most a minute.
        "hold" hold: Duration as duration::<0, 60_000> = "0s";
    }
}

/// Which entry of a source is meant.
#[derive(Clone, Debug)]
pub enum LookupKey {
    /// The one with this key, a template. It is one segment where it becomes a part of a callout's path.
    Text(String),
    /// The one at this path, a template: each `/` of it divides segments of the callout's path.
    Path(String),
}

impl LookupKey {
    /// The template.
    #[must_use]
    pub fn template(&self) -> &str {
        match self {
            Self::Text(template) | Self::Path(template) => template,
        }
    }
}

record! {
    /// The entry at this path, of a source that is read `onDemand`.
    pub(super) struct WrittenKeyPath {
        /// A template: each `/` of its text divides segments of the callout's path.
        "path" path: String as line = required;
    }
}

impl Decode for LookupKey {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) => line(node, at, errors).map(Self::Text),
            Node::Map(_) => {
                let WrittenKeyPath { path } = Decode::decode(node, at, errors)?;
                Some(Self::Path(path))
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => {
                expected("a template or `{path: …}`", node, at, errors)
            }
        }
    }
}

one_of! {
    /// What is done where a lookup has no entry.
    pub enum Fallback {
        /// The request is answered with this status, 400 to 599.
        "deny" Deny(u16) as integer::<400, 599, u16>;
        /// The values are these, any JSON; one that isn't named is absent.
        "default" Default(Vec<Named<serde_json::Value>>);
    }
}

fn json_paths(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    filled(pairs(variable, json_path, node, at, errors), at, errors)
}

/// The lookups of a route, by names that templates can tell from their own.
pub(super) fn lookups(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<Lookup>>> {
    pairs(lookup_name, Lookup::decode, node, at, errors)
}

/// What variables of templates begin with, or may once: a lookup of such a name would hide them.
pub(super) const RESERVED: [&str; 10] = [
    "path",
    "query",
    "header",
    "cookie",
    "request",
    "response",
    "consumer",
    "credential",
    "claims",
    "env",
];

fn lookup_name(name: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    if RESERVED.contains(&name) {
        errors.suggest(
            at,
            "templates use this name for something else",
            "choose another name",
        );
        return None;
    }
    variable(name, at, errors)
}
