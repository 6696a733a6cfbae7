//! Numbers that depend on a private key and a message, instead of random ones.

use hmac::{Hmac, Mac as _};
use rsa::rand_core::{CryptoRng, Error, RngCore, impls};
use sha2::{Digest as _, Sha512};

/// A stream of bytes: HMAC-SHA-512 of a counter, with a key that is made of a secret and a message.
///
/// Nobody who doesn't know the secret can guess them, and each message has others, as RFC 6979 wants it of a nonce.
#[derive(Debug)]
pub(crate) struct Derived {
    mac: Option<Hmac<Sha512>>,
    counter: u64,
    block: Vec<u8>,
}

impl Derived {
    pub(crate) fn new(secret: &[u8], message: &[u8]) -> Self {
        let key = Sha512::new()
            .chain_update(Sha512::digest(secret))
            .chain_update(Sha512::digest(message))
            .finalize();
        Self {
            // HMAC takes a key of any length.
            mac: Hmac::new_from_slice(&key).ok(),
            counter: 0,
            block: Vec::new(),
        }
    }

    fn next_block(&mut self) -> Result<(), Error> {
        // A counter that began again would repeat a nonce, and so would a missing key.
        let (Some(mac), Some(next)) = (&self.mac, self.counter.checked_add(1)) else {
            return Err(Error::new("no more numbers"));
        };
        self.counter = next;
        let mut mac = mac.clone();
        mac.update(&next.to_be_bytes());
        self.block = mac.finalize().into_bytes().to_vec();
        Ok(())
    }
}

impl RngCore for Derived {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, target: &mut [u8]) {
        // It fails after 2^64 blocks only.
        let _ = self.try_fill_bytes(target);
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Error> {
        for byte in target {
            if self.block.is_empty() {
                self.next_block()?;
            }
            *byte = self.block.pop().unwrap_or_default();
        }
        Ok(())
    }
}

impl CryptoRng for Derived {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differs_by_secret_and_by_message_and_never_repeats() {
        let bytes = |secret: &[u8], message: &[u8]| {
            let mut bytes = [0; 130];
            Derived::new(secret, message).fill_bytes(&mut bytes);
            bytes
        };
        let one = bytes(b"a", b"b");
        assert_eq!(one, bytes(b"a", b"b"));
        assert_ne!(one, bytes(b"a", b"c"));
        assert_ne!(one, bytes(b"ab", b""));
        assert_ne!(one, bytes(b"", b"ab"));
        assert_ne!(one[..64], one[64..128]);
    }
}
