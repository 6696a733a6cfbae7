//! Named ways to authenticate.

use crate::http::is_token;

use super::decode::{Decode, Named, name, non_empty, pairs};
use super::names::{cookie_name, header_name};
use super::node::Node;
use super::record::Rule;
use super::text::line;
use super::{ConfigErrors, Path};

one_of! {
    /// A way to authenticate.
    pub enum Provider {
        /// By a key that the client sends with each request.
        "apiKey" ApiKey(ApiKeyProvider);
    }
}

/// The providers of a policy, by names that requirements can tell from `none`.
pub(super) fn providers(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<Provider>>> {
    pairs(provider_name, Provider::decode, node, at, errors)
}

fn provider_name(written: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    if written == "none" {
        errors.push(
            at,
            "`none` is no name for a provider: it means that a route asks for nothing",
        );
        return None;
    }
    name(written, at, errors)
}

/// The header in which a WebSocket client offers subprotocols: a list of tokens (RFC 6455 §11.3.4), and the only one that
/// scripts in browsers can write.
const SUBPROTOCOLS: &str = "sec-websocket-protocol";

record! {
    /// API keys: where they are read from, and what the challenge says.
    pub struct ApiKeyProvider {
        /// The places to read a key from. A request may use one of them only.
        "from" from: Vec<Location> as non_empty = required;
        /// The scheme that a challenge names (RFC 9110 §11.1). Without it, the first word of the first `prefix` in `from`
        /// that is a word and a blank (`Bearer `); else `ApiKey`.
        "challenge" challenge: Option<String> as scheme = optional;
        /// The realm that a challenge names (RFC 9110 §11.5).
        "realm" realm: String as line = "api";
        /// Whether the upstream gets the key. Only a verified one is ever forwarded.
        "forward" forward: bool = false;
    }
}

fn scheme(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let scheme = String::decode(node, at, errors)?;
    if !is_token(scheme.as_bytes()) {
        let reason = "must be the name of a scheme, and nothing else";
        errors.suggest(at, reason, "as in `Bearer`; the realm is `realm`");
        return None;
    }
    Some(scheme)
}

/// A place of a request where a credential may stand.
#[derive(Clone, Debug)]
pub enum Location {
    /// A header field.
    Header {
        /// Its name, in lower case.
        name: String,
        /// What stands before the credential, such as `Bearer `. A field whose first word is another one is no credential
        /// of this provider. Case and blanks don't count.
        prefix: Option<String>,
    },
    /// A member of the list of subprotocols that a WebSocket client offers.
    Member {
        /// The header's name, in lower case.
        name: String,
        /// How the member begins.
        prefix: String,
    },
    /// A query parameter of this name.
    Query(String),
    /// A cookie of this name.
    Cookie(String),
}

record! {
    /// A place of a request where a credential may stand.
    pub(super) struct WrittenLocation {
        /// The name of a header field.
        "header" header: Option<String> as header_name = optional;
        /// What stands before the credential in the header field, such as `Bearer `. A field with another first word is no
        /// credential of this provider. Case and blanks don't count. Required for `sec-websocket-protocol`, which is a list:
        /// how the member with the credential begins.
        "prefix" prefix: Option<String> as line = optional;
        /// The name of a query parameter.
        "query" query: Option<String> as line = optional;
        /// The name of a cookie.
        "cookie" cookie: Option<String> as cookie_name = optional;
    }
    rules [Rule::One(&["header", "query", "cookie"]), Rule::Needs("prefix", "header")]
}

impl Decode for Location {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        let written = WrittenLocation::decode(node, at, errors)?;
        let prefix = written.prefix;
        let is_blank = |prefix: &String| prefix.bytes().all(|byte| byte == b' ');
        if prefix.as_ref().is_some_and(is_blank) {
            let path = at.field("prefix");
            errors.suggest(
                &path,
                "is blank",
                "leave it out, or say which word: `\"Bearer \"`",
            );
            return None;
        }
        let header = match written.header {
            Some(name) if name == SUBPROTOCOLS => {
                let prefix = member_prefix(prefix, &at.field("prefix"), errors)?;
                Some(Self::Member { name, prefix })
            }
            name => name.map(|name| Self::Header { name, prefix }),
        };
        let query = written.query.map(Self::Query);
        header.or(query).or(written.cookie.map(Self::Cookie))
    }
}

/// How the credential's member of a list begins. Without a prefix, each subprotocol would be a credential.
fn member_prefix(
    prefix: Option<String>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    let would_be = "say how the credential's member begins: `\"key.\"`";
    let Some(prefix) = prefix else {
        let reason =
            format!("required: `{SUBPROTOCOLS}` is a list, and each member would be a key");
        errors.suggest(at, reason, would_be);
        return None;
    };
    if !is_token(prefix.as_bytes()) {
        let reason = "no subprotocol begins so: it is a token, without blanks";
        errors.suggest(at, reason, would_be);
        return None;
    }
    Some(prefix)
}
