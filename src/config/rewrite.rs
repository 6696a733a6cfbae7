//! Changes to requests and responses, and redirects.

use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Decode, Named, expected};
use crate::config::upstream::{Upstream, UpstreamEdits};
use crate::config::values::names::{
    cookie_names, cookie_values, header_values, method_template, moved_headers, removed_headers,
};
use crate::config::values::scalar::integer;
use crate::config::values::text::{line, lines, lines_by_name, value, values_by_name};
use crate::config::{ConfigErrors, Path};

record! {
    /// Changes to a request before it is sent to the upstream.
    pub struct Rewrite {
        /// The path: a template, `{prefix: /x}` to replace the prefix that matched, or `{regex: …, with: …}` to replace what a
        /// regular expression matches. The query stays.
        "path" path: Option<PathRewrite> = optional;
        /// The host: a template.
        "host" host: Option<String> as line = optional;
        /// The method: a template.
        "method" method: Option<String> as method_template = optional;
        /// Header fields.
        "headers" headers: HeaderEdits = {};
        /// Query parameters.
        "query" query: QueryEdits = {};
        /// Cookies.
        "cookies" cookies: CookieEdits = {};
        /// The upstream, written into `routing.header`: a template, `{weights, by}`, or `{first: […]}`.
        "upstream" upstream: Option<Upstream> = optional;
        /// Changes to the requests that go to one upstream, by its name.
        "edits" edits: Vec<Named<UpstreamEdits>> = {};
    }
    rules [FieldRule::Needs("edits", "upstream")]
}

/// The new path.
#[derive(Clone, Debug)]
pub enum PathRewrite {
    /// A template.
    Template(String),
    /// Replaces the prefix that matched. All matches of the route must be prefixes.
    Prefix(String),
    /// Replaces what a regular expression matches.
    Regex {
        /// The expression.
        regex: String,
        /// A template of what comes instead.
        with: String,
    },
}

record! {
    /// Replaces a part of the path.
    pub(super) struct WrittenPathRewrite {
        /// The new prefix, from `/`, in place of the one that matched. `/` or an empty text removes the prefix.
        "prefix" prefix: Option<String> as value = optional;
        /// A regular expression. Where it matches the path first, `with` comes instead. A path without a match stays.
        "regex" regex: Option<String> as line = optional;
        /// A template. `${NAME}` is what the group `NAME` of `regex` matched.
        "with" with: Option<String> as value = optional;
    }
    rules [
        FieldRule::One(&["prefix", "regex"]),
        FieldRule::Needs("regex", "with"),
        FieldRule::Needs("with", "regex"),
    ]
}

impl Decode for PathRewrite {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) => line(node, at, errors).map(Self::Template),
            Node::Map(_) => {
                let written: WrittenPathRewrite = Decode::decode(node, at, errors)?;
                if let (Some(regex), Some(with)) = (written.regex, written.with) {
                    return Some(Self::Regex { regex, with });
                }
                // The Gateway API's conformance tests have the empty prefix too (ReplacePrefixMatch).
                let is_some = |prefix: &String| !prefix.is_empty();
                let prefix = written.prefix.filter(is_some);
                Some(Self::Prefix(prefix.unwrap_or_else(|| "/".into())))
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => expected(
                "a template, `{prefix: …}` or `{regex: …, with: …}`",
                node,
                at,
                errors,
            ),
        }
    }
}

record! {
    /// Changes to header fields: first `remove`, then `rename`, `copy`, `set` and `add`. Names are in lower case.
    pub struct HeaderEdits {
        /// Replaces all values of the field: a template.
        "set" set: Vec<Named<String>> as header_values = {};
        /// Adds a value of the field: a template.
        "add" add: Vec<Named<String>> as header_values = {};
        /// Removes all values of the field. `x-debug-*` removes all fields whose names begin with `x-debug-`.
        "remove" remove: Vec<String> as removed_headers = [];
        /// Moves all values of a field to another field, whose own values they replace. A field that is absent changes
        /// nothing.
        "rename" rename: Vec<Named<String>> as moved_headers = {};
        /// Copies all values of a field to another field, whose own values they replace. A field that is absent changes
        /// nothing.
        "copy" copy: Vec<Named<String>> as moved_headers = {};
    }
}

record! {
    /// Changes to query parameters: first `keep`, then `remove`, `rename`, `set` and `add`. Names compare after
    /// percent-decoding.
    pub struct QueryEdits {
        /// Replaces all values of the parameter: a template.
        "set" set: Vec<Named<String>> as values_by_name = {};
        /// Adds a value of the parameter: a template.
        "add" add: Vec<Named<String>> as values_by_name = {};
        /// Removes all values of the parameter.
        "remove" remove: Vec<String> as lines = [];
        /// Gives all values of a parameter to another one, whose own values they replace. A parameter that is absent changes
        /// nothing.
        "rename" rename: Vec<Named<String>> as lines_by_name = {};
        /// Removes all parameters that aren't named here.
        "keep" keep: Option<Vec<String>> as lines = optional;
    }
}

record! {
    /// Changes to the cookies of a request: first `remove`, then `set`.
    pub struct CookieEdits {
        /// Replaces all cookies of the name: a template.
        "set" set: Vec<Named<String>> as cookie_values = {};
        /// Removes all cookies of the name.
        "remove" remove: Vec<String> as cookie_names = [];
    }
}

record! {
    /// A redirect.
    pub struct Redirect {
        /// The scheme. Without it, the request's.
        "scheme" scheme: Option<Scheme> = optional;
        /// The host: a template. Without it, the request's.
        "host" host: Option<String> as line = optional;
        /// The port. Without it, the port in `host`; else the default port of `scheme`, if that is set; else the request's
        /// port.
        "port" port: Option<u16> as integer::<1, 65_535, u16> = optional;
        /// The path: a template, `{prefix: /x}` to replace the prefix that matched, or `{regex: …, with: …}` to replace what a
        /// regular expression matches. Without it, the request's.
        "path" path: Option<PathRewrite> = optional;
        /// The query: the request's (`keep`), none (`drop`), or the request's with changes. Credentials are removed first.
        "query" query: RedirectQuery = "keep";
        /// 301, 302, 303, 307 or 308. It may be the only field: the client is redirected to the same address.
        "status" status: u16 as redirection = 302;
        /// Header fields, beside the location.
        "headers" headers: Vec<Named<String>> as header_values = {};
    }
    rules [FieldRule::AtLeastOne(&["scheme", "host", "port", "path", "query", "status"])]
}

/// The query of a redirect.
#[derive(Clone, Debug)]
pub enum RedirectQuery {
    /// The request's.
    Keep,
    /// None.
    Drop,
    /// The request's with these changes.
    Edited(QueryEdits),
}

impl Decode for RedirectQuery {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match (node, node.as_text()) {
            (_, Some("keep")) => Some(Self::Keep),
            (_, Some("drop")) => Some(Self::Drop),
            (Node::Map(_), _) => Decode::decode(node, at, errors).map(Self::Edited),
            _ => expected("`keep`, `drop` or changes", node, at, errors),
        }
    }
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
