//! Reports conditions with all their parts: those of `authorize` and `when`.

use crate::policy::{
    Condition, Flag, Listed, LookedUp, Operand, Policy, Route, Subject, ValueTemplate, ValueTest,
};
use crate::source::JsonPath;

use crate::engine::event::{Detail, Observer};
use crate::engine::exchange::Exchange;
use crate::engine::exchange::authorize::{Lookups, holds};
use crate::engine::exchange::listed::state;
use crate::engine::exchange::lookup_result::{ResultValue, ValueRef};
use crate::engine::exchange::values::Attributes;

use super::trace::is_wanted;

/// A route's condition with all its parts.
pub(in crate::engine) fn checked(
    route: &Route,
    attributes: &Attributes<'_>,
    lookups: Lookups,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    if let Some(condition) = route.spec.authorize().filter(|_| is_wanted(exchange)) {
        let trace = ConditionTrace {
            route,
            attributes,
            lookups,
            policy,
            stage: Stage::Authorize,
        };
        trace.tell(condition, 0, exchange);
    }
}

/// The `when` of a route that is considered, with all its parts.
pub(in crate::engine) fn chosen(
    condition: &Condition,
    route: &Route,
    attributes: &Attributes<'_>,
    lookups: Lookups,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    if is_wanted(exchange) {
        let trace = ConditionTrace {
            route,
            attributes,
            lookups,
            policy,
            stage: Stage::When,
        };
        trace.tell(condition, 0, exchange);
    }
}

/// Which condition of a route is reported.
#[derive(Clone, Copy)]
enum Stage {
    When,
    Authorize,
}

/// What is needed to report a condition.
struct ConditionTrace<'s> {
    route: &'s Route,
    attributes: &'s Attributes<'s>,
    lookups: Lookups,
    policy: &'s Policy,
    stage: Stage,
}

