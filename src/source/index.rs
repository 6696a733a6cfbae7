//! Finding an item of a document by its key.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::query::{PathStep, RelativePath, walk};
use super::{Budget, Document, JsonPath, Selected, Selection};
use crate::arena::{self, EntryId, EntryWriter, HandleTable, Pool};
use crate::hash::{Seeded, Set};
use crate::number::number_text;

/// The result of looking for a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry<'a> {
    /// The one item with this key.
    Found(Indexed<'a>),
    /// No item has it.
    Missing,
    /// Several items have it, so the search finds no item.
    Ambiguous,
}

/// An item that an index found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Indexed<'a> {
    index: &'a Index,
    /// The entry, read up to the end of the key.
    entry: arena::EntryReader<'a>,
}

impl<'a> Indexed<'a> {
    /// The item.
    #[must_use]
    pub(crate) fn value(self) -> Option<&'a Value> {
        self.index.item(self.entry)
    }

    /// The item's text under `name`, if the index keeps it beside the key. The item may have a text that the index
    /// doesn't keep.
    #[must_use]
    pub(crate) fn text(mut self, name: &str) -> Option<&'a [u8]> {
        self.entry.word();
        while self.entry.number() == ONE_MORE {
            let (own, text) = (self.entry.text(), self.entry.text());
            if *own.bytes() == *name.as_bytes() {
                return Some(text.bytes());
            }
        }
        None
    }
}

/// The most bytes of an item's texts that stand beside its key, with their names. A lookup finds them there, and does
/// not have to read from half a dozen other parts of memory.
const BESIDE: usize = 96;

/// How many of an item's members are looked at for that.
const MEMBERS: usize = 32;

/// The byte before each text and its name. A zero follows the last one.
const ONE_MORE: usize = 1;

/// The items of one document, by key. It holds the document and the keys, and of each item its path and its short
/// texts.
#[derive(Debug)]
pub struct Index {
    document: Arc<Document>,
    base: Box<[PathStep]>,
    /// One entry for each key: the key, the item's path, and texts of the item, each after its name.
    pool: Pool,
    seed: Seeded,
    slots: HandleTable,
    /// Keys that several items have.
    contested: Set<EntryId>,
    /// Paths that aren't elements of the base.
    deep: Vec<RelativePath>,
    left_out: usize,
}

impl Index {
    /// Indexes what `items` selects in `document` by what `by` selects in each item: a string, or a number by its text
    /// ([`number_text`]). An item is left out if `by` selects something else, nothing, or several values. A search for a
    /// key of two items finds no item. An item that `items` selects twice counts once.
    #[must_use]
    pub fn build(document: &Arc<Document>, items: &JsonPath, by: &JsonPath) -> Self {
        let mut indexing = IndexBuilder::new(document, items);
        indexing.advance(by, &mut Budget::unlimited());
        indexing.finish()
    }

    fn add(&mut self, key: &[u8], path: RelativePath, item: &Value, draft: &mut EntryWriter) {
        let hash = self.seed.of_bytes(key);
        let pool = &self.pool;
        let is = |at| *pool.read(at).text().bytes() == *key;
        if let Some(held) = self.slots.find(hash, is) {
            let mut entry = pool.read(held);
            entry.text();
            let other = self.item(entry);
            if !other.is_some_and(|other| std::ptr::eq(other, item)) {
                self.contested.insert(held);
            }
            return;
        }
        draft.clear().text(key);
        let (at, is_deep) = match path {
            RelativePath::Element(at) => (at, false),
            path @ (RelativePath::Member(_) | RelativePath::Deep(_)) => {
                self.deep.push(path);
                (self.deep.len().saturating_sub(1), true)
            }
        };
        // So many items are far above any limit; a larger number would only not be found.
        let at = u32::try_from(at.saturating_mul(2)).unwrap_or(!1);
        draft.word(at | u32::from(is_deep));
        beside(key, item).for_each(|(name, text)| {
            draft.number(ONE_MORE).text(name).text(text);
        });
        draft.number(0);
        if let Some(at) = self.pool.add(draft) {
            self.slots.insert(hash, at);
        }
    }

