//! Responses that the filter sends itself.

use std::time::Duration;

use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Decode, Named, expected, non_empty};
use crate::config::values::names::header_values;
use crate::config::values::scalar::integer;
use crate::config::values::text::line;
use crate::config::values::units::duration;
use crate::config::{ConfigErrors, Path};

record! {
    /// A response that the filter sends itself.
    pub struct Respond {
        /// The status, 200 to 599.
        "status" status: u16 as integer::<200, 599, u16> = 200;
        /// Header fields: templates.
        "headers" headers: Vec<Named<String>> as header_values = {};
        /// The body: a template, whose values are escaped as its content type needs it. Without it, the body is empty.
        "body" body: Option<String> = optional;
        /// Several bodies: the client's `Accept` chooses one.
        "bodies" bodies: Option<Vec<ResponseBody>> as non_empty = optional;
        /// When the client may try again, at most a year: the header `retry-after`.
        "retryAfter" retry_after: Option<Duration> as duration::<1_000, 31_536_000_000> = optional;
    }
    rules [FieldRule::AtMostOne(&["body", "bodies"])]
}

record! {
    /// A body of one content type.
    pub struct ResponseBody {
        /// Its content type.
        "contentType" content_type: String as line = required;
        /// The body: a template.
        "body" body: String = required;
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
