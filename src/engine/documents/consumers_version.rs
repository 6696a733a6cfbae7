//! The documents of consumers in use, and handles for credentials in them. An exchange remembers both while it waits.

use std::rc::{Rc, Weak};

use crate::arena::EntryId;
use crate::policy::{Credential, Policy, SourceId};

use super::sources::Sources;
use super::view::{DirectoryId, View};

/// The documents of consumers that a policy uses at one moment. It does not keep them in memory.
///
/// The policy's own consumers are not included: the policy of an exchange never changes.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct ConsumersVersion(Vec<Option<Weak<View>>>);

impl PartialEq for ConsumersVersion {
    /// Whether both are the same views in memory.
    fn eq(&self, other: &Self) -> bool {
        let is_same = |pair: (&Option<Weak<View>>, &Option<Weak<View>>)| match pair {
            (Some(one), Some(other)) => one.ptr_eq(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(is_same)
    }
}

/// Names a credential, as long as the same [`ConsumersVersion`] is in use.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct CredentialHandle {
    /// The source and its directory; `None` for the policy's own consumers.
    directory: Option<(SourceId, DirectoryId)>,
    entry: EntryId,
}

impl Sources {
    /// The documents of consumers in use.
    pub(in crate::engine) fn consumers_version(&self) -> ConsumersVersion {
        let ids = self.of_consumers.iter();
        let view = |id: &SourceId| Some(Rc::downgrade(&self.usable_view(*id)?.view));
        ConsumersVersion(ids.map(view).collect())
    }

    /// The handle of a credential of one of the directories in use.
    pub(in crate::engine) fn handle_of(
        &self,
        credential: Credential<'_>,
        policy: &Policy,
    ) -> Option<CredentialHandle> {
        let entry = credential.entry()?;
        if policy.consumers.holds(credential) {
            let directory = None;
            return Some(CredentialHandle { directory, entry });
        }
        self.of_consumers.iter().find_map(|id| {
            let mut all = self.usable_view(*id)?.view.directories.iter();
            let index = all.position(|directory| directory.holds(credential))?;
            let directory = Some((*id, DirectoryId::new(index)));
            Some(CredentialHandle { directory, entry })
        })
    }

    /// The credential of a handle.
    pub(in crate::engine) fn credential<'s>(
        &'s self,
        handle: CredentialHandle,
        policy: &'s Policy,
    ) -> Option<Credential<'s>> {
        let directory = match handle.directory {
            None => &policy.consumers,
            Some((source, id)) => self.usable_view(source)?.view.directory(id)?,
        };
        Some(directory.credential(handle.entry))
    }
}
