//! Where a credential may stand in a request, as it is written.

use crate::config::decode::Decode;
use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::values::names::{cookie_name, header_name};
use crate::config::values::text::line;
use crate::config::{ConfigErrors, Path};
use crate::http::is_token;

/// The header in which a WebSocket client offers subprotocols: a list of tokens (RFC 6455 §11.3.4), and the only one that
/// scripts in browsers can write.
const SUBPROTOCOLS: &str = "sec-websocket-protocol";

/// A location in a request where a credential may stand.
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
    /// A location in a request where a credential may stand.
    pub(in crate::config) struct WrittenLocation {
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
    rules [FieldRule::One(&["header", "query", "cookie"]), FieldRule::Needs("prefix", "header")]
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
