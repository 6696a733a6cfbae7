//! Values from sources.

use std::time::Duration;

use super::decode::{Named, pairs, plain_name};
use super::names::line;
use super::node::Node;
use super::scalar::{duration, integer};
use super::{ConfigErrors, Path};

record! {
    /// Values that a route takes from a source.
    pub struct Lookup {
        /// The name of the source.
        "source" source: String as line = required;
        /// A template of the entry's key, for sources with an `index` or read `onDemand`. Without it the whole document
        /// is the entry.
        "key" key: Option<String> as line = optional;
        /// The values by name, each a JSONPath from the entry. `${LOOKUP.VALUE}` in a template.
        "values" values: Vec<Named<String>> as paths = required;
        /// What is done where a good document has no such entry.
        "onMissing" on_missing: Fallback = {"deny": 404};
        /// What is done where there is no usable document.
        "onFailure" on_failure: Fallback = {"deny": 503};
        /// For how long a request waits for the first document. At most a minute.
        "hold" hold: Duration as duration::<0, 60_000> = "0s";
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

struct JsonPath(String);

impl super::decode::Decode for JsonPath {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        line(node, at, errors).map(Self)
    }
}

fn paths(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Vec<Named<String>>> {
    let read: Vec<Named<JsonPath>> = pairs(plain_name, node, at, errors)?;
    let plain = |Named {
                     name,
                     value: JsonPath(value),
                 }| Named { name, value };
    super::decode::filled(Some(read.into_iter().map(plain).collect()), at, errors)
}
