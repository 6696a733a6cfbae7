//! Changes of a response.

use postern::http::{Edit, HeaderMap, LateEdit, LateEdits, StatusSet};
use proptest::prelude::*;

type Pairs = Vec<(String, String)>;

/// One change as it is written.
#[derive(Clone, Debug)]
enum Change {
    Block(Vec<(u16, u16)>),
    Remove(String),
    RemoveAll(String),
    Rename(String, String),
    Copy(String, String),
    Set(String, &'static str),
    Add(String, &'static str),
}

impl Change {
    fn to_edit(&self) -> LateEdit {
        let name = |name: &String| name.as_str().into();
        match self {
            Self::Block(ranges) => {
                LateEdit::Block((!ranges.is_empty()).then(|| StatusSet(ranges.as_slice().into())))
            }
            Self::Remove(one) => LateEdit::Known(Edit::Remove(name(one))),
            Self::RemoveAll(prefix) => LateEdit::RemoveAll(name(prefix)),
            Self::Rename(from, to) => LateEdit::Rename(name(from), name(to)),
            Self::Copy(from, to) => LateEdit::Copy(name(from), name(to)),
            Self::Set(one, value) => LateEdit::Known(Edit::Set(name(one), (*value).into())),
            Self::Add(one, value) => LateEdit::Known(Edit::Add(name(one), (*value).into())),
        }
    }

    /// The change of a plain list.
    fn apply(&self, pairs: &mut Pairs) {
        match self {
            Self::Block(_) => {}
            Self::Remove(one) => pairs.retain(|(name, _)| name != one),
            Self::RemoveAll(prefix) => {
                pairs.retain(|(name, _)| !name.starts_with(prefix) || name == "content-length");
            }
            Self::Rename(from, to) | Self::Copy(from, to) => {
                let values: Vec<String> = of(pairs, from);
                if values.is_empty() {
                    return;
                }
                if matches!(self, Self::Rename(..)) {
                    pairs.retain(|(name, _)| name != from);
                }
                pairs.retain(|(name, _)| name != to);
                pairs.extend(values.into_iter().map(|value| (to.clone(), value)));
            }
            Self::Set(one, value) => {
                pairs.retain(|(name, _)| name != one);
                pairs.push((one.clone(), (*value).to_owned()));
            }
            Self::Add(one, value) => pairs.push((one.clone(), (*value).to_owned())),
        }
    }
}

fn of(pairs: &Pairs, name: &str) -> Vec<String> {
    let own = pairs.iter().filter(|(other, _)| other == name);
    own.map(|(_, value)| value.clone()).collect()
}

/// What a host makes of the edits.
fn performed(edits: &[Edit], mut pairs: Pairs) -> Pairs {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    for edit in edits {
        let name = text(edit.name());
        if !matches!(edit, Edit::Add(..)) {
            pairs.retain(|(other, _)| *other != name);
        }
        if let Edit::Set(_, value) | Edit::Add(_, value) = edit {
            pairs.push((name, text(value)));
        }
    }
    pairs
}

const NAMES: [&str; 6] = ["a", "ab", "b", "content-length", "set-cookie", "x"];

fn name() -> impl Strategy<Value = String> {
    proptest::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&["", "1", "2"][..])
}

fn change() -> impl Strategy<Value = Change> {
    let ranges = proptest::collection::vec((100_u16..600, 100_u16..600), 0..3);
    prop_oneof![
        1 => ranges.prop_map(Change::Block),
        1 => name().prop_map(Change::Remove),
        1 => "[abcx]".prop_map(Change::RemoveAll),
        3 => (name(), name()).prop_map(|(from, to)| Change::Rename(from, to)),
        2 => (name(), name()).prop_map(|(from, to)| Change::Copy(from, to)),
        2 => (name(), value()).prop_map(|(name, value)| Change::Set(name, value)),
        2 => (name(), value()).prop_map(|(name, value)| Change::Add(name, value)),
    ]
}

proptest! {
    #![proptest_config(super::fixed(4000))]

    #[test]
    fn the_edits_are_those_of_a_plain_list(
        changes in proptest::collection::vec(change(), 0..8),
        came in proptest::collection::vec((name(), value()), 0..6),
        status in 100_u16..600,
    ) {
        let pairs: Pairs = came.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        let mut wanted = pairs.clone();
        let mut is_meant = true;
        for change in &changes {
            if let Change::Block(ranges) = change {
                is_meant = ranges.is_empty()
                    || ranges.iter().any(|(first, last)| *first <= status && status <= *last);
            } else if is_meant {
                change.apply(&mut wanted);
            }
        }
        let mut response = vec![(":status".to_owned(), status.to_string())];
        response.extend(pairs.clone());
        let map = HeaderMap::from_pairs(&response);
        let edits = LateEdits(changes.iter().map(Change::to_edit).collect()).decide(&map.view());
        let got = performed(&edits, pairs);
        for name in NAMES {
            prop_assert_eq!(of(&got, name), of(&wanted, name), "{}", name);
        }
    }
}
