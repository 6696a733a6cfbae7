//! Gives a provider the inputs for verifying a credential.

use std::rc::Rc;
use std::time::Duration;

use crate::crypto::HostVerifier;
use crate::engine::documents::SourceState;
use crate::engine::event::Observer;
use crate::policy::{
    CredentialLookup, Introspection, ProviderId, ProviderInputs, PublishedKeys, SourceId,
    VerifiedToken,
};
use crate::time::Timestamp;

use super::{Exchange, Stop};

impl<'e, O: Observer + ?Sized> ProviderInputs<'e> for Exchange<'e, O> {
    type Stop = Stop;

    fn find_credential(
        &mut self,
        provider: ProviderId,
        identifier: &[u8],
    ) -> Result<CredentialLookup<'e>, Stop> {
        Ok(self
            .sources
            .find_credential(self.policy, provider, identifier))
    }

    fn find_consumer(&mut self, name: &[u8]) -> Result<CredentialLookup<'e>, Stop> {
        Ok(self.sources.find_consumer(self.policy, name))
    }

    fn now(&mut self) -> Timestamp {
        self.inputs.now()
    }

    fn verified_token(
        &mut self,
        provider: ProviderId,
        token: &[u8],
        now: Timestamp,
    ) -> Option<Rc<VerifiedToken>> {
        self.tokens.recall(provider, token, now)
    }

    fn remember_token(&mut self, provider: ProviderId, token: &[u8], verified: &Rc<VerifiedToken>) {
        self.tokens.remember(provider, token, verified);
    }

    fn spend(&mut self, provider: ProviderId, cost: Duration, percent: u8, now: Timestamp) -> bool {
        self.tokens.spend(provider, cost, percent, now)
    }

    fn host(&mut self) -> &mut dyn HostVerifier {
        &mut self.inputs
    }

    fn introspect(
        &mut self,
        source: SourceId,
        token: &[u8],
        now: Timestamp,
    ) -> Result<Introspection, Stop> {
        self.introspection(source, token, now)
    }

    #[inline(always)]
    fn published_keys(
        &mut self,
        source: SourceId,
        hold: Duration,
    ) -> Result<Option<PublishedKeys<'e>>, Stop> {
        let Some(SourceState::Watched(watched)) = self.sources.at(source) else {
            return Ok(None);
        };
        let policy_view = match watched.usable_view() {
            Some(policy_view) => Some(policy_view),
            None => self.first_document(source, watched, hold)?,
        };
        Ok(policy_view.and_then(|policy_view| policy_view.view.published_keys()))
    }

    fn refetch_keys(&mut self, source: SourceId, interval: Duration) -> Result<(), Stop> {
        match self.sources.at(source) {
            Some(SourceState::Watched(watched)) => self.refetched(source, watched, interval),
            Some(SourceState::Inline(_) | SourceState::OnDemand(_)) | None => Ok(()),
        }
    }
}
