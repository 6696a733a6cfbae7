//! What etcd's answers say, and how the answer to a read becomes a document.

use serde_json::Value;

use crate::secret::Secret;
use crate::source::Version;

/// The longest beginning of an answer before its member `kvs`.
const LONGEST_HEADER: usize = 1024;

/// The state of a range.
pub(super) struct State {
    /// The revision of the whole store at which it was read.
    pub(super) revision: u64,
    /// Names it: two states of one server are the same where their versions are.
    pub(super) version: Version,
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The token isn't valid, or there is none.
    NotLoggedIn,
    /// The user may not read the range, or the name or the password is wrong.
    Refused,
    /// The server has no users: it gives no token and wants none.
    NoLogins,
    /// Something else.
    Other,
}

/// A number of 64 bits: the gateway writes it as text.
fn number(value: &Value) -> Option<u64> {
    let text = value.as_str();
    text.map_or_else(|| value.as_u64(), |text| text.parse().ok())
}

/// Reads the state in an answer of at most one key without its value. `Some(None)` if there is no key.
///
/// The version has the newest revision in the range and the number of keys: a written key changes the first, and a deleted
/// key the second. It has the cluster and the term too: a server that was set up again from older data may reach the same
/// revision by other writes.
pub(super) fn state(body: &[u8]) -> Option<Option<State>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let at = |path: &str| answer.pointer(path).and_then(number);
    let revision = at("/header/revision")?;
    // Absent numbers are zero.
    let count = at("/count").unwrap_or_default();
    if count == 0 {
        return Some(None);
    }
    let newest = at("/kvs/0/mod_revision")?;
    let cluster = at("/header/cluster_id").unwrap_or_default();
    let term = at("/header/raft_term").unwrap_or_default();
    let version = format!("{cluster} {term} {newest} {count}");
    Some(Some(State {
        revision,
        version: Version::new(version.as_bytes()),
    }))
}

/// The token in the answer to a login.
pub(super) fn token(body: &[u8]) -> Option<Secret> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let token = answer.get("token")?.as_str()?;
    let is_sendable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_sendable.then(|| Secret::new(token.as_bytes()))
}

/// Reads an answer of another status than 200.
pub(super) fn failure(status: u16, body: &[u8]) -> Failure {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = ["message", "error"].map(|name| answer.get(name).and_then(Value::as_str));
    let ([Some(message), _] | [None, Some(message)]) = message else {
        return match status {
            401 => Failure::NotLoggedIn,
            403 => Failure::Refused,
            _ => Failure::Other,
        };
    };
    // The gateway has one status and one code for very different mistakes (400, 3), so only the message tells them apart.
    match (status, message.trim_start_matches("etcdserver: ")) {
        (401, _)
        | (_, "user name is empty" | "invalid auth token" | "revision of auth store is old") => {
            Failure::NotLoggedIn
        }
        (403, _) | (_, "authentication failed, invalid user ID or password") => Failure::Refused,
        (_, "authentication is not enabled") => Failure::NoLogins,
        _ => Failure::Other,
    }
}

/// Makes the answer to a read a document: `opening` and the member `kvs` with all that follows. What stands before it is
/// left out, because it differs from answer to answer although the keys are the same.
pub(super) fn document(mut answer: Vec<u8>, opening: &[u8]) -> Option<Vec<u8>> {
    let start = answer.get(..LONGEST_HEADER).unwrap_or(&answer);
    let wanted = b"\"kvs\":";
    let at = start
        .windows(wanted.len())
        .position(|part| part == wanted)?;
    answer.splice(..at, opening.iter().copied());
    Some(answer)
}
