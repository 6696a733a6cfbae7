//! The lists and maps that are open.

use serde_json::{Map, Value};

/// How deep values may nest: as those of JSON.
const DEEPEST: usize = 127;

/// A list or a map that is open, with what it has so far. That of a block has a column; a map has the name of the next entry.
#[derive(Debug)]
pub(super) enum Open {
    List(usize, Vec<Value>),
    Map(usize, Map<String, Value>, String),
    Brackets(Vec<Value>),
    Braces(Map<String, Value>, String),
}

impl Open {
    fn into_value(self) -> Value {
        match self {
            Self::List(_, values) | Self::Brackets(values) => Value::Array(values),
            Self::Map(_, members, _) | Self::Braces(members, _) => Value::Object(members),
        }
    }
}

/// The value so far.
#[derive(Debug)]
pub(super) struct Tree {
    above: usize,
    open: Vec<Open>,
    root: Option<Value>,
}

impl Tree {
    /// A tree below so many levels of a document.
    pub(super) const fn below(above: usize) -> Self {
        Self {
            above,
            open: Vec::new(),
            root: None,
        }
    }

    /// Whether it has no part yet.
    pub(super) fn is_new(&self) -> bool {
        self.open.is_empty() && self.root.is_none()
    }

    /// The innermost open list or map.
    pub(super) fn last(&self) -> Option<&Open> {
        self.open.last()
    }

    /// The column of the innermost block.
    pub(super) fn column(&self) -> Option<usize> {
        match self.open.last()? {
            Open::List(column, _) | Open::Map(column, ..) => Some(*column),
            Open::Brackets(_) | Open::Braces(..) => None,
        }
    }

    /// Opens a list or a map. Returns whether it isn't too deep.
    pub(super) fn open(&mut self, open: Open) -> bool {
        self.open.push(open);
        self.open.len().saturating_add(self.above) <= DEEPEST
    }

    /// Names the next entry of the innermost map. Returns whether the name is new there.
    pub(super) fn name(&mut self, name: String) -> bool {
        match self.open.last_mut() {
            Some(Open::Map(_, members, next) | Open::Braces(members, next)) => {
                let is_new = !members.contains_key(&name);
                *next = name;
                is_new
            }
            Some(Open::List(..) | Open::Brackets(_)) | None => false,
        }
    }

    pub(super) fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            Some(Open::List(_, values) | Open::Brackets(values)) => values.push(value),
            Some(Open::Map(_, members, name) | Open::Braces(members, name)) => {
                members.insert(std::mem::take(name), value);
            }
            None => self.root = Some(value),
        }
    }

    /// Closes the innermost list or map. Returns whether there was one.
    pub(super) fn close(&mut self) -> bool {
        let closed = self.open.pop();
        let is_closed = closed.is_some();
        if let Some(open) = closed {
            self.put(open.into_value());
        }
        is_closed
    }

    /// The value.
    pub(super) fn take(&mut self) -> Value {
        self.root.take().unwrap_or_default()
    }

    /// The values that are read so far, for an incremental drop.
    pub(super) fn into_parts(self) -> Vec<Value> {
        let open = self.open.into_iter().map(Open::into_value);
        open.chain(self.root).collect()
    }
}
