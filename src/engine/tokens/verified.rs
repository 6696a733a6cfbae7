//! The tokens of one provider that were verified.

use std::rc::Rc;

use crate::cache::Cache;
use crate::policy::VerifiedToken;
use crate::time::Timestamp;

/// The most memory that the tokens of one provider take in a VM, in bytes.
const MOST_BYTES: usize = 4 << 20;

/// The most tokens of one provider.
const MOST_TOKENS: usize = 8192;

/// What a token takes beside its text and its claims, in bytes: the places in the cache, the counts of references, and the blocks
/// of memory.
const OF_ENTRY: usize = 192;

/// Verified tokens by their whole text. A hash alone doesn't find them: a collision would accept another token. The comparison
/// isn't in constant time: to learn a byte of another token from it, a client would have to send tokens whose seeded hash is the
/// same.
#[derive(Debug)]
pub(super) struct VerifiedTokens(Cache<Rc<[u8]>, Rc<VerifiedToken>>);

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(Cache::new(MOST_TOKENS, MOST_BYTES))
    }
}

impl VerifiedTokens {
    /// The token, if it is known and good at this time. One that has expired is removed.
    pub(super) fn recall(&mut self, token: &[u8], now: Timestamp) -> Option<Rc<VerifiedToken>> {
        let known = self.0.get(token)?;
        if known.is_good_at(now) {
            return Some(Rc::clone(known));
        }
        self.0.remove(token);
        None
    }

    /// Remembers a token.
    pub(super) fn remember(&mut self, token: &[u8], verified: Rc<VerifiedToken>) {
        let weight = token.len().saturating_add(verified.weight());
        let weight = weight.saturating_add(OF_ENTRY);
        self.0.insert(token.into(), verified, weight);
    }
}
