//! The reasons for a denial, and the one map from a denial to the wire.

use crate::auth::jwt::{KeyChoiceError, TokenError};
use crate::http::{Response, Text};

/// Why a request is denied. The names are stable: they stand in metrics, logs, response-code details and problem bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No credential of the required providers.
    MissingCredential,
    /// A credential that no consumer has.
    InvalidCredential,
    /// A credential sent twice, or at two locations.
    RepeatedCredential,
    /// A token that is no strict, signed JSON Web Token.
    MalformedToken(TokenError),
    /// No key verifies the token.
    UnknownKey(KeyChoiceError),
    /// The signature of the token is not good.
    InvalidSignature,
    /// The token has expired, or is too old.
    TokenExpired,
    /// The token isn't valid yet.
    TokenNotYetValid,
    /// The token is of another issuer.
    WrongIssuer,
    /// The token is for another audience.
    WrongAudience,
    /// The server that issued the token says that it isn't active (RFC 7662 §2.2).
    InactiveToken,
    /// A claim that is required is missing or not as required, the type of the token is another one, or a claim of a good
    /// token is not allowed where the policy puts it.
    InvalidClaims,
    /// The token is good, but belongs to no known consumer.
    UnknownConsumer,
    /// The token lacks scopes that the route needs.
    InsufficientScope,
    /// A condition of the route doesn't hold.
    Forbidden,
    /// No `:path`.
    MissingPath,
    /// A malformed path: a bad escape, control bytes, no UTF-8.
    MalformedPath,
    /// A path that upstreams read differently: `%2F`, `\`, `;`, `//` where the policy rejects them.
    AmbiguousPath,
    /// No `:authority`.
    MissingHost,
    /// A malformed host, or two hosts.
    MalformedHost,
    /// It can't be told whether a regular expression of a match fits: its text is too long, or several values differ.
    UnclearMatch,
    /// A value from the client that is not allowed where the policy puts it.
    BadRequestValue,
    /// A good document has no such entry.
    LookupMissing,
    /// There is no usable document.
    LookupFailed,
    /// A looked-up value that is not allowed where the policy puts it.
    BadLookupValue,
    /// The chosen upstream isn't on the policy's list.
    UpstreamNotAllowed,
    /// The consumer of the credential can't be known: a source of consumers has no document.
    SourceUnavailable,
    /// There is no usable set of the issuer's keys.
    KeysUnavailable,
    /// A worker has spent the share of its time that may go into verifying new tokens.
    VerificationOverloaded,
    /// The proxy can't verify signatures of this kind.
    VerificationUnavailable,
    /// The server that issued the token can't be asked about it, or its answer says nothing.
    IntrospectionUnavailable,
    /// The gate itself failed.
    Internal,
}

impl Reason {
    /// The reason's stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.rows().0
    }

    /// The HTTP status that it has unless the policy says otherwise.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.rows().2
    }

    /// What is wrong with a token, as text for its sender; `None` where the reason isn't one of a token.
    #[must_use]
    pub fn token_error(self) -> Option<String> {
        Some(match self {
            Self::MalformedToken(error) => error.to_string(),
            Self::UnknownKey(error) => error.to_string(),
            Self::InvalidSignature => "the signature is not good".into(),
            Self::TokenExpired => "the token has expired".into(),
            Self::TokenNotYetValid => "the token is not valid yet".into(),
            Self::WrongIssuer => "the token is of another issuer".into(),
            Self::WrongAudience => "the token is for another audience".into(),
            Self::InactiveToken => "the token is not active".into(),
            Self::InvalidClaims => "the claims are not as required".into(),
            Self::UnknownConsumer => "the token belongs to no known consumer".into(),
            Self::MissingCredential
            | Self::InvalidCredential
            | Self::RepeatedCredential
            | Self::InsufficientScope
            | Self::Forbidden
            | Self::MissingPath
            | Self::MalformedPath
            | Self::AmbiguousPath
            | Self::MissingHost
            | Self::MalformedHost
            | Self::UnclearMatch
            | Self::BadRequestValue
            | Self::LookupMissing
            | Self::LookupFailed
            | Self::BadLookupValue
            | Self::UpstreamNotAllowed
            | Self::SourceUnavailable
            | Self::KeysUnavailable
            | Self::VerificationOverloaded
            | Self::VerificationUnavailable
            | Self::IntrospectionUnavailable
            | Self::Internal => return None,
        })
    }

    /// Name, response-code details, status.
    const fn rows(self) -> (&'static str, &'static str, u16) {
        match self {
            Self::MissingCredential => ("missing_credential", "postern_missing_credential", 401),
            Self::InvalidCredential => ("invalid_credential", "postern_invalid_credential", 401),
            Self::RepeatedCredential => ("repeated_credential", "postern_repeated_credential", 401),
            Self::MalformedToken(_) => ("malformed_token", "postern_malformed_token", 401),
            Self::UnknownKey(_) => ("unknown_key", "postern_unknown_key", 401),
            Self::InvalidSignature => ("invalid_signature", "postern_invalid_signature", 401),
            Self::TokenExpired => ("token_expired", "postern_token_expired", 401),
            Self::TokenNotYetValid => ("token_not_yet_valid", "postern_token_not_yet_valid", 401),
            Self::WrongIssuer => ("wrong_issuer", "postern_wrong_issuer", 401),
            Self::WrongAudience => ("wrong_audience", "postern_wrong_audience", 401),
            Self::InactiveToken => ("inactive_token", "postern_inactive_token", 401),
            Self::InvalidClaims => ("invalid_claims", "postern_invalid_claims", 401),
            Self::UnknownConsumer => ("unknown_consumer", "postern_unknown_consumer", 401),
            Self::InsufficientScope => ("insufficient_scope", "postern_insufficient_scope", 403),
            Self::Forbidden => ("forbidden", "postern_forbidden", 403),
            Self::MissingPath => ("missing_path", "postern_missing_path", 400),
            Self::MalformedPath => ("malformed_path", "postern_malformed_path", 400),
            Self::AmbiguousPath => ("ambiguous_path", "postern_ambiguous_path", 400),
            Self::MissingHost => ("missing_host", "postern_missing_host", 400),
            Self::MalformedHost => ("malformed_host", "postern_malformed_host", 400),
            Self::UnclearMatch => ("unclear_match", "postern_unclear_match", 400),
            Self::BadRequestValue => ("bad_request_value", "postern_bad_request_value", 400),
            Self::LookupMissing => ("lookup_missing", "postern_lookup_missing", 404),
            Self::LookupFailed => ("lookup_failed", "postern_lookup_failed", 503),
            Self::BadLookupValue => ("bad_lookup_value", "postern_bad_lookup_value", 503),
            Self::UpstreamNotAllowed => {
                ("upstream_not_allowed", "postern_upstream_not_allowed", 503)
            }
            Self::SourceUnavailable => ("source_unavailable", "postern_source_unavailable", 503),
            Self::KeysUnavailable => ("keys_unavailable", "postern_keys_unavailable", 503),
            Self::VerificationOverloaded => (
                "verification_overloaded",
                "postern_verification_overloaded",
                503,
            ),
            Self::VerificationUnavailable => (
                "verification_unavailable",
                "postern_verification_unavailable",
                503,
            ),
            Self::IntrospectionUnavailable => (
                "introspection_unavailable",
                "postern_introspection_unavailable",
                503,
            ),
            Self::Internal => ("internal", "postern_internal", 503),
        }
    }
}

