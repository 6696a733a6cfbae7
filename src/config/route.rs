//! Routes: which requests they match, and what happens to these.

use crate::config::condition::Condition;
use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Decode, Named};
use crate::config::lookup::{Lookup, lookups};
use crate::config::requirement::Requirement;
use crate::config::respond::Respond;
use crate::config::response::ResponseBlocks;
use crate::config::rewrite::{Redirect, Rewrite, Scheme};
use crate::config::values::names::{header_name, method_names};
use crate::config::values::scalar::{signed, truth};
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
        /// A match with a higher priority comes before all with a lower one. -1000 to 1000.
        "priority" priority: i32 as signed = 0;
        /// The required authentication. It must be set; `none` requires nothing.
        "require" require: Requirement = required;
        /// Values from sources: lookups by name.
        "lookup" lookup: Vec<Named<Lookup>> as lookups = {};
        /// Whether the route is chosen, among routes with the same match and the same `require`. Without it, it is.
        "when" when: Option<Condition> = optional;
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
        /// Cookies.
        "cookies" cookies: Vec<FieldMatch> as query_matches = [];
        /// The scheme of the request (`:scheme`).
        "scheme" scheme: Option<Scheme> = optional;
        /// A call of gRPC. It stands for the path and the method.
        "grpc" grpc: Option<GrpcMatch> = optional;
    }
    rules [FieldRule::Apart("grpc", &["path", "methods"])]
}

record! {
    /// A match of calls of gRPC.
    pub struct GrpcMatch {
        /// The service, with its package. Without it, every service.
        "service" service: Option<String> as line = optional;
        /// The method. Without it, every method.
        "method" method: Option<String> as line = optional;
    }
}

impl GrpcMatch {
    /// The template of the path, `/SERVICE/METHOD`. What isn't fixed is captured.
    #[must_use]
    pub fn path(&self) -> String {
        let service = self.service.as_deref().unwrap_or("{service}");
        let method = self.method.as_deref().unwrap_or("{method}");
        ["/", service, "/", method].concat()
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
        /// A regular expression for the whole path.
        "regex" Regex(String) as line;
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

/// A condition on a header field, a query parameter or a cookie.
#[derive(Clone, Debug)]
pub struct FieldMatch {
    /// Its name; for headers in lower case.
    pub name: String,
    /// The condition on the value.
    pub test: FieldTest,
}

/// A condition on the value of a header field, a query parameter or a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldTest {
    /// It has this value: the values of a header joined by `,` (RFC 9110 §5.3), or the only value of a parameter or a cookie.
    Exact(String),
    /// This regular expression matches somewhere in its value.
    Regex(String),
    /// It is present.
    Present,
    /// It is absent.
    Absent,
}

record! {
    /// A condition on a header field, a query parameter or a cookie.
    pub(super) struct WrittenFieldMatch {
        /// Its name.
        "name" name: String as line = required;
        /// The required value.
        "exact" exact: Option<String> = optional;
        /// A regular expression that must match somewhere in the value.
        "regex" regex: Option<String> as line = optional;
        /// It must be present, with any value.
        "present" present: Option<bool> as truth = optional;
        /// It must be absent.
        "absent" absent: Option<bool> as truth = optional;
    }
    rules [FieldRule::One(&["exact", "regex", "present", "absent"])]
}

impl Decode for FieldMatch {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        let written = WrittenFieldMatch::decode(node, at, errors)?;
        let test = match (
            written.exact,
            written.regex,
            written.present,
            written.absent,
        ) {
            (Some(value), ..) => FieldTest::Exact(value),
            (_, Some(pattern), ..) => FieldTest::Regex(pattern),
            (_, _, Some(_), _) => FieldTest::Present,
            (.., Some(_)) => FieldTest::Absent,
            (None, None, None, None) => return None,
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
