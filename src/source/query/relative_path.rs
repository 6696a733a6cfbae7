//! The path of a value in a document.

use serde_json::{Map, Value};

use crate::source::PropertyNames;
use crate::source::names::common;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) enum PathStep {
    /// To the member of an object.
    Name(Box<str>),
    /// To the member of an object with this name, or else with its common spelling.
    Relaxed(Box<str>, Box<str>),
    /// To the element of an array; from its end where negative.
    Index(i64),
}

impl PathStep {
    /// A step by a name.
    pub(super) fn by(name: &str, names: PropertyNames) -> Self {
        match (names, common(name)) {
            (PropertyNames::Relaxed, common) if *common != *name => {
                Self::Relaxed(name.into(), common.into())
            }
            (PropertyNames::Relaxed | PropertyNames::Exact, _) => Self::Name(name.into()),
        }
    }

    pub(in crate::source) fn take<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Name(name) => value.as_object()?.get(&**name),
            Self::Relaxed(name, common) => {
                relaxed(value.as_object()?, name, common).map(|(_, value)| value)
            }
            Self::Index(index) => {
                let array = value.as_array()?;
                let distance = usize::try_from(index.unsigned_abs()).ok()?;
                let at = if *index < 0 {
                    array.len().checked_sub(distance)?
                } else {
                    distance
                };
                array.get(at)
            }
        }
    }
}

/// The member with this name, or else with its common spelling.
// Few documents have such names, so this stays out of the way of the others.
#[inline(never)]
pub(super) fn relaxed<'v>(
    members: &'v Map<String, Value>,
    name: &str,
    common: &str,
) -> Option<(&'v String, &'v Value)> {
    let written = members.get_key_value(name);
    written.or_else(|| members.get_key_value(common))
}

/// Takes all steps from `root`.
pub(in crate::source) fn walk<'v>(steps: &[PathStep], root: &'v Value) -> Option<&'v Value> {
    steps.iter().try_fold(root, |value, step| step.take(value))
}

/// A path below a value, in the smallest form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) enum RelativePath {
    /// An element of an array.
    Element(usize),
    /// A member of an object.
    Member(Box<str>),
    /// Any number of steps down.
    Deep(Box<[PathStep]>),
}

impl RelativePath {
    /// The value at this path below `base`.
    pub(in crate::source) fn find<'v>(&self, base: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Element(at) => base.as_array()?.get(*at),
            Self::Member(name) => base.as_object()?.get(&**name),
            Self::Deep(steps) => walk(steps, base),
        }
    }

    /// The paths of the children of `base`, in order.
    pub(in crate::source) fn children(base: &Value) -> Vec<Self> {
        if let Some(array) = base.as_array() {
            return (0..array.len()).map(Self::Element).collect();
        }
        let members = base.as_object().into_iter().flatten();
        members
            .map(|(name, _)| Self::Member(name.as_str().into()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn steps_fit_the_value() {
        let value = json!({"a": [10, 20], "0": 1});
        let walk = |step| walk(&[PathStep::Name("a".into()), step], &value);
        assert_eq!(walk(PathStep::Index(-1)), Some(&json!(20)));
        assert_eq!(walk(PathStep::Index(-3)), None);
        assert_eq!(walk(PathStep::Index(2)), None);
        assert_eq!(walk(PathStep::Index(i64::MIN)), None);
        assert_eq!(walk(PathStep::Name("0".into())), None);
        assert_eq!(PathStep::Index(0).take(&value), None);
    }
}
