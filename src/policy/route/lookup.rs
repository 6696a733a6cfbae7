//! Lookups: values that a route reads from a source.

use std::time::Duration;

use serde_json::Value;

use crate::config::{self, ConfigErrors, Named, Path};
use crate::source::{JsonPath, PropertyNames};
use crate::template::Template;

use crate::policy::json_path::json_path_with;
use crate::policy::route::request::LookupRequest;
use crate::policy::route::sent_credentials::SentCredentials;
use crate::policy::source::request::RequestTexts;
use crate::policy::source::{LookupMode, Source, SourceId, Sources};
use crate::policy::template::{LookupId, RESERVED, Scope, ValueTemplate, Variable};

/// A lookup of a route: an entry of a source, and the values to read from it.
#[derive(Debug, PartialEq)]
pub(crate) struct Lookup {
    pub(crate) name: Box<str>,
    pub(crate) source: SourceId,
    /// The key of the entry. Without it the whole document is the entry.
    pub(crate) key: Option<LookupKey>,
    /// What is sent, where the source is asked by template. Then there is no key.
    pub(crate) request: Option<Box<LookupRequest>>,
    /// Whether the source gets a credential of the client.
    pub(crate) sends_credential: bool,
    pub(crate) values: Vec<LookupValue>,
    pub(crate) on_missing: Fallback,
    pub(crate) on_failure: Fallback,
    /// The maximum time that a request waits for the first document.
    pub(crate) hold: Duration,
}

/// The key of an entry.
#[derive(Debug, PartialEq)]
pub(crate) struct LookupKey {
    pub(crate) template: ValueTemplate,
    pub(crate) kind: KeyKind,
}

/// The form of a key in the path of a callout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// One segment.
    Segment,
    /// As many segments as the key has.
    Path,
}

/// One value of an entry.
#[derive(Debug, PartialEq)]
pub(crate) struct LookupValue {
    pub(crate) name: Box<str>,
    pub(crate) from: ValueFrom,
}

/// Where a value of an entry is read.
#[derive(Debug, PartialEq)]
pub(crate) enum ValueFrom {
    Path(JsonPath),
    /// The first of these that finds a value other than `null`.
    First(Box<[JsonPath]>),
    /// A header field of the answer, by its name in lower case.
    Header(Box<str>),
}

/// The result of a lookup without an entry.
#[derive(Debug, PartialEq)]
pub(crate) enum Fallback {
    /// The request is denied with this status.
    Deny(u16),
    /// These values, in the order of the lookup's values. `None` is an absent value.
    Values(Vec<Option<Value>>),
}

impl Lookup {
    pub(in crate::policy) fn compile(
        written: &Named<config::Lookup>,
        scope: &Scope<'_>,
        sources: &Sources,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let name = written.name.as_str();
        if RESERVED.contains(&name) || name.contains('.') {
            errors.suggest(
                path,
                format!("a lookup can't be called `{name}`"),
                "choose another name",
            );
        }
        let written = &written.value;
        let source = sources.named(&written.source, &path.field("source"), errors);
        let names = sources.names(source);
        let values = values(&written.values, names, &path.field("values"), errors);
        let key = match &written.key {
            Some(key) => Some(LookupKey::compile(key, scope, &path.field("key"), errors)?),
            None => None,
        };
        let source = source?;
        check_headers(&written.values, sources.at(source), path, errors);
        let request = if let Some(texts) = sources.request(source) {
            check_no_key(key.as_ref(), path, errors);
            Some(request(texts, &written.source, scope, path, errors)?)
        } else {
            check_key(sources.lookup_mode(source), key.as_ref(), path, errors);
            None
        };
        let sent = SentCredentials::new(scope);
        match (&request, &key) {
            (Some(request), _) => sent.note_request(request),
            (None, Some(key)) if sources.lookup_mode(source) == LookupMode::OnDemand => {
                sent.note_key(&key.template);
            }
            (None, _) => {}
        }
        sent.check(&written.send_credentials, path, errors);
        let values = values?;
        let on_missing = fallback(
            &written.on_missing,
            &values,
            &path.field("onMissing"),
            errors,
        )?;
        let on_failure = fallback(
            &written.on_failure,
            &values,
            &path.field("onFailure"),
            errors,
        )?;
        Some(Self {
            name: name.into(),
            source,
            key,
            request,
            sends_credential: !written.send_credentials.is_empty(),
            values,
            on_missing,
            on_failure,
            hold: written.hold,
        })
    }
}

impl Lookup {
    /// Whether it reads header fields of answers.
    pub(crate) fn reads_headers(&self) -> bool {
        self.headers().next().is_some()
    }

    /// The header fields of answers that it reads.
    pub(in crate::policy) fn headers(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter_map(|value| match &value.from {
            ValueFrom::Header(name) => Some(&**name),
            ValueFrom::Path(_) | ValueFrom::First(_) => None,
        })
    }

    /// Whether it needs a value of a lookup for which the predicate holds.
    pub(crate) fn needs_any(&self, is_such: &dyn Fn(LookupId) -> bool) -> bool {
        let needs =
            |variable: &Variable| matches!(variable, Variable::LookedUp(at) if is_such(at.lookup));
        let key = self.key.as_ref();
        let request = self.request.as_ref();
        key.is_some_and(|key| key.template.has_any(&needs))
            || request.is_some_and(|request| request.has_any(&needs))
    }
}

