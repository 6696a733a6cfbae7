//! Values from sources.

use std::time::Duration;

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, Named, expected, filled, list, pairs};
use crate::config::values::names::header_name;
use crate::config::values::scalar::integer;
use crate::config::values::text::{json_path, line, lines, variable};
use crate::config::values::units::duration;
use crate::config::{ConfigErrors, Path};

record! {
    /// A lookup: values that a route reads from a source.
    pub struct Lookup {
        /// The name of the source.
        "source" source: String as line = required;
        /// The entry's key, for sources with `index` or `onDemand`: a template, or `{path: …}`. Without it the
        /// whole document is the entry.
        "key" key: Option<LookupKey> = optional;
        /// The values by name, each a JSONPath from the entry, or a map. `${LOOKUP.VALUE}` in a template.
        "values" values: Vec<Named<LookupValue>> as lookup_values = required;
        /// The result if a valid document has no such entry.
        "onMissing" on_missing: Fallback = {"deny": 404};
        /// The result if there is no usable document.
        "onFailure" on_failure: Fallback = {"deny": 503};
        /// The credentials of clients that the source may get: names of providers, or variables such as `header.authorization`.
        "sendCredentials" send_credentials: Vec<String> as lines = [];
        /// The maximum time that a request waits for the first document. At most a minute.
        "hold" hold: Duration as duration::<0, 60_000> = "0s";
    }
}

/// The key of an entry.
#[derive(Clone, Debug)]
pub enum LookupKey {
    /// A key: a template. In the path of a callout it is one segment.
    Text(String),
    /// A path: a template. Each `/` separates segments of the callout's path.
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
    /// A key that is a path, for sources with `onDemand`.
    pub(super) struct WrittenKeyPath {
        /// A template: each `/` of its text separates segments of the callout's path.
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

/// Where a value of an entry is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupValue {
    /// At a JSONPath.
    Path(String),
    /// At the first of these JSONPaths that finds a value.
    First(Vec<String>),
    /// In this header field of the answer.
    Header(String),
}

one_of! {
    /// Where a value of an entry is read, as a map.
    pub(super) enum WrittenLookupValue {
        /// JSONPaths: the value of the first one that finds a value other than `null`.
        "first" First(Vec<String>) as some_json_paths;
        /// The name of a header field of the answer, for sources with `http` and `onDemand`. Several values are joined by `,`.
        "header" Header(String) as header_name;
    }
}

impl Decode for LookupValue {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) => json_path(node, at, errors).map(Self::Path),
            Node::Map(_) => Some(match Decode::decode(node, at, errors)? {
                WrittenLookupValue::First(paths) => Self::First(paths),
                WrittenLookupValue::Header(name) => Self::Header(name),
            }),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => expected(
                "a JSONPath, `{first: […]}` or `{header: NAME}`",
                node,
                at,
                errors,
            ),
        }
    }
}

fn some_json_paths(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<String>> {
    filled(list(json_path, node, at, errors), at, errors)
}

one_of! {
    /// The result of a lookup without an entry.
    pub enum Fallback {
        /// The request is answered with this status, 400 to 599.
        "deny" Deny(u16) as integer::<400, 599, u16>;
        /// The lookup has these values, any JSON. Values that aren't named are absent.
        "default" Default(Vec<Named<serde_json::Value>>);
    }
}

fn lookup_values(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<LookupValue>>> {
    let read = pairs(variable, LookupValue::decode, node, at, errors);
    filled(read, at, errors)
}

/// The lookups of a route. Their names must differ from the variables of templates.
pub(super) fn lookups(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<Lookup>>> {
    pairs(lookup_name, Lookup::decode, node, at, errors)
}

/// The first words of template variables, now or in later versions. A lookup with such a name would hide them.
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
