//! Conditions on the consumer and on looked-up values.

use serde_json::Value;

use crate::config::{self, ConfigErrors, Path};

use crate::policy::provider::{ProviderId, Providers};
use crate::policy::template::{LookedUp, Scope, ValueTemplate};

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
}

/// A test of a looked-up value. Types are compared too: `true` isn't `"true"`.
#[derive(Debug, PartialEq)]
pub(crate) enum ValueTest {
    /// It equals this value.
    Equals(Operand),
    /// It is a list that contains this value.
    Contains(Operand),
    /// It exists and isn't `null`.
    Exists,
    /// It doesn't exist, or it is `null`.
    Absent,
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
        test: &config::LookupTest,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Condition> {
        let (lookup, value) = name.split_once('.').unwrap_or((name, ""));
        let value = match self.templates.looked_up(lookup, value) {
            Ok(value) => Some(value),
            Err(why) => {
                errors.suggest(
                    &path.field("lookup"),
                    format!("unknown looked-up value `{name}`"),
                    why,
                );
                None
            }
        };
        let test = match test {
            config::LookupTest::Equals(value) => {
                ValueTest::Equals(self.operand(value, &path.field("equals"), errors)?)
            }
            config::LookupTest::Contains(value) => {
                ValueTest::Contains(self.operand(value, &path.field("contains"), errors)?)
            }
            config::LookupTest::Exists(true) => ValueTest::Exists,
            config::LookupTest::Exists(false) => ValueTest::Absent,
        };
        Some(Condition::LookedUp(value?, test))
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

fn boxed(names: &[String]) -> Vec<Box<str>> {
    names.iter().map(|name| name.as_str().into()).collect()
}
