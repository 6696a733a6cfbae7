//! JSON Web Tokens, as they are written: the provider, and a consumer's credential.

mod credential;
mod keys;

use std::time::Duration;

use super::claims::{Accepted, ConsumerClaim, ConsumerClaimBy, headers_of_claims, tests_of_claims};
use super::location::Location;
use crate::config::condition::ConditionTest;
use crate::config::decode::record::{Field, FieldRule, Record as _};
use crate::config::decode::{Named, non_empty};
use crate::config::values::names::own_header;
use crate::config::values::scalar::Percent;
use crate::config::values::text::{line, some_lines};
use crate::config::values::units::duration;

pub use credential::{JwtCredential, SecretEncoding, TokenKey};
pub(crate) use credential::{JwtRef, TokenKeyRef};
pub use keys::{ConsumerKeys, DiscoveredKeys, InlineKeys, JwtKeys, RemoteKeys};

pub(in crate::config) use credential::WrittenJwt;

/// The longest `leeway`: a larger one is most likely a mistake.
const LONGEST_LEEWAY: u64 = 3_600_000;

/// A year: a longer duration is most likely a mistake.
const LONGEST: u64 = 8_760 * 3_600_000;

record! {
    /// Signed JSON Web Tokens (RFC 7519, RFC 7515): where they are read from, whose keys sign them, and what they must say.
    pub struct JwtProvider {
        /// The issuers (`iss`) whose tokens are accepted: a text, a list, or `any`. It may be left out with
        /// `keys.consumers` only.
        "issuer" issuer: Option<Accepted> = optional;
        /// The audiences (`aud`) that tokens must be made for: a token needs one of them. `any` accepts tokens for others.
        "audiences" audiences: Accepted = required;
        /// The keys that verify the signatures.
        "keys" keys: JwtKeys = required;
        /// The places to read a token from. A request may use one of them only.
        "from" from: Vec<Location> as non_empty = [{"header": "authorization", "prefix": "Bearer "}];
        /// The signature algorithms that are accepted (RFC 7518 §3.1). Without it, all that the keys are for.
        "algorithms" algorithms: Option<Vec<String>> as some_lines = optional;
        /// How far the clocks of the issuer and the gate may differ.
        "leeway" leeway: Duration as duration::<0, LONGEST_LEEWAY> = "30s";
        /// Whether a token must say when it expires (`exp`).
        "expiry" expiry: ExpiryRequirement = "required";
        /// The longest time since a token was issued (`iat`). With it, a token without `iat` is refused.
        "maxAge" max_age: Option<Duration> as duration::<1_000, LONGEST> = optional;
        /// The types (`typ` of the header) that are accepted. Without it `JWT`, `at+jwt`, or none.
        "typ" types: Option<Vec<String>> as some_lines = optional;
        /// What further claims must be: from a JSONPath or a claim's name to a test.
        "requiredClaims" required_claims: Vec<Named<ConditionTest>> as tests_of_claims = {};
        /// Which consumer a token belongs to. Without it, to no consumer.
        "consumer" consumer: Option<ConsumerClaim> = optional;
        /// Claims that the upstream gets as header fields: from the header's name to a JSONPath or a claim's name. No client
        /// may send these headers.
        "claimHeaders" claim_headers: Vec<Named<String>> as headers_of_claims = {};
        /// The header for the whole payload as unpadded base64url (RFC 7515 §2). No client may send it.
        "payloadHeader" payload_header: Option<String> as own_header = optional;
        /// Whether the upstream gets the token. Only a verified one is ever forwarded.
        "forward" forward: bool = false;
        /// What a token of another issuer is, where no other provider accepts it.
        "foreignIssuer" foreign_issuer: ForeignIssuer = "reject";
        /// The realm that a challenge names (RFC 6750 §3).
        "realm" realm: String as line = "api";
        /// The URL of the protected resource's metadata, for challenges (RFC 9728 §5.1).
        "resourceMetadata" resource_metadata: Option<String> as line = optional;
        /// The share of a worker's time that may go into verifying new tokens. Beyond it they are answered with 503.
        "verificationShare" verification_share: Percent = "25%";
    }
}

impl JwtProvider {
    /// The kind's field.
    pub(crate) const KIND: &'static str = "jwt";

    /// The header fields that it writes for the upstream.
    pub(super) fn headers(&self) -> Vec<&str> {
        let of_claims = self.claim_headers.iter().map(|claim| claim.name.as_str());
        of_claims.chain(self.payload_header.as_deref()).collect()
    }

    /// Whether consumers have credentials of this provider, and with or without a key.
    pub(super) const fn credentials(&self) -> &'static str {
        match (&self.keys, &self.consumer) {
            (JwtKeys::Consumers(_), _) => "keys",
            (
                _,
                Some(ConsumerClaim {
                    by: ConsumerClaimBy::Credential,
                    ..
                }),
            ) => "claims",
            (
                _,
                Some(ConsumerClaim {
                    by: ConsumerClaimBy::Name,
                    ..
                })
                | None,
            ) => "",
        }
    }
}

choice! {
    /// Whether a token must say when it expires.
    pub enum ExpiryRequirement {
        /// A token without `exp` is refused.
        "required" Required;
        /// A token without `exp` doesn't expire.
        "optional" Optional;
    }
}

choice! {
    /// What a token of another issuer is, where no other provider accepts it.
    pub enum ForeignIssuer {
        /// The request is answered with 401.
        "reject" Reject;
        /// The token doesn't count: the request is one without a credential.
        "ignore" Ignore;
    }
}

/// The fields of the records, by the record's name.
pub(super) fn record(name: &str) -> Option<(&'static [Field], &'static [FieldRule])> {
    Some(match name {
        "JwtProvider" => (JwtProvider::FIELDS, JwtProvider::RULES),
        "JwtKeys" => (JwtKeys::FIELDS, JwtKeys::RULES),
        "RemoteKeys" => (RemoteKeys::FIELDS, RemoteKeys::RULES),
        "DiscoveredKeys" => (DiscoveredKeys::FIELDS, DiscoveredKeys::RULES),
        "ConsumerKeys" => (ConsumerKeys::FIELDS, ConsumerKeys::RULES),
        "JwtCredential" => (WrittenJwt::FIELDS, WrittenJwt::RULES),
        _ => return None,
    })
}

/// The words of the choices, by the choice's name.
pub(super) fn choice(name: &str) -> Option<&'static [crate::config::Keyword]> {
    use crate::config::Choice as _;
    Some(match name {
        "ExpiryRequirement" => ExpiryRequirement::WORDS,
        "ForeignIssuer" => ForeignIssuer::WORDS,
        "SecretEncoding" => SecretEncoding::WORDS,
        _ => return None,
    })
}
