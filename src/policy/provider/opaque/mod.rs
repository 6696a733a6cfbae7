//! Opaque tokens: the server that issued one says whether it is active, and what it means (RFC 7662).

mod credential;
mod introspection;
mod verify;

use std::time::Duration;

use crate::auth::jwt::{ClaimRules, Expiry};
use crate::config::{self, ConfigErrors, IntrospectedTokens, Path};
use crate::http::Text;
use crate::policy::denial::Reason;
use crate::policy::source::SourceId;

use super::token::{Challenge, ClaimTests, ConsumerRule, accepts};
use super::{ClaimHeaders, CompileInputs, Provider, ProviderKind, locations};

pub(super) use credential::prepare;
pub(super) use verify::verify;

/// What a provider of opaque tokens has of its own.
#[derive(Debug)]
pub(crate) struct Opaque {
    /// The source that is asked about tokens.
    source: SourceId,
    /// How long an answer is believed.
    ttl: Duration,
    /// Which tokens are sent to it.
    tokens: IntrospectedTokens,
    rules: ClaimRules,
    required: ClaimTests,
    /// How the consumer is found; `None` if tokens belong to no consumer.
    consumer: Option<ConsumerRule>,
    challenge: Challenge,
}

impl Opaque {
    /// `WWW-Authenticate` for this reason.
    pub(super) fn challenge(&self, reason: Reason, scopes: &[&str]) -> Text {
        self.challenge.of(reason, scopes)
    }
}

/// The provider `name`, which is written at `path`.
pub(super) fn compile(
    name: &str,
    written: &config::OpaqueProvider,
    inputs: &mut CompileInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Provider> {
    let from = path.field("from");
    let locations = locations::compile(name, &written.from, inputs.others, &from, errors);
    let asked = &written.introspection;
    let source = introspection::compile(name, asked, inputs, path, errors);
    let required = ClaimTests::compile(&written.required_claims, path, errors);
    let consumer = consumer(written, path, errors);
    let claim_headers = ClaimHeaders::compile(&written.claim_headers, None, path, errors);
    let kind = ProviderKind::Opaque(Box::new(Opaque {
        source: source?,
        ttl: asked.ttl,
        tokens: asked.tokens,
        rules: ClaimRules {
            issuers: accepts(&written.issuer),
            audiences: accepts(&written.audiences),
            expiry: Expiry::Optional,
            leeway: written.leeway,
            max_age: None,
        },
        required: required?,
        consumer: consumer?,
        challenge: Challenge::new(&written.realm, written.resource_metadata.as_deref()),
    }));
    Some(Provider {
        name: name.into(),
        locations,
        forward: written.forward,
        claim_headers: claim_headers?,
        kind,
    })
}

/// How the consumer is found. The outer `None` stands for errors.
fn consumer(
    written: &config::OpaqueProvider,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Option<ConsumerRule>> {
    let Some(consumer) = &written.consumer else {
        return Some(None);
    };
    ConsumerRule::compile(consumer, &path.field("consumer"), errors).map(Some)
}
