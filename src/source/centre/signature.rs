//! Signatures of requests by a secret key: HMAC-SHA1 (RFC 2104) in base64. The servers that ask for them prescribe it. A hash of SHA-1 alone
//! is no longer safe; its HMAC is.

use crate::http::base64;
use crate::secret::Secret;
use crate::time::Timestamp;

/// The length of the blocks that SHA-1 works on, in bytes.
const BLOCK: usize = 64;

/// The signature of a text.
pub(super) fn sign(key: &Secret, text: &[u8]) -> String {
    base64(&hmac(key.expose(), text))
}

/// A time as the servers read it: milliseconds since 1970.
pub(super) fn milliseconds(now: Timestamp) -> String {
    (now.as_nanos() / 1_000_000).to_string()
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 20] {
    let short = (key.len() > BLOCK).then(|| sha1(&[key]));
    let key = short.as_ref().map_or(key, |short| short);
    let padded = |pad: u8| {
        let mut block = [pad; BLOCK];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let inner = sha1(&[&padded(0x36), text]);
    sha1(&[&padded(0x5c), &inner])
}

/// SHA-1 (FIPS 180-4 §6.1) of these bytes, one part after the other. They are short.
#[inline(never)]
fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    let mut message = parts.concat();
    let bits = u64::try_from(message.len()).unwrap_or(u64::MAX);
    message.push(0x80);
    while message.len() % BLOCK != 56 {
        message.push(0);
    }
    message.extend_from_slice(&bits.wrapping_mul(8).to_be_bytes());
    let mut state = [
        0x6745_2301,
        0xefcd_ab89,
        0x98ba_dcfe,
        0x1032_5476,
        0xc3d2_e1f0,
    ];
    for block in message.chunks_exact(BLOCK) {
        compress(&mut state, block);
    }
    let mut hash = [0; 20];
    let bytes = state.into_iter().flat_map(u32::to_be_bytes);
    for (to, from) in hash.iter_mut().zip(bytes) {
        *to = from;
    }
    hash
}

fn compress(state: &mut [u32; 5], block: &[u8]) {
    // The next sixteen words of the schedule.
    let mut words = [0_u32; 16];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes(bytes.try_into().unwrap_or_default());
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for round in 0..80 {
        let (mixed, constant) = match round {
            0..20 => (b & c | !b & d, 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let word = words[0];
        let next = (words[13] ^ words[8] ^ words[2] ^ word).rotate_left(1);
        words.rotate_left(1);
        words[15] = next;
        let sum = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e);
        let sum = sum.wrapping_add(constant).wrapping_add(word);
        (a, b, c, d, e) = (sum, a, b.rotate_left(30), c, d);
    }
    for (to, from) in state.iter_mut().zip([a, b, c, d, e]) {
        *to = to.wrapping_add(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        let long = "a".repeat(1_000_000);
        for (text, hash) in [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            ),
            (&long, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
        ] {
            assert_eq!(hex(&sha1(&[text.as_bytes()])), hash);
        }
        // Around the end of a block.
        for length in 50..70 {
            let text = vec![b'x'; length];
            let (one, other) = text.split_at(7);
            assert_eq!(sha1(&[&text]), sha1(&[one, other]), "{length}");
        }
    }

    /// RFC 2202 §3.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for (key, text, code) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b617318655057264e28bc0b6fb378c8ef146be00",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
            ),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
        ] {
            assert_eq!(hex(&hmac(key, text)), code);
        }
    }

    /// By the clients of the servers: `SpasAdapter.signWithHmacSha1Encrypt` of nacos-client 3.1.0, and `Signature.signature` of
    /// apollo-core 2.4.0.
    #[test]
    fn signatures_are_those_of_the_servers_clients() {
        let polled = "/notifications/v2?appId=app&cluster=default&notifications=%5B%7B%22namespaceName%22%3A%22application%22%2C%22notificationId%22%3A-1%7D%5D";
        let read = "/configs/app/default/application?releaseKey=K&ip=1.2.3.4";
        for (key, text, signature) in [
            (
                "sk",
                "tenant+group+1700000000000".to_owned(),
                "CErbIOpPJi5yX/ei3V7GO+KvP9Q=",
            ),
            (
                "sk",
                "group+1700000000000".to_owned(),
                "wpwhp7b835t4Iushl/djpoM8etU=",
            ),
            (
                "s3cret",
                format!("1700000000000\n{read}"),
                "JERgU/igqOCp6LY7NBNjDsmVKh8=",
            ),
            (
                "s3cret",
                format!("1700000000000\n{polled}"),
                "bxM5XzXw9qUlJh0sQ2LTvHVY3O4=",
            ),
            (
                "s3cret",
                "1700000000000\n/configs/app/default/application".to_owned(),
                "koTf/6qZ2w5nnrXpeTytNOxobw8=",
            ),
        ] {
            let key = Secret::new(key.as_bytes());
            assert_eq!(sign(&key, text.as_bytes()), signature, "{text}");
        }
        let now = Timestamp::from_nanos(1_700_000_000_000_999_999);
        assert_eq!(milliseconds(now), "1700000000000");
    }
}
