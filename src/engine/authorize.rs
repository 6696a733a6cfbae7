//! Whether a route's conditions hold.

use serde_json::Value;

use crate::policy::{Condition, Consumer, LookedUp, Operand, Test};

use super::values::Facts;

/// Which looked-up values there are by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookups {
    /// None yet: what needs one isn't known.
    Pending,
    /// All.
    Done,
}

/// Whether `condition` holds; `None` where that depends on a lookup that isn't done. An absent value, and one of another
/// type, is unequal to everything.
pub(super) fn holds(condition: &Condition, facts: &Facts<'_>, lookups: Lookups) -> Option<bool> {
    let consumer = facts
        .who
        .identity
        .as_ref()
        .map(|identity| &*identity.consumer);
    let in_group = |group: &str| consumer.is_some_and(|consumer| is_in(consumer, group));
    match condition {
        Condition::All(list) => all(list.iter().map(|one| holds(one, facts, lookups))),
        // One of them holds: not each of them doesn't.
        Condition::Any(list) => all(list
            .iter()
            .map(|one| holds(one, facts, lookups).map(|holds| !holds)))
        .map(|none| !none),
        Condition::Not(inner) => holds(inner, facts, lookups).map(|holds| !holds),
        Condition::AnyGroup(groups) => Some(groups.iter().any(|group| in_group(group))),
        Condition::AllGroups(groups) => Some(groups.iter().all(|group| in_group(group))),
        Condition::Consumers(names) => {
            Some(consumer.is_some_and(|consumer| {
                names.iter().any(|name| *name.as_bytes() == *consumer.name)
            }))
        }
        Condition::Provider(provider) => Some(facts.who.accepted.contains(provider)),
        Condition::Label(name, wanted) => {
            let Some(label) = consumer.and_then(|consumer| consumer.label(name)) else {
                return Some(false);
            };
            if lookups == Lookups::Pending && wanted.needs_lookup() {
                return None;
            }
            Some(matches!(facts.text(wanted), Ok(Some(text)) if text == *label))
        }
        Condition::LookedUp(..) if lookups == Lookups::Pending => None,
        Condition::LookedUp(at, test) => Some(passes(*at, test, facts)),
    }
}

/// False as soon as one is false, unknown before true.
fn all(mut conditions: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    conditions
        .try_fold(Some(true), |sum, one| match one {
            Some(false) => Err(()),
            Some(true) => Ok(sum),
            None => Ok(None),
        })
        .unwrap_or(Some(false))
}

fn is_in(consumer: &Consumer, group: &str) -> bool {
    consumer.groups.iter().any(|own| **own == *group)
}

fn passes(at: LookedUp, test: &Test, facts: &Facts<'_>) -> bool {
    let value = facts.looked_up(at);
    match (test, value) {
        (Test::Exists, value) => value.is_some(),
        (Test::Absent, value) => value.is_none(),
        (Test::Equals(operand), Some(value)) => equals(value, operand, facts),
        (Test::Contains(operand), Some(Value::Array(list))) => {
            list.iter().any(|one| equals(one, operand, facts))
        }
        (Test::Equals(_) | Test::Contains(_), _) => false,
    }
}

fn equals(value: &Value, operand: &Operand, facts: &Facts<'_>) -> bool {
    match operand {
        Operand::Value(wanted) => same(value, wanted),
        Operand::Text(template) => match (value, facts.text(template)) {
            (Value::String(text), Ok(Some(wanted))) => *text.as_bytes() == *wanted,
            _ => false,
        },
    }
}

/// Equal, with numbers by their value: a policy's `1` may arrive as `1.0`.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        _ => left == right,
    }
}
