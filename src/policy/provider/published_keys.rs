//! The keys that an issuer publishes, as they are now, and the one that signed a remembered token.

use std::cell::Cell;

use crate::auth::jwt::{JoseHeader, Jwk, KeySet, Thumbprint};
use crate::crypto::Algorithm;
use crate::source::Hash;

/// The keys that an issuer publishes now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublishedKeys<'p> {
    /// The keys.
    pub(crate) set: &'p KeySet,
    /// The hash of their document.
    pub(crate) version: Hash,
}

/// The key that signed a token, and how it was chosen.
#[derive(Debug)]
pub(crate) struct PublishedKey {
    kid: Option<Box<str>>,
    algorithm: Algorithm,
    thumbprint: Thumbprint,
    /// The last document in which the key was found.
    seen_in: Cell<Hash>,
}

impl PublishedKey {
    /// The key that was chosen for a token with this header. `None` if it has no thumbprint, as a published key always has.
    pub(super) fn new(key: &Jwk, header: &JoseHeader, keys: PublishedKeys<'_>) -> Option<Self> {
        Some(Self {
            kid: header.kid.clone(),
            algorithm: header.algorithm,
            thumbprint: key.thumbprint()?,
            seen_in: Cell::new(keys.version),
        })
    }

    /// Whether the same key would be chosen for the same token now. So a key that was withdrawn ends the tokens that it signed.
    pub(super) fn is_in(&self, keys: PublishedKeys<'_>, allowed: &[Algorithm]) -> bool {
        self.seen_in.get() == keys.version || self.is_in_new(keys, allowed)
    }

    #[cold]
    #[inline(never)]
    fn is_in_new(&self, keys: PublishedKeys<'_>, allowed: &[Algorithm]) -> bool {
        let key = keys.set.find(self.kid.as_deref(), self.algorithm, allowed);
        let is_same = key.is_ok_and(|key| key.thumbprint() == Some(self.thumbprint));
        if is_same {
            self.seen_in.set(keys.version);
        }
        is_same
    }

    pub(super) fn weight(&self) -> usize {
        self.kid.as_ref().map_or(0, |kid| kid.len())
    }
}
