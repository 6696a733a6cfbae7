//! Conditions on the consumer, on claims and on looked-up values.

mod listed;

use std::sync::Arc;

use serde_json::Value;

use crate::config::{self, ConfigErrors, Path};
use crate::regex::Pattern;
use crate::source::JsonPath;

use crate::policy::flag::Flag;
use crate::policy::json_path::json_path;
use crate::policy::provider::{ProviderId, Providers};
use crate::policy::template::{LookedUp, Scope, ValueTemplate};

pub(in crate::policy) use listed::{DocumentScope, Holds};
pub(crate) use listed::{Listed, Subject};

/// A condition, or a tree of them.
#[derive(Debug, PartialEq)]
pub(crate) enum Condition {
    /// All hold.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
    /// It doesn't hold.
    Not(Box<Self>),
    /// The consumer is in at least one of these groups.
    AnyGroup(Vec<Box<str>>),
    /// The consumer is in all of these groups.
    AllGroups(Vec<Box<str>>),
    /// The consumer is one of these.
    Consumers(Vec<Box<str>>),
    /// The consumer has this label, with this value.
    Label(Box<str>, ValueTemplate),
    /// The request was authenticated by this provider.
    Provider(ProviderId),
    /// A looked-up value passes a test.
    LookedUp(LookedUp, ValueTest),
    /// A claim of the sender's token passes a test.
    Claim(JsonPath, ValueTest),
    /// The sender's token has at least one of these scopes.
    AnyScope(Vec<Box<str>>),
    /// The sender's token has all of these scopes.
    AllScopes(Vec<Box<str>>),
    /// A text of the request passes a test.
    Text(ValueTemplate, ValueTest),
    /// A value is in a list of a document.
    Listed(Box<Listed>),
    /// A flag is on, for this key.
    Flag(Arc<Flag>, Option<ValueTemplate>),
}

/// A test of a looked-up value or a claim. Types are compared too: `true` isn't `"true"`.
#[derive(Debug, PartialEq)]
pub(crate) enum ValueTest {
    /// It equals this value.
    Equals(Operand),
    /// It equals one of these values.
    In(Vec<Operand>),
    /// It is a list that contains this value.
    Contains(Operand),
    /// It exists and isn't `null`.
    Exists,
    /// It doesn't exist, or it is `null`.
    Absent,
    /// It is a text that matches as a whole.
    Matches(Pattern),
}

impl ValueTest {
    /// Whether it compares with a looked-up value.
    pub(crate) fn needs_lookup(&self) -> bool {
        let needs = |operand: &Operand| match operand {
            Operand::Value(_) => false,
            Operand::Text(template) => template.needs_lookup(),
        };
        match self {
            Self::Equals(operand) | Self::Contains(operand) => needs(operand),
            Self::In(operands) => operands.iter().any(needs),
            Self::Exists | Self::Absent | Self::Matches(_) => false,
        }
    }
}

/// The operand of a test.
#[derive(Debug, PartialEq)]
pub(crate) enum Operand {
    /// A constant.
    Value(Value),
    /// A text from this request.
    Text(ValueTemplate),
}

/// The names that the conditions of one route can use.
pub(in crate::policy) struct ConditionScope<'a> {
    pub(in crate::policy) templates: &'a Scope<'a>,
    pub(in crate::policy) providers: &'a Providers,
    /// The providers in the route's requirement, if it is valid.
    pub(in crate::policy) required: Option<&'a [ProviderId]>,
    pub(in crate::policy) documents: &'a DocumentScope<'a>,
}

