//! Collects header edits. Edits that change nothing are skipped.

use crate::http::{
    Edit, HeaderLookup, Headers, KnownName, NameFilter, Text, belongs_to_connection, same_name,
};

/// The request's field of cookies.
const COOKIE: &[u8] = b"cookie";

/// The edits to one header map.
#[derive(Debug)]
pub(in crate::engine) struct Plan<'r> {
    /// The headers before the edits. `None` for a response that has not arrived yet.
    came: Option<&'r Headers<'r>>,
    edits: &'r mut Vec<Edit>,
    /// The filter of the names in `edits`.
    edited: NameFilter,
}

impl<'r> Plan<'r> {
    /// Starts without edits to these headers. `edits` is empty.
    pub(in crate::engine) fn new(came: &'r Headers<'r>, edits: &'r mut Vec<Edit>) -> Self {
        debug_assert!(edits.is_empty(), "they would be another request's");
        Self {
            came: Some(came),
            edits,
            edited: NameFilter::NONE,
        }
    }

    /// Starts without edits to headers that aren't known yet. No edit is skipped.
    pub(in crate::engine) const fn blind(edits: &'r mut Vec<Edit>) -> Self {
        Self {
            came: None,
            edits,
            edited: NameFilter::NONE,
        }
    }

    /// Removes all values of `name`, in every spelling that an upstream may read as it.
    pub(in crate::engine) fn remove(&mut self, name: &KnownName) {
        self.forget(name);
        // The header has a value, or may have one.
        if self.survey(name).is_none_or(|came| came.values > 0) {
            self.push(Edit::Remove(name.name()));
        }
    }

    /// Removes the headers of `name`, in every spelling, that have a value of this kind.
    #[inline(never)]
    pub(in crate::engine) fn remove_where(
        &mut self,
        name: &KnownName,
        is_of_kind: impl Fn(&[u8]) -> bool,
    ) {
        let Some(headers) = self.came.filter(|came| came.may_have_any(name.marks())) else {
            return;
        };
        for (other, value) in headers.iter() {
            if same_name(other, name) && is_of_kind(value) {
                let other = KnownName::from(other);
                self.forget(&other);
                self.push(Edit::Remove(other.name()));
            }
        }
    }

    /// Removes the headers whose names begin with `prefix`, in every spelling, and those that the edits so far write. Pseudo-headers
    /// and fields of the connection stay.
    #[inline(never)]
    pub(in crate::engine) fn remove_prefix(&mut self, prefix: &[u8]) {
        let Some(headers) = self.came else {
            return;
        };
        let came = headers.iter().map(|(name, _)| name);
        let written = self.edits.iter().map(Edit::name);
        let begins = |name: &&[u8]| {
            let start = name.get(..prefix.len());
            start.is_some_and(|start| same_name(start, prefix)) && !belongs_to_connection(name)
        };
        let names: Vec<KnownName> = came
            .chain(written)
            .filter(begins)
            .map(KnownName::from)
            .collect();
        for name in &names {
            self.remove(name);
        }
    }

