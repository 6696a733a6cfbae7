//! Routes: which requests they match, and what happens to these.

use crate::config::condition::Condition;
use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Decode, Named};
use crate::config::lookup::{Lookup, lookups};
use crate::config::requirement::Requirement;
use crate::config::respond::Respond;
use crate::config::response::ResponseBlocks;
use crate::config::rewrite::{Redirect, Rewrite};
use crate::config::values::names::{header_name, method_names};
use crate::config::values::scalar::truth;
use crate::config::values::text::line;
use crate::config::{ConfigErrors, Path};

record! {
    /// A route.
    pub struct Route {
        /// Its name in logs and metrics. Unique in the policy.
        "name" name: String as line = required;
        /// The hosts: exact, or `*.example.com` for one or more labels before it. Without any, all hosts.
        "hosts" hosts: Vec<String> = [];
        /// The matches: a request must meet one of them. Without any, all requests of the hosts.
        "match" matches: Vec<Match> = [];
        /// The required authentication. It must be set; `none` requires nothing.
        "require" require: Requirement = required;
        /// Values from sources: lookups by name.
        "lookup" lookup: Vec<Named<Lookup>> as lookups = {};
        /// A further condition. Without it, `require` is enough.
        "authorize" authorize: Option<Condition> = optional;
        /// Changes to the request before it is sent to the upstream.
        "rewrite" rewrite: Option<Rewrite> = optional;
        /// Changes to a response before it is sent to the client: the upstream's, unless `on` says otherwise.
        "response" response: Option<ResponseBlocks> = optional;
        /// Redirects the client. The request isn't forwarded.
        "redirect" redirect: Option<Redirect> = optional;
        /// Answers the client. The request isn't forwarded.
        "respond" respond: Option<Respond> = optional;
    }
    rules [
        FieldRule::AtMostOne(&["redirect", "respond"]),
        FieldRule::Apart("rewrite", &["redirect", "respond"]),
    ]
}

record! {
    /// A match: all of its fields must hold.
    pub struct Match {
        /// The path. Without it, all paths, as with the prefix `/`.
        "path" path: Option<PathMatch> = optional;
        /// The methods. Without any, all methods.
        "methods" methods: Vec<String> as method_names = [];
        /// Header fields.
        "headers" headers: Vec<FieldMatch> as header_matches = [];
        /// Query parameters; names and values compare after percent-decoding.
        "query" query: Vec<FieldMatch> as query_matches = [];
    }
}

one_of! {
    /// A match of the path.
    pub enum PathMatch {
        /// Exactly this path. A trailing slash is significant.
        "exact" Exact(String) as absolute;
        /// This path and all paths below it: `/a` matches `/a` and `/a/b`, not `/ab`.
        "prefix" Prefix(String) as absolute;
        /// `{name}` matches one segment. `{name=**}` at the end matches zero or more segments.
        "template" Template(String) as absolute;
    }
}

/// A path, from `/`. The router checks its grammar.
fn absolute(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let text = String::decode(node, at, errors)?;
    if !text.starts_with('/') {
        errors.push(at, "must start with `/`");
        return None;
    }
    Some(text)
}

/// A condition on a header field or a query parameter.
#[derive(Clone, Debug)]
pub struct FieldMatch {
    /// Its name; for headers in lower case.
    pub name: String,
    /// The condition on the value.
    pub test: FieldTest,
}

/// A condition on the value of a header field or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldTest {
    /// It has this value: the values of a header joined by `,` (RFC 9110 §5.3), or the only value of a parameter.
    Exact(String),
    /// It is present.
    Present,
    /// It is absent.
    Absent,
}

record! {
    /// A condition on a header field or a query parameter.
    pub(super) struct WrittenFieldMatch {
        /// Its name.
        "name" name: String as line = required;
        /// The required value.
        "exact" exact: Option<String> = optional;
        /// It must be present, with any value.
        "present" present: Option<bool> as truth = optional;
        /// It must be absent.
        "absent" absent: Option<bool> as truth = optional;
    }
    rules [FieldRule::One(&["exact", "present", "absent"])]
}

impl Decode for FieldMatch {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        let written = WrittenFieldMatch::decode(node, at, errors)?;
        let test = match (written.exact, written.present, written.absent) {
            (Some(value), _, _) => FieldTest::Exact(value),
            (_, Some(_), _) => FieldTest::Present,
            (_, _, Some(_)) => FieldTest::Absent,
            (None, None, None) => return None,
        };
        let name = written.name;
        Some(Self { name, test })
    }
}

fn query_matches(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<FieldMatch>> {
    if matches!(node, Node::Map(_)) {
        let reason = "expected a list, found a map";
        errors.suggest(at, reason, "write `[{name: NAME, exact: VALUE}]`");
        return None;
    }
    Vec::decode(node, at, errors)
}

fn header_matches(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<FieldMatch>> {
    let mut matches = query_matches(node, at, errors)?;
    for (index, field) in matches.iter_mut().enumerate() {
        let at = at.index(index);
        field.name = header_name(&Node::from(field.name.as_str()), &at.field("name"), errors)?;
    }
    Some(matches)
}
