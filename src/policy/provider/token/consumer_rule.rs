//! Whose a token is.

use std::rc::Rc;

use crate::config::{self, ConfigErrors, ConsumerClaimBy, Path, UnknownConsumer};
use crate::policy::denial::Reason;
use crate::policy::json_path::json_path;
use crate::policy::provider::ProviderId;
use crate::policy::provider::verdict::{
    CredentialLookup, Identity, ProviderInputs, Verification, VerifiedToken,
};
use crate::source::JsonPath;

use super::claim_text;

/// How the consumer of a token is found.
#[derive(Debug)]
pub(in crate::policy::provider) struct ConsumerRule {
    claim: JsonPath,
    by: ConsumerClaimBy,
    /// What a token of no consumer is.
    unknown: UnknownConsumer,
}

impl ConsumerRule {
    /// Compiles the rule that is written at `path`.
    pub(in crate::policy::provider) fn compile(
        written: &config::ConsumerClaim,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let claim = json_path(&written.claim, &path.field("claim"), errors)?;
        Some(Self {
            claim,
            by: written.by,
            unknown: written.unknown,
        })
    }

    /// Whether consumers have credentials, which the claim names.
    pub(in crate::policy::provider) fn finds_credentials(&self) -> bool {
        self.by == ConsumerClaimBy::Credential
    }

    /// The identity of a token that is good.
    pub(in crate::policy::provider) fn identify<'p, I: ProviderInputs<'p>>(
        &self,
        provider: ProviderId,
        token: Rc<VerifiedToken>,
        inputs: &mut I,
    ) -> Result<Verification<'p>, I::Stop> {
        let found = self.find(provider, &token, inputs)?;
        Ok(match (found, self.unknown) {
            (CredentialLookup::Found(credential), _) => {
                Verification::Accepted(Identity::of_token(Some(credential), token))
            }
            (CredentialLookup::NotFound, UnknownConsumer::Identity) => {
                Verification::Accepted(Identity::of_token(None, token))
            }
            (CredentialLookup::NotFound, UnknownConsumer::Reject) => {
                Verification::Rejected(Reason::UnknownConsumer)
            }
            (CredentialLookup::Unavailable, _) => {
                Verification::Unavailable(Reason::SourceUnavailable)
            }
        })
    }

    /// The consumer that the token belongs to.
    fn find<'p, I: ProviderInputs<'p>>(
        &self,
        provider: ProviderId,
        token: &VerifiedToken,
        inputs: &mut I,
    ) -> Result<CredentialLookup<'p>, I::Stop> {
        let Some(value) = token
            .claims
            .as_ref()
            .and_then(|claims| claim_text(&self.claim, claims.value()))
        else {
            return Ok(CredentialLookup::NotFound);
        };
        match self.by {
            ConsumerClaimBy::Credential => inputs.find_credential(provider, value.as_bytes()),
            ConsumerClaimBy::Name => inputs.find_consumer(value.as_bytes()),
        }
    }
}
