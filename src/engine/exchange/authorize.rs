//! Checks whether a route's conditions hold.

use std::borrow::Cow;

use serde_json::Value;

use crate::auth::jwt::scopes;
use crate::number::same_value;
use crate::policy::{Condition, Consumer, Denial, Operand, Policy, Reason, Route, ValueTest};

use super::challenges::challenge;
use super::listed::{is_listed, is_on};
use super::lookup_result::{ResultValue, ValueRef};
use super::values::Attributes;

pub(in crate::engine) use super::values::Lookups;

/// Whether `condition` holds. `None` if that is unknown: it depends on a lookup that isn't done, or it compares with a text of
/// the request that has no value or an invalid one, or tries a pattern on a text that is too long. In these cases the negation doesn't hold either, because a client could
/// omit a parameter, or send it twice. A missing value from the policy, and a value of another type, are not equal to anything.
pub(in crate::engine) fn holds(
    condition: &Condition,
    attributes: &Attributes<'_>,
    lookups: Lookups,
) -> Option<bool> {
    let consumer = attributes.authenticated.consumer();
    let in_group = |group: &str| consumer.is_some_and(|consumer| is_in(consumer, group));
    match condition {
        Condition::All(list) => all(list.iter().map(|one| holds(one, attributes, lookups))),
        Condition::Any(list) => any(list.iter().map(|one| holds(one, attributes, lookups))),
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
            Some(*attributes.known(expected)? == *label.bytes())
        }
        Condition::LookedUp(..) if lookups == Lookups::Pending => None,
        Condition::LookedUp(at, test) => passes(attributes.looked_up(*at), test, attributes),
        Condition::Claim(_, test) if lookups == Lookups::Pending && test.needs_lookup() => None,
        Condition::Claim(path, test) => {
            let claim = attributes.claim(path);
            passes(claim.as_ref().map(ResultValue::as_value), test, attributes)
        }
        Condition::AnyScope(scopes) => Some(scopes.iter().any(|one| has_scope(attributes, one))),
        Condition::AllScopes(scopes) => Some(scopes.iter().all(|one| has_scope(attributes, one))),
        Condition::Text(value, test) => {
            let needs_lookup = value.needs_lookup() || test.needs_lookup();
            if lookups == Lookups::Pending && needs_lookup {
                return None;
            }
            let value = attributes.known(value)?;
            passes(Some(ValueRef::Text(&value)), test, attributes)
        }
        Condition::Listed(listed) => is_listed(listed, attributes, lookups),
        Condition::Flag(flag, key) => is_on(flag, key.as_ref(), attributes, lookups),
    }
}

fn has_scope(attributes: &Attributes<'_>, scope: &str) -> bool {
    let identity = attributes.authenticated.identity();
    let claims = identity.and_then(|identity| identity.claims());
    claims.is_some_and(|claims| scopes(claims.value()).any(|own| own == scope))
}

/// The denial of a request for which `condition` doesn't hold.
#[cold]
#[inline(never)]
pub(in crate::engine) fn forbidden(
    condition: &Condition,
    attributes: &Attributes<'_>,
    lookups: Lookups,
    route: &Route,
    policy: &Policy,
) -> Denial {
    let identity = attributes.authenticated.identity();
    let has_claims = identity.is_some_and(|identity| identity.claims().is_some());
    let mut scopes = Vec::new();
    if has_claims && needs_scopes_alone(condition, attributes, lookups, &mut scopes) {
        let mut denial = Denial::from(Reason::InsufficientScope);
        challenge(
            &mut denial,
            &scopes,
            attributes.authenticated,
            route,
            policy,
        );
        return denial;
    }
    Reason::Forbidden.into()
}

/// Whether a token with other scopes would do: only conditions on scopes fail, at the top or in `all`. Collects the scopes of all
/// these conditions, because the next token has to have those that this one has, too.
fn needs_scopes_alone<'c>(
    condition: &'c Condition,
    attributes: &Attributes<'_>,
    lookups: Lookups,
    needed: &mut Vec<&'c str>,
) -> bool {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "no other condition is on scopes, or has such a one that must hold"
    )]
    match condition {
        Condition::All(list) => list
            .iter()
            .all(|one| needs_scopes_alone(one, attributes, lookups, needed)),
        Condition::AnyScope(scopes) | Condition::AllScopes(scopes) => {
            for scope in scopes {
                if !needed.contains(&&**scope) {
                    needed.push(scope);
                }
            }
            true
        }
        other => match (holds(other, attributes, lookups), lookups) {
            (Some(holds), _) => holds,
            (None, Lookups::Pending) => true,
            (None, Lookups::Done) => false,
        },
    }
}

/// False if one condition is false. Otherwise unknown if one is unknown.
fn all(mut conditions: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    conditions
        .try_fold(Some(true), |sum, one| match one {
            Some(false) => Err(()),
            Some(true) => Ok(sum),
            None => Ok(None),
        })
        .unwrap_or(Some(false))
}

/// True as soon as one is true, unknown before false: it is `not` `all` of the negations.
fn any(conditions: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(conditions.map(|holds| holds.map(|holds| !holds))).map(|none| !none)
}

fn is_in(consumer: Consumer<'_>, group: &str) -> bool {
    consumer.groups().any(|own| *own == *group.as_bytes())
}

/// Whether a value passes a test; there is no value where it is absent or `null`.
fn passes(
    value: Option<ValueRef<'_>>,
    test: &ValueTest,
    attributes: &Attributes<'_>,
) -> Option<bool> {
    Some(match (test, value) {
        (ValueTest::Exists, value) => value.is_some(),
        (ValueTest::Absent, value) => value.is_none(),
        (ValueTest::Equals(operand), Some(value)) => Expected::of(operand, attributes)?.is(value),
        (ValueTest::Contains(operand), Some(ValueRef::Other(Value::Array(list)))) => {
            let expected = Expected::of(operand, attributes)?;
            list.iter().any(|one| expected.is(one.into()))
        }
        (ValueTest::In(operands), Some(value)) => {
            let equals = |operand| Some(Expected::of(operand, attributes)?.is(value));
            return any(operands.iter().map(equals));
        }
        (ValueTest::Matches(pattern), Some(ValueRef::Text(text))) => pattern.matches(text).ok()?,
        (
            ValueTest::Equals(_)
            | ValueTest::In(_)
            | ValueTest::Contains(_)
            | ValueTest::Matches(_),
            _,
        ) => false,
    })
}

/// The value of one request that a looked-up value is compared with.
enum Expected<'p> {
    Value(&'p Value),
    Text(Cow<'p, [u8]>),
}

impl<'p> Expected<'p> {
    fn of(operand: &'p Operand, attributes: &'p Attributes<'_>) -> Option<Self> {
        Some(match operand {
            Operand::Value(value) => Self::Value(value),
            Operand::Text(template) => Self::Text(attributes.known(template)?),
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

/// Whether both are equal. Numbers are compared by their value: a policy's `1` may arrive as `1.0`.
fn same(left: ValueRef<'_>, right: ValueRef<'_>) -> bool {
    match (left, right) {
        (ValueRef::Other(left), ValueRef::Other(right)) => same_value(left, right),
        (ValueRef::Text(left), ValueRef::Text(right)) => left == right,
        (ValueRef::Text(_), ValueRef::Other(_)) | (ValueRef::Other(_), ValueRef::Text(_)) => false,
    }
}
