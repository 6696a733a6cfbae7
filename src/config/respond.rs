//! Responses that the filter sends itself.

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, Named, expected};
use crate::config::values::names::header_values;
use crate::config::values::scalar::integer;
use crate::config::{ConfigErrors, Path};

record! {
    /// A response that the filter sends itself.
    pub struct Respond {
        /// The status, 200 to 599.
        "status" status: u16 as integer::<200, 599, u16> = 200;
        /// Header fields.
        "headers" headers: Vec<Named<String>> as header_values = {};
        /// The body. Without it, the body is empty.
        "body" body: Option<String> = optional;
    }
}

one_of! {
    /// The treatment of requests that match no route.
    pub enum Unmatched {
        /// They get this response.
        "respond" Respond(Respond);
        /// They continue with a canonical path and without the headers that the policy owns.
        "pass" Pass(Pass);
    }
}

/// It has no fields: `{}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass;

impl Decode for Pass {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        if matches!(node, Node::Map(entries) if entries.is_empty()) {
            return Some(Self);
        }
        expected("`{}`", node, at, errors)
    }
}
