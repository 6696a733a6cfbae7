//! The result of a lookup: the values that it selects in an entry.

use serde_json::Value;

use crate::policy::{Lookup, LookupValue, LookupValueId, ValueFrom};
use crate::source::{AnswerHeaders, EntryAnswer, Indexed, JsonPath, Selection};

/// A value of a lookup result: a text, or a JSON value of another type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) enum ValueRef<'v> {
    Text(&'v [u8]),
    Other(&'v Value),
}

impl<'v> From<&'v Value> for ValueRef<'v> {
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

impl ValueRef<'_> {
    /// The same value as JSON.
    pub(in crate::engine) fn to_value(self) -> Value {
        match self {
            Self::Text(text) => String::from_utf8_lossy(text).into(),
            Self::Other(value) => value.clone(),
        }
    }
}

/// The longest text that needs no memory of its own.
const SHORT: usize = 22;

/// A value in a lookup result. A value in a document of the engine is not copied.
#[derive(Debug)]
pub(in crate::engine) enum ResultValue<'x> {
    Found(ValueRef<'x>),
    /// A text of an answer that may be dropped. Most are short, and need no memory of their own: the bytes, and how many they are.
    Short([u8; SHORT], u8),
    /// A longer text of such an answer.
    Copied(Box<[u8]>),
    Made(Value),
}

impl ResultValue<'_> {
    pub(in crate::engine) fn as_value(&self) -> ValueRef<'_> {
        match self {
            Self::Found(pick) => *pick,
            Self::Short(bytes, length) => {
                ValueRef::Text(bytes.get(..usize::from(*length)).unwrap_or_default())
            }
            Self::Copied(text) => ValueRef::Text(text),
            Self::Made(value) => value.into(),
        }
    }

    fn into_owned(self) -> ResultValue<'static> {
        match self {
            Self::Found(ValueRef::Text(text)) => copy_of(text),
            Self::Found(ValueRef::Other(value)) => ResultValue::Made(value.clone()),
            Self::Short(bytes, length) => ResultValue::Short(bytes, length),
            Self::Copied(text) => ResultValue::Copied(text),
            Self::Made(value) => ResultValue::Made(value),
        }
    }
}

fn copy_of(text: &[u8]) -> ResultValue<'static> {
    let mut bytes = [0; SHORT];
    match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
        (Some(room), Ok(length)) => {
            room.copy_from_slice(text);
            ResultValue::Short(bytes, length)
        }
        _ => ResultValue::Copied(text.into()),
    }
}

