//! API keys, as they are stored, and whose they are.

use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};

use sha2::{Digest, Sha256};

use crate::hash::{Map, Seeded};
use crate::secret::{Secret, constant_time_eq};

/// How one key is known.
#[derive(Clone, Debug)]
pub enum KeyMaterial {
    /// The key itself.
    Plain(Secret),
    /// Its SHA-256. For keys of full entropy, as keys are: no salt is needed where nothing can be guessed.
    Sha256([u8; 32]),
}

/// Whose each key is. Lookup costs the same however many there are.
///
/// Plain keys are found by a hash that is seeded at random for each table, and then compared in constant time; digests
/// are compared so as well.
#[derive(Debug)]
pub struct KeyTable<T> {
    seed: Seeded,
    plain: Map<u64, Plain<T>>,
    digests: Map<Digested, Owner<T>>,
}

/// A key that two claim is nobody's.
#[derive(Debug)]
enum Owner<T> {
    One(T),
    Nobody,
}

/// A plain key and its owner, and the next one of the same hash.
struct Plain<T> {
    key: Box<[u8]>,
    owner: Owner<T>,
    next: Option<Box<Self>>,
}

impl<T> fmt::Debug for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

struct Digested([u8; 32]);

impl fmt::Debug for Digested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digested(…)")
    }
}

impl PartialEq for Digested {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }
}

impl Eq for Digested {}

impl Hash for Digested {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// The key is somebody's already; from now on it is nobody's. Holds the one who had it, the first time.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken<T>(pub Option<T>);

impl<T> Default for KeyTable<T> {
    fn default() -> Self {
        Self {
            seed: Seeded::default(),
            plain: Map::default(),
            digests: Map::default(),
        }
    }
}

impl<T> Owner<T> {
    fn dispossess(&mut self) -> Taken<T> {
        match std::mem::replace(self, Self::Nobody) {
            Self::One(owner) => Taken(Some(owner)),
            Self::Nobody => Taken(None),
        }
    }
}

impl<T> KeyTable<T> {
    /// Gives `key` to `owner`.
    ///
    /// # Errors
    /// [`Taken`] where it is somebody's already in the same form: the key is nobody's from now on.
    pub fn insert(&mut self, key: &KeyMaterial, owner: T) -> Result<(), Taken<T>> {
        match key {
            KeyMaterial::Plain(secret) => self.insert_plain(secret.expose(), owner),
            KeyMaterial::Sha256(digest) => match self.digests.entry(Digested(*digest)) {
                Entry::Occupied(mut held) => Err(held.get_mut().dispossess()),
                Entry::Vacant(place) => {
                    place.insert(Owner::One(owner));
                    Ok(())
                }
            },
        }
    }

    fn insert_plain(&mut self, key: &[u8], owner: T) -> Result<(), Taken<T>> {
        let hash = self.seed.hash_one(key);
        if let Some(held) = self
            .plain
            .get_mut(&hash)
            .and_then(|first| first.find_mut(key))
        {
            return Err(held.owner.dispossess());
        }
        let next = self.plain.remove(&hash).map(Box::new);
        self.plain.insert(
            hash,
            Plain {
                key: key.into(),
                owner: Owner::One(owner),
                next,
            },
        );
        Ok(())
    }

    /// Whose `key` is; nobody's where two claim it, in whatever form each knows it. The empty key is nobody's: who has
    /// its digest hashed a variable that wasn't set.
    #[must_use]
    pub fn owner(&self, key: &[u8]) -> Option<&T> {
        if key.is_empty() {
            return None;
        }
        match (self.plain_owner(key), self.digest_owner(key)) {
            (Some(Owner::One(owner)), None) | (None, Some(Owner::One(owner))) => Some(owner),
            (Some(_), Some(_))
            | (Some(Owner::Nobody), None)
            | (None, Some(Owner::Nobody) | None) => None,
        }
    }

    fn plain_owner(&self, key: &[u8]) -> Option<&Owner<T>> {
        if self.plain.is_empty() {
            return None;
        }
        let mut next = self.plain.get(&self.seed.hash_one(key));
        while let Some(plain) = next {
            if constant_time_eq(&plain.key, key) {
                return Some(&plain.owner);
            }
            next = plain.next.as_deref();
        }
        None
    }

    fn digest_owner(&self, key: &[u8]) -> Option<&Owner<T>> {
        if self.digests.is_empty() {
            None
        } else {
            self.digests.get(&Digested(digest(key)))
        }
    }
}

impl<T> Plain<T> {
    fn find_mut(&mut self, key: &[u8]) -> Option<&mut Self> {
        if *self.key == *key {
            return Some(self);
        }
        self.next.as_deref_mut()?.find_mut(key)
    }
}

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(key: &str) -> KeyMaterial {
        KeyMaterial::Plain(Secret::new(key.as_bytes()))
    }

    fn hashed(key: &str) -> KeyMaterial {
        KeyMaterial::Sha256(digest(key.as_bytes()))
    }

    #[test]
    fn each_key_finds_its_owner() {
        let mut table = KeyTable::default();
        table.insert(&plain("a"), 1).unwrap();
        table.insert(&hashed("b"), 2).unwrap();
        assert_eq!(
            [table.owner(b"a"), table.owner(b"b"), table.owner(b"c")],
            [Some(&1), Some(&2), None]
        );
        assert_eq!(table.owner(b""), None);
        assert_eq!(
            table.owner(&digest(b"b")),
            None,
            "the hash itself opens nothing"
        );
    }

    #[test]
    fn a_key_that_two_claim_is_nobodys() {
        let mut table = KeyTable::default();
        table.insert(&plain("a"), 1).unwrap();
        assert_eq!(table.insert(&plain("a"), 2), Err(Taken(Some(1))));
        assert_eq!(table.insert(&plain("a"), 3), Err(Taken(None)));
        assert_eq!(table.owner(b"a"), None);
    }

    #[test]
    fn the_empty_key_is_nobodys() {
        let mut table = KeyTable::default();
        table.insert(&hashed(""), 1).unwrap();
        table.insert(&plain(""), 2).unwrap();
        assert_eq!(table.owner(b""), None);
    }

    #[test]
    fn also_where_they_know_it_in_two_forms() {
        let mut table = KeyTable::default();
        table.insert(&plain("a"), 1).unwrap();
        table.insert(&hashed("a"), 2).unwrap();
        assert_eq!(table.owner(b"a"), None);
    }
}
