//! Consumers, found by their credentials.

use crate::arena::{ArenaId, EntryId, EntryWriter, Handle as _, HandleTable, Pool};
use crate::auth::{CredentialTable, Taken};
use crate::config::{ConfigErrors, ConsumerRef, Path};
use crate::hash::Seeded;

use super::consumer::{Consumer, Credential};
use super::provider::{CredentialInputs, Identifier, Prepared, ProviderId, prepare};

/// Consumers, found by their credentials. The policy has one of its own, each document of consumers another.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(super) pool: Pool,
    /// A table for each provider, by its index. What is in it is found by what the provider's kind looks for.
    pub(super) tables: Vec<CredentialTable>,
    seed: Seeded,
    /// The consumers, by the hash of their names.
    pub(super) names: HandleTable,
}

impl Directory {
    /// The credential of `provider` with this identifier.
    pub(crate) fn find(&self, provider: ProviderId, identifier: &[u8]) -> Option<Credential<'_>> {
        let pool = &self.pool;
        let (at, mut entry) = self.tables.get(provider.index())?.owner(identifier, pool)?;
        let owner = entry.at();
        Some(Credential { pool, at, owner })
    }

    /// Whether several credentials of `provider` have this identifier.
    pub(crate) fn is_contested(&self, provider: ProviderId, key: &[u8]) -> bool {
        let table = self.tables.get(provider.index());
        table.is_some_and(|table| table.is_contested(key, &self.pool))
    }

    /// Whether the credential is one of this directory.
    pub(crate) fn holds(&self, credential: Credential<'_>) -> bool {
        std::ptr::eq(credential.pool, &self.pool)
    }

    /// The credential of an entry of this directory.
    pub(crate) fn credential(&self, entry: EntryId) -> Credential<'_> {
        Credential::read(&self.pool, entry)
    }

    /// The consumer of this name.
    // Inlined, it would cost the module two kilobytes.
    #[inline(never)]
    pub(crate) fn named(&self, name: &[u8]) -> Option<Consumer<'_>> {
        let pool = &self.pool;
        let is = |at: EntryId| *pool.read(at).text().bytes() == *name;
        let at = self.names.find(self.seed.of_bytes(name), is)?;
        Some(Consumer { pool, at })
    }

    /// All consumers, in no order.
    pub(crate) fn consumers(&self) -> impl Iterator<Item = Consumer<'_>> {
        let pool = &self.pool;
        self.names.iter().map(move |at| Consumer { pool, at })
    }

    /// How many consumers there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

/// Builds a [`Directory`], consumer by consumer.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    directory: Directory,
    draft: EntryWriter,
}

/// The credentials of one consumer, each by its provider and the digest of its identifier: in whichever form that is
/// written.
#[derive(Default)]
struct Repetitions {
    known: Vec<(ProviderId, [u8; 32], usize)>,
    found: HandleTable<ArenaId>,
}

impl Repetitions {
    /// Notes the credential of this index. Returns the index of an earlier one with the same identifier.
    fn note(&mut self, credential: &Prepared<'_>, index: usize) -> Option<usize> {
        let identifier = &credential.identifier;
        let digest = match identifier {
            Identifier::Sha256(digest) => *digest,
            Identifier::Plain(_) | Identifier::Secret(_) => {
                CredentialTable::digest(identifier.bytes())
            }
        };
        let hash = digest
            .first_chunk()
            .map_or(0, |head| u64::from_le_bytes(*head));
        let known = &self.known;
        let before = self.found.find_map(hash, |id| {
            let (provider, other, index) = known.get(usize::try_from(id.to_number()).ok()?)?;
            (*provider == credential.provider && *other == digest).then_some(*index)
        });
        if before.is_none() {
            self.found.insert(hash, ArenaId::from_index(known.len()));
            self.known.push((credential.provider, digest, index));
        }
        before
    }
}

