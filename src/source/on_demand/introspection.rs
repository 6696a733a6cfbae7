//! Questions about a token, and their answers (RFC 7662).

use std::sync::Arc;

use serde_json::Value;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text, encode_form_value};
use crate::secret::Secret;
use crate::source::client_authentication::ClientAuthentication;
use crate::source::{DocumentStatus, SourceError, Version, centre, weight};
use crate::strict_json;
use crate::time::Timestamp;

use super::EntryAnswer;
use super::reply::{EntryReply, Revision};

/// What all questions to one server share.
#[derive(Debug)]
pub(super) struct IntrospectionForm {
    path: Text,
    authorization: Option<Secret>,
    /// What stands in the content behind the token.
    rest: Secret,
}

impl IntrospectionForm {
    pub(super) fn new(path: Text, client: &ClientAuthentication) -> Self {
        let mut rest = b"&token_type_hint=access_token".to_vec();
        let authorization = client.write(&mut rest);
        Self {
            path,
            authorization,
            rest: Secret::new(rest),
        }
    }

    /// The question about this token.
    pub(super) fn fill(&self, endpoint: &Endpoint, token: &[u8]) -> Callout {
        let mut form = b"token=".to_vec();
        encode_form_value(&mut form, token);
        form.extend_from_slice(self.rest.expose());
        endpoint.form(self.path.clone(), self.authorization.as_ref(), form)
    }
}

/// Reads a reply. Only a strict JSON object says anything of the token: `active` is true, or it is false. Everything else is a
/// failure of the server, also a 404: nothing answers at that path.
pub(super) fn read(
    reply: Result<Reply, CalloutError>,
    endpoint: &Endpoint,
    now: Timestamp,
) -> EntryReply {
    let unexpected = |status| EntryReply::Failed(SourceError::Status(status));
    let reply = match reply {
        Ok(reply) if reply.status() == Some(400) => {
            let body = centre::body(reply, endpoint.max_bytes());
            let unsupported = body.is_ok_and(|body| is_unsupported(&body));
            return if unsupported {
                EntryReply::Missing
            } else {
                unexpected(400)
            };
        }
        reply => reply,
    };
    match centre::read(reply, endpoint) {
        DocumentStatus::Changed { body, .. } => {
            answer(&body, now).unwrap_or_else(EntryReply::Failed)
        }
        DocumentStatus::Same => unexpected(304),
        DocumentStatus::Missing => unexpected(404),
        DocumentStatus::Refused(status) => EntryReply::Failed(SourceError::Refused(status)),
        DocumentStatus::Broken(error) => EntryReply::Failed(error),
    }
}

/// Whether the server says that it knows no tokens of this kind (RFC 7009 §2.2.1).
fn is_unsupported(body: &[u8]) -> bool {
    let answer = strict_json::object(body);
    let error = answer.as_ref().and_then(|answer| answer.get("error"));
    error.is_some_and(|error| error == "unsupported_token_type")
}

/// Reads the content of an answer (RFC 7662 §2.2).
fn answer(body: &[u8], now: Timestamp) -> Result<EntryReply, SourceError> {
    let value = strict_json::object(body)
        .ok_or_else(|| SourceError::Malformed("it is no strict JSON object".into()))?;
    let unusable = |reason: &str| SourceError::Unusable(reason.into());
    match value.get("active") {
        Some(Value::Bool(true)) => {}
        Some(Value::Bool(false)) => return Ok(EntryReply::Missing),
        Some(_) | None => return Err(unusable("`active` is neither true nor false")),
    }
    let expires = match value.get("exp") {
        None => None,
        Some(time) => {
            let time = time.as_f64().and_then(Timestamp::from_seconds);
            Some(time.ok_or_else(|| unusable("`exp` is no time"))?)
        }
    };
    if expires.is_some_and(|expires| now >= expires) {
        return Ok(EntryReply::Missing);
    }
    let weight = weight(&value);
    Ok(EntryReply::Found(Revision {
        answer: Arc::new(EntryAnswer::new(value)),
        weight,
        version: Version::default(),
        expires,
    }))
}