    /// The item with this key.
    #[must_use]
    pub(crate) fn get(&self, key: &[u8]) -> Entry<'_> {
        let found = self.slots.find_map(self.seed.of_bytes(key), |at| {
            let mut entry = self.pool.read(at);
            (*entry.text().bytes() == *key).then_some((at, entry))
        });
        match found {
            None => Entry::Missing,
            Some((at, _)) if !self.contested.is_empty() && self.contested.contains(&at) => {
                Entry::Ambiguous
            }
            Some((_, entry)) => Entry::Found(Indexed { index: self, entry }),
        }
    }

    /// The item of an entry that is read up to the end of its key.
    fn item(&self, mut entry: arena::EntryReader<'_>) -> Option<&Value> {
        let base = walk(&self.base, self.document.value())?;
        let word = entry.word();
        let at = usize::try_from(word >> 1).ok()?;
        if word & 1 == 0 {
            return base.as_array()?.get(at);
        }
        self.deep.get(at)?.find(base)
    }

    /// How many keys there are, the ambiguous ones too.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is no key at all.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many items have no usable key.
    #[must_use]
    pub(crate) const fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many keys several items have.
    #[must_use]
    pub(crate) fn ambiguous(&self) -> usize {
        self.contested.len()
    }
}

/// An index that is being built, in slices.
#[derive(Debug)]
pub(crate) struct IndexBuilder {
    index: Index,
    selected: Selected,
    draft: EntryWriter,
}

/// The cost of an item beside its key.
const ITEM: usize = 96;

impl IndexBuilder {
    /// Of what `items` selects in `document`.
    #[must_use]
    pub(crate) fn new(document: &Arc<Document>, items: &JsonPath) -> Self {
        Self {
            selected: items.selected(document.value()),
            index: Index {
                document: Arc::clone(document),
                base: items.base().into(),
                pool: Pool::default(),
                seed: Seeded::default(),
                slots: HandleTable::default(),
                contested: Set::default(),
                deep: Vec::new(),
                left_out: 0,
            },
            draft: EntryWriter::default(),
        }
    }

    /// Continues, by what `by` selects in each item, the same each time. Returns whether all items are in the index.
    pub(crate) fn advance(&mut self, by: &JsonPath, budget: &mut Budget) -> bool {
        let document = Arc::clone(&self.index.document);
        let Some(base) = walk(&self.index.base, document.value()) else {
            return true;
        };
        while !budget.is_spent() {
            let Some((path, item)) = self.selected.next(base) else {
                return true;
            };
            match key(by, item) {
                Some(key) => {
                    budget.spend(key.len().saturating_add(ITEM));
                    self.index.add(&key, path, item, &mut self.draft);
                }
                None => {
                    budget.spend(ITEM);
                    self.index.left_out = self.index.left_out.saturating_add(1);
                }
            }
        }
        false
    }

    /// The index, once all items are in it.
    #[must_use]
    pub(crate) fn finish(mut self) -> Index {
        self.index.pool.seal();
        self.index
    }
}

/// The texts of an item that stand beside its key, by name, without the key itself.
fn beside<'v>(key: &'v [u8], item: &'v Value) -> impl Iterator<Item = (&'v [u8], &'v [u8])> {
    let members = item.as_object().into_iter().flatten().take(MEMBERS);
    let mut room = BESIDE;
    members.filter_map(move |(name, value)| {
        let text = value.as_str().filter(|text| *text.as_bytes() != *key)?;
        // Each text has a byte and two lengths before it.
        let bytes = name.len().checked_add(text.len())?.checked_add(3)?;
        room = room.checked_sub(bytes)?;
        Some((name.as_bytes(), text.as_bytes()))
    })
}

