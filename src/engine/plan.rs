//! Header edits, as they are decided: what changes nothing is never asked of the host.

use crate::http::{Edit, Headers, Look, Marks, Text, same_name};

use super::spare::Spare;

/// The edits to one header map.
#[derive(Debug)]
pub(super) struct Plan<'r> {
    /// The map as it came; unknown where it is only to come (a response's).
    came: Option<&'r Headers<'r>>,
    edits: Vec<Edit>,
    /// Of the names in `edits`.
    edited: Marks,
    /// Where the first edit finds room; nowhere for a response's, which are kept until it comes.
    spare: Option<&'r Spare>,
}

impl<'r> Plan<'r> {
    /// Nothing is changed about the headers as they came.
    pub(super) const fn new(came: &'r Headers<'r>, spare: &'r Spare) -> Self {
        Self {
            came: Some(came),
            edits: Vec::new(),
            edited: Marks::NONE,
            spare: Some(spare),
        }
    }

    /// Edits to headers that nobody has seen yet: none is left out.
    pub(super) const fn blind() -> Self {
        Self {
            came: None,
            edits: Vec::new(),
            edited: Marks::NONE,
            spare: None,
        }
    }

    /// No value of `name` stays, in whatever spelling an upstream takes for it.
    pub(super) fn remove(&mut self, name: &Text) {
        if self.is_to_go(name) {
            self.push(Edit::Remove(name.clone()));
        }
    }

    /// The same with a name that was made for this request.
    pub(super) fn remove_owned(&mut self, name: Text) {
        if self.is_to_go(&name) {
            self.push(Edit::Remove(name));
        }
    }

    /// Whether `name` has a value, or may have one; its other spellings are removed on the way.
    fn is_to_go(&mut self, name: &[u8]) -> bool {
        self.forget(name);
        self.survey(name).is_none_or(|came| came.values > 0)
    }

    /// `name` has this value alone, and no other spelling of it stays.
    pub(super) fn set(&mut self, name: &Text, value: Text) {
        self.forget(name);
        // It is right only with exactly one value, equal to ours.
        let came = self.survey(name);
        if !came.is_some_and(|came| came.values == 1 && came.first == Some(&*value)) {
            self.push(Edit::Set(name.clone(), value));
        }
    }

    /// `name` has this value alone, and it is known that it had another one, and one spelling.
    pub(super) fn set_anew(&mut self, name: Text, value: Text) {
        self.forget(&name);
        self.push(Edit::Set(name, value));
    }

    /// `name` has one more value.
    pub(super) fn add(&mut self, name: Text, value: Text) {
        self.edited = self.edited.and(Marks::of(&name));
        self.push(Edit::Add(name, value));
    }

    /// The edits, in order.
    pub(super) fn finish(self) -> Vec<Edit> {
        self.edits
    }

    /// One piece of code for all, so that a request finds it in the processor's cache.
    #[inline(never)]
    fn push(&mut self, edit: Edit) {
        if let (0, Some(spare)) = (self.edits.capacity(), self.spare) {
            self.edits = spare.edits();
        }
        self.edits.push(edit);
    }

    /// Nothing stays that an upstream may take for `name`, save that itself.
    #[inline(never)]
    pub(super) fn remove_other_spellings(&mut self, name: &[u8]) {
        self.survey(name);
    }

    /// What came under `name`; other spellings of it are removed on the way. `None` where the map is only to come.
    fn survey(&mut self, name: &[u8]) -> Option<Look<'r>> {
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
                self.forget(other);
                self.push(Edit::Remove(Text::Owned(other.to_vec())));
            }
        }
    }

    /// A later word on a header replaces the earlier ones.
    fn forget(&mut self, name: &[u8]) {
        let mark = Marks::of(name);
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
        let spare = Spare::default();
        let map = HeaderMap::from_pairs(&[("a", "1"), ("b", "1"), ("b", "1"), ("c", "1")]);
        let view = map.view();
        let mut plan = Plan::new(&view, &spare);
        plan.remove(&"x".into());
        plan.set(&"a".into(), "1".into());
        plan.set(&"b".into(), "1".into());
        plan.remove(&"c".into());
        plan.set(&"c".into(), "2".into());
        assert_eq!(
            plan.finish(),
            [
                Edit::Set("b".into(), "1".into()),
                Edit::Set("c".into(), "2".into())
            ]
        );
    }

    #[test]
    fn other_spellings_go_with_it() {
        let spare = Spare::default();
        let map = HeaderMap::from_pairs(&[("a_b", "1"), ("a-b", "2"), ("a_b", "3"), ("c_d", "4")]);
        let view = map.view();
        let mut plan = Plan::new(&view, &spare);
        plan.set(&"a-b".into(), "2".into());
        plan.remove(&"c-d".into());
        assert_eq!(
            plan.finish(),
            [Edit::Remove("a_b".into()), Edit::Remove("c_d".into())]
        );
    }

    #[test]
    fn what_is_set_and_then_removed_was_there_before() {
        let spare = Spare::default();
        let map = HeaderMap::from_pairs(&[("a", "1")]);
        let view = map.view();
        let mut plan = Plan::new(&view, &spare);
        plan.set(&"a".into(), "2".into());
        plan.remove(&"a".into());
        plan.set(&"b".into(), "2".into());
        plan.remove(&"b".into());
        assert_eq!(plan.finish(), [Edit::Remove("a".into())]);
    }
}
