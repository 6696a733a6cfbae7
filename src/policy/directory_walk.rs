//! What several directories have in common: names and keys that more than one of them claims.

use crate::auth::{CredentialTable, IdentifierForm};

use crate::policy::consumer::{Consumer, Credential};
use crate::policy::directory::Directory;
use crate::policy::provider::ProviderId;

/// How far a walk over the keys of a directory has come. It holds nothing of the directory, so it can be gone on with later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CredentialCursor {
    provider: ProviderId,
    in_digests: bool,
    slot: usize,
}

impl Default for CredentialCursor {
    /// Before the first key.
    fn default() -> Self {
        Self {
            provider: ProviderId::FIRST,
            in_digests: false,
            slot: 0,
        }
    }
}

/// A key as a directory knows it: to be looked for in others.
pub(crate) struct DirectoryKey<'d> {
    pub(crate) provider: ProviderId,
    pub(crate) credential: Credential<'d>,
    pub(crate) form: IdentifierForm,
    bytes: &'d [u8],
}

impl Directory {
    /// The consumer at `place` or the next one behind it, in no order that means anything; `place` is moved behind it.
    pub(crate) fn next_consumer(&self, place: &mut usize) -> Option<Consumer<'_>> {
        let (slot, at) = self.names.next(*place)?;
        *place = slot.saturating_add(1);
        let pool = &self.pool;
        Some(Consumer { pool, at })
    }

    /// The key at `place` or the next one behind it; `place` is moved behind it.
    pub(crate) fn next_key(&self, place: &mut CredentialCursor) -> Option<DirectoryKey<'_>> {
        loop {
            let form = if place.in_digests {
                IdentifierForm::Sha256
            } else {
                IdentifierForm::Plain
            };
            match self
                .tables
                .get(place.provider.index())?
                .next(form, place.slot)
            {
                Some((slot, at)) => {
                    place.slot = slot.saturating_add(1);
                    let bytes = self.pool.read(at).text().bytes();
                    return Some(DirectoryKey {
                        provider: place.provider,
                        credential: Credential::read(&self.pool, at),
                        form,
                        bytes,
                    });
                }
                None if place.in_digests => {
                    place.provider = place.provider.next();
                    place.in_digests = false;
                    place.slot = 0;
                }
                None => {
                    place.in_digests = true;
                    place.slot = 0;
                }
            }
        }
    }

    /// Whether it knows any key in this form.
    pub(crate) fn has_keys(&self, form: IdentifierForm) -> bool {
        self.tables.iter().any(|table| table.has(form))
    }

    /// Whether it knows any key at all.
    pub(crate) fn has_any_key(&self) -> bool {
        self.has_keys(IdentifierForm::Plain) || self.has_keys(IdentifierForm::Sha256)
    }

    /// Who has `key` here, known in the same form.
    pub(crate) fn knows(&self, key: &DirectoryKey<'_>) -> Option<Credential<'_>> {
        let table = self.tables.get(key.provider.index())?;
        let held = table.holder(key.form, key.bytes, &self.pool)?;
        Some(Credential::read(&self.pool, held))
    }

    /// Who has `key` here by its digest, where the key itself is known.
    pub(crate) fn knows_digest(&self, key: &DirectoryKey<'_>) -> Option<Credential<'_>> {
        let table = self.tables.get(key.provider.index())?;
        if key.form == IdentifierForm::Sha256 || !table.has(IdentifierForm::Sha256) {
            return None;
        }
        let digest = CredentialTable::digest(key.bytes);
        let held = table.holder(IdentifierForm::Sha256, &digest, &self.pool)?;
        Some(Credential::read(&self.pool, held))
    }
}
