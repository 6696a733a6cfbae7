//! Whose a credential is, among the policy's own consumers and those of documents.

use crate::policy::{Credential, Policy};

use super::sources::{Sources, State};

/// Whose a credential is.
#[derive(Debug)]
pub(super) enum Owner<'s> {
    Known(Credential<'s>),
    Nobody,
    /// Nobody's that is known, but a document of consumers is missing.
    Unknowable,
}

impl Sources {
    /// Whose `key` is at `provider`: the policy's own consumers first, then those of documents. One that two claim there,
    /// in one document or in two, is nobody's.
    pub(super) fn owner<'s>(
        &'s self,
        policy: &'s Policy,
        provider: usize,
        key: &[u8],
    ) -> Owner<'s> {
        if let Some(credential) = policy.consumers.find(provider, key) {
            return Owner::Known(credential);
        }
        if self.of_consumers.is_empty() {
            return Owner::Nobody;
        }
        self.owner_in_documents(policy, provider, key)
    }

    #[inline(never)]
    fn owner_in_documents<'s>(&'s self, policy: &Policy, provider: usize, key: &[u8]) -> Owner<'s> {
        let several = policy.consumers_from.len() > 1;
        let mut found = Owner::Nobody;
        for place in &self.of_consumers {
            let seen = match self.states.get(*place) {
                Some(State::Inline(seen)) => Some(seen),
                Some(State::Watched(watched)) => watched.seen(),
                Some(State::OnDemand(_)) | None => None,
            };
            let Some(seen) = seen else {
                return Owner::Unknowable;
            };
            if several && seen.is_contested(provider, key) {
                return Owner::Nobody;
            }
            for credential in seen.find(provider, key) {
                match found {
                    Owner::Nobody => found = Owner::Known(credential),
                    Owner::Known(_) | Owner::Unknowable => return Owner::Nobody,
                }
            }
        }
        found
    }
}
