//! What etcd's answers say, and how the answer to a read becomes a document.

use serde_json::Value;

use crate::secret::Secret;
use crate::source::Version;
use crate::strict_json;

/// The longest beginning of an answer before its member `kvs`.
const LONGEST_HEADER: usize = 1024;

/// The state of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// A server that was set up again is another cluster.
    cluster: u64,
    /// A server that was started again from a copy of its data has another term.
    term: u64,
    /// The revision of the newest key in the range.
    newest: u64,
    /// The number of keys in the range.
    count: u64,
    /// The revision of the whole store at which it was read.
    pub(super) revision: u64,
}

impl State {
    /// The state that a version names.
    pub(super) fn known(version: &Version) -> Option<Self> {
        let text = std::str::from_utf8(version.token()).ok()?;
        let mut numbers = text.split(' ').map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Self {
            cluster: next()?,
            term: next()?,
            newest: next()?,
            count: next()?,
            revision: next()?,
        })
    }

    /// Names it.
    pub(super) fn version(&self) -> Version {
        let Self {
            cluster,
            term,
            newest,
            count,
            revision,
        } = self;
        Version::new(format!("{cluster} {term} {newest} {count} {revision}").as_bytes())
    }

    /// The state as text for people.
    pub(super) fn text(&self) -> String {
        let keys = if self.count == 1 { "key" } else { "keys" };
        format!("revision {} of {} {keys}", self.newest, self.count)
    }

    /// Whether the range is the same in both states: a written key changes the newest revision, and a deleted key the number.
    /// Cluster and term have to be the same too: a server that was set up again from older data may reach the same revision by
    /// other writes.
    pub(super) fn is_same(&self, known: &Self) -> bool {
        // The store's revision counts the writes of other keys too.
        *self
            == Self {
                revision: self.revision,
                ..*known
            }
    }

    /// Whether the server was set up again from data that are older than the known state, or are others. The newest revision in
    /// a range also becomes a lower one where its newest key is deleted; but then there are fewer keys.
    pub(super) const fn is_older(&self, known: &Self) -> bool {
        self.cluster != known.cluster
            || self.revision < known.revision
            || self.newest < known.newest && self.count >= known.count
    }
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
pub(super) fn state(body: &[u8]) -> Option<Option<State>> {
    let answer: Value = strict_json::value(body).ok()?;
    let at = |path: &str| answer.pointer(path).and_then(number);
    let revision = at("/header/revision")?;
    // Absent numbers are zero.
    let count = at("/count").unwrap_or_default();
    if count == 0 {
        return Some(None);
    }
    Some(Some(State {
        cluster: at("/header/cluster_id").unwrap_or_default(),
        term: at("/header/raft_term").unwrap_or_default(),
        newest: at("/kvs/0/mod_revision")?,
        count,
        revision,
    }))
}

/// The token in the answer to a login.
pub(super) fn token(body: &[u8]) -> Option<Secret> {
    let answer: Value = strict_json::value(body).ok()?;
    let token = answer.get("token")?.as_str()?;
    let is_sendable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_sendable.then(|| Secret::new(token.as_bytes()))
}

/// Reads an answer of another status than 200.
pub(super) fn failure(status: u16, body: &[u8]) -> Failure {
    let answer: Value = strict_json::value(body).unwrap_or_default();
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
