//! The texts of a list in a document.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::{Budget, Document, JsonPath, Selected};
use crate::arena::{EntryWriter, HandleTable, Pool};
use crate::hash::Seeded;
use crate::number::number_text;

/// The entries of a list, to be asked whether a text is one of them. It holds copies of the texts, and nothing else of the
/// document. A search takes the same time for every length of the list.
#[derive(Debug, Default)]
pub struct TextSet {
    pool: Pool,
    seed: Seeded,
    slots: HandleTable,
    left_out: usize,
}

impl TextSet {
    /// The entries that `path` selects in `document`: texts, and numbers by their text ([`number_text`]). Everything else that it
    /// selects is left out. A text that it selects twice counts once.
    #[must_use]
    pub fn build(document: &Arc<Document>, path: &JsonPath) -> Self {
        let mut building = TextSetBuilder::new(document, path);
        building.advance(document, path, &mut Budget::unlimited());
        building.finish()
    }

    /// Whether `text` is an entry, byte for byte.
    #[must_use]
    pub fn contains(&self, text: &[u8]) -> bool {
        self.contains_hashed(text, self.seed.of_bytes(text))
    }

    fn contains_hashed(&self, text: &[u8], hash: u64) -> bool {
        let is = |at| *self.pool.read(at).text().bytes() == *text;
        self.slots.find(hash, is).is_some()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many values are neither text nor a number.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    fn add(&mut self, text: &[u8], draft: &mut EntryWriter) {
        let hash = self.seed.of_bytes(text);
        if self.contains_hashed(text, hash) {
            return;
        }
        if let Some(at) = self.pool.add(draft.clear().text(text)) {
            self.slots.insert(hash, at);
        }
    }
}

/// A set that is being built, in slices.
#[derive(Debug)]
pub(crate) struct TextSetBuilder {
    set: TextSet,
    selected: Selected,
    draft: EntryWriter,
}

/// The cost of an entry beside its text.
const ENTRY: usize = 48;

impl TextSetBuilder {
    /// Of what `path` selects in `document`.
    #[must_use]
    pub(crate) fn new(document: &Document, path: &JsonPath) -> Self {
        Self {
            set: TextSet::default(),
            selected: path.selected(document.value()),
            draft: EntryWriter::default(),
        }
    }

    /// Continues, with the same document and the same path each time. Returns whether all entries are in the set.
    pub(crate) fn advance(
        &mut self,
        document: &Document,
        path: &JsonPath,
        budget: &mut Budget,
    ) -> bool {
        let Some(base) = path.base_in(document.value()) else {
            return true;
        };
        while !budget.is_spent() {
            let Some(value) = self.selected.next_value(base) else {
                return true;
            };
            match text(value) {
                Some(text) => {
                    budget.spend(text.len().saturating_add(ENTRY));
                    self.set.add(&text, &mut self.draft);
                }
                None => {
                    budget.spend(ENTRY);
                    self.set.left_out = self.set.left_out.saturating_add(1);
                }
            }
        }
        false
    }

    /// How many entries there are so far.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.set.len()
    }

    /// The set, once all entries are in it.
    #[must_use]
    pub(crate) fn finish(mut self) -> TextSet {
        self.set.pool.seal();
        self.set
    }
}

/// The text of an entry.
fn text(value: &Value) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.as_bytes())),
        Value::Number(number) => Some(Cow::Owned(number_text(number).into_bytes())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn set(document: Value, path: &str) -> TextSet {
        let path = JsonPath::compile(path).unwrap();
        TextSet::build(&Document::inline(document), &path)
    }

    #[test]
    fn holds_texts_and_numbers_and_nothing_else() {
        let document = json!({"l": ["a", 7, 1.50, "", "é", "a", true, null, ["b"], {"c": "d"}]});
        let set = set(document, "$.l[*]");
        for text in ["a", "7", "1.5", "", "é"] {
            assert!(set.contains(text.as_bytes()), "{text}");
        }
        for text in [
            "A", "b", "d", "true", "null", "7.0", "1.50", "a\0", "e", "\u{e}",
        ] {
            assert!(!set.contains(text.as_bytes()), "{text}");
        }
        assert_eq!((set.len(), set.left_out(), set.is_empty()), (5, 4, false));
    }

    #[test]
    fn entries_by_any_query() {
        let document = json!({"m": {"x": "a", "y": "b"}, "t": [{"ips": ["c", "d"]}, {"ips": ["e"], "on": true}]});
        for (path, found) in [
            ("$.m[*]", "ab"),
            ("$.m.x", "a"),
            ("$.t[*].ips[*]", "cde"),
            ("$.t[?@.on].ips[*]", "e"),
            ("$..ips[0]", "ce"),
            ("$.none[*]", ""),
            ("$.m.x[*]", ""),
        ] {
            let set = set(document.clone(), path);
            for text in ["a", "b", "c", "d", "e"] {
                assert_eq!(
                    set.contains(text.as_bytes()),
                    found.contains(text),
                    "{path} {text}"
                );
            }
            assert_eq!(set.len(), found.len(), "{path}");
        }
    }

    #[test]
    fn a_slice_is_bounded() {
        let entries: Vec<_> = (0..100_000)
            .map(|at| format!("10.{}.{}", at / 251, at % 251))
            .collect();
        let document = Document::inline(json!(entries));
        let path = JsonPath::compile("$[*]").unwrap();
        let mut building = TextSetBuilder::new(&document, &path);
        let mut slices = 1;
        loop {
            let mut budget = Budget::slice();
            let is_done = building.advance(&document, &path, &mut budget);
            assert!(budget.spent() <= (256 << 10) + ENTRY + 16);
            if is_done {
                break;
            }
            slices += 1;
        }
        assert!((10..40).contains(&slices), "{slices}");
        let set = building.finish();
        assert_eq!(set.len(), 100_000);
        assert!(
            entries.iter().all(
                |entry| set.contains(entry.as_bytes()) && !set.contains(&entry.as_bytes()[1..])
            )
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// It says the same as a search through the list, in slices of any size.
        #[test]
        fn says_what_a_search_says(
            entries in prop::collection::vec("[ab]{0,4}|[0-9]{1,2}|é", 0..40),
            asked in prop::collection::vec("[abc]{0,4}|[0-9]{1,2}|é", 0..40),
            slice in 1..400_usize,
        ) {
            let document = Document::inline(json!({"l": entries}));
            let path = JsonPath::compile("$.l[*]").unwrap();
            let mut building = TextSetBuilder::new(&document, &path);
            while !building.advance(&document, &path, &mut Budget::of(slice)) {}
            let set = building.finish();
            for text in entries.iter().chain(&asked) {
                prop_assert_eq!(set.contains(text.as_bytes()), entries.contains(text), "{}", text);
            }
        }
    }
}
