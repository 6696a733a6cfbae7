//! What the API server's answers say, and how an object becomes a document.

use serde_json::Value;

use crate::source::json::{Scanner, Token};
use crate::source::{SourceError, Version};

/// The longest metadata of an object.
const MOST_METADATA: usize = 1 << 20;

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
        let text = |name: &str| object.get("metadata")?.get(name)?.as_str();
        Self::new(text("uid")?, text("resourceVersion")?)
    }
}

/// Reads the state of the object in an answer, and finds the end of its metadata, which stand before its data.
pub(super) fn state(answer: &[u8]) -> Result<(State, usize), SourceError> {
    let malformed = || SourceError::Malformed("the answer has no metadata".into());
    let mut scanner = Scanner::default();
    let mut is_inside = false;
    let (mut uid, mut number) = (None, None);
    let mut member: &[u8] = b"";
    while scanner.at() < MOST_METADATA {
        match scanner.next(answer, 0)? {
            Token::Key(range) => {
                member = answer.get(range).unwrap_or_default();
                let is_before = matches!(member, b"\"kind\"" | b"\"apiVersion\"" | b"\"metadata\"");
                if scanner.depth() == 1 && !is_before {
                    return Err(malformed());
                }
                is_inside |= member == b"\"metadata\"";
            }
            Token::Value(range) if is_inside && scanner.depth() == 2 => {
                let text = answer
                    .get(range)
                    .and_then(|text| std::str::from_utf8(text).ok());
                match member {
                    b"\"uid\"" => uid = text,
                    b"\"resourceVersion\"" => number = text,
                    _ => {}
                }
            }
            Token::Close if is_inside && scanner.depth() == 1 => {
                let state = uid.zip(number).and_then(|(uid, number)| {
                    State::new(uid.trim_matches('"'), number.trim_matches('"'))
                });
                return Ok((state.ok_or_else(malformed)?, scanner.at()));
            }
            Token::End => break,
            Token::Value(_) | Token::Open(_) | Token::Close | Token::Blank => {}
        }
    }
    Err(malformed())
}

/// Makes the answer to a read a document: `opening` and all that follows the metadata. These are left out, because they change where
/// the data are the same.
pub(super) fn document(
    mut answer: Vec<u8>,
    opening: &[u8],
) -> Result<(Vec<u8>, State), SourceError> {
    let (state, end) = state(&answer)?;
    answer.splice(..end, opening.iter().copied());
    Ok((answer, state))
}

/// What a watch has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// The object is as it was.
    Same,
    Changed,
    /// The server no longer knows what has happened since then.
    Expired,
}

/// Reads the events of a watch, one in a line. A bookmark says that there were no others up to its number: the next watch begins
/// `from` there.
pub(super) fn events(
    answer: &[u8],
    known: Option<&State>,
    from: &mut Option<Box<str>>,
) -> Result<Watched, SourceError> {
    let mut watched = Watched::Same;
    let lines = answer.split(|byte| *byte == b'\n');
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        let malformed = || SourceError::Malformed("a watch tells no event".into());
        let event: Value = serde_json::from_slice(line).map_err(|_| malformed())?;
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
                    Some(410 | 504) => Ok(Watched::Expired),
                    Some(code) => Err(SourceError::Status(code)),
                    None => Err(malformed()),
                };
            }
            _ => return Err(malformed()),
        }
    }
    Ok(watched)
}
