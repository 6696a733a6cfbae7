//! Answers of the gate's own.

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, Named, expected};
use crate::config::values::names::header_values;
use crate::config::values::scalar::integer;
use crate::config::{ConfigErrors, Path};

record! {
    /// An answer of the gate's own.
    pub struct Respond {
        /// The status, 200 to 599.
        "status" status: u16 as integer::<200, 599, u16> = 200;
        /// Header fields.
        "headers" headers: Vec<Named<String>> as header_values = {};
        /// The content. Without it, none.
        "body" body: Option<String> = optional;
    }
}

one_of! {
    /// What is done with requests that no route is for.
    pub enum Unmatched {
        /// They are answered.
        "respond" Respond(Respond);
        /// They go on, sanitised and with a canonical path, and nothing else.
        "pass" Pass(Pass);
    }
}

/// Nothing more is to be said: `{}`.
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
