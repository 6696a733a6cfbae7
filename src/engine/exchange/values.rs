//! The values of variables in templates and conditions.

use std::borrow::Cow;

use serde_json::Value;

use crate::engine::documents::Sources;
use crate::engine::facts::Facts;
use crate::http::{Headers, KnownName, Text, cookies, query_pairs};
use crate::number::{is_rounded, number_text};
use crate::policy::{
    Applied, Credential, Denial, LookedUp, Reason, ValuePiece, ValueTemplate, Variable,
};
use crate::rewrite::{Origin, check_header_value};
use crate::route::{Captures, PatternRef};
use crate::source::JsonPath;
use crate::time::Timestamp;

use super::authenticated::Authenticated;
use super::head::Head;
use super::lookup_result::{self, LookupResult, ResultValue, ValueRef};

/// The lookups that are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Lookups {
    /// None. Conditions that need a looked-up value are unknown.
    Pending,
    /// All lookups of the route.
    Done,
}

/// What the stages know about an exchange so far.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Attributes<'x> {
    pub(in crate::engine) head: &'x Head<'x>,
    /// The pattern that matched the path.
    pub(in crate::engine) pattern: PatternRef<'x>,
    pub(in crate::engine) authenticated: &'x Authenticated<'x>,
    /// The results of the lookups that are done.
    pub(in crate::engine) looked_up: &'x [LookupResult<'x>],
    /// What the host was asked for.
    pub(in crate::engine) facts: &'x Facts,
    /// The documents that conditions ask.
    pub(in crate::engine) sources: &'x Sources,
}

/// One value as text.
#[derive(Debug)]
pub(in crate::engine) struct VariableValue<'x> {
    pub(in crate::engine) text: Cow<'x, [u8]>,
    pub(in crate::engine) origin: Origin,
    /// The part of the request's path, if the value is a part of it.
    pub(in crate::engine) of_path: Option<PathPart<'x>>,
}