impl ConditionTrace<'_> {
    fn tell(
        &self,
        condition: &Condition,
        depth: usize,
        exchange: &mut Exchange<'_, impl Observer + ?Sized>,
    ) {
        // A list with one condition is not reported itself. Labels make such lists too.
        if let Condition::All(list) | Condition::Any(list) = condition {
            if let [one] = list.as_slice() {
                return self.tell(one, depth, exchange);
            }
        }
        let written = self.written(condition);
        let holds = holds(condition, self.attributes, self.lookups);
        exchange.observer.detail(&match self.stage {
            Stage::When => Detail::Considered {
                route: self.policy.routes.name(self.route),
                depth,
                condition: &written,
                holds,
            },
            Stage::Authorize => Detail::Checked {
                depth,
                condition: &written,
                holds,
            },
        });
        let below = depth.saturating_add(1);
        match condition {
            Condition::All(list) | Condition::Any(list) => {
                list.iter().for_each(|one| self.tell(one, below, exchange));
            }
            Condition::Not(inner) => self.tell(inner, below, exchange),
            Condition::AnyGroup(_)
            | Condition::AllGroups(_)
            | Condition::Consumers(_)
            | Condition::Label(..)
            | Condition::Provider(_)
            | Condition::LookedUp(..)
            | Condition::Claim(..)
            | Condition::AnyScope(_)
            | Condition::AllScopes(_)
            | Condition::Text(..)
            | Condition::Listed(_)
            | Condition::Flag(..) => {}
        }
    }

    fn written(&self, condition: &Condition) -> String {
        match condition {
            Condition::All(_) => "all of these".into(),
            Condition::Any(_) => "any of these".into(),
            Condition::Not(_) => "not this".into(),
            Condition::AnyGroup(names) => format!("groups: any of {}", names.join(", ")),
            Condition::AllGroups(names) => format!("groups: all of {}", names.join(", ")),
            Condition::Consumers(names) => format!("consumers: any of {}", names.join(", ")),
            Condition::Label(name, value) => format!("labels: {name} is {}", self.text(value)),
            Condition::Provider(id) => {
                let name = self
                    .policy
                    .providers
                    .at(*id)
                    .map_or("", |provider| &provider.name);
                format!("provider: {name}")
            }
            Condition::LookedUp(at, test) => self.lookup(*at, test),
            Condition::Claim(path, test) => {
                let test = self.test(&format!("claim: {path}"), test);
                let claim = self.attributes.claim(path);
                found(test, claim.as_ref().map(ResultValue::as_value))
            }
            Condition::AnyScope(names) => format!("scopes: any of {}", names.join(", ")),
            Condition::AllScopes(names) => format!("scopes: all of {}", names.join(", ")),
            Condition::Text(value, test) => {
                self.test(&format!("value: {}", self.text(value)), test)
            }
            Condition::Listed(listed) => self.listed(listed),
            Condition::Flag(flag, key) => self.flag(flag, key.as_ref()),
        }
    }

    fn listed(&self, listed: &Listed) -> String {
        let lists = &self.policy.sources.lists;
        let place = lists.place(listed.list);
        let source = place.map_or("", |(source, _)| self.policy.sources.name(source));
        let path = lists.path(listed.list).map_or("", JsonPath::text);
        let subject = match &listed.subject {
            Subject::Text(value) => format!("value: {}", self.text(value)),
            Subject::LookedUp(at) => format!("lookup: {}", self.name(*at)),
            Subject::Claim(path) => format!("claim: {path}"),
        };
        let test = format!("{subject} is in the list {path} of {source}");
        let value = match &listed.subject {
            Subject::LookedUp(at) if self.lookups == Lookups::Done => {
                found(test, self.attributes.looked_up(*at))
            }
            Subject::Claim(path) => {
                let claim = self.attributes.claim(path);
                found(test, claim.as_ref().map(ResultValue::as_value))
            }
            Subject::Text(_) | Subject::LookedUp(_) => test,
        };
        let state = match (self.attributes.sources.list(listed.list), listed.default) {
            (Some(list), _) => format!("{} entries", list.len()),
            (None, Some(default)) => format!("no usable document, so the default: {default}"),
            (None, None) => "no usable document".into(),
        };
        format!("{value}; {state}")
    }

    fn flag(&self, flag: &Flag, key: Option<&ValueTemplate>) -> String {
        let name = &flag.name;
        let state = match (state(flag, key, self.attributes.sources), flag.default) {
            (Some(share), _) => share.to_text(),
            (None, Some(share)) => {
                format!("no usable state, so the default: {}", share.to_text())
            }
            (None, None) => "no usable state".into(),
        };
        match key {
            Some(key) => format!("flag: {name}, {state}; the key is {}", self.text(key)),
            None => format!("flag: {name}, {state}"),
        }
    }

    fn text(&self, template: &ValueTemplate) -> String {
        match self.attributes.text(template) {
            Ok(Some(text)) => format!("`{}`", text.escape_ascii()),
            _ => "unknown".into(),
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Value(value) => value.to_string(),
            Operand::Text(template) => self.text(template),
        }
    }

    /// The name of a looked-up value: `LOOKUP.VALUE`.
    fn name(&self, at: LookedUp) -> String {
        let lookup = self.route.spec.lookups().get(at.lookup.index());
        let value = lookup.and_then(|lookup| lookup.values.get(at.value.index()));
        format!(
            "{}.{}",
            lookup.map_or("", |lookup| &lookup.name),
            value.map_or("", |value| &value.name)
        )
    }

    fn lookup(&self, at: LookedUp, test: &ValueTest) -> String {
        let test = self.test(&format!("lookup: {}", self.name(at)), test);
        match self.lookups {
            Lookups::Pending => test,
            Lookups::Done => found(test, self.attributes.looked_up(at)),
        }
    }

    fn test(&self, name: &str, test: &ValueTest) -> String {
        match test {
            ValueTest::Equals(operand) => format!("{name} equals {}", self.operand(operand)),
            ValueTest::In(operands) => {
                let operands: Vec<_> = operands.iter().map(|one| self.operand(one)).collect();
                format!("{name} is one of {}", operands.join(", "))
            }
            ValueTest::Contains(operand) => format!("{name} contains {}", self.operand(operand)),
            ValueTest::Exists => format!("{name} exists"),
            ValueTest::Absent => format!("{name} doesn't exist"),
            ValueTest::Matches(pattern) => format!("{name} matches `{}`", pattern.text()),
        }
    }
}

/// A test with the value that it is about.
fn found(test: String, value: Option<ValueRef<'_>>) -> String {
    match value {
        Some(value) => format!("{test}; it is {}", value.to_value()),
        None => test + "; there is none",
    }
}
