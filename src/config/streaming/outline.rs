//! The positions of a document's fields and of its lists' entries.

use std::borrow::Cow;

use crate::config::decode::node::Node;
use crate::config::streaming::window::{Span, ValueSpan, WalkError, Window};

/// A top-level field of the document.
pub(in crate::config) struct DocumentField {
    pub(in crate::config) name: String,
    pub(in crate::config) value: ValueSpan,
    /// Whether the value begins with `[`.
    pub(in crate::config) is_list: bool,
}

/// The top-level fields in their order, with duplicates. Their values aren't parsed and may be invalid JSON.
pub(in crate::config) fn entries(window: &mut Window<'_>) -> Result<Vec<DocumentField>, WalkError> {
    let mut entries = Vec::new();
    let mut walk = Walk::into(window, 0, b'{')?;
    while let Some(at) = walk.next(window, b'}')? {
        let key = window.extent(at, 1)?.span;
        let name = text(window.bytes(key)?)?;
        let (colon, byte) = window.next_byte(key.end)?;
        if byte != b':' {
            return Err(WalkError::Malformed);
        }
        let (start, first) = window.next_byte(colon.saturating_add(1))?;
        let value = window.extent(start, 1)?;
        walk.at = value.span.end;
        let is_list = first == b'[';
        entries.push(DocumentField {
            name,
            value,
            is_list,
        });
    }
    if window.ends(walk.at)? {
        Ok(entries)
    } else {
        Err(WalkError::Malformed)
    }
}

fn text(key: &[u8]) -> Result<String, WalkError> {
    match Node::parse(key) {
        Ok(Node::String(name)) => Ok(Cow::into_owned(name)),
        Ok(Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Map(_))
        | Err(_) => Err(WalkError::Malformed),
    }
}

/// The entries of a list that is a top-level field.
pub(in crate::config) struct ListItems {
    walk: Walk,
    end: usize,
}

impl ListItems {
    pub(in crate::config) fn of(list: Span, window: &mut Window<'_>) -> Result<Self, WalkError> {
        Ok(Self {
            walk: Walk::into(window, list.start, b'[')?,
            end: list.end,
        })
    }

    pub(in crate::config) fn next(
        &mut self,
        window: &mut Window<'_>,
    ) -> Result<Option<Span>, WalkError> {
        let Some(at) = self.walk.next(window, b']')? else {
            // A bracket of the wrong kind closes it: the first pass found another end.
            return if self.walk.at == self.end {
                Ok(None)
            } else {
                Err(WalkError::Malformed)
            };
        };
        let element = window.extent(at, 2)?.span;
        self.walk.at = element.end;
        Ok(Some(element))
    }
}

/// A walk from entry to entry of a list or a map.
struct Walk {
    /// The position after the last byte that was read.
    at: usize,
    begun: bool,
}

impl Walk {
    fn into(window: &mut Window<'_>, start: usize, open: u8) -> Result<Self, WalkError> {
        let (at, byte) = window.next_byte(start)?;
        if byte != open {
            return Err(WalkError::Malformed);
        }
        Ok(Self {
            at: at.saturating_add(1),
            begun: false,
        })
    }

    /// The start of the next entry. `None` at `close`, which is consumed.
    fn next(&mut self, window: &mut Window<'_>, close: u8) -> Result<Option<usize>, WalkError> {
        let (at, byte) = window.next_byte(self.at)?;
        let behind = at.saturating_add(1);
        match byte {
            _ if byte == close => {
                self.at = behind;
                Ok(None)
            }
            b',' if self.begun => Ok(Some(window.next_byte(behind)?.0)),
            _ if !self.begun => {
                self.begun = true;
                Ok(Some(at))
            }
            _ => Err(WalkError::Malformed),
        }
    }
}
