//! Whether a route's conditions hold.

use std::borrow::Cow;

use serde_json::Value;

use crate::number::same_value;
use crate::policy::{Condition, Consumer, LookedUp, Operand, ValueTemplate, ValueTest};

use super::lookup_result::ValueRef;
use super::values::Attributes;

/// Which looked-up values there are by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Lookups {
    /// None yet: conditions that need one are unknown.
    Pending,
    /// All.
    Done,
}

/// Whether `condition` holds. `None` if that is unknown: it depends on a lookup that isn't done, or it compares with a text of
/// the request that has no value or no valid one. In the second case the negation doesn't hold either, because a client could
/// leave a parameter out, or send it twice. A missing value on the policy's side, and a value of another type, equals nothing.
pub(in crate::engine) fn holds(
    condition: &Condition,
    attributes: &Attributes<'_>,
    lookups: Lookups,
) -> Option<bool> {
    let consumer = attributes.authenticated.consumer();
    let in_group = |group: &str| consumer.is_some_and(|consumer| is_in(consumer, group));
    match condition {
        Condition::All(list) => all(list.iter().map(|one| holds(one, attributes, lookups))),
        // `any` of them is `not` `all` of their negations.
        Condition::Any(list) => all(list
            .iter()
            .map(|one| holds(one, attributes, lookups).map(|holds| !holds)))
        .map(|none| !none),
        Condition::Not(inner) => holds(inner, attributes, lookups).map(|holds| !holds),
        Condition::AnyGroup(groups) => Some(groups.iter().any(|group| in_group(group))),
        Condition::AllGroups(groups) => Some(groups.iter().all(|group| in_group(group))),
        Condition::Consumers(names) => Some(consumer.is_some_and(|consumer| {
            names
                .iter()
                .any(|name| *name.as_bytes() == *consumer.name().bytes())
        })),
        Condition::Provider(provider) => Some(attributes.authenticated.has_accepted(*provider)),
        Condition::Label(name, expected) => {
            let Some(label) = consumer.and_then(|consumer| consumer.label(name)) else {
                return Some(false);
            };
            if lookups == Lookups::Pending && expected.needs_lookup() {
                return None;
            }
            Some(*text(expected, attributes)? == *label.bytes())
        }
        Condition::LookedUp(..) if lookups == Lookups::Pending => None,
        Condition::LookedUp(at, test) => passes(*at, test, attributes),
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

fn is_in(consumer: Consumer<'_>, group: &str) -> bool {
    consumer.groups().any(|own| *own == *group.as_bytes())
}

fn passes(at: LookedUp, test: &ValueTest, attributes: &Attributes<'_>) -> Option<bool> {
    let value = attributes.looked_up(at);
    Some(match (test, value) {
        (ValueTest::Exists, value) => value.is_some(),
        (ValueTest::Absent, value) => value.is_none(),
        (ValueTest::Equals(operand), Some(value)) => Expected::of(operand, attributes)?.is(value),
        (ValueTest::Contains(operand), Some(ValueRef::Other(Value::Array(list)))) => {
            let expected = Expected::of(operand, attributes)?;
            list.iter().any(|one| expected.is(one.into()))
        }
        (ValueTest::Equals(_) | ValueTest::Contains(_), _) => false,
    })
}

/// What a looked-up value is compared with, for one request.
enum Expected<'p> {
    Value(&'p Value),
    Text(Cow<'p, [u8]>),
}

impl<'p> Expected<'p> {
    fn of(operand: &'p Operand, attributes: &'p Attributes<'_>) -> Option<Self> {
        Some(match operand {
            Operand::Value(value) => Self::Value(value),
            Operand::Text(template) => Self::Text(text(template, attributes)?),
        })
    }

    fn is(&self, value: ValueRef<'_>) -> bool {
        match (self, value) {
            (Self::Value(expected), value) => same(value, ValueRef::from(*expected)),
            (Self::Text(expected), ValueRef::Text(text)) => *text == **expected,
            (Self::Text(_), ValueRef::Other(_)) => false,
        }
    }
}

fn text<'p>(template: &'p ValueTemplate, attributes: &'p Attributes<'_>) -> Option<Cow<'p, [u8]>> {
    attributes.bytes(template).ok().flatten()
}

/// Equal, with numbers by their value: a policy's `1` may arrive as `1.0`.
fn same(left: ValueRef<'_>, right: ValueRef<'_>) -> bool {
    match (left, right) {
        (ValueRef::Other(left), ValueRef::Other(right)) => same_value(left, right),
        (ValueRef::Text(left), ValueRef::Text(right)) => left == right,
        (ValueRef::Text(_), ValueRef::Other(_)) | (ValueRef::Other(_), ValueRef::Text(_)) => false,
    }
}
