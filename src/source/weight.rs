//! How much memory a document's value takes.

use std::mem::size_of;

use serde_json::Value;

/// What an allocation takes beside its bytes.
const ALLOCATION: usize = 16;

/// An object's members stand in nodes that have room for so many; of a larger object each has at least half of them.
const NODE: usize = 11;

/// Roughly how much memory a value takes: most often some times what its text takes, and for `[[],[],…]` or for many
/// objects of one member many times that.
#[must_use]
pub fn weight(value: &Value) -> usize {
    size_of::<Value>().saturating_add(behind(value))
}

/// The same without the value's own place. It nests 127 deep at most.
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

/// What an object of so many members takes, what is behind names and values aside.
fn nodes(members: usize) -> usize {
    let leaves = match members {
        0 => return 0,
        1..=NODE => 1,
        _ => members.div_ceil(NODE.div_ceil(2)),
    };
    // Above the leaves stand as many nodes again as are needed to lead there.
    let above = leaves.saturating_sub(1).div_ceil(NODE.div_ceil(2));
    let member = size_of::<String>().saturating_add(size_of::<Value>());
    let node = block(NODE.saturating_mul(member));
    leaves.saturating_add(above).saturating_mul(node)
}