impl Builder {
    /// Adds a consumer with its good credentials. Adds nothing if it has credentials and none of them is good. A credential
    /// that another consumer has too is an error, and then identifies neither. All consumers of a directory are added with the
    /// same inputs.
    pub(crate) fn add(
        &mut self,
        written: &ConsumerRef<'_>,
        inputs: CredentialInputs<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) {
        let name = written.name.as_bytes();
        if self.directory.named(name).is_some() {
            let reason = format!("there is another consumer `{}`", written.name);
            return errors.push(&path.field("name"), reason);
        }
        let credentials = path.field("credentials");
        // Before the consumer is added. Without a list, because there may be a hundred thousand credentials.
        let mut good = 0_usize;
        for (at, credential) in written.credentials.iter().enumerate() {
            if prepare(credential, inputs, &credentials.index(at), errors).is_some() {
                good = good.saturating_add(1);
            }
        }
        if good == 0 && !written.credentials.is_empty() {
            return;
        }
        let Some(owner) = self.introduce(written) else {
            return errors.push(path, "there is no room for it");
        };
        let tables = &mut self.directory.tables;
        tables.resize_with(
            inputs.providers.len().max(tables.len()),
            CredentialTable::default,
        );
        // Their errors and notices are reported by now.
        let mut told = ConfigErrors::default();
        let mut own = Repetitions::default();
        for (at, credential) in written.credentials.iter().enumerate() {
            let path = credentials.index(at);
            let Some(prepared) = prepare(credential, inputs, &path, &mut told) else {
                continue;
            };
            let before = (good > 1).then(|| own.note(&prepared, at)).flatten();
            if let Some(before) = before {
                let first = credentials.index(before);
                let reason =
                    format!("is found by the same value as `{first}`, so `{first}` alone counts");
                errors.notice("repeated-key", &path, reason, "leave one of them out");
            } else if let Err(reason) = self.give(&prepared, owner) {
                errors.push(&path, reason);
            }
        }
    }

    /// Adds a consumer without its credentials.
    fn introduce(&mut self, written: &ConsumerRef<'_>) -> Option<EntryId> {
        let draft = self.draft.clear().text(written.name.as_bytes());
        draft.number(written.groups.len());
        for group in &written.groups {
            draft.text(group.as_bytes());
        }
        draft.number(written.labels.len());
        for (name, value) in &written.labels {
            draft.text(name.as_bytes()).text(value.as_bytes());
        }
        let Directory {
            pool, seed, names, ..
        } = &mut self.directory;
        let at = pool.add(draft)?;
        names.insert(seed.of_bytes(written.name.as_bytes()), at);
        Some(at)
    }

    /// Gives a credential to a consumer. Returns the reason if that fails.
    fn give(&mut self, prepared: &Prepared<'_>, owner: EntryId) -> Result<(), String> {
        let identifier = &prepared.identifier;
        let draft = self.draft.clear().text(identifier.bytes()).at(owner);
        draft.text(prepared.id.unwrap_or_default().as_bytes());
        if let Some(material) = &prepared.material {
            draft.text(material.expose());
        }
        let Directory { pool, tables, .. } = &mut self.directory;
        let table = tables.get_mut(prepared.provider.index());
        let (table, at) = table
            .zip(pool.add(draft))
            .ok_or_else(|| "there is no room for it".to_owned())?;
        table
            .insert(identifier.form(), at, pool)
            .map_err(|Taken(first)| {
                let first = first.map(|at| Credential::read(pool, at).owner().name());
                let whose = first.map_or_else(
                    || "others".into(),
                    |name| name.bytes().escape_ascii().to_string(),
                );
                format!("the credential is `{whose}`'s too, so it is refused for both")
            })
    }

    /// How many consumers there are by now.
    pub(crate) fn len(&self) -> usize {
        self.directory.len()
    }

    /// The directory.
    pub(crate) fn finish(mut self) -> Directory {
        self.directory.pool.seal();
        self.directory
    }
}