/// The values of one lookup, in the lookup's order.
#[derive(Debug)]
pub(in crate::engine) enum LookupResult<'x> {
    /// The result of a lookup with one value. Most lookups have one.
    One(Option<ResultValue<'x>>),
    Several(Vec<Option<ResultValue<'x>>>),
    /// The policy's values instead of an entry's.
    Fallback(&'x [Option<Value>], FallbackCause),
}

/// The reason why the policy's values are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum FallbackCause {
    /// The document has no such entry.
    Missing,
    /// There was no usable document (`onFailure`).
    Failure,
}

/// The results of all lookups of a route, in their order. Most routes have one lookup, and its result needs no list.
#[derive(Debug)]
pub(in crate::engine) enum LookupResults<'x> {
    One(LookupResult<'x>),
    Several(Vec<LookupResult<'x>>),
}

impl<'x> LookupResults<'x> {
    pub(in crate::engine) fn all(&self) -> &[LookupResult<'x>] {
        match self {
            Self::One(only) => std::slice::from_ref(only),
            Self::Several(all) => all,
        }
    }
}

impl<'x> LookupResult<'x> {
    /// Stands for a result that isn't known yet.
    pub(in crate::engine) const PENDING: Self = Self::One(None);

    /// The values that `lookup` selects in `entry`.
    pub(in crate::engine) fn of(entry: &'x Value, lookup: &Lookup) -> Self {
        Self::of_either(entry, None, lookup)
    }

    /// The values that `lookup` selects in an answer.
    pub(in crate::engine) fn of_answer(answer: &'x EntryAnswer, lookup: &Lookup) -> Self {
        Self::of_either(answer.value(), Some(answer.headers()), lookup)
    }

    #[inline(never)]
    fn of_either(entry: &'x Value, headers: Option<&'x AnswerHeaders>, lookup: &Lookup) -> Self {
        Self::by(lookup, |path| value(path.select(entry)), headers)
    }

    /// The values that `lookup` selects in an item of an index.
    pub(in crate::engine) fn of_indexed(item: Indexed<'x>, lookup: &Lookup) -> Self {
        let pick = |path: &JsonPath| {
            let text = path.member().and_then(|name| item.text(name));
            match text {
                Some(text) => Some(ResultValue::Found(ValueRef::Text(text))),
                None => of_item(item, path),
            }
        };
        Self::by(lookup, pick, None)
    }

    fn by(
        lookup: &Lookup,
        pick: impl Fn(&JsonPath) -> Option<ResultValue<'x>>,
        headers: Option<&'x AnswerHeaders>,
    ) -> Self {
        let pick = |value: &LookupValue| match &value.from {
            ValueFrom::Path(path) => pick(path),
            ValueFrom::First(paths) => first(paths, &pick),
            ValueFrom::Header(name) => header(headers, name),
        };
        match lookup.values.as_slice() {
            [only] => Self::One(pick(only)),
            several => Self::Several(several.iter().map(pick).collect()),
        }
    }

    /// Whether there was no usable document.
    pub(in crate::engine) const fn is_failure_fallback(&self) -> bool {
        matches!(self, Self::Fallback(_, FallbackCause::Failure))
    }

    /// The same result with copies of the values. The entry may be dropped afterwards.
    pub(in crate::engine) fn into_owned(self) -> LookupResult<'static> {
        match self {
            Self::One(value) => LookupResult::One(value.map(ResultValue::into_owned)),
            Self::Several(all) => {
                let all = all.into_iter();
                LookupResult::Several(
                    all.map(|value| value.map(ResultValue::into_owned))
                        .collect(),
                )
            }
            Self::Fallback(all, _) => LookupResult::Several(
                all.iter()
                    .map(|value| value.clone().map(ResultValue::Made))
                    .collect(),
            ),
        }
    }

    /// The value with this id; `None` if there is none.
    pub(in crate::engine) fn get(&self, id: LookupValueId) -> Option<ValueRef<'_>> {
        let at = id.index();
        match self {
            Self::One(value) => value
                .as_ref()
                .filter(|_| at == 0)
                .map(ResultValue::as_value),
            Self::Several(all) => all.get(at)?.as_ref().map(ResultValue::as_value),
            Self::Fallback(all, _) => all.get(at)?.as_ref().map(ValueRef::from),
        }
    }
}

/// The value of the first path that finds one. `null` is none.
#[inline(never)]
fn first<'x>(
    paths: &[JsonPath],
    pick: &dyn Fn(&JsonPath) -> Option<ResultValue<'x>>,
) -> Option<ResultValue<'x>> {
    let is_value = |value: &ResultValue<'x>| value.as_value() != ValueRef::Other(&Value::Null);
    paths.iter().find_map(|path| pick(path).filter(is_value))
}

#[inline(never)]
fn header<'x>(headers: Option<&'x AnswerHeaders>, name: &str) -> Option<ResultValue<'x>> {
    Some(ResultValue::Found(headers?.get(name)?.into()))
}

/// The value that a query selects in an item. It is called for values that the index does not hold as text.
#[inline(never)]
fn of_item<'x>(item: Indexed<'x>, path: &JsonPath) -> Option<ResultValue<'x>> {
    value(path.select(item.value()?))
}

/// The value of a selection: none without a match, the value of one match, a list for several.
pub(super) fn value(selection: Selection<'_>) -> Option<ResultValue<'_>> {
    match selection {
        Selection::None => None,
        Selection::One(found) => Some(ResultValue::Found(found.into())),
        Selection::Many(found) => {
            let list = found.into_iter().cloned().collect();
            Some(ResultValue::Made(Value::Array(list)))
        }
    }
}
