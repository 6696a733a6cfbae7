//! What the API server's answers say.

use serde_json::Value;

use crate::source::{SourceError, Version};
use crate::strict_json;

/// The state of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// An object that was deleted and made again is another one.
    uid: Box<str>,
    /// The resource version: the number of the store's last write to the object.
    pub(super) number: Box<str>,
}

impl State {
    fn new(uid: &str, number: &str) -> Option<Self> {
        // Both become parts of a version, and the number a part of a path.
        let is_fit = |text: &str| {
            let is_plain =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
        };
        (is_fit(uid) && is_fit(number)).then(|| Self {
            uid: uid.into(),
            number: number.into(),
        })
    }

    /// The state that a version names.
    pub(super) fn known(version: &Version) -> Option<Self> {
        let (uid, number) = std::str::from_utf8(version.token()).ok()?.split_once(' ')?;
        Self::new(uid, number)
    }

    /// Names it.
    pub(super) fn version(&self) -> Version {
        Version::new(format!("{} {}", self.uid, self.number).as_bytes())
    }

    /// Whether the store was set up again from data that are older than the known state. Numbers of one store only grow, also where
    /// an object is made again.
    pub(super) fn is_older(&self, known: &Self) -> bool {
        let [new, old] = [self, known].map(|state| state.number.parse::<u64>());
        matches!((new, old), (Ok(new), Ok(old)) if new < old)
    }

    /// That of an object.
    fn of(object: &Value) -> Option<Self> {
        let text = |path: &str| object.pointer(path)?.as_str();
        Self::new(text("/metadata/uid")?, text("/metadata/resourceVersion")?)
    }
}

/// Reads the state in an answer.
pub(super) fn state(answer: &[u8]) -> Result<State, SourceError> {
    let object = strict_json::value(answer).unwrap_or_default();
    State::of(&object).ok_or_else(malformed)
}

/// What a watch has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// The object is as it was.
    Same,
    /// It may be another one.
    Changed,
}

/// Reads the events of a watch, one in a line. A bookmark says that there were no others up to its number: the next watch begins
/// `from` there. Where the server no longer knows what has happened, it begins anew.
pub(super) fn events(
    answer: &[u8],
    known: Option<&State>,
    from: &mut Option<Box<str>>,
) -> Result<Watched, SourceError> {
    let mut watched = Watched::Same;
    let lines = answer.split(|byte| *byte == b'\n');
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        let event: Value = strict_json::value(line).unwrap_or_default();
        let object = event.get("object").unwrap_or(&Value::Null);
        match event.get("type").and_then(Value::as_str) {
            Some("BOOKMARK") => {
                let number = object.pointer("/metadata/resourceVersion");
                let number = number.and_then(Value::as_str);
                let number = number.and_then(|number| State::new("-", number));
                *from = Some(number.ok_or_else(malformed)?.number);
            }
            Some("ADDED" | "MODIFIED") if State::of(object).as_ref() == known => {
                watched = Watched::Same;
            }
            Some("ADDED" | "MODIFIED" | "DELETED") => watched = Watched::Changed,
            Some("ERROR") => {
                let code = object.get("code").and_then(Value::as_u64);
                return match code.and_then(|code| u16::try_from(code).ok()) {
                    Some(410 | 504) => {
                        *from = None;
                        Ok(Watched::Changed)
                    }
                    Some(code) => Err(SourceError::Status(code)),
                    None => Err(malformed()),
                };
            }
            _ => return Err(malformed()),
        }
    }
    Ok(watched)
}

#[cold]
pub(super) fn malformed() -> SourceError {
    SourceError::Malformed("it is no answer of Kubernetes".into())
}
