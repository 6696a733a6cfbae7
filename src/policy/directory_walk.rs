//! Walks over directories, to find names and keys that several directories have.

use crate::arena::TableCursor;
use crate::auth::{CredentialTable, IdentifierForm};

use crate::policy::consumer::{Consumer, Credential};
use crate::policy::directory::Directory;
use crate::policy::provider::ProviderId;

/// The position of a walk over the keys of a directory. It holds nothing of the directory, so the walk can be resumed later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CredentialCursor {
    provider: ProviderId,
    in_digests: bool,
    table: TableCursor,
}

impl Default for CredentialCursor {
    /// Before the first key.
    fn default() -> Self {
        Self {
            provider: ProviderId::FIRST,
            in_digests: false,
            table: TableCursor::START,
        }
    }
}

/// A key of a directory, for a search in other directories.
pub(crate) struct DirectoryKey<'d> {
    pub(crate) provider: ProviderId,
    pub(crate) credential: Credential<'d>,
    pub(crate) form: IdentifierForm,
    bytes: &'d [u8],
}

impl Directory {
    /// The consumer at `cursor` or the next one behind it, in no meaningful order. Moves `cursor` behind it.
    pub(crate) fn next_consumer(&self, cursor: &mut TableCursor) -> Option<Consumer<'_>> {
        let at = self.names.next(cursor)?;
        let pool = &self.pool;
        Some(Consumer { pool, at })
    }

    /// The key at `cursor` or the next one behind it. Moves `cursor` behind it.
    pub(crate) fn next_key(&self, cursor: &mut CredentialCursor) -> Option<DirectoryKey<'_>> {
        loop {
            let form = if cursor.in_digests {
                IdentifierForm::Sha256
            } else {
                IdentifierForm::Plain
            };
            match self
                .tables
                .get(cursor.provider.index())?
                .next(form, &mut cursor.table)
            {
                Some(at) => {
                    let bytes = self.pool.read(at).text().bytes();
                    return Some(DirectoryKey {
                        provider: cursor.provider,
                        credential: Credential::read(&self.pool, at),
                        form,
                        bytes,
                    });
                }
                None if cursor.in_digests => {
                    cursor.provider = cursor.provider.next();
                    cursor.in_digests = false;
                    cursor.table = TableCursor::START;
                }
                None => {
                    cursor.in_digests = true;
                    cursor.table = TableCursor::START;
                }
            }
        }
    }

    /// Whether the directory has a key in this form.
    pub(crate) fn has_keys(&self, form: IdentifierForm) -> bool {
        self.tables.iter().any(|table| table.has(form))
    }

    /// Whether the directory has a key.
    pub(crate) fn has_any_key(&self) -> bool {
        self.has_keys(IdentifierForm::Plain) || self.has_keys(IdentifierForm::Sha256)
    }

    /// The credential with `key` in this directory, in the same form.
    pub(crate) fn knows(&self, key: &DirectoryKey<'_>) -> Option<Credential<'_>> {
        let table = self.tables.get(key.provider.index())?;
        let held = table.holder(key.form, key.bytes, &self.pool)?;
        Some(Credential::read(&self.pool, held))
    }

    /// The credential with the digest of `key` in this directory, if `key` isn't a digest itself.
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