impl LookupKey {
    fn compile(
        written: &config::LookupKey,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let (kind, template) = match written {
            config::LookupKey::Text(text) => (KeyKind::Segment, scope.template(text, path, errors)),
            config::LookupKey::Path(text) => (
                KeyKind::Path,
                scope.template(text, &path.field("path"), errors),
            ),
        };
        let template = template?;
        Some(Self { template, kind })
    }
}

/// The requests of a lookup. An error is one of this route: the source itself is good.
fn request(
    texts: &RequestTexts,
    source: &str,
    scope: &Scope<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Box<LookupRequest>> {
    let mut own = ConfigErrors::default();
    let request = LookupRequest::compile(texts, scope, path, &mut own);
    let path = path.field("source");
    for error in own.iter() {
        let reason = format!("the requests of `{source}`: {}", error.reason);
        match &error.suggestion {
            Some(suggestion) => errors.suggest(&path, reason, suggestion.as_str()),
            None => errors.push(&path, reason),
        }
    }
    request.map(Box::new)
}

/// Whether the key or the request of `lookup` uses a value of one of `others`, which may include itself.
pub(in crate::policy) fn speaks_of_any(
    lookup: &Named<config::Lookup>,
    others: &[&Named<config::Lookup>],
    sources: &Sources,
) -> bool {
    let speaks = |name: &&str| {
        let root = name.split('.').next().unwrap_or_default();
        others.iter().any(|other| other.name == root)
    };
    let request = sources.request_of(&lookup.value.source);
    if request.is_some_and(|request| request.variables().iter().any(speaks)) {
        return true;
    }
    let key = lookup.value.key.as_ref();
    let key = key.map(|key| Template::parse(key.template()));
    matches!(key, Some(Ok(key)) if key.variables().iter().any(speaks))
}

impl ValueFrom {
    fn compile(
        written: &config::LookupValue,
        names: PropertyNames,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let paths = match written {
            config::LookupValue::Path(text) => {
                return json_path_with(text, names, path, errors).map(Self::Path);
            }
            config::LookupValue::First(paths) => paths,
            config::LookupValue::Header(name) => return Some(Self::Header(name.as_str().into())),
        };
        let path = path.field("first");
        let each = paths.iter().enumerate();
        let compiled: Vec<_> = each
            .map(|(at, text)| json_path_with(text, names, &path.index(at), errors))
            .collect();
        let compiled: Option<Box<[JsonPath]>> = compiled.into_iter().collect();
        compiled.map(Self::First)
    }
}

fn values(
    written: &[Named<config::LookupValue>],
    names: PropertyNames,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<LookupValue>> {
    let compile = |value: &Named<config::LookupValue>, errors: &mut ConfigErrors| {
        Some(LookupValue {
            name: value.name.as_str().into(),
            from: ValueFrom::compile(&value.value, names, &path.field(&value.name), errors)?,
        })
    };
    let compiled: Vec<_> = written.iter().map(|value| compile(value, errors)).collect();
    compiled.into_iter().collect()
}

fn check_no_key(key: Option<&LookupKey>, path: &Path<'_>, errors: &mut ConfigErrors) {
    if key.is_some() {
        let reason = "the values of the request say which entry it is";
        errors.suggest(&path.field("key"), reason, "remove it");
    }
}

fn check_headers(
    values: &[Named<config::LookupValue>],
    source: Option<&Source>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    if source.is_some_and(Source::has_headers) {
        return;
    }
    let path = path.field("values");
    for value in values {
        if matches!(value.value, config::LookupValue::Header(_)) {
            let at = path.field(&value.name);
            let reason = "the source has no answers with headers";
            let suggestion = "only a source with `http` and `onDemand` has: write a JSONPath";
            errors.suggest(&at.field("header"), reason, suggestion);
        }
    }
}

fn check_key(
    mode: LookupMode,
    key: Option<&LookupKey>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    match (mode, key.map(|key| key.kind)) {
        (LookupMode::Whole, Some(_)) => {
            errors.suggest(
                &path.field("key"),
                "the source has no `index`",
                "give it one, or leave `key` out",
            );
        }
        (LookupMode::Indexed, Some(KeyKind::Path)) => {
            let reason = "the source has an `index`: its keys are not paths";
            errors.suggest(&path.field("key"), reason, "write the template alone");
        }
        (LookupMode::OnDemand, None) => {
            let reason = "the source is read on demand, by key";
            errors.suggest(path, reason, "say which entry: `key`");
        }
        (LookupMode::Whole | LookupMode::Indexed, None)
        | (LookupMode::Indexed, Some(KeyKind::Segment))
        | (LookupMode::OnDemand, Some(_)) => {}
    }
}

fn fallback(
    written: &config::Fallback,
    values: &[LookupValue],
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Fallback> {
    let defaults = match written {
        config::Fallback::Deny(status) => return Some(Fallback::Deny(*status)),
        config::Fallback::Default(defaults) => defaults,
    };
    let path = path.field("default");
    let mut good = true;
    for default in defaults {
        if !values.iter().any(|value| *value.name == *default.name) {
            errors.push(
                &path.field(&default.name),
                format!("the lookup has no value `{}`", default.name),
            );
            good = false;
        }
    }
    let value = |value: &LookupValue| {
        defaults
            .iter()
            .find(|default| *default.name == *value.name)
            .map(|default| default.value.clone())
    };
    good.then(|| Fallback::Values(values.iter().map(value).collect()))
}