impl ConditionScope<'_> {
    pub(in crate::policy) fn compile(
        &self,
        written: &config::Condition,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Condition> {
        match written {
            config::Condition::All(list) => Some(Condition::All(self.many(
                list,
                &path.field("all"),
                errors,
            )?)),
            config::Condition::Any(list) => Some(Condition::Any(self.many(
                list,
                &path.field("any"),
                errors,
            )?)),
            config::Condition::Not(inner) => Some(Condition::Not(Box::new(self.compile(
                inner,
                &path.field("not"),
                errors,
            )?))),
            config::Condition::Groups(names) => {
                self.needs_a_consumer(&path.field("groups"), errors);
                Some(match names {
                    config::Names::Any(names) => Condition::AnyGroup(boxed(names)),
                    config::Names::All(names) => Condition::AllGroups(boxed(names)),
                })
            }
            config::Condition::Consumers(names) => {
                self.needs_a_consumer(&path.field("consumers"), errors);
                Some(Condition::Consumers(boxed(names)))
            }
            config::Condition::Labels(labels) => self.labels(labels, &path.field("labels"), errors),
            config::Condition::Provider(name) => {
                self.provider(name, &path.field("provider"), errors)
            }
            config::Condition::Lookup { lookup, test } => self.lookup(lookup, test, path, errors),
            config::Condition::Claim { claim, test } => {
                let at = path.field("claim");
                self.needs_claims(&at, errors);
                let claim = json_path(&config::path_of_claim(claim), &at, errors);
                let test = self.test(test, path, errors);
                Some(Condition::Claim(claim?, test?))
            }
            config::Condition::Scopes(names) => self.scopes(names, &path.field("scopes"), errors),
            config::Condition::Value { value, test } => {
                let value = self.templates.template(value, &path.field("value"), errors);
                let test = self.test(test, path, errors);
                Some(Condition::Text(value?, test?))
            }
            config::Condition::Listed { subject, list } => self.listed(subject, list, path, errors),
            config::Condition::Flag { flag, key } => self.flag(flag, key.as_deref(), path, errors),
        }
    }

    fn many(
        &self,
        list: &[config::Condition],
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Vec<Condition>> {
        let compiled: Vec<_> = list
            .iter()
            .enumerate()
            .map(|(at, one)| self.compile(one, &path.index(at), errors))
            .collect();
        compiled.into_iter().collect()
    }

    fn needs_a_consumer(&self, path: &Path<'_>, errors: &mut ConfigErrors) {
        if !self.templates.authenticates {
            let reason = "this route requires no credential, so it has no consumer";
            errors.suggest(path, reason, "require a provider");
        }
    }

    fn needs_claims(&self, path: &Path<'_>, errors: &mut ConfigErrors) {
        if !self.templates.authenticates {
            let reason = "this route requires no credential, so it has no claims";
            errors.suggest(path, reason, "require a provider");
        }
    }

    fn scopes(
        &self,
        names: &config::Names,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Condition> {
        self.needs_claims(path, errors);
        let (field, list) = match names {
            config::Names::Any(list) => ("any", list),
            config::Names::All(list) => ("all", list),
        };
        let mut is_good = true;
        for (at, name) in list.iter().enumerate() {
            if !name.bytes().all(is_in_scope) {
                let reason = "a scope has no blanks, no quotes, no `\\`, and ASCII only";
                errors.suggest(
                    &path.field(field).index(at),
                    reason,
                    "write one scope in each item",
                );
                is_good = false;
            }
        }
        is_good.then(|| match names {
            config::Names::Any(list) => Condition::AnyScope(boxed(list)),
            config::Names::All(list) => Condition::AllScopes(boxed(list)),
        })
    }

    fn labels(
        &self,
        labels: &[config::Named<String>],
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Condition> {
        self.needs_a_consumer(path, errors);
        let label = |label: &config::Named<String>, errors: &mut ConfigErrors| {
            let value = self
                .templates
                .template(&label.value, &path.field(&label.name), errors)?;
            Some(Condition::Label(label.name.as_str().into(), value))
        };
        let compiled: Vec<_> = labels.iter().map(|one| label(one, errors)).collect();
        Some(Condition::All(compiled.into_iter().collect::<Option<_>>()?))
    }

    fn provider(
        &self,
        name: &str,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Condition> {
        let provider = self.providers.named(name, path, errors)?;
        if self
            .required
            .is_some_and(|required| !required.contains(&provider))
        {
            errors.suggest(
                path,
                "this route doesn't require that provider",
                "name it in `require`",
            );
        }
        Some(Condition::Provider(provider))
    }

    fn lookup(
        &self,
        name: &str,
        test: &config::ConditionTest,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Condition> {
        let value = self.looked_up(name, path, errors);
        let test = self.test(test, path, errors);
        Some(Condition::LookedUp(value?, test?))
    }

    /// The value that `LOOKUP.VALUE` names.
    fn looked_up(
        &self,
        name: &str,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<LookedUp> {
        let (lookup, value) = name.split_once('.').unwrap_or((name, ""));
        match self.templates.looked_up(lookup, value) {
            Ok(value) => Some(value),
            Err(why) => {
                errors.suggest(
                    &path.field("lookup"),
                    format!("unknown looked-up value `{name}`"),
                    why,
                );
                None
            }
        }
    }

    fn test(
        &self,
        written: &config::ConditionTest,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<ValueTest> {
        Some(match written {
            config::ConditionTest::Equals(value) => {
                ValueTest::Equals(self.operand(value, &path.field("equals"), errors)?)
            }
            config::ConditionTest::In(values) => {
                let path = path.field("in");
                let values = values.iter().enumerate();
                let operands: Vec<_> = values
                    .map(|(at, value)| self.operand(value, &path.index(at), errors))
                    .collect();
                ValueTest::In(operands.into_iter().collect::<Option<_>>()?)
            }
            config::ConditionTest::Contains(value) => {
                ValueTest::Contains(self.operand(value, &path.field("contains"), errors)?)
            }
            config::ConditionTest::Exists(true) => ValueTest::Exists,
            config::ConditionTest::Exists(false) => ValueTest::Absent,
            config::ConditionTest::Matches(text) => match Pattern::whole(text) {
                Ok(pattern) => ValueTest::Matches(pattern),
                Err(error) => {
                    errors.push(&path.field("matches"), error.to_string());
                    return None;
                }
            },
        })
    }

    fn operand(
        &self,
        value: &Value,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Operand> {
        let Value::String(text) = value else {
            return Some(Operand::Value(value.clone()));
        };
        let template = self.templates.template(text, path, errors)?;
        Some(match template.literal() {
            Some(literal) => Operand::Value(Value::String(
                String::from_utf8_lossy(&literal).into_owned(),
            )),
            None => Operand::Text(template),
        })
    }
}

/// A byte of a `scope-token` (RFC 6749 §3.3).
const fn is_in_scope(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)
}

fn boxed(names: &[String]) -> Vec<Box<str>> {
    names.iter().map(|name| name.as_str().into()).collect()
}