/// A part of the request's path, with the bytes that are forwarded.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) enum PathPart<'x> {
    /// One segment or more.
    Segments(&'x [u8]),
    /// The whole path.
    Whole(&'x [u8]),
}

/// The reason to deny a value that is not allowed in its header or path.
pub(in crate::engine) const fn blame(origin: Origin) -> Reason {
    match origin {
        Origin::Client => Reason::BadRequestValue,
        Origin::Token => Reason::InvalidClaims,
        Origin::Source | Origin::Policy => Reason::BadLookupValue,
    }
}

/// The inputs of variables.
pub(in crate::engine) fn origin(variable: &Variable) -> Origin {
    match variable {
        Variable::Applied(applied) => origin(&applied.variable),
        Variable::Capture(_)
        | Variable::Query(_)
        | Variable::Header(_)
        | Variable::Cookie(_)
        | Variable::Method
        | Variable::Host
        | Variable::Path
        | Variable::Scheme
        | Variable::SourceAddress
        | Variable::Time => Origin::Client,
        Variable::Claim(_) => Origin::Token,
        Variable::ConsumerName
        | Variable::Label(_)
        | Variable::CredentialId
        | Variable::LookedUp(_) => Origin::Source,
    }
}

impl Attributes<'_> {
    /// A looked-up value with its type. `None` if there is none, or if it is `null`.
    pub(in crate::engine) fn looked_up(&self, at: LookedUp) -> Option<ValueRef<'_>> {
        self.looked_up
            .get(at.lookup.index())?
            .get(at.value)
            .filter(|value| *value != ValueRef::Other(&Value::Null))
    }

    /// A claim of the token that identifies the sender, typed; `None` where there is none (or a `null`).
    pub(in crate::engine) fn claim(&self, path: &JsonPath) -> Option<ResultValue<'_>> {
        let claims = self.authenticated.identity()?.claims()?;
        lookup_result::value(path.select(claims.value()))
            .filter(|value| value.as_value() != ValueRef::Other(&Value::Null))
    }

    /// A variable's value. `None` if it has none.
    pub(in crate::engine) fn value<'s>(
        &'s self,
        variable: &Variable,
    ) -> Result<Option<VariableValue<'s>>, Denial> {
        let origin = origin(variable);
        let headers = self.head.request.headers();
        let text = match variable {
            Variable::Applied(applied) => return self.applied(applied),
            Variable::Capture(name) => return self.capture(name),
            Variable::Query(name) => {
                let query = self.head.path.query().unwrap_or_default();
                only(query_pairs(query).filter(|pair| pair.is_named(name)))
                    .map(|pair| pair.decoded_value())
            }
            Variable::Header(name) => joined(headers, name),
            Variable::Cookie(name) => {
                let all = headers.all(b"cookie").flat_map(cookies);
                only(all.filter(|(key, _)| *key == &**name)).map(|(_, value)| Cow::Borrowed(value))
            }
            Variable::Method => Some(Cow::Borrowed(self.head.method)),
            Variable::Host => Some(Cow::Borrowed(&*self.head.host)),
            Variable::Path => return Ok(Some(self.path())),
            Variable::Scheme => headers.first(b":scheme").map(Cow::Borrowed),
            Variable::SourceAddress => self.facts.address().map(Cow::Borrowed),
            Variable::Time => self.seconds().map(Cow::Owned),
            Variable::ConsumerName => {
                let consumer = self.authenticated.consumer();
                consumer.map(|consumer| Cow::Borrowed(consumer.name().bytes()))
            }
            Variable::Label(name) => {
                let label = self
                    .authenticated
                    .consumer()
                    .and_then(|consumer| consumer.label(name));
                label.map(|label| Cow::Borrowed(label.bytes()))
            }
            Variable::CredentialId => {
                let credential = self
                    .authenticated
                    .identity()
                    .and_then(|identity| identity.credential);
                let id = credential.and_then(Credential::id);
                id.map(|id| Cow::Borrowed(id.bytes()))
            }
            Variable::Claim(path) => match self.claim(path) {
                Some(ResultValue::Found(value)) => {
                    Some(claim_as_text(value).ok_or(Reason::InvalidClaims)?)
                }
                // Several values, but the path of a variable selects one at most.
                Some(ResultValue::Made(_) | ResultValue::Copied(_) | ResultValue::Short(..)) => {
                    return Err(Reason::InvalidClaims.into());
                }
                None => None,
            },
            Variable::LookedUp(at) => match self.looked_up(*at) {
                Some(value) => Some(as_text(value).ok_or(Reason::BadLookupValue)?),
                None => None,
            },
        };
        Ok(text.map(|text| VariableValue {
            text,
            origin,
            of_path: None,
        }))
    }

    /// The value of functions. It is no part of the request's path any more.
    #[inline(never)]
    fn applied<'s>(&'s self, applied: &Applied) -> Result<Option<VariableValue<'s>>, Denial> {
        let Some(mut value) = self.value(&applied.variable)? else {
            return Ok(None);
        };
        for function in &applied.functions {
            value.text = Cow::Owned(function.apply(&value.text));
        }
        value.of_path = None;
        Ok(Some(value))
    }

    /// The seconds since 1970, as text.
    #[inline(never)]
    fn seconds(&self) -> Option<Vec<u8>> {
        let now = self.facts.time()?.since(Timestamp::default());
        Some(now.as_secs().to_string().into_bytes())
    }

    fn path<'s>(&'s self) -> VariableValue<'s> {
        let forward = self.head.path.forward();
        VariableValue {
            text: Cow::Borrowed(forward),
            origin: Origin::Client,
            of_path: Some(PathPart::Whole(forward)),
        }
    }

    fn capture<'s>(&'s self, name: &str) -> Result<Option<VariableValue<'s>>, Denial> {
        let path = &self.head.path;
        let captures = Captures::new(self.pattern, path.matching(), &self.head.notes);
        let Some(capture) = captures.get(name) else {
            return Ok(None);
        };
        // A half of an escape is no value.
        let segments = capture.within(path);
        let segments = segments.ok_or(Reason::BadRequestValue)?;
        Ok(Some(VariableValue {
            text: capture.text(),
            origin: Origin::Client,
            of_path: Some(PathPart::Segments(segments)),
        }))
    }

    /// A template, rendered as a header's value. `None` if a variable without a default has no value.
    pub(in crate::engine) fn text(&self, template: &ValueTemplate) -> Result<Option<Text>, Denial> {
        if let Some(literal) = template.literal() {
            return Ok(Some(literal));
        }
        Ok(self.bytes(template)?.map(|text| text.into_owned().into()))
    }

    /// As [`text`](Self::text), for callers that only read it: a template that is one value isn't copied.
    pub(in crate::engine) fn bytes<'s>(
        &'s self,
        template: &'s ValueTemplate,
    ) -> Result<Option<Cow<'s, [u8]>>, Denial> {
        match self.plain(template) {
            Some(plain) => Ok(Some(Cow::Borrowed(plain))),
            None => self.put_together(template),
        }
    }

    /// As [`bytes`](Self::bytes); a value that is invalid is missing.
    pub(super) fn known<'s>(&'s self, template: &'s ValueTemplate) -> Option<Cow<'s, [u8]>> {
        self.bytes(template).ok().flatten()
    }

    /// The usual template of a lookup's key: a header with one value, or a looked-up text.
    pub(super) fn plain<'s>(&'s self, template: &'s ValueTemplate) -> Option<&'s [u8]> {
        let [ValuePiece::Variable(variable, _)] = template.0.as_slice() else {
            return None;
        };
        let text = if let Variable::Header(name) = variable {
            let came = self.head.request.headers().look(name);
            came.first.filter(|_| came.values == 1)?
        } else {
            let Variable::LookedUp(at) = variable else {
                return None;
            };
            match self.looked_up(*at)? {
                ValueRef::Text(text) => text,
                ValueRef::Other(_) => return None,
            }
        };
        check_header_value(text).is_ok().then_some(text)
    }

    #[inline(never)]
    fn put_together<'s>(
        &'s self,
        template: &'s ValueTemplate,
    ) -> Result<Option<Cow<'s, [u8]>>, Denial> {
        if let [piece] = template.0.as_slice() {
            return self.piece(piece);
        }
        let mut text = Vec::new();
        for piece in &template.0 {
            match self.piece(piece)? {
                Some(piece) => text.extend_from_slice(&piece),
                None => return Ok(None),
            }
        }
        Ok(Some(text.into()))
    }

    fn piece<'s>(&'s self, piece: &'s ValuePiece) -> Result<Option<Cow<'s, [u8]>>, Denial> {
        Ok(match piece {
            ValuePiece::Literal(literal) => Some(Cow::Borrowed(literal)),
            ValuePiece::Variable(variable, default) => match self.value(variable)? {
                Some(found) => {
                    check_header_value(&found.text).map_err(|_| blame(found.origin))?;
                    Some(found.text)
                }
                None => match default {
                    Some(default) => self.put_together(default)?,
                    None => None,
                },
            },
        })
    }

    /// As [`text`](Self::text); a missing value is an error.
    pub(in crate::engine) fn needed(&self, template: &ValueTemplate) -> Result<Text, Denial> {
        self.text(template)?
            .ok_or_else(|| blame(whose(template)).into())
    }

    /// As [`bytes`](Self::bytes); a missing value is an error.
    pub(in crate::engine) fn needed_bytes<'s>(
        &'s self,
        template: &'s ValueTemplate,
    ) -> Result<Cow<'s, [u8]>, Denial> {
        self.bytes(template)?
            .ok_or_else(|| blame(whose(template)).into())
    }
}

