//! Changes to responses.

use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Decode, expected, filled, list, non_empty};
use crate::config::rewrite::HeaderEdits;
use crate::config::values::scalar::{integer, truth};
use crate::config::{ConfigErrors, Path};
use crate::http::is_token;

/// The changes to a route's responses.
#[derive(Clone, Debug, Default)]
pub struct ResponseBlocks {
    blocks: Vec<ResponseEdits>,
    /// Whether they were written as a list.
    is_list: bool,
}

impl ResponseBlocks {
    /// Visits the changes in order, each with its place in the document. `at` is the place of all.
    pub fn each(&self, at: &Path<'_>, visit: &mut dyn FnMut(&ResponseEdits, &Path<'_>)) {
        for (index, block) in self.blocks.iter().enumerate() {
            if self.is_list {
                visit(block, &at.index(index));
            } else {
                visit(block, at);
            }
        }
    }
}

impl Decode for ResponseBlocks {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        let is_list = matches!(node, Node::List(_));
        let blocks = if is_list {
            non_empty(node, at, errors)?
        } else {
            vec![ResponseEdits::decode(node, at, errors)?]
        };
        Some(Self { blocks, is_list })
    }
}

record! {
    /// Changes to a response before it is sent to the client.
    pub struct ResponseEdits {
        /// The responses that are changed: those of the upstream, denials, or the route's own.
        "on" on: Vec<Occasion> as non_empty = ["forwarded"];
        /// A condition on the response. Without it, all responses of `on` are changed.
        "when" when: Option<ResponseMatch> = optional;
        /// Header fields.
        "headers" headers: HeaderEdits = {};
        /// Attributes that cookies of the response get.
        "cookies" cookies: Option<SetCookieEdits> = optional;
    }
}

choice! {
    /// The origin of a response.
    pub enum Occasion {
        /// The upstream's.
        "forwarded" Forwarded;
        /// A denial after the route matched.
        "denied" Denied;
        /// The route's `redirect` or `respond`.
        "answered" Answered;
    }
}

record! {
    /// A condition on a response.
    pub struct ResponseMatch {
        /// Statuses, and ranges of them: `[404, 500-599]`.
        "status" status: Vec<(u16, u16)> as statuses = required;
    }
}

record! {
    /// Attributes of the cookies that a response sets.
    pub struct SetCookieEdits {
        /// Sets `Secure`: browsers send the cookie by TLS only.
        "secure" secure: Option<bool> as truth = optional;
        /// Sets `HttpOnly`: scripts can't read the cookie.
        "httpOnly" http_only: Option<bool> as truth = optional;
        /// Sets `SameSite`: whether browsers send the cookie with requests of other sites. `none` needs `secure`.
        "sameSite" same_site: Option<SameSite> = optional;
        /// The cookies. `__Host-*` means all cookies whose names begin with `__Host-`. Without any, all cookies.
        "names" names: Vec<String> as set_cookie_names = [];
    }
    rules [FieldRule::AtLeastOne(&["secure", "httpOnly", "sameSite"])]
}

choice! {
    /// A value of `SameSite`.
    pub enum SameSite {
        /// Never.
        "strict" Strict;
        /// With navigations to the site only.
        "lax" Lax;
        /// Always.
        "none" None;
    }
}

fn statuses(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Vec<(u16, u16)>> {
    filled(list(status, node, at, errors), at, errors)
}

fn status(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<(u16, u16)> {
    let number = |text: &str| {
        let status = text.parse().ok();
        status.filter(|status| (100..=599).contains(status))
    };
    let read = match node {
        Node::Number(_) => {
            let one = integer::<100, 599, u16>(node, at, errors)?;
            Some((one, one))
        }
        Node::String(range) => {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let range = number(first).zip(number(last));
            range.filter(|(first, last)| first <= last)
        }
        Node::Null | Node::Bool(_) | Node::List(_) | Node::Map(_) => {
            return expected("a status or a range", node, at, errors);
        }
    };
    if read.is_none() {
        let reason = "not a status from 100 to 599, or a range of them";
        errors.suggest(at, reason, "write `404` or `500-599`");
    }
    read
}

fn set_cookie_names(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<String>> {
    list(cookie_pattern, node, at, errors)
}

fn cookie_pattern(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let text = String::decode(node, at, errors)?;
    let name = text.strip_suffix('*').unwrap_or(&text);
    if !is_token(name.as_bytes()) || name.contains('*') {
        let reason = "not a cookie name or a prefix of one";
        errors.suggest(at, reason, "write `session` or `__Host-*`");
        return None;
    }
    Some(text)
}