    /// The values with which `name` came. `None` if an edit so far changes it, or if the headers aren't known yet.
    pub(in crate::engine) fn untouched(&self, name: &KnownName) -> Option<HeaderLookup<'r>> {
        let changes = |edit: &Edit| *edit.name() == **name;
        let is_changed = self.edited.meet(name.marks()) && self.edits.iter().any(changes);
        self.came
            .filter(|_| !is_changed)
            .map(|came| came.look(name))
    }

    /// The values of `name` after the edits so far. Other spellings aren't read.
    pub(in crate::engine) fn values(&self, name: &KnownName) -> Vec<Text> {
        let mut values: Vec<Text> = Vec::new();
        for (own, value) in self.came.iter().flat_map(|came| came.iter()) {
            if own.eq_ignore_ascii_case(name) {
                values.push(value.to_vec().into());
            }
        }
        for edit in self.edits.iter().filter(|edit| *edit.name() == **name) {
            if !matches!(edit, Edit::Add(..)) {
                values.clear();
            }
            if let Edit::Set(_, value) | Edit::Add(_, value) = edit {
                values.push(value.clone());
            }
        }
        values
    }

    /// As [`remove`](Self::remove), if it is known that `name` has a value, and no other spelling.
    pub(in crate::engine) fn remove_alone(&mut self, name: &KnownName) {
        self.forget(name);
        self.push(Edit::Remove(name.name()));
    }

    /// Sets `name` to this one value, and removes other spellings.
    pub(in crate::engine) fn set(&mut self, name: &KnownName, value: Text) {
        self.forget(name);
        // Skipped if the header has exactly this value.
        let came = self.survey(name);
        if !came.is_some_and(|came| came.values == 1 && came.first == Some(&*value)) {
            self.push(Edit::Set(name.name(), value));
        }
    }

    /// Adds a value to `name`.
    pub(in crate::engine) fn add(&mut self, name: &KnownName, value: Text) {
        if **name == *COOKIE && self.came.is_some() {
            return self.add_cookie(name, &value);
        }
        self.edited = self.edited.and(name.marks());
        self.push(Edit::Add(name.name(), value));
    }

    /// Adds a value to the field of cookies. Its values are joined by `; ` in one field (RFC 6265 §5.4), because servers may read
    /// only the first field.
    #[inline(never)]
    fn add_cookie(&mut self, name: &KnownName, value: &[u8]) {
        let edited = self.edits.iter().rev().find_map(|edit| match edit {
            Edit::Set(named, value) if **named == **name => Some(Some(value.to_vec())),
            Edit::Remove(named) if **named == **name => Some(None),
            Edit::Set(..) | Edit::Add(..) | Edit::Remove(_) => None,
        });
        let came = || {
            let all: Vec<&[u8]> = self.came?.all(COOKIE).collect();
            (!all.is_empty()).then(|| all.join(&b"; "[..]))
        };
        let mut all = edited.unwrap_or_else(came).unwrap_or_default();
        if !all.is_empty() {
            all.extend_from_slice(b"; ");
        }
        all.extend_from_slice(value);
        self.set(name, all.into());
    }

    /// All edits share this code, so that it is in the processor's cache.
    #[inline(never)]
    fn push(&mut self, edit: Edit) {
        self.edits.push(edit);
    }

    /// Removes the other spellings that an upstream may read as `name`.
    #[inline(never)]
    pub(in crate::engine) fn remove_other_spellings(&mut self, name: &KnownName) {
        self.survey(name);
    }

    /// The values of `name` before the edits. Removes other spellings of it. `None` if the headers aren't known yet.
    fn survey(&mut self, name: &KnownName) -> Option<HeaderLookup<'r>> {
        let headers = self.came?;
        let came = headers.look(name);
        if came.is_spelt_otherwise {
            self.remove_spellings(headers, name);
        }
        Some(came)
    }

    #[inline(never)]
    fn remove_spellings(&mut self, headers: &Headers<'r>, name: &[u8]) {
        for (other, _) in headers.iter() {
            if same_name(other, name) && !other.eq_ignore_ascii_case(name) {
                let other = KnownName::from(other);
                self.forget(&other);
                self.push(Edit::Remove(other.name()));
            }
        }
    }

    /// A later edit of a header replaces the earlier ones.
    fn forget(&mut self, name: &KnownName) {
        let mark = name.marks();
        if self.edited.meet(mark) {
            self.take_back(name);
        } else {
            self.edited = self.edited.and(mark);
        }
    }

    #[inline(never)]
    fn take_back(&mut self, name: &[u8]) {
        self.edits.retain(|edit| match edit {
            Edit::Set(named, _) | Edit::Add(named, _) | Edit::Remove(named) => **named != *name,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    #[test]
    fn skips_edits_that_change_nothing() {
        let mut edits = Vec::new();
        let map = HeaderMap::from_pairs(&[("a", "1"), ("b", "1"), ("b", "1"), ("c", "1")]);
        let view = map.view();
        let mut plan = Plan::new(&view, &mut edits);
        plan.remove(&"x".into());
        plan.set(&"a".into(), "1".into());
        plan.set(&"b".into(), "1".into());
        plan.remove(&"c".into());
        plan.set(&"c".into(), "2".into());
        assert_eq!(
            edits,
            [
                Edit::Set("b".into(), "1".into()),
                Edit::Set("c".into(), "2".into())
            ]
        );
    }

    #[test]
    fn removes_other_spellings() {
        let mut edits = Vec::new();
        let map = HeaderMap::from_pairs(&[("a_b", "1"), ("a-b", "2"), ("a_b", "3"), ("c_d", "4")]);
        let view = map.view();
        let mut plan = Plan::new(&view, &mut edits);
        plan.set(&"a-b".into(), "2".into());
        plan.remove(&"c-d".into());
        assert_eq!(
            edits,
            [Edit::Remove("a_b".into()), Edit::Remove("c_d".into())]
        );
    }

    #[test]
    fn removes_a_header_that_was_set_first() {
        let mut edits = Vec::new();
        let map = HeaderMap::from_pairs(&[("a", "1")]);
        let view = map.view();
        let mut plan = Plan::new(&view, &mut edits);
        plan.set(&"a".into(), "2".into());
        plan.remove(&"a".into());
        plan.set(&"b".into(), "2".into());
        plan.remove(&"b".into());
        assert_eq!(edits, [Edit::Remove("a".into())]);
    }
}
