//! Tables that find credentials by their identifiers: an API key or its digest, a user name, a key id.

use sha2::{Digest, Sha256};

use crate::arena::{EntryId, EntryReader, HandleTable, Pool, TableCursor};
use crate::hash::{Seeded, Set};
use crate::secret::constant_time_eq;

/// How an identifier is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdentifierForm {
    /// The bytes that the client sends.
    Plain,
    /// The SHA-256 of these bytes. Suitable for API keys: they have full entropy, so they can't be guessed and need no salt.
    Sha256,
}

/// The credentials of one provider. A look-up takes the same time for any number of them.
///
/// A credential is an entry of a [`Pool`] that begins with the identifier as a text. The rest of the entry is for the caller.
/// A credential is found by a hash with a random seed for each table, and then compared in constant time.
#[derive(Debug, Default)]
pub(crate) struct CredentialTable {
    seed: Seeded,
    plain: HandleTable,
    digests: HandleTable,
    /// Identifiers that two credentials have. A search for them finds no credential.
    contested: Set<EntryId>,
}

/// Another credential has the same identifier. From now on a search for it finds no credential. Holds the other credential, the
/// first time only.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken(pub Option<EntryId>);

impl CredentialTable {
    /// Adds the credential at `at`, whose identifier is stored in this form.
    ///
    /// # Errors
    /// [`Taken`] if another credential has the same identifier in the same form.
    pub(crate) fn insert(
        &mut self,
        form: IdentifierForm,
        at: EntryId,
        pool: &Pool,
    ) -> Result<(), Taken> {
        let key = pool.read(at).text().bytes();
        let hash = self.seed.of_bytes(key);
        let slots = match form {
            IdentifierForm::Plain => &mut self.plain,
            IdentifierForm::Sha256 => &mut self.digests,
        };
        let is = |held| constant_time_eq(pool.read(held).text().bytes(), key);
        if let Some(held) = slots.find(hash, is) {
            let is_first = self.contested.insert(held);
            return Err(Taken(is_first.then_some(held)));
        }
        slots.insert(hash, at);
        Ok(())
    }

