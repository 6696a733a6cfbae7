//! Opaque tokens, as they are written: the provider, and a consumer's credential.

mod introspection;

use std::time::Duration;

use super::claims::{Accepted, ConsumerClaim, ConsumerClaimBy, headers_of_claims, tests_of_claims};
use super::location::Location;
use crate::config::condition::ConditionTest;
use crate::config::decode::record::{Field, FieldRule, Record as _};
use crate::config::decode::{Named, non_empty};
use crate::config::values::text::line;
use crate::config::values::units::duration;
use crate::config::{Choice as _, Keyword};

pub use introspection::{
    ClientAuthenticationBy, IntrospectedTokens, IntrospectionClient, IntrospectionEndpoint,
};

/// The longest `leeway`: a larger one is most likely a mistake.
const LONGEST_LEEWAY: u64 = 3_600_000;

record! {
    /// Tokens that say nothing by themselves: the server that issued them is asked (RFC 7662).
    pub struct OpaqueProvider {
        /// Who is asked, and how.
        "introspection" introspection: IntrospectionEndpoint = required;
        /// The places to read a token from. A request may use one of them only.
        "from" from: Vec<Location> as non_empty = [{"header": "authorization", "prefix": "Bearer "}];
        /// The issuers (`iss`) whose tokens are accepted: a text, a list, or `any`.
        "issuer" issuer: Accepted = "any";
        /// The audiences (`aud`) that tokens must be made for: a token needs one of them. `any` accepts tokens for others, and
        /// answers that name none.
        "audiences" audiences: Accepted = "any";
        /// How far the clocks of the server and the gate may differ, for `nbf`. An answer is never used after its `exp`.
        "leeway" leeway: Duration as duration::<0, LONGEST_LEEWAY> = "30s";
        /// What further claims must be: from a JSONPath or a claim's name to a test. The claims are the members of the answer.
        "requiredClaims" required_claims: Vec<Named<ConditionTest>> as tests_of_claims = {};
        /// Which consumer a token belongs to. Without it, to no consumer.
        "consumer" consumer: Option<ConsumerClaim> = optional;
        /// Claims that the upstream gets as header fields: from the header's name to a JSONPath or a claim's name. No client
        /// may send these headers.
        "claimHeaders" claim_headers: Vec<Named<String>> as headers_of_claims = {};
        /// Whether the upstream gets the token. Only a verified one is ever forwarded.
        "forward" forward: bool = false;
        /// The realm that a challenge names (RFC 6750 §3).
        "realm" realm: String as line = "api";
        /// The URL of the protected resource's metadata, for challenges (RFC 9728 §5.1).
        "resourceMetadata" resource_metadata: Option<String> as line = optional;
    }
}

impl OpaqueProvider {
    /// The kind's field.
    pub(crate) const KIND: &'static str = "opaque";

    /// The header fields that it writes for the upstream.
    pub(super) fn headers(&self) -> Vec<&str> {
        let of_claims = self.claim_headers.iter().map(|claim| claim.name.as_str());
        of_claims.collect()
    }

    /// Whether consumers have credentials of this provider.
    pub(super) fn credentials(&self) -> &'static str {
        let by = self.consumer.as_ref().map(|consumer| consumer.by);
        match by {
            Some(ConsumerClaimBy::Credential) => "claims",
            Some(ConsumerClaimBy::Name) | None => "",
        }
    }
}

record! {
    /// What identifies a consumer's tokens.
    pub struct OpaqueCredential {
        /// The provider that it belongs to. It may be left out where the policy has only one `opaque` provider.
        "provider" provider: Option<String> as line = optional;
        /// A public name of this credential, for `identity.credential` and `${credential.id}`.
        "id" id: Option<String> as line = optional;
        /// The value of the claim that tells the consumer.
        "claim" claim: String as line = required;
    }
    rules [FieldRule::Unnamed]
}

/// A consumer's credential as it was read.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct OpaqueRef<'a> {
    pub(crate) provider: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) claim: &'a str,
}

impl OpaqueCredential {
    /// The same, borrowed.
    pub(in crate::config) fn as_ref(&self) -> OpaqueRef<'_> {
        OpaqueRef {
            provider: self.provider.as_deref(),
            id: self.id.as_deref(),
            claim: &self.claim,
        }
    }
}

/// The fields of the records, by the record's name.
pub(super) fn record(name: &str) -> Option<(&'static [Field], &'static [FieldRule])> {
    Some(match name {
        "OpaqueProvider" => (OpaqueProvider::FIELDS, OpaqueProvider::RULES),
        "OpaqueCredential" => (OpaqueCredential::FIELDS, OpaqueCredential::RULES),
        "IntrospectionEndpoint" => (IntrospectionEndpoint::FIELDS, IntrospectionEndpoint::RULES),
        "IntrospectionClient" => (IntrospectionClient::FIELDS, IntrospectionClient::RULES),
        _ => return None,
    })
}

/// The words of the choices, by the choice's name.
pub(super) fn choice(name: &str) -> Option<&'static [Keyword]> {
    Some(match name {
        "ClientAuthenticationBy" => ClientAuthenticationBy::WORDS,
        "IntrospectedTokens" => IntrospectedTokens::WORDS,
        _ => return None,
    })
}
