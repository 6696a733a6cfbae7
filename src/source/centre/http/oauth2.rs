//! Client credentials (RFC 6749 §4.4): a token for the requests, from a server of its own.

use std::time::Duration;

use serde_json::Value;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text, encode_form_value};
use crate::secret::Secret;
use crate::source::client_authentication::ClientAuthentication;
use crate::source::path::{PathError, absolute};
use crate::source::{SourceError, centre};
use crate::strict_json;
use crate::time::Timestamp;

use crate::source::centre::login::Login;

/// The longest answer that is read.
const MOST_BYTES: usize = 64 << 10;

/// The longest token.
const LONGEST_TOKEN: usize = 16 << 10;

/// How many seconds before its end a token is replaced, at most: a tenth of its life where that is less, but a second at least.
const MARGIN: u64 = 30;

/// The gate as a client of an authorization server.
#[derive(Debug)]
pub struct OAuth2Client {
    endpoint: Endpoint,
    path: Text,
    authorization: Option<Secret>,
    content: Secret,
}

/// A token, as a header field has it, and how many seconds it lasts, if the server says so.
#[derive(Debug)]
pub(super) struct Token {
    authorization: Secret,
    lifetime: Option<u64>,
}

impl Token {
    /// Makes it the login's. At least for a second, so that each login is good for one request.
    pub(super) fn grant(self, login: &Login, now: Timestamp) {
        let end = self.lifetime.map(|seconds| {
            let margin = (seconds / 10).clamp(1, MARGIN);
            let seconds = seconds.saturating_sub(margin).max(1);
            now.after(Duration::from_secs(seconds))
        });
        login.grant(self.authorization, end, now);
    }
}

impl OAuth2Client {
    /// Asks for a token at `path`, with its query. `parameters` are further fields of the form, such as `scope`.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn new(
        endpoint: Endpoint,
        path: &str,
        client: &ClientAuthentication,
        parameters: &[(&str, &str)],
    ) -> Result<Self, PathError> {
        let mut content = b"grant_type=client_credentials".to_vec();
        for (name, value) in parameters {
            content.push(b'&');
            content.extend_from_slice(name.as_bytes());
            content.push(b'=');
            encode_form_value(&mut content, value.as_bytes());
        }
        let authorization = client.write(&mut content);
        Ok(Self {
            endpoint: endpoint.with_max_bytes(MOST_BYTES),
            path: absolute(path)?,
            authorization,
            content: Secret::new(content),
        })
    }

    pub(super) const fn timeout(&self) -> Duration {
        self.endpoint.timeout()
    }

    /// The request for a token.
    pub(super) fn request(&self) -> Callout {
        self.endpoint.form(
            self.path.clone(),
            self.authorization.as_ref(),
            self.content.expose().to_vec(),
        )
    }

    /// Reads the answer (RFC 6749 §5).
    ///
    /// # Errors
    /// The server refuses the client, or gives no usable token.
    pub(super) fn read(&self, reply: Result<Reply, CalloutError>) -> Result<Token, SourceError> {
        let reply = reply.map_err(SourceError::Callout)?;
        let status = reply.status().unwrap_or_default();
        match status {
            200 => token(&centre::body(reply, MOST_BYTES)?),
            401 | 403 => Err(SourceError::Refused(status)),
            400 => {
                let body = centre::body(reply, MOST_BYTES)?;
                Err(failure(&body).unwrap_or(SourceError::Status(status)))
            }
            _ => Err(SourceError::Status(status)),
        }
    }
}

/// Reads the token in an answer (RFC 6749 §5.1).
fn token(body: &[u8]) -> Result<Token, SourceError> {
    let answer = strict_json::object(body)
        .ok_or_else(|| SourceError::Malformed("it is no strict JSON object".into()))?;
    let unusable = |reason: &str| SourceError::Unusable(reason.into());
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let is_bearer = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    if !is_bearer {
        return Err(unusable("`token_type` isn't `Bearer`"));
    }
    let is_sendable = |token: &&str| {
        let bytes = token.as_bytes();
        let fits = (1..=LONGEST_TOKEN).contains(&bytes.len());
        fits && bytes.iter().all(u8::is_ascii_graphic)
    };
    let token = text("access_token").filter(is_sendable);
    let token = token.ok_or_else(|| unusable("`access_token` can't be sent"))?;
    let lifetime = match answer.get("expires_in") {
        None | Some(Value::Null) => None,
        // Some servers write the number as text.
        Some(seconds) => Some(
            seconds
                .as_u64()
                .or_else(|| seconds.as_str()?.parse().ok())
                .ok_or_else(|| unusable("`expires_in` is no number of seconds"))?,
        ),
    };
    Ok(Token {
        authorization: Secret::new([b"Bearer ", token.as_bytes()].concat()),
        lifetime,
    })
}

/// Reads an error of status 400 (RFC 6749 §5.2). `None` if it is of another kind.
fn failure(body: &[u8]) -> Option<SourceError> {
    let answer = strict_json::object(body)?;
    let error = answer.get("error")?.as_str()?;
    if ["invalid_client", "unauthorized_client", "invalid_grant"].contains(&error) {
        return Some(SourceError::Refused(400));
    }
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let is_name = error.len() <= 40 && error.bytes().all(is_word);
    is_name.then(|| SourceError::Unusable(format!("the server says `{error}`")))
}
