//! Where a value stands in a document.

use serde_json::Value;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To the member of an object.
    Name(Box<str>),
    /// To the element of an array; from its end where negative.
    Index(i64),
}

impl Step {
    pub(super) fn take<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Name(name) => value.as_object()?.get(&**name),
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

/// Takes all steps from `root`.
pub(super) fn walk<'v>(steps: &[Step], root: &'v Value) -> Option<&'v Value> {
    steps.iter().try_fold(root, |value, step| step.take(value))
}

/// A place below some other one, in the smallest form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An element of an array.
    Element(usize),
    /// A member of an object.
    Member(Box<str>),
    /// Any number of steps down.
    Deep(Box<[Step]>),
}

impl Place {
    /// The value at this place below `base`.
    pub(super) fn find<'v>(&self, base: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Element(at) => base.as_array()?.get(*at),
            Self::Member(name) => base.as_object()?.get(&**name),
            Self::Deep(steps) => walk(steps, base),
        }
    }

    /// The places of the children of `base`, in order.
    pub(super) fn children(base: &Value) -> Vec<Self> {
        if let Some(array) = base.as_array() {
            return (0..array.len()).map(Self::Element).collect();
        }
        let members = base.as_object().into_iter().flatten();
        members
            .map(|(name, _)| Self::Member(name.as_str().into()))
            .collect()
    }

    /// Reads a Normalized Path (RFC 9535 §2.7), such as `$['a'][0]`.
    pub(super) fn normalized(path: &str) -> Option<Self> {
        let mut rest = path.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let inner = rest.strip_prefix('[')?;
            rest = if let Some(quoted) = inner.strip_prefix('\'') {
                let (name, after) = unquote(quoted)?;
                steps.push(Step::Name(name.into()));
                after.strip_prefix(']')?
            } else {
                let (digits, after) = inner.split_once(']')?;
                steps.push(Step::Index(digits.parse().ok()?));
                after
            };
        }
        Some(Self::Deep(steps.into()))
    }
}

/// The name up to its closing quote, and what comes after that.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '\'' => return Some((name, chars.as_str())),
            '\\' => name.push(match chars.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (digits, after) = chars.as_str().split_at_checked(4)?;
                    chars = after.chars();
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                itself @ ('\'' | '\\') => itself,
                _ => return None,
            }),
            other => name.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn normalized_paths() {
        for (path, steps) in [
            ("$", vec![]),
            ("$[0]", vec![Step::Index(0)]),
            (
                r"$['a\'b'][12]['\\n\n\u000b]']",
                vec![
                    Step::Name("a'b".into()),
                    Step::Index(12),
                    Step::Name("\\n\n\u{b}]".into()),
                ],
            ),
        ] {
            assert_eq!(
                Place::normalized(path),
                Some(Place::Deep(steps.into())),
                "{path}"
            );
        }
        for path in [
            "",
            "$[",
            "$['a",
            "$['a'",
            "$[a]",
            "$a",
            "$['\\q']",
            "$['\\u00é']",
            "$['\\ud800']",
        ] {
            assert_eq!(Place::normalized(path), None, "{path}");
        }
    }

    #[test]
    fn steps_fit_what_they_stand_before() {
        let value = json!({"a": [10, 20], "0": 1});
        let walk = |step| walk(&[Step::Name("a".into()), step], &value);
        assert_eq!(walk(Step::Index(-1)), Some(&json!(20)));
        assert_eq!(walk(Step::Index(-3)), None);
        assert_eq!(walk(Step::Index(2)), None);
        assert_eq!(walk(Step::Index(i64::MIN)), None);
        assert_eq!(walk(Step::Name("0".into())), None);
        assert_eq!(Step::Index(0).take(&value), None);
    }
}
