//! The tokens of one provider that were verified.

use std::fmt;
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
const OF_ENTRY: usize = 288;

/// Verified tokens by their whole text. A hash alone doesn't find them: a collision would accept another token. The comparison
/// isn't in constant time: to learn a byte of another token from it, a client would have to send tokens whose seeded hash is the
/// same. `Debug` shows none of them.
pub(super) struct VerifiedTokens(Cache<Rc<[u8]>, Rc<VerifiedToken>>);

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedTokens({})", self.0.len())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(expires: Option<Timestamp>) -> Rc<VerifiedToken> {
        Rc::new(VerifiedToken {
            claims: None,
            expires,
            signer: None,
        })
    }

    #[test]
    fn shows_no_token() {
        let mut tokens = VerifiedTokens::default();
        tokens.remember(b"a.b.s3cret", verified(None));
        assert_eq!(format!("{tokens:?}"), "VerifiedTokens(1)");
    }

    #[test]
    fn recalls_the_whole_text_until_it_expires() {
        let mut tokens = VerifiedTokens::default();
        let end = Timestamp::from_nanos(100);
        tokens.remember(b"a.b.c", verified(Some(end)));
        let mut is_known = |text: &[u8], nanos| {
            let now = Timestamp::from_nanos(nanos);
            tokens.recall(text, now).is_some()
        };
        assert!(is_known(b"a.b.c", 99));
        for other in [&b"a.b.d"[..], b"a.b.c ", b"a.b.", b""] {
            assert!(!is_known(other, 99));
        }
        assert!(!is_known(b"a.b.c", 100));
        assert!(!is_known(b"a.b.c", 99), "it was forgotten");
    }

    #[test]
    fn small_tokens_take_no_more_memory_than_the_limit() {
        let mut tokens = VerifiedTokens::default();
        for number in 0..MOST_TOKENS * 2 {
            let text = [&number.to_be_bytes()[..], &[b'.'; 600]].concat();
            tokens.remember(&text, verified(None));
        }
        assert!(tokens.0.len() * (600 + OF_ENTRY) <= MOST_BYTES);
    }
}
