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
/// a key, has it behind the name.
#[derive(Clone, Copy)]
pub(crate) struct Credential<'d> {
    pub(super) pool: &'d Pool,
    /// The entry; the consumer's own if the consumer is identified by its name and not by a credential of the directory.
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

    /// That of a consumer that is identified by its name.
    pub(crate) const fn of_name(consumer: Consumer<'d>) -> Self {
        let Consumer { pool, at } = consumer;
        Self {
            pool,
            at,
            owner: at,
        }
    }

    fn is_of_name(self) -> bool {
        self.at == self.owner
    }

    /// Its entry in its directory; `None` if its consumer is identified by the name.
    pub(crate) fn entry(self) -> Option<EntryId> {
        (!self.is_of_name()).then_some(self.at)
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
        if self.is_of_name() {
            return None;
        }
        let mut entry = self.pool.read(self.at);
        entry.text();
        entry.at();
        let id = entry.text();
        (!id.bytes().is_empty()).then_some(id)
    }

    /// What the kind stored of it, in the kind's own form. It may be a secret. Only for a kind that stores something.
    pub(super) fn material(self) -> &'d [u8] {
        if self.is_of_name() {
            return b"";
        }
        let mut entry = self.pool.read(self.at);
        entry.text();
        entry.at();
        entry.text();
        entry.text().bytes()
    }
}
