//! Changes of a response that depend on the response itself.

use std::sync::Arc;

use super::set_cookie::CookieAttributes;
use super::{Edit, HeaderName, Headers, Text, belongs_to_connection};

/// HTTP statuses as ranges, each with its first and its last. Clones share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSet(pub Arc<[(u16, u16)]>);

impl StatusSet {
    fn has(&self, status: u16) -> bool {
        let mut ranges = self.0.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&status))
    }
}

/// One change that is decided when the response is there. Names are lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LateEdit {
    /// The changes from here to the next block are for responses with one of these statuses; for all, where there are none.
    Block(Option<StatusSet>),
    /// A change that is known before.
    Known(Edit),
    /// Removes all fields whose names begin so, except those of the connection.
    RemoveAll(HeaderName),
    /// Gives all values of the first name to the second, whose own they replace. Without values nothing happens.
    Copy(HeaderName, HeaderName),
    /// The same, and removes the first name.
    Rename(HeaderName, HeaderName),
    /// Sets attributes of cookies.
    Cookies(Arc<CookieAttributes>),
}

/// Changes of a response, in order, with the values that the request gave. Each sees what the earlier ones have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LateEdits(pub Vec<LateEdit>);

impl LateEdits {
    /// What the changes are for this response. A response without a `:status` has none of the statuses.
    #[must_use]
    pub fn decide(&self, response: &Headers<'_>) -> Vec<Edit> {
        let status = response.first(b":status").and_then(|status| {
            let status = std::str::from_utf8(status).ok()?;
            status.parse().ok()
        });
        self.decide_for(status.unwrap_or_default(), response)
    }

    /// The same for a response with this status.
    pub(crate) fn decide_for(&self, status: u16, came: &Headers<'_>) -> Vec<Edit> {
        let mut changed = Changed {
            came,
            edits: Vec::new(),
        };
        let mut is_meant = true;
        for edit in &self.0 {
            if let LateEdit::Block(statuses) = edit {
                let statuses = statuses.as_ref();
                is_meant = statuses.is_none_or(|statuses| statuses.has(status));
            } else if is_meant {
                changed.apply(edit);
            }
        }
        changed.edits
    }
}

/// A response and its changes so far.
struct Changed<'r> {
    came: &'r Headers<'r>,
    edits: Vec<Edit>,
}

