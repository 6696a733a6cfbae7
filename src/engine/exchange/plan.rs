//! Header edits, as they are decided: what changes nothing is never asked of the host.

use crate::http::{Edit, HeaderLookup, Headers, KnownName, NameFilter, Text, same_name};

/// The request's field of cookies.
const COOKIE: &[u8] = b"cookie";

/// The edits to one header map.
#[derive(Debug)]
pub(in crate::engine) struct Plan<'r> {
    /// The map as it came; unknown where it is only to come (a response's).
    came: Option<&'r Headers<'r>>,
    edits: &'r mut Vec<Edit>,
    /// Of the names in `edits`.
    edited: NameFilter,
}

impl<'r> Plan<'r> {
    /// Nothing is changed about the headers as they came. `edits` is empty.
    pub(in crate::engine) fn new(came: &'r Headers<'r>, edits: &'r mut Vec<Edit>) -> Self {
        debug_assert!(edits.is_empty(), "they would be another request's");
        Self {
            came: Some(came),
            edits,
            edited: NameFilter::NONE,
        }
    }

    /// Edits to headers that nobody has seen yet: none is left out.
    pub(in crate::engine) const fn blind(edits: &'r mut Vec<Edit>) -> Self {
        Self {
            came: None,
            edits,
            edited: NameFilter::NONE,
        }
    }

    /// No value of `name` stays, in whatever spelling an upstream takes for it.
    pub(in crate::engine) fn remove(&mut self, name: &KnownName) {
        self.forget(name);
        // It has a value, or may have one.
        if self.survey(name).is_none_or(|came| came.values > 0) {
            self.push(Edit::Remove(name.name()));
        }
    }

    /// No header of `name` stays, in whatever spelling, that has a value of this kind.
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

    /// The same where it is known that it has one, and no other spelling.
    pub(in crate::engine) fn remove_alone(&mut self, name: &KnownName) {
        self.forget(name);
        self.push(Edit::Remove(name.name()));
    }

    /// `name` has this value alone, and no other spelling of it stays.
    pub(in crate::engine) fn set(&mut self, name: &KnownName, value: Text) {
        self.forget(name);
        // It is right only with exactly one value, equal to ours.
        let came = self.survey(name);
        if !came.is_some_and(|came| came.values == 1 && came.first == Some(&*value)) {
            self.push(Edit::Set(name.name(), value));
        }
    }

    /// `name` has one more value.
    pub(in crate::engine) fn add(&mut self, name: &KnownName, value: Text) {
        if **name == *COOKIE && self.came.is_some() {
            return self.add_cookie(name, &value);
        }
        self.edited = self.edited.and(name.marks());
        self.push(Edit::Add(name.name(), value));
    }

    /// The one field of a request whose values are joined by `; ` (RFC 6265 §5.4: a client sends a single one, and servers
    /// may read the first alone).
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

    /// One piece of code for all, so that a request finds it in the processor's cache.
    #[inline(never)]
    fn push(&mut self, edit: Edit) {
        self.edits.push(edit);
    }

    /// Nothing stays that an upstream may take for `name`, save that itself.
    #[inline(never)]
    pub(in crate::engine) fn remove_other_spellings(&mut self, name: &KnownName) {
        self.survey(name);
    }

    /// What came under `name`; other spellings of it are removed on the way. `None` where the map is only to come.
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

    /// A later word on a header replaces the earlier ones.
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
    fn what_changes_nothing_is_left_out() {
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
    fn other_spellings_go_with_it() {
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
    fn what_is_set_and_then_removed_was_there_before() {
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