/// The origin of a template's whole text: a source if any part comes from a source, otherwise a token.
pub(in crate::engine) fn whose(template: &ValueTemplate) -> Origin {
    let mut possible = [Origin::Source, Origin::Token].into_iter();
    let found = possible.find(|one| template.has_any(&|variable| origin(variable) == *one));
    found.unwrap_or(Origin::Client)
}

/// The text of a value. Numbers and booleans have one text each. Lists, maps and `null` have no text.
pub(super) fn as_text(value: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        ValueRef::Text(text) => Some(Cow::Borrowed(text)),
        ValueRef::Other(Value::Number(number)) => {
            Some(Cow::Owned(number_text(number).into_bytes()))
        }
        ValueRef::Other(Value::Bool(truth)) => {
            Some(Cow::Borrowed(if *truth { b"true" } else { b"false" }))
        }
        ValueRef::Other(_) => None,
    }
}

/// The same for a claim. A number that was rounded has no text: the claims of two senders would have the same one.
pub(super) fn claim_as_text(value: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    let is_rounded = match value {
        ValueRef::Other(Value::Number(number)) => is_rounded(number),
        ValueRef::Text(_) | ValueRef::Other(_) => false,
    };
    as_text(value).filter(|_| !is_rounded)
}

/// The only item. `None` if there are several.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    if items.next().is_some() {
        None
    } else {
        Some(first)
    }
}

/// All values of a header, joined to one list (RFC 9110 §5.3).
fn joined<'r>(headers: &Headers<'r>, name: &KnownName) -> Option<Cow<'r, [u8]>> {
    let came = headers.look(name);
    if came.values <= 1 {
        return came.first.map(Cow::Borrowed);
    }
    let values: Vec<&[u8]> = headers.all(name).collect();
    Some(Cow::Owned(values.join(&b',')))
}
