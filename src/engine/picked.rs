//! What a lookup picked of an entry.

use std::borrow::Cow;

use serde_json::Value;

use crate::policy::Lookup;
use crate::source::Selection;

/// The values of one lookup, in its order. What is in a document of the engine's isn't copied.
#[derive(Debug)]
pub(super) enum Picked<'x> {
    /// Of a lookup of one value, as most are.
    One(Option<Cow<'x, Value>>),
    Several(Vec<Option<Cow<'x, Value>>>),
    /// What stands in for an entry, as the policy has it.
    StandIn(&'x [Option<Value>]),
}

/// What all lookups of a route picked, in their order. One, as most have, takes no list.
#[derive(Debug)]
pub(super) enum AllPicked<'x> {
    One(Picked<'x>),
    Several(Vec<Picked<'x>>),
}

impl<'x> AllPicked<'x> {
    pub(super) fn all(&self) -> &[Picked<'x>] {
        match self {
            Self::One(only) => std::slice::from_ref(only),
            Self::Several(all) => all,
        }
    }
}

impl<'x> Picked<'x> {
    /// What `lookup` picks of `entry`.
    pub(super) fn of(entry: &'x Value, lookup: &Lookup) -> Self {
        let mut paths = lookup.values.iter().map(|value| &value.path);
        match (paths.next(), paths.next()) {
            (Some(only), None) => Self::One(value(only.select(entry))),
            _ => {
                let all = lookup.values.iter();
                Self::Several(all.map(|each| value(each.path.select(entry))).collect())
            }
        }
    }

    /// The same where the entry isn't kept.
    pub(super) fn into_owned(self) -> Picked<'static> {
        let owned = |value: Cow<'_, Value>| Cow::Owned(value.into_owned());
        match self {
            Self::One(value) => Picked::One(value.map(owned)),
            Self::Several(all) => {
                Picked::Several(all.into_iter().map(|value| value.map(owned)).collect())
            }
            Self::StandIn(all) => Picked::Several(
                all.iter()
                    .map(|value| value.clone().map(Cow::Owned))
                    .collect(),
            ),
        }
    }

    /// The value at this place; `None` where there is none.
    pub(super) fn get(&self, at: usize) -> Option<&Value> {
        match self {
            Self::One(value) => value.as_deref().filter(|_| at == 0),
            Self::Several(all) => all.get(at)?.as_deref(),
            Self::StandIn(all) => all.get(at)?.as_ref(),
        }
    }
}

/// Nothing found is no value, one is that value, several are the list of them.
fn value(selection: Selection<'_>) -> Option<Cow<'_, Value>> {
    match selection {
        Selection::None => None,
        Selection::One(found) => Some(Cow::Borrowed(found)),
        Selection::Many(found) => {
            let list = found.into_iter().cloned().collect();
            Some(Cow::Owned(Value::Array(list)))
        }
    }
}
