//! Which requests a route is for, and what is done with them.

use crate::config::condition::Condition;
use crate::config::decode::node::Node;
use crate::config::decode::record::Rule;
use crate::config::decode::{Decode, Named};
use crate::config::lookup::{Lookup, lookups};
use crate::config::requirement::Requirement;
use crate::config::respond::Respond;
use crate::config::rewrite::{Redirect, ResponseEdits, Rewrite};
use crate::config::values::names::{header_name, method_names};
use crate::config::values::scalar::truth;
use crate::config::values::text::line;
use crate::config::{ConfigErrors, Path};

record! {
    /// Which requests, and what is done with them.
    pub struct Route {
        /// Its name in logs and metrics. Unique in the policy.
        "name" name: String as line = required;
        /// The hosts: exact, or `*.example.com` for one or more labels before it. Without any, all hosts.
        "hosts" hosts: Vec<String> = [];
        /// Which requests: one of these is enough. Without any, all requests of the hosts.
        "match" matches: Vec<Match> = [];
        /// What a client must prove. It must be said: `none` asks for nothing.
        "require" require: Requirement = required;
        /// Values from sources, each lookup under a name of its own.
        "lookup" lookup: Vec<Named<Lookup>> as lookups = {};
        /// What must hold besides. Without it, `require` is enough.
        "authorize" authorize: Option<Condition> = optional;
        /// What is changed before the upstream sees the request.
        "rewrite" rewrite: Option<Rewrite> = optional;
        /// What is changed before the client sees a response: the upstream's, unless `on` says otherwise.
        "response" response: Option<ResponseEdits> = optional;
        /// The client is sent elsewhere, and no upstream is asked.
        "redirect" redirect: Option<Redirect> = optional;
        /// The client is answered, and no upstream is asked.
        "respond" respond: Option<Respond> = optional;
    }
    rules [
        Rule::AtMostOne(&["redirect", "respond"]),
        Rule::Apart("rewrite", &["redirect", "respond"]),
    ]
}

record! {
    /// Which requests: all that is written must hold.
    pub struct Match {
        /// The path. Without it, every path, as the prefix `/`.
        "path" path: Option<PathMatch> = optional;
        /// The methods. Without any, every method.
        "methods" methods: Vec<String> as method_names = [];
        /// Header fields.
        "headers" headers: Vec<FieldMatch> as header_matches = [];
        /// Query parameters; names and values compare after percent-decoding.
        "query" query: Vec<FieldMatch> as query_matches = [];
    }
}

one_of! {
    /// Which paths.
    pub enum PathMatch {
        /// This path alone; a slash at the end counts.
        "exact" Exact(String) as absolute;
        /// This path and everything below it: `/a` is for `/a` and `/a/b`, not for `/ab`.
        "prefix" Prefix(String) as absolute;
        /// `{name}` takes one segment; `{name=**}` stands last and takes no or more.
        "template" Template(String) as absolute;
    }
}

/// A path, from `/`; its grammar is the router's business.
fn absolute(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let text = String::decode(node, at, errors)?;
    if !text.starts_with('/') {
        errors.push(at, "must start with `/`");
        return None;
    }
    Some(text)
}

/// A header field or query parameter, and what must hold of it.
#[derive(Clone, Debug)]
pub struct FieldMatch {
    /// Its name; a header's in lower case.
    pub name: String,
    /// What must hold.
    pub test: FieldTest,
}

/// What must hold of a header field or query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldTest {
    /// It has this value: a header with its values joined by `,` (RFC 9110 §5.3), a parameter that stands there once.
    Exact(String),
    /// It is there.
    Present,
    /// It is not there.
    Absent,
}

record! {
    /// A header field or query parameter, and what must hold of it.
    pub(super) struct WrittenFieldMatch {
        /// Its name.
        "name" name: String as line = required;
        /// The value that it must have.
        "exact" exact: Option<String> = optional;
        /// It must be there, whatever its value.
        "present" present: Option<bool> as truth = optional;
        /// It must not be there.
        "absent" absent: Option<bool> as truth = optional;
    }
    rules [Rule::One(&["exact", "present", "absent"])]
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
