//! What Apollo's answers say.

use serde_json::Value;

use crate::strict_json;

/// The key of a release stands in so many bytes at the end of an answer.
const MOST_BEHIND: usize = 4096;

/// The longest key of a release that is used: that of a namespace and of the public one that it is of.
const LONGEST_KEY: usize = 256;

/// The longest text for other servers that is sent on.
const MOST_MESSAGES: usize = 2048;

const MEMBER: &[u8] = b"\"releaseKey\":\"";

/// The key of the release in an answer. The name stands behind the items, whose own names and values can't look like it from behind: a
/// quote has a `\` before it there. `None`: nothing that could be sent back.
pub(super) fn release_key(body: &[u8]) -> Option<&[u8]> {
    let from = body.len().saturating_sub(MOST_BEHIND);
    let tail = body.get(from..)?;
    let at = tail.windows(MEMBER.len()).rposition(|it| it == MEMBER)?;
    let rest = tail.get(at.checked_add(MEMBER.len())?..)?;
    let key = rest.get(..rest.iter().position(|byte| *byte == b'"')?)?;
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'\\';
    let is_key = (1..=LONGEST_KEY).contains(&key.len()) && key.iter().all(is_plain);
    is_key.then_some(key)
}

/// Whether an answer tells only what has changed. A config service answers so where it is set up to, if a release is named. The member
/// stands before all maps: one of the same name behind them is an item.
pub(super) fn is_of_changes(body: &[u8]) -> bool {
    const MEMBER: &[u8] = b"\"configSyncType\":\"IncrementalSync\"";
    let mut maps = body.iter().enumerate().filter(|(_, byte)| **byte == b'{');
    let until = maps.nth(1).map_or(body.len(), |(at, _)| at);
    let before = body.get(..until).unwrap_or_default();
    before.windows(MEMBER.len()).any(|it| it == MEMBER)
}

/// The notification in an answer: its number, and what it says to servers that have not heard of it yet.
pub(super) fn notification(body: &[u8]) -> Option<(i64, String)> {
    let answer: Value = strict_json::value(body).ok()?;
    let first = answer.get(0)?;
    let id = first.get("notificationId")?.as_i64()?;
    let messages = first.get("messages").filter(|value| value.is_object());
    let messages = messages.map_or(String::new(), Value::to_string);
    if messages.len() > MOST_MESSAGES {
        return Some((id, String::new()));
    }
    Some((id, messages))
}
