//! What a lookup picked of an entry.

use serde_json::Value;

use crate::policy::Lookup;
use crate::source::{Indexed, JsonPath, Selection};

/// A value that a lookup picked: a text, or what is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) enum Pick<'v> {
    Text(&'v [u8]),
    Other(&'v Value),
}

impl<'v> From<&'v Value> for Pick<'v> {
    fn from(value: &'v Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.as_bytes()),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Self::Other(value),
        }
    }
}

impl Pick<'_> {
    /// As JSON has it.
    pub(in crate::engine) fn to_value(self) -> Value {
        match self {
            Self::Text(text) => String::from_utf8_lossy(text).into(),
            Self::Other(value) => value.clone(),
        }
    }
}

/// A value as it is kept: where it stands in a document of the engine's, it isn't copied.
#[derive(Debug)]
pub(in crate::engine) enum Kept<'x> {
    Found(Pick<'x>),
    Made(Value),
}

impl Kept<'_> {
    fn pick(&self) -> Pick<'_> {
        match self {
            Self::Found(pick) => *pick,
            Self::Made(value) => value.into(),
        }
    }

    fn into_owned(self) -> Kept<'static> {
        Kept::Made(match self {
            Self::Found(pick) => pick.to_value(),
            Self::Made(value) => value,
        })
    }
}

/// The values of one lookup, in its order.
#[derive(Debug)]
pub(in crate::engine) enum Picked<'x> {
    /// Of a lookup of one value, as most are.
    One(Option<Kept<'x>>),
    Several(Vec<Option<Kept<'x>>>),
    /// What stands in for an entry, as the policy has it.
    StandIn(&'x [Option<Value>], Basis),
}

/// Why something stands in for an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Basis {
    /// A good document hasn't got it.
    Source,
    /// `onFailure`: there was no usable document.
    Failure,
}

/// What all lookups of a route picked, in their order. One, as most have, takes no list.
#[derive(Debug)]
pub(in crate::engine) enum AllPicked<'x> {
    One(Picked<'x>),
    Several(Vec<Picked<'x>>),
}

impl<'x> AllPicked<'x> {
    pub(in crate::engine) fn all(&self) -> &[Picked<'x>] {
        match self {
            Self::One(only) => std::slice::from_ref(only),
            Self::Several(all) => all,
        }
    }
}

impl<'x> Picked<'x> {
    /// What `lookup` picks of `entry`.
    pub(in crate::engine) fn of(entry: &'x Value, lookup: &Lookup) -> Self {
        Self::by(lookup, |path| value(path.select(entry)))
    }

    /// What `lookup` picks of an item of an index.
    pub(in crate::engine) fn of_indexed(item: Indexed<'x>, lookup: &Lookup) -> Self {
        Self::by(lookup, |path| {
            let text = path.member().and_then(|name| item.text(name));
            match text {
                Some(text) => Some(Kept::Found(Pick::Text(text))),
                None => of_item(item, path),
            }
        })
    }

    fn by(lookup: &Lookup, pick: impl Fn(&JsonPath) -> Option<Kept<'x>>) -> Self {
        match lookup.values.as_slice() {
            [only] => Self::One(pick(&only.path)),
            several => Self::Several(several.iter().map(|each| pick(&each.path)).collect()),
        }
    }

    /// Whether there was no usable document.
    pub(in crate::engine) const fn is_of_failure(&self) -> bool {
        matches!(self, Self::StandIn(_, Basis::Failure))
    }

    /// The same where the entry isn't kept.
    pub(in crate::engine) fn into_owned(self) -> Picked<'static> {
        match self {
            Self::One(value) => Picked::One(value.map(Kept::into_owned)),
            Self::Several(all) => {
                let all = all.into_iter();
                Picked::Several(all.map(|value| value.map(Kept::into_owned)).collect())
            }
            Self::StandIn(all, _) => Picked::Several(
                all.iter()
                    .map(|value| value.clone().map(Kept::Made))
                    .collect(),
            ),
        }
    }

    /// The value at this place; `None` where there is none.
    pub(in crate::engine) fn get(&self, at: usize) -> Option<Pick<'_>> {
        match self {
            Self::One(value) => value.as_ref().filter(|_| at == 0).map(Kept::pick),
            Self::Several(all) => all.get(at)?.as_ref().map(Kept::pick),
            Self::StandIn(all, _) => all.get(at)?.as_ref().map(Pick::from),
        }
    }
}

/// What a query selects of an item where it is no text that the index keeps.
fn of_item<'x>(item: Indexed<'x>, path: &JsonPath) -> Option<Kept<'x>> {
    value(path.select(item.value()?))
}

/// Nothing found is no value, one is that value, several are the list of them.
fn value(selection: Selection<'_>) -> Option<Kept<'_>> {
    match selection {
        Selection::None => None,
        Selection::One(found) => Some(Kept::Found(found.into())),
        Selection::Many(found) => {
            let list = found.into_iter().cloned().collect();
            Some(Kept::Made(Value::Array(list)))
        }
    }
}