/// The key of an item, if it has one.
fn key<'v>(by: &JsonPath, item: &'v Value) -> Option<Cow<'v, [u8]>> {
    let Selection::One(key) = by.select(item) else {
        return None;
    };
    match key {
        Value::String(text) => Some(Cow::Borrowed(text.as_bytes())),
        Value::Number(number) => Some(Cow::Owned(number_text(number).into_bytes())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn index(document: Value, items: &str, by: &str) -> Index {
        let compile = |text| JsonPath::compile(text).unwrap();
        Index::build(&Document::inline(document), &compile(items), &compile(by))
    }

    fn found<'i>(index: &'i Index, key: &str) -> Option<&'i Value> {
        match index.get(key.as_bytes()) {
            Entry::Found(item) => item.value(),
            Entry::Missing | Entry::Ambiguous => None,
        }
    }

    #[test]
    fn short_texts_stand_beside_the_key() {
        let long = "x".repeat(BESIDE);
        let index = index(
            json!([{"id": "a", "b": "a", "c": "one", "d": {"e": "f"}, "n": 5, "z": ""},
                   {"id": "b", "c": long, "d": "short"}]),
            "$[*]",
            "$.id",
        );
        let text = |key: &str, name| match index.get(key.as_bytes()) {
            Entry::Found(item) => item.text(name),
            Entry::Missing | Entry::Ambiguous => panic!("{key}"),
        };
        assert_eq!(text("a", "c"), Some(&b"one"[..]));
        assert_eq!(text("a", "z"), Some(&b""[..]));
        for name in ["id", "b", "d", "e", "n", "one", ""] {
            assert_eq!(text("a", name), None, "{name}");
        }
        assert_eq!(
            [text("b", "c"), text("b", "d")],
            [None, Some(&b"short"[..])]
        );
        assert_eq!(
            found(&index, "b").unwrap()["c"].as_str().unwrap().len(),
            BESIDE
        );
    }

    #[test]
    fn keys_of_every_kind() {
        let index = index(
            json!({"t": [
                {"id": "a", "n": 0}, {"id": 7, "n": 1}, {"id": true, "n": 2}, {"id": "", "n": 3},
                {"id": 1.5, "n": 4}, {"id": null}, {"id": ["x"]}, {}, 5, {"id": "é", "n": 9},
                {"id": 4.0, "n": 10}, {"id": 1e2, "n": 11}, {"id": -0.0, "n": 12}, {"id": 1e21, "n": 13},
                {"id": u64::MAX, "n": 14}, {"id": false},
            ]}),
            "$.t[*]",
            "$.id",
        );
        for (key, n) in [
            ("a", 0),
            ("7", 1),
            ("", 3),
            ("1.5", 4),
            ("é", 9),
            ("4", 10),
            ("100", 11),
            ("0", 12),
            ("1e+21", 13),
            ("18446744073709551615", 14),
        ] {
            assert_eq!(found(&index, key).unwrap()["n"], n, "{key}");
        }
        for key in [
            &b"true"[..],
            b"false",
            b"null",
            b"4.0",
            b"-0",
            b"x",
            b"A",
            b"\xff",
            b"a\0",
        ] {
            assert!(matches!(index.get(key), Entry::Missing));
        }
        assert_eq!(
            (index.len(), index.left_out(), index.ambiguous()),
            (10, 6, 0)
        );
    }

    #[test]
    fn a_key_of_several_items_finds_none() {
        let index = index(
            json!([{"id": "a"}, {"id": "b"}, {"id": "a"}, {"id": "a"}, {"id": 1}, {"id": "1"},
                   {"id": 2}, {"id": 2.0}]),
            "$[*]",
            "$.id",
        );
        assert!(matches!(index.get(b"a"), Entry::Ambiguous));
        assert!(matches!(index.get(b"1"), Entry::Ambiguous));
        assert!(matches!(index.get(b"2"), Entry::Ambiguous));
        assert!(matches!(index.get(b"b"), Entry::Found(_)));
        assert_eq!((index.len(), index.ambiguous()), (4, 3));
    }

    #[test]
    fn an_item_selected_twice_is_one() {
        for items in ["$['t','t'][*]", "$.t[*,*]"] {
            let index = index(json!({"t": [{"id": "a"}]}), items, "$.id");
            assert!(matches!(index.get(b"a"), Entry::Found(_)), "{items}");
        }
    }

    #[test]
    fn items_by_any_query() {
        let document =
            json!({"x": {"k": {"id": "a"}}, "y": [[{"id": "b", "on": true}], {"id": "c"}]});
        for (items, found) in [
            ("$.x[*]", "a"),
            ("$.x.k", "a"),
            ("$..[?@.id]", "abc"),
            ("$.y[0][?@.on == true]", "b"),
            ("$.nothing[*]", ""),
        ] {
            let index = index(document.clone(), items, "$.id");
            for key in ["a", "b", "c"] {
                let is_found = tests::found(&index, key).is_some_and(|item| item["id"] == key);
                assert_eq!(is_found, found.contains(key), "{items} {key}");
            }
            assert_eq!(index.len(), found.len(), "{items}");
        }
    }

    #[test]
    fn an_item_with_several_keys_is_left_out() {
        let index = index(
            json!([{"ids": ["a", "b"]}, {"ids": ["c"]}]),
            "$[*]",
            "$.ids[*]",
        );
        assert!(matches!(index.get(b"a"), Entry::Missing));
        assert!(matches!(index.get(b"c"), Entry::Found(_)));
        assert_eq!(index.left_out(), 1);
    }
}