impl Changed<'_> {
    fn apply(&mut self, edit: &LateEdit) {
        match edit {
            LateEdit::Block(_) => {}
            LateEdit::Known(Edit::Add(name, value)) => {
                self.edits.push(Edit::Add(name.clone(), value.clone()));
            }
            LateEdit::Known(Edit::Set(name, value)) => self.replace(name, vec![value.clone()]),
            LateEdit::Known(Edit::Remove(name)) => self.replace(name, Vec::new()),
            LateEdit::RemoveAll(prefix) => self.remove_all(prefix),
            LateEdit::Copy(from, to) | LateEdit::Rename(from, to) => {
                let values = self.values(from);
                if values.is_empty() {
                    return;
                }
                if matches!(edit, LateEdit::Rename(..)) {
                    self.replace(from, Vec::new());
                }
                self.replace(to, values);
            }
            LateEdit::Cookies(attributes) => {
                let name = HeaderName::from("set-cookie");
                let mut values = self.values(&name);
                for value in &mut values {
                    if let Some(new) = attributes.applied(value) {
                        *value = new.into();
                    }
                }
                self.replace(&name, values);
            }
        }
    }

    fn came(&self, name: &[u8]) -> Vec<Text> {
        let values = self.came.all(name);
        values.map(|value| Text::from(value.to_vec())).collect()
    }

    /// The values of a name as they are now.
    fn values(&self, name: &[u8]) -> Vec<Text> {
        let mut values = self.came(name);
        for edit in self.edits.iter().filter(|edit| *edit.name() == *name) {
            if !matches!(edit, Edit::Add(..)) {
                values.clear();
            }
            if let Edit::Set(_, value) | Edit::Add(_, value) = edit {
                values.push(value.clone());
            }
        }
        values
    }

    /// Gives a name these values. Earlier changes of it have no effect any more.
    fn replace(&mut self, name: &HeaderName, values: Vec<Text>) {
        self.edits.retain(|edit| *edit.name() != **name);
        if values == self.came(name) {
            return;
        }
        let mut values = values.into_iter();
        self.edits.push(match values.next() {
            Some(first) => Edit::Set(name.clone(), first),
            None => Edit::Remove(name.clone()),
        });
        let others = values.map(|value| Edit::Add(name.clone(), value));
        self.edits.extend(others);
    }

    fn remove_all(&mut self, prefix: &[u8]) {
        let came = self.came.iter().map(|(name, _)| name);
        let begins = |name: &[u8]| {
            let start = name.get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let edited = self.edits.iter().map(Edit::name);
        let names: Vec<HeaderName> = came
            .chain(edited)
            .filter(|name| begins(name) && !belongs_to_connection(name))
            .map(HeaderName::from)
            .collect();
        for name in names {
            self.replace(&name, Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn edits(late: Vec<LateEdit>) -> Vec<String> {
        let map = HeaderMap::from_pairs(&[
            (":status", "404"),
            ("a", "1"),
            ("a", "2"),
            ("b", "3"),
            ("x-d-a", "4"),
            ("x-d-b", "5"),
        ]);
        let edits = LateEdits(late).decide(&map.view());
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let one = |edit: &Edit| match edit {
            Edit::Set(name, value) => format!("{}={}", text(name), text(value)),
            Edit::Add(name, value) => format!("{}+{}", text(name), text(value)),
            Edit::Remove(name) => format!("-{}", text(name)),
        };
        edits.iter().map(one).collect()
    }

    fn set(name: &str, value: &'static str) -> LateEdit {
        LateEdit::Known(Edit::Set(name.into(), value.into()))
    }

    fn add(name: &str, value: &'static str) -> LateEdit {
        LateEdit::Known(Edit::Add(name.into(), value.into()))
    }

    fn remove(name: &str) -> LateEdit {
        LateEdit::Known(Edit::Remove(name.into()))
    }

    fn rename(from: &str, to: &str) -> LateEdit {
        LateEdit::Rename(from.into(), to.into())
    }

    fn block(ranges: &[(u16, u16)]) -> LateEdit {
        LateEdit::Block(Some(StatusSet(ranges.into())))
    }

    #[test]
    fn each_change_sees_the_earlier_ones() {
        for (late, expected) in [
            (vec![rename("a", "c")], &["-a", "c=1", "c+2"][..]),
            (vec![rename("a", "b")], &["-a", "b=1", "b+2"]),
            (vec![rename("none", "b")], &[]),
            (vec![remove("a"), rename("a", "b")], &["-a"]),
            (
                vec![add("a", "9"), rename("a", "c")],
                &["-a", "c=1", "c+2", "c+9"],
            ),
            (vec![set("c", "9"), rename("c", "a")], &["a=9"]),
            (
                vec![LateEdit::Copy("b".into(), "c".into()), set("b", "0")],
                &["c=3", "b=0"],
            ),
            (vec![rename("a", "c"), rename("c", "a")], &[]),
            (vec![set("b", "3"), remove("none")], &[]),
            (
                vec![set("x-d-c", "1"), LateEdit::RemoveAll("x-d-".into())],
                &["-x-d-a", "-x-d-b"],
            ),
            (vec![LateEdit::RemoveAll("z".into())], &[]),
        ] {
            assert_eq!(edits(late.clone()), expected, "{late:?}");
        }
    }

    #[test]
    fn a_block_is_for_its_statuses() {
        let late = vec![
            set("c", "1"),
            block(&[(200, 299), (404, 404)]),
            set("d", "1"),
            block(&[(405, 599)]),
            set("e", "1"),
            LateEdit::Block(None),
            set("f", "1"),
        ];
        assert_eq!(edits(late), ["c=1", "d=1", "f=1"]);
    }
}
