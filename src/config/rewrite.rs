//! What is changed on the way: of requests, of responses, and where a client is sent elsewhere.

use crate::config::decode::node::Node;
use crate::config::decode::record::Rule;
use crate::config::decode::{Decode, Named, expected, non_empty};
use crate::config::values::names::{header_values, method_template, own_headers};
use crate::config::values::scalar::integer;
use crate::config::values::text::{line, lines, value, values_by_name};
use crate::config::{ConfigErrors, Path};

record! {
    /// What is changed before the upstream sees a request.
    pub struct Rewrite {
        /// The path: a template, or `{prefix: /x}` to replace the prefix that matched. The query stays.
        "path" path: Option<PathRewrite> = optional;
        /// The host: a template.
        "host" host: Option<String> as line = optional;
        /// The method: a template.
        "method" method: Option<String> as method_template = optional;
        /// Header fields.
        "headers" headers: HeaderEdits = {};
        /// Query parameters.
        "query" query: QueryEdits = {};
        /// The upstream, a template: written into `routing.header`.
        "upstream" upstream: Option<String> as line = optional;
    }
}

/// What a path becomes.
#[derive(Clone, Debug)]
pub enum PathRewrite {
    /// This template.
    Template(String),
    /// The prefix that matched gives way to this one. Every match of the route is a prefix then.
    Prefix(String),
}

record! {
    /// The prefix that matched gives way to this one.
    pub(super) struct WrittenPrefix {
        /// The new prefix, from `/`. Empty, it is taken away, as `/` does.
        "prefix" prefix: String as value = required;
    }
}

impl Decode for PathRewrite {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) => line(node, at, errors).map(Self::Template),
            Node::Map(_) => {
                let WrittenPrefix { prefix } = Decode::decode(node, at, errors)?;
                // The Gateway API's conformance has the empty one as well (ReplacePrefixMatch).
                let is_none = prefix.is_empty();
                Some(Self::Prefix(if is_none { "/".into() } else { prefix }))
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => {
                expected("a template or `{prefix: …}`", node, at, errors)
            }
        }
    }
}

record! {
    /// Changes to header fields: first `remove`, then `set`, then `add`. Names are in lower case.
    pub struct HeaderEdits {
        /// All values of the field give way to this one: a template.
        "set" set: Vec<Named<String>> as header_values = {};
        /// One more value of the field: a template.
        "add" add: Vec<Named<String>> as header_values = {};
        /// No value of the field stays.
        "remove" remove: Vec<String> as own_headers = [];
    }
}

record! {
    /// Changes to query parameters: first `remove`, then `set`, then `add`. Names compare after percent-decoding.
    pub struct QueryEdits {
        /// All values of the parameter give way to this one: a template.
        "set" set: Vec<Named<String>> as values_by_name = {};
        /// One more value of the parameter: a template.
        "add" add: Vec<Named<String>> as values_by_name = {};
        /// No value of the parameter stays.
        "remove" remove: Vec<String> as lines = [];
    }
}

record! {
    /// What is changed before the client sees a response.
    pub struct ResponseEdits {
        /// Which responses: the upstream's, denials of the gate, answers of the policy's own.
        "on" on: Vec<Occasion> as non_empty = ["forwarded"];
        /// Header fields.
        "headers" headers: HeaderEdits = {};
    }
}

choice! {
    /// Whose response it is.
    pub enum Occasion {
        /// The upstream's.
        "forwarded" Forwarded;
        /// A denial of the gate, after the route matched.
        "denied" Denied;
        /// The route's `redirect` or `respond`.
        "answered" Answered;
    }
}

record! {
    /// Where the client is sent.
    pub struct Redirect {
        /// The scheme. Without it, the request's.
        "scheme" scheme: Option<Scheme> = optional;
        /// The host: a template. Without it, the request's.
        "host" host: Option<String> as line = optional;
        /// The port. Without it, the one that `host` is written with; else the scheme's own where `scheme` is written, else
        /// the request's.
        "port" port: Option<u16> as integer::<1, 65_535, u16> = optional;
        /// The path: a template, or `{prefix: /x}` to replace the prefix that matched. Without it, the request's. The
        /// query stays.
        "path" path: Option<PathRewrite> = optional;
        /// 301, 302, 303, 307 or 308. It may stand alone: the client is sent to the same address.
        "status" status: u16 as redirection = 302;
        /// Header fields, beside the location.
        "headers" headers: Vec<Named<String>> as header_values = {};
    }
    rules [Rule::AtLeastOne(&["scheme", "host", "port", "path", "status"])]
}

choice! {
    /// A URL's scheme.
    pub enum Scheme {
        /// Plain text.
        "http" Http;
        /// TLS.
        "https" Https;
    }
}

fn redirection(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<u16> {
    let status = integer::<0, 65_535, u16>(node, at, errors)?;
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Some(status);
    }
    errors.push(at, "must be 301, 302, 303, 307 or 308");
    None
}