/// A denial, before it is put on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Why.
    pub reason: Reason,
    /// The HTTP status.
    pub status: u16,
    /// `WWW-Authenticate` values, for 401 (RFC 9110 §11.6.1 asks for at least one) and for missing scopes (RFC 6750 §3.1).
    pub challenges: Vec<Text>,
}

impl From<Reason> for Denial {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            status: reason.status(),
            challenges: Vec::new(),
        }
    }
}

/// How the client wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// With a problem body (RFC 9457).
    Http,
    /// With a gRPC status and no body: Envoy would make it the `grpc-message`.
    Grpc,
}

impl Denial {
    /// The same reason under a status that the policy chose.
    #[must_use]
    pub const fn with_status(reason: Reason, status: u16) -> Self {
        Self {
            reason,
            status,
            challenges: Vec::new(),
        }
    }

    /// The one map to the wire: status, challenge, gRPC status, problem body, response-code details.
    #[must_use]
    pub fn respond(self, audience: Audience) -> Response {
        let mut headers: Vec<(Text, Text)> = self
            .challenges
            .into_iter()
            .map(|challenge| ("www-authenticate".into(), challenge))
            .collect();
        let (body, grpc_status) = match audience {
            Audience::Grpc => (Text::Static(b""), Some(grpc_status(self.status))),
            Audience::Http => {
                headers.push(("content-type".into(), "application/problem+json".into()));
                (problem(self.reason, self.status), None)
            }
        };
        let details = Text::Static(self.reason.rows().1.as_bytes());
        Response {
            status: self.status,
            headers,
            body,
            grpc_status,
            details,
        }
    }
}

/// RFC 9457 §3. `about:blank` says that the title is the status' own phrase (§4.2.1).
fn problem(reason: Reason, status: u16) -> Text {
    let title = phrase(status);
    let reason = reason.name();
    format!(r#"{{"type":"about:blank","title":"{title}","status":{status},"reason":"{reason}"}}"#)
        .into_bytes()
        .into()
}

const fn phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        status if status < 500 => "Client Error",
        _ => "Server Error",
    }
}

/// The codes of gRPC's `status.proto`: `INVALID_ARGUMENT`, `UNAUTHENTICATED`, `PERMISSION_DENIED`, `NOT_FOUND`,
/// `RESOURCE_EXHAUSTED`, `UNAVAILABLE`, else `UNKNOWN`.
const fn grpc_status(status: u16) -> u8 {
    match status {
        400 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        429 => 8,
        500..=599 => 14,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_on_the_wire() {
        let mut denial = Denial::from(Reason::MissingCredential);
        denial.challenges.push("ApiKey realm=\"api\"".into());
        let response = denial.clone().respond(Audience::Http);
        assert_eq!(response.status, 401);
        assert_eq!(&*response.details, b"postern_missing_credential");
        let body = std::str::from_utf8(&response.body).unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["reason"], "missing_credential");
        assert_eq!(body["title"], "Unauthorized");
        assert_eq!(response.headers.len(), 2);
        let grpc = denial.respond(Audience::Grpc);
        assert_eq!(
            (grpc.grpc_status, grpc.body.len(), grpc.headers.len()),
            (Some(16), 0, 1)
        );
    }
}
