//! Consumers and their credentials, as a directory holds them.

use std::fmt;

use crate::arena::{EntryId, Pool, PoolText};

/// A consumer: an entry of its name, groups and labels.
#[derive(Clone, Copy)]
pub(crate) struct Consumer<'d> {
    pub(super) pool: &'d Pool,
    pub(super) at: EntryId,
}

impl fmt::Debug for Consumer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name().bytes().escape_ascii().to_string();
        f.debug_tuple("Consumer").field(&name).finish()
    }
}

impl<'d> Consumer<'d> {
    /// Its entry in its directory.
    pub(crate) const fn entry(self) -> EntryId {
        self.at
    }

    /// Its name.
    pub(crate) fn name(self) -> PoolText<'d> {
        self.pool.read(self.at).text()
    }

    /// Its groups, in the order of writing.
    pub(crate) fn groups(self) -> impl Iterator<Item = &'d [u8]> {
        let mut entry = self.pool.read(self.at);
        entry.text();
        let count = entry.number();
        std::iter::repeat_with(move || entry.text().bytes()).take(count)
    }

    /// The value of a label.
    pub(crate) fn label(self, name: &str) -> Option<PoolText<'d>> {
        let mut entry = self.pool.read(self.at);
        entry.text();
        for _ in 0..entry.number() {
            entry.text();
        }
        for _ in 0..entry.number() {
            let is_it = *entry.text().bytes() == *name.as_bytes();
            let value = entry.text();
            if is_it {
                return Some(value);
            }
        }
        None
    }
}

/// A credential: an entry of its identifier, its consumer and its public name. A kind that needs more of a credential, such as
/// a secret or the hash of a password, writes that behind the name.
#[derive(Clone, Copy)]
pub(crate) struct Credential<'d> {
    pub(super) pool: &'d Pool,
    pub(super) at: EntryId,
    pub(super) owner: EntryId,
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credential").field(&self.owner()).finish()
    }
}

impl<'d> Credential<'d> {
    pub(super) fn read(pool: &'d Pool, at: EntryId) -> Self {
        let mut entry = pool.read(at);
        entry.text();
        let owner = entry.at();
        Self { pool, at, owner }
    }

    /// Its entry in its directory.
    pub(crate) const fn entry(self) -> EntryId {
        self.at
    }

    /// The consumer that has it.
    pub(crate) const fn owner(self) -> Consumer<'d> {
        Consumer {
            pool: self.pool,
            at: self.owner,
        }
    }

    /// Its public name, where it has one.
    pub(crate) fn id(self) -> Option<PoolText<'d>> {
        let mut entry = self.pool.read(self.at);
        entry.text();
        entry.at();
        let id = entry.text();
        (!id.bytes().is_empty()).then_some(id)
    }
}