    /// The credential that `key` identifies, and its entry after the identifier. `None` if two credentials have it, in any
    /// form. The empty key identifies no credential: its digest comes from a variable that wasn't set.
    #[must_use]
    #[inline(always)]
    pub(crate) fn owner<'p>(
        &self,
        key: &[u8],
        pool: &'p Pool,
    ) -> Option<(EntryId, EntryReader<'p>)> {
        if key.is_empty() {
            return None;
        }
        let plain = self.find(&self.plain, key, pool);
        let digest = if self.digests.is_empty() {
            None
        } else {
            self.find(&self.digests, &digest(key), pool)
        };
        let ((Some((at, entry)), None) | (None, Some((at, entry)))) = (plain, digest) else {
            return None;
        };
        let is_contested = !self.contested.is_empty() && self.contested.contains(&at);
        (!is_contested).then_some((at, entry))
    }

    /// Whether several credentials have this identifier. With several tables, ask each of them: an identifier that is contested
    /// in one table finds no credential in any other.
    #[must_use]
    pub(crate) fn is_contested(&self, key: &[u8], pool: &Pool) -> bool {
        let has_both_forms = !self.plain.is_empty() && !self.digests.is_empty();
        if self.contested.is_empty() && !has_both_forms {
            return false;
        }
        let plain = self.find(&self.plain, key, pool);
        let digest = self.find(&self.digests, &digest(key), pool);
        match (plain, digest) {
            (Some(_), Some(_)) => true,
            (Some((at, _)), None) | (None, Some((at, _))) => self.contested.contains(&at),
            (None, None) => false,
        }
    }

    /// The digest of an identifier.
    #[must_use]
    pub(crate) fn digest(key: &[u8]) -> [u8; 32] {
        digest(key)
    }

    /// Whether any identifier is stored in this form.
    #[must_use]
    pub(crate) fn has(&self, form: IdentifierForm) -> bool {
        !self.slots(form).is_empty()
    }

    /// The first credential with this stored identifier, contested or not.
    #[must_use]
    #[inline(never)]
    pub(crate) fn holder(&self, form: IdentifierForm, key: &[u8], pool: &Pool) -> Option<EntryId> {
        self.find(self.slots(form), key, pool).map(|(at, _)| at)
    }

    /// The credential of this form at `cursor` or the next one behind it. Moves `cursor` behind it.
    pub(crate) fn next(&self, form: IdentifierForm, cursor: &mut TableCursor) -> Option<EntryId> {
        self.slots(form).next(cursor)
    }

    const fn slots(&self, form: IdentifierForm) -> &HandleTable {
        match form {
            IdentifierForm::Plain => &self.plain,
            IdentifierForm::Sha256 => &self.digests,
        }
    }

    #[inline(always)]
    fn find<'p>(
        &self,
        slots: &HandleTable,
        key: &[u8],
        pool: &'p Pool,
    ) -> Option<(EntryId, EntryReader<'p>)> {
        if slots.is_empty() {
            return None;
        }
        slots.find_map(self.seed.of_bytes(key), |at| {
            let mut entry = pool.read(at);
            constant_time_eq(entry.text().bytes(), key).then_some((at, entry))
        })
    }
}

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::EntryWriter;

    /// A table with its pool.
    #[derive(Default)]
    struct Keys {
        table: CredentialTable,
        pool: Pool,
    }

    impl Keys {
        fn add(
            &mut self,
            form: IdentifierForm,
            key: &[u8],
            owner: usize,
        ) -> Result<(), Option<usize>> {
            let mut draft = EntryWriter::default();
            let at = self.pool.add(draft.text(key).number(owner)).unwrap();
            let added = self.table.insert(form, at, &self.pool);
            added.map_err(|Taken(first)| first.map(|at| self.read(at)))
        }

        fn plain(&mut self, key: &str, owner: usize) -> Result<(), Option<usize>> {
            self.add(IdentifierForm::Plain, key.as_bytes(), owner)
        }

        fn hashed(&mut self, key: &str, owner: usize) -> Result<(), Option<usize>> {
            self.add(IdentifierForm::Sha256, &digest(key.as_bytes()), owner)
        }

        fn read(&self, at: EntryId) -> usize {
            let mut entry = self.pool.read(at);
            entry.text();
            entry.number()
        }

        fn owner(&self, key: &[u8]) -> Option<usize> {
            let (_, mut entry) = self.table.owner(key, &self.pool)?;
            Some(entry.number())
        }
    }

    #[test]
    fn finds_the_owner_of_each_key() {
        let mut keys = Keys::default();
        keys.plain("a", 1).unwrap();
        keys.hashed("b", 2).unwrap();
        assert_eq!(
            [keys.owner(b"a"), keys.owner(b"b"), keys.owner(b"c")],
            [Some(1), Some(2), None]
        );
        assert_eq!(keys.owner(b""), None);
        assert_eq!(
            keys.owner(&digest(b"b")),
            None,
            "the digest itself is no key"
        );
    }

    #[test]
    fn finds_no_owner_of_a_key_of_two_credentials() {
        let mut keys = Keys::default();
        keys.plain("a", 1).unwrap();
        keys.plain("b", 4).unwrap();
        assert_eq!(keys.plain("a", 2), Err(Some(1)));
        assert_eq!(keys.plain("a", 3), Err(None));
        assert_eq!([keys.owner(b"a"), keys.owner(b"b")], [None, Some(4)]);
        keys.hashed("c", 5).unwrap();
        assert_eq!(keys.hashed("c", 6), Err(Some(5)));
        assert_eq!(keys.owner(b"c"), None);
    }

    #[test]
    fn finds_no_owner_of_the_empty_key() {
        let mut keys = Keys::default();
        keys.hashed("", 1).unwrap();
        keys.plain("", 2).unwrap();
        assert_eq!(keys.owner(b""), None);
    }

    #[test]
    fn finds_no_owner_of_a_key_in_two_forms() {
        let mut keys = Keys::default();
        keys.plain("a", 1).unwrap();
        assert!(!keys.table.is_contested(b"a", &keys.pool));
        keys.hashed("a", 2).unwrap();
        assert_eq!(keys.owner(b"a"), None);
        assert!(keys.table.is_contested(b"a", &keys.pool));
        assert!(!keys.table.is_contested(b"b", &keys.pool));
    }
}
