//! How much memory a document's value takes.

use std::mem::size_of;

use serde_json::Value;

/// What an allocation takes beside its bytes.
const ALLOCATION: usize = 16;

/// The members of an object stand in nodes with room for so many; in a larger object each node has at least half of
/// them.
const NODE: usize = 11;

/// Roughly how much memory a value takes: usually a few times the length of its text, and much more for `[[],[],…]` or
/// for many objects of one member.
#[must_use]
pub fn weight(value: &Value) -> usize {
    size_of::<Value>().saturating_add(behind(value))
}

/// The same without the value itself. It nests 127 levels at most.
fn behind(value: &Value) -> usize {
    let sum = |total: usize, more: usize| total.saturating_add(more);
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => block(text.capacity()),
        Value::Array(values) => {
            let own = block(values.capacity().saturating_mul(size_of::<Value>()));
            values.iter().map(behind).fold(own, sum)
        }
        Value::Object(members) => {
            let one = |(name, value): (&String, &Value)| {
                block(name.capacity()).saturating_add(behind(value))
            };
            members.iter().map(one).fold(nodes(members.len()), sum)
        }
    }
}

fn block(bytes: usize) -> usize {
    if bytes == 0 {
        0
    } else {
        bytes.saturating_add(ALLOCATION)
    }
}

/// What an object of so many members takes, without the memory of names and values.
fn nodes(members: usize) -> usize {
    let leaves = match members {
        0 => return 0,
        1..=NODE => 1,
        _ => members.div_ceil(NODE.div_ceil(2)),
    };
    // The inner nodes above the leaves.
    let above = leaves.saturating_sub(1).div_ceil(NODE.div_ceil(2));
    let member = size_of::<String>().saturating_add(size_of::<Value>());
    let node = block(NODE.saturating_mul(member));
    leaves.saturating_add(above).saturating_mul(node)
}

/// The least length of a value's text (the real text may have had blanks and escapes as well). `None` if that is
/// more than `most` bytes. The value is looked at only up to that length.
#[must_use]
pub(crate) fn text_within(value: &Value, most: usize) -> Option<usize> {
    let mut left = most;
    take(value, &mut left)?;
    most.checked_sub(left)
}

fn take(value: &Value, left: &mut usize) -> Option<()> {
    let mut spend = |bytes: usize| {
        *left = left.checked_sub(bytes)?;
        Some(())
    };
    match value {
        Value::Null | Value::Bool(true) => spend(4),
        Value::Bool(false) => spend(5),
        Value::Number(_) => spend(1),
        Value::String(text) => spend(text.len().saturating_add(2)),
        Value::Array(values) => {
            spend(values.len().saturating_sub(1).saturating_add(2))?;
            values.iter().try_for_each(|value| take(value, left))
        }
        Value::Object(members) => {
            spend(members.len().saturating_sub(1).saturating_add(2))?;
            members.iter().try_for_each(|(name, value)| {
                *left = left.checked_sub(name.len().saturating_add(3))?;
                take(value, left)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_and_their_lengths() {
        let value = json!({"a": [1, null, true, false, "xy"], "b": {}, "cd": []});
        let text = value.to_string();
        assert_eq!(text_within(&value, text.len()), Some(text.len()));
        assert_eq!(text_within(&value, text.len() - 1), None);
        for value in [json!([]), json!({}), json!(null), json!(false), json!("")] {
            assert_eq!(text_within(&value, 9), Some(value.to_string().len()));
        }
        // A number's text may be shorter than it is shown.
        assert_eq!(text_within(&json!(100_000.0), 9), Some(1));
    }
}
