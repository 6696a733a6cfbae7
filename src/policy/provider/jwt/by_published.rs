//! Verifies a token by the keys that its issuer publishes.

use std::rc::Rc;
use std::time::Duration;

use crate::auth::jwt::KeyChoiceError;
use crate::policy::denial::Reason;
use crate::policy::provider::published_keys::{PublishedKey, PublishedKeys};
use crate::policy::provider::verdict::{ProviderInputs, Signer, Verification, VerifiedToken};

use super::published_by::PublishedBy;
use super::verify::{Check, Refusal};

/// The issuer may have published the key since.
const UNKNOWN_KEY_ID: Reason = Reason::UnknownKey(KeyChoiceError::UnknownKeyId);

impl<'p> Check<'p, '_> {
    /// By the keys that the issuer publishes.
    pub(super) fn by_published<I: ProviderInputs<'p>>(
        &self,
        by: &PublishedBy,
        inputs: &mut I,
    ) -> Result<Verification<'p>, I::Stop> {
        let keys = match inputs.published_keys(by.source, Duration::ZERO)? {
            Some(keys) => keys,
            None => match self.first_keys(by, inputs)? {
                Ok(keys) => keys,
                Err(refusal) => return Ok(self.refused(refusal)),
            },
        };
        let known = inputs.verified_token(self.provider, self.text, self.now);
        let token = match known.filter(|known| self.is_signed_by(known, keys)) {
            Some(known) => known,
            None => match self.verified_by_published(keys, inputs) {
                Ok(token) => token,
                Err(refusal) => {
                    if matches!(refusal, Refusal::Rejected(UNKNOWN_KEY_ID)) {
                        inputs.refetch_keys(by.source, by.unknown_kid_interval)?;
                    }
                    return Ok(self.refused(refusal));
                }
            },
        };
        self.identify(token, inputs)
    }

    /// Waits for the first keys. A token that would be refused by any key, or is of another issuer, needs none.
    #[cold]
    #[inline(never)]
    fn first_keys<I: ProviderInputs<'p>>(
        &self,
        by: &PublishedBy,
        inputs: &mut I,
    ) -> Result<Result<PublishedKeys<'p>, Refusal>, I::Stop> {
        if let Err(refusal) = self.read(inputs) {
            return Ok(Err(refusal));
        }
        let keys = inputs.published_keys(by.source, by.hold)?;
        Ok(keys.ok_or(Refusal::Unavailable(Reason::KeysUnavailable)))
    }

    /// Whether a remembered token is signed by one of these keys.
    fn is_signed_by(&self, token: &VerifiedToken, keys: PublishedKeys<'_>) -> bool {
        let Some(Signer::Published(key)) = &token.signer else {
            return false;
        };
        key.is_in(keys, self.allowed())
    }

    #[inline(never)]
    fn verified_by_published<I: ProviderInputs<'p>>(
        &self,
        keys: PublishedKeys<'_>,
        inputs: &mut I,
    ) -> Result<Rc<VerifiedToken>, Refusal> {
        let token = self.read(inputs)?;
        // No published key is symmetric, so there is none to be fetched.
        if token.header.algorithm.is_symmetric() {
            return Err(KeyChoiceError::NoneFits.into());
        }
        let key = keys.set.select(&token.header, self.allowed())?;
        // Without it, the token would be verified with each request.
        let signer = PublishedKey::new(key, &token.header, keys).map(Signer::Published);
        self.verified(token, key.key(), signer, inputs)
    }
}
