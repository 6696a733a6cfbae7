//! JSON Web Tokens: a signature proves who made a token, and its claims say for whom.

mod by_published;
mod consumer_key;
mod credential;
mod keys;
mod published_by;
mod verify;

use crate::auth::jwt::{Accepts, ClaimRules, Expiry, TokenTypes};
use crate::config::{self, ConfigErrors, ForeignIssuer, Path};
use crate::crypto::Algorithm;
use crate::http::Text;

use super::token::{Challenge, ClaimTests, ConsumerRule, accepts};
use super::{ClaimHeaders, CompileInputs, Provider, ProviderKind, locations};
use crate::policy::denial::Reason;

pub(super) use credential::prepare;
use keys::Keys;
pub(super) use verify::verify;

/// What a provider of tokens has of its own.
#[derive(Debug)]
pub(crate) struct Jwt {
    keys: Keys,
    /// The algorithms that are accepted; `None` for all that a key is for.
    algorithms: Option<Box<[Algorithm]>>,
    types: TokenTypes,
    rules: ClaimRules,
    required: ClaimTests,
    /// How the consumer is found; `None` if tokens belong to no consumer.
    consumer: Option<ConsumerRule>,
    foreign: ForeignIssuer,
    /// The share of a worker's time for new tokens, in hundredths.
    share: u8,
    /// Whether the payload is kept as it came, for the upstream.
    keeps_payload: bool,
    challenge: Challenge,
}

impl Jwt {
    /// `WWW-Authenticate` for this reason.
    pub(super) fn challenge(&self, reason: Reason, scopes: &[&str]) -> Text {
        self.challenge.of(reason, scopes)
    }

    /// Whether the issuer publishes its keys.
    pub(super) const fn has_published_keys(&self) -> bool {
        matches!(self.keys, Keys::Published(_))
    }

    /// Whether consumers have credentials for its tokens.
    fn finds_credentials(&self) -> bool {
        let rule = self.consumer.as_ref();
        self.keys.are_of_consumers() || rule.is_some_and(ConsumerRule::finds_credentials)
    }
}

/// The provider `name`, which is written at `path`.
pub(super) fn compile(
    name: &str,
    written: &config::JwtProvider,
    inputs: &mut CompileInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Provider> {
    let from = path.field("from");
    let locations = locations::compile(name, &written.from, inputs.others, &from, errors);
    let algorithms = algorithms(written, path, errors);
    let keys = keys::compile(name, written, inputs, path, errors);
    let rules = rules(written, path, errors);
    let required = ClaimTests::compile(&written.required_claims, path, errors);
    let consumer = consumer(written, path, errors);
    let share = share(written, path, errors);
    let payload = written.payload_header.as_deref();
    let claim_headers = ClaimHeaders::compile(&written.claim_headers, payload, path, errors);
    let kind = ProviderKind::Jwt(Box::new(Jwt {
        keys: keys?,
        algorithms: algorithms?,
        types: types(written),
        rules: rules?,
        required: required?,
        consumer: consumer?,
        foreign: written.foreign_issuer,
        share: share?,
        keeps_payload: written.payload_header.is_some(),
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

/// The accepted algorithms. The outer `None` stands for errors.
fn algorithms(
    written: &config::JwtProvider,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Option<Box<[Algorithm]>>> {
    let Some(names) = &written.algorithms else {
        return Some(None);
    };
    let path = path.field("algorithms");
    let are_published = matches!(
        written.keys,
        config::JwtKeys::Remote(_) | config::JwtKeys::Discovery(_)
    );
    let one = |at: usize, name: &String, errors: &mut ConfigErrors| {
        let path = path.index(at);
        let algorithm = algorithm(name, &path, errors)?;
        if are_published && algorithm.is_symmetric() {
            let reason = format!("no key that an issuer publishes is for `{name}`");
            errors.suggest(&path, reason, "remove it");
            return None;
        }
        Some(algorithm)
    };
    let names = names.iter().enumerate();
    let read: Vec<_> = names.map(|(at, name)| one(at, name, errors)).collect();
    Some(Some(read.into_iter().collect::<Option<_>>()?))
}

/// The algorithm of this name.
fn algorithm(name: &str, path: &Path<'_>, errors: &mut ConfigErrors) -> Option<Algorithm> {
    let algorithm = Algorithm::named(name);
    if algorithm.is_none() {
        let known: Vec<_> = Algorithm::ALL.iter().map(|one| one.name()).collect();
        let reason = format!("`{name}` is no algorithm that is accepted");
        errors.suggest(path, reason, format!("one of {}", known.join(", ")));
    }
    algorithm
}

fn types(written: &config::JwtProvider) -> TokenTypes {
    let named = written.types.as_ref().map(|types| TokenTypes {
        absent: false,
        named: types.iter().map(|one| one.as_str().into()).collect(),
    });
    named.unwrap_or_default()
}

fn rules(
    written: &config::JwtProvider,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<ClaimRules> {
    let issuers = match (&written.issuer, &written.keys) {
        (Some(issuers), _) => accepts(issuers),
        (None, config::JwtKeys::Consumers(_)) => Accepts::Any,
        (
            None,
            config::JwtKeys::Inline(_)
            | config::JwtKeys::Pem(_)
            | config::JwtKeys::Remote(_)
            | config::JwtKeys::Discovery(_),
        ) => {
            let suggestion = "the `iss` of the tokens, or `any`";
            errors.suggest(&path.field("issuer"), "required", suggestion);
            return None;
        }
    };
    Some(ClaimRules {
        issuers,
        audiences: accepts(&written.audiences),
        expiry: match written.expiry {
            config::ExpiryRequirement::Required => Expiry::Required,
            config::ExpiryRequirement::Optional => Expiry::Optional,
        },
        leeway: written.leeway,
        max_age: written.max_age,
    })
}

/// The share of a worker's time for new tokens.
fn share(written: &config::JwtProvider, path: &Path<'_>, errors: &mut ConfigErrors) -> Option<u8> {
    let share = written.verification_share.hundredths();
    if share == 0 {
        let reason = "no time would be left to verify a token";
        errors.suggest(&path.field("verificationShare"), reason, "at least `1%`");
        return None;
    }
    Some(share)
}

/// How the consumer is found. The outer `None` stands for errors.
fn consumer(
    written: &config::JwtProvider,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Option<ConsumerRule>> {
    let Some(consumer) = &written.consumer else {
        return Some(None);
    };
    let path = path.field("consumer");
    if matches!(written.keys, config::JwtKeys::Consumers(_)) {
        let reason = "the keys are the consumers', so the key tells the consumer";
        errors.suggest(&path, reason, "remove it");
        return None;
    }
    ConsumerRule::compile(consumer, &path, errors).map(Some)
}
