//! The properties of a property source: values with flat names.

use std::iter::Enumerate;
use std::vec;

use serde_json::{Map, Value, map};

/// What is left of a property source. Below its own names there is nothing in an answer of a server; a file may have maps and
/// lists, whose values get flat names as Spring makes them: `a.b`, `a[0]`, and `a[b.c]` for a key `[b.c]`.
#[derive(Debug)]
pub(super) struct Leaves {
    open: Vec<Open>,
    is_file: bool,
}

/// A map or a list on the way, with its flat name.
#[derive(Debug)]
struct Open {
    name: String,
    left: Left,
}

#[derive(Debug)]
enum Left {
    Map(map::IntoIter),
    List(Enumerate<vec::IntoIter<Value>>),
}

impl Leaves {
    pub(super) fn of(properties: Map<String, Value>, is_file: bool) -> Self {
        let left = Left::Map(properties.into_iter());
        let name = String::new();
        Self {
            open: vec![Open { name, left }],
            is_file,
        }
    }

    pub(super) const fn none() -> Self {
        Self {
            open: Vec::new(),
            is_file: false,
        }
    }

    /// The next property. In a file its value is no map or list, unless that is empty.
    pub(super) fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let open = self.open.last_mut()?;
            let next = match &mut open.left {
                Left::Map(left) => left.next(),
                Left::List(left) => left.next().map(|(at, value)| (format!("[{at}]"), value)),
            };
            let Some((own, value)) = next else {
                self.open.pop();
                continue;
            };
            let name = if open.name.is_empty() {
                own
            } else {
                let dot = if own.starts_with('[') { "" } else { "." };
                [&open.name, dot, &own].concat()
            };
            match value {
                Value::Object(members) if self.is_file && !members.is_empty() => {
                    let left = Left::Map(members.into_iter());
                    self.open.push(Open { name, left });
                }
                Value::Array(values) if self.is_file && !values.is_empty() => {
                    let left = Left::List(values.into_iter().enumerate());
                    self.open.push(Open { name, left });
                }
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_) => return Some((name, value)),
            }
        }
    }

    /// The values that are left, for an incremental drop.
    pub(super) fn part_into(self, parts: &mut Vec<Value>) {
        for open in self.open {
            match open.left {
                Left::Map(left) => parts.extend(left.map(|(_, value)| value)),
                Left::List(left) => parts.extend(left.map(|(_, value)| value)),
            }
        }
    }
}
