//! The owner of a credential, among the policy's own consumers and those of documents.

use crate::policy::{Consumer, Credential, CredentialLookup, Policy, ProviderId, SourceId};
use crate::source::Budget;

use super::conflicts::List;
use super::policy_view::PolicyView;
use super::sources::{SourceState, Sources};
use crate::engine::event::Observer;

impl Sources {
    /// The credential with `key` at `provider`: of the policy's own consumers first, then of those of documents. A key
    /// that two consumers of documents have, in one document or in two, belongs to none of them, and so does a key of a
    /// consumer with a name that two lists have.
    pub(in crate::engine) fn find_credential<'s>(
        &'s self,
        policy: &'s Policy,
        provider: ProviderId,
        key: &[u8],
    ) -> CredentialLookup<'s> {
        if let Some(credential) = policy.consumers.find(provider, key) {
            return CredentialLookup::Found(credential);
        }
        if self.of_consumers.is_empty() {
            return CredentialLookup::NotFound;
        }
        self.find_in_documents(policy, provider, key)
    }

    fn find_in_documents<'s>(
        &'s self,
        policy: &Policy,
        provider: ProviderId,
        key: &[u8],
    ) -> CredentialLookup<'s> {
        // Two of the policy's own may know one key in two forms: it is no document's then either.
        if policy.consumers.is_contested(provider, key) {
            return CredentialLookup::NotFound;
        }
        let several = policy.consumers_from.len() > 1;
        let mut found = CredentialLookup::NotFound;
        for id in &self.of_consumers {
            let Some(policy_view) = self.usable_view(*id) else {
                return CredentialLookup::Unavailable;
            };
            if several && policy_view.is_contested(provider, key) {
                return CredentialLookup::NotFound;
            }
            for credential in policy_view.find(provider, key) {
                match found {
                    CredentialLookup::NotFound => found = CredentialLookup::Found(credential),
                    CredentialLookup::Found(_) | CredentialLookup::Unavailable => {
                        return CredentialLookup::NotFound;
                    }
                }
            }
        }
        match found {
            CredentialLookup::Found(credential)
                if several && self.is_contested(credential.owner()) =>
            {
                CredentialLookup::NotFound
            }
            CredentialLookup::Found(_)
            | CredentialLookup::NotFound
            | CredentialLookup::Unavailable => found,
        }
    }

    /// The consumer of this name: one of the policy's own, or the only one of all documents.
    pub(in crate::engine) fn find_consumer<'s>(
        &'s self,
        policy: &'s Policy,
        name: &[u8],
    ) -> CredentialLookup<'s> {
        if let Some(consumer) = policy.consumers.named(name) {
            return CredentialLookup::Found(Credential::of_name(consumer));
        }
        let mut found = CredentialLookup::NotFound;
        for id in &self.of_consumers {
            let Some(policy_view) = self.usable_view(*id) else {
                return CredentialLookup::Unavailable;
            };
            for directory in &policy_view.view.directories {
                match (directory.named(name), &found) {
                    (None, _) => {}
                    (Some(consumer), CredentialLookup::NotFound) => {
                        found = CredentialLookup::Found(Credential::of_name(consumer));
                    }
                    // What one list says of it would hold for the other's.
                    (Some(_), _) => return CredentialLookup::NotFound,
                }
            }
        }
        found
    }

    /// What may be used of the document of this source.
    pub(super) fn usable_view(&self, id: SourceId) -> Option<&PolicyView> {
        match self.states.get(id.index())? {
            SourceState::Inline(policy_view) => Some(policy_view),
            SourceState::Watched(watched) => watched.usable_view(),
            SourceState::OnDemand(_) => None,
        }
    }

    /// Whether several lists of consumers have this one's name: what one of them says of it would hold for the other's.
    fn is_contested(&self, consumer: Consumer<'_>) -> bool {
        let name = consumer.name().bytes();
        let documents = self
            .of_consumers
            .iter()
            .filter_map(|id| self.usable_view(*id));
        let claims: usize = documents.map(|policy_view| policy_view.claims(name)).sum();
        claims > 1
    }

    /// How many consumers of this source are ignored because another list has their names.
    pub(in crate::engine) fn contested(&self, id: SourceId) -> usize {
        self.conflict_check.contested(id)
    }

    /// Continues to compare what several lists of consumers claim.
    pub(in crate::engine) fn compare_lists(
        &mut self,
        policy: &Policy,
        observer: &mut dyn Observer,
        budget: &mut Budget,
    ) {
        if self.conflict_check.is_pending() {
            let mut lists = lists(&self.states);
            if lists.len() > 1 || policy.consumers.has_any_key() {
                lists.insert(0, (None, &policy.consumers));
            } else {
                // There is no other list to compare with.
                lists.clear();
            }
            self.conflict_check.advance(lists, policy, observer, budget);
        }
    }
}

/// Every list of consumers, with its source.
fn lists(states: &[SourceState]) -> Vec<List<'_>> {
    let mut lists = Vec::new();
    for (id, state) in SourceId::all().zip(states) {
        let policy_view = match state {
            SourceState::Inline(policy_view) => Some(policy_view),
            SourceState::Watched(watched) => watched.last_view(),
            SourceState::OnDemand(_) => None,
        };
        let directories = policy_view
            .into_iter()
            .flat_map(|policy_view| &policy_view.view.directories);
        lists.extend(directories.map(|directory| (Some(id), directory)));
    }
    lists
}
