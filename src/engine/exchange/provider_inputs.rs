//! Gives a provider the inputs for verifying a credential.

use std::time::Duration;

use crate::crypto::HostVerifier;
use crate::engine::documents::SourceState;
use crate::engine::event::Observer;
use crate::policy::{CredentialLookup, ProviderId, ProviderInputs, SourceId};
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

    fn now(&mut self) -> Timestamp {
        self.inputs.now()
    }

    fn host(&mut self) -> &mut dyn HostVerifier {
        &mut self.inputs
    }

    fn has_document(&mut self, source: SourceId, hold: Duration) -> Result<bool, Stop> {
        Ok(match self.sources.at(source) {
            Some(SourceState::Inline(_)) => true,
            Some(SourceState::Watched(watched)) => {
                self.first_document(source, watched, hold)?.is_some()
            }
            Some(SourceState::OnDemand(_)) | None => false,
        })
    }
}
