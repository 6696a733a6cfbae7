//! Tests of single claims.

use serde_json::Value;

use crate::number::same_value;
use crate::regex::Pattern;

/// A test of what a JSONPath selects of the claims.
///
/// Nothing selected passes only `Exists(false)`, and so does `null`, as in all conditions. Several values are one list of them. A
/// value of another type fails.
#[derive(Clone, Debug)]
pub enum ClaimTest {
    /// It equals this JSON value, with the same type. Numbers compare by value: `1` is `1.0`.
    Equals(Value),
    /// It equals one of these.
    In(Box<[Value]>),
    /// It is a list that contains this JSON value.
    Contains(Value),
    /// Whether it exists and isn't `null`.
    Exists(bool),
    /// It is a text that matches the pattern as a whole. A text that is too long for patterns fails.
    Matches(Pattern),
}

impl ClaimTest {
    /// Whether what was selected passes.
    #[must_use]
    pub fn holds(&self, selected: &[&Value]) -> bool {
        match selected {
            [] | [Value::Null] => matches!(self, Self::Exists(false)),
            [one] => self.holds_for(one),
            several => self.holds_for(&several.iter().copied().cloned().collect()),
        }
    }

    fn holds_for(&self, value: &Value) -> bool {
        let contains = |list: &[Value], value| list.iter().any(|one| same_value(one, value));
        match (self, value) {
            (Self::Equals(expected), value) => same_value(expected, value),
            (Self::In(list), value) => contains(list, value),
            (Self::Contains(expected), Value::Array(list)) => contains(list, expected),
            (Self::Matches(pattern), Value::String(text)) => {
                pattern.matches(text.as_bytes()) == Ok(true)
            }
            (Self::Exists(exists), _) => *exists,
            (Self::Contains(_) | Self::Matches(_), _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pattern(text: &str) -> ClaimTest {
        ClaimTest::Matches(Pattern::whole(text).unwrap())
    }

    #[test]
    fn tests_hold_for_the_same_type_only() {
        let equals = |value| ClaimTest::Equals(value);
        let one_of = |values: Value| ClaimTest::In(values.as_array().unwrap().clone().into());
        for (test, value, holds) in [
            (equals(json!("a")), json!("a"), true),
            (equals(json!("a")), json!("A"), false),
            (equals(json!("a")), json!(["a"]), false),
            (equals(json!(1)), json!(1.0), true),
            (equals(json!(1)), json!("1"), false),
            (equals(json!(null)), json!(null), false),
            (equals(json!(false)), json!(null), false),
            (equals(json!(["a", "b"])), json!(["a", "b"]), true),
            (equals(json!(["a", "b"])), json!(["b", "a"]), false),
            (one_of(json!(["a", 1])), json!("a"), true),
            (one_of(json!(["a", 1])), json!(1.0), true),
            (one_of(json!(["a", 1])), json!("1"), false),
            (one_of(json!(["a"])), json!(["a"]), false),
            (one_of(json!(["a", null])), json!(null), false),
            (one_of(json!([])), json!("a"), false),
            (ClaimTest::Contains(json!("a")), json!(["b", "a"]), true),
            (ClaimTest::Contains(json!("a")), json!(["ab"]), false),
            (ClaimTest::Contains(json!("a")), json!("a"), false),
            (ClaimTest::Contains(json!("a")), json!({"a": "a"}), false),
            (ClaimTest::Contains(json!(1)), json!([1.0]), true),
            (ClaimTest::Exists(true), json!(null), false),
            (ClaimTest::Exists(false), json!(null), true),
            (ClaimTest::Exists(true), json!(false), true),
            (ClaimTest::Exists(false), json!([null]), false),
            (pattern("a|ab"), json!("ab"), true),
            (pattern("a|b"), json!("ab"), false),
            (pattern("a"), json!("a\n"), false),
            (pattern("a$"), json!("a\n"), false),
            (pattern("(?m)^a$"), json!("a\nb"), false),
            (pattern(""), json!(""), true),
            (pattern(".*"), json!(1), false),
            (pattern(".*"), json!(["a"]), false),
        ] {
            assert_eq!(test.holds(&[&value]), holds, "{test:?} {value}");
        }
    }

    #[test]
    fn nothing_and_several_values() {
        let (a, b) = (json!("a"), json!("b"));
        for (test, none, several) in [
            (ClaimTest::Equals(json!("a")), false, false),
            (ClaimTest::Equals(json!(["a", "b"])), false, true),
            (ClaimTest::In([json!("a"), json!("b")].into()), false, false),
            (ClaimTest::Contains(json!("b")), false, true),
            (ClaimTest::Exists(true), false, true),
            (ClaimTest::Exists(false), true, false),
            (pattern("a|b|"), false, false),
        ] {
            assert_eq!(test.holds(&[]), none, "{test:?}");
            assert_eq!(test.holds(&[&a, &b]), several, "{test:?}");
        }
    }
}
