//! Envoy's foreign function `verify_signature`, and its arguments in Protocol Buffers
//! (`envoy/source/extensions/common/wasm/ext/verify_signature.proto`).

use crate::crypto::{HashFunction, SignatureCheck};
use crate::host::hostcalls::Failure;

use super::abi;

/// The function's name.
const NAME: &[u8] = b"verify_signature";

/// The result that says yes: the field 1, a bool, is true. Any other result is a no. Most hold a text with the reason.
const YES: &[u8] = &[0x08, 0x01];

/// Asks the host whether a signature is good.
pub(super) fn verify_signature(check: &SignatureCheck<'_>) -> Result<bool, Failure> {
    let result = abi::call_foreign_function(NAME, &arguments(check))?;
    let is_good = result == YES;
    abi::give_back(result);
    Ok(is_good)
}

/// The message of the arguments.
pub(in crate::host) fn arguments(check: &SignatureCheck<'_>) -> Vec<u8> {
    let hash = match check.hash {
        HashFunction::Sha256 => &b"sha256"[..],
        HashFunction::Sha384 => b"sha384",
        HashFunction::Sha512 => b"sha512",
    };
    let fields = [hash, check.key, check.signature, check.message];
    let length: usize = fields.iter().map(|field| field.len()).sum();
    // A tag and a length need at most eleven bytes.
    let mut message = Vec::with_capacity(length.saturating_add(44));
    for (number, field) in (1_u8..).zip(fields) {
        // The wire type 2: a length, then so many bytes.
        message.push(number << 3 | 2);
        push_varint(&mut message, field.len());
        message.extend_from_slice(field);
    }
    message
}

/// Adds a number, seven bits in each byte, the lowest first.
fn push_varint(message: &mut Vec<u8>, mut number: usize) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            message.push(low);
            return;
        }
        message.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::HostKey;

    #[test]
    fn writes_protocol_buffers() {
        let message = arguments(&SignatureCheck {
            kind: HostKey::Rsa,
            hash: HashFunction::Sha384,
            key: b"k",
            signature: &[7; 300],
            message: b"",
        });
        let start = b"\x0a\x06sha384\x12\x01k\x1a\xac\x02";
        assert_eq!(message, [&start[..], &[7; 300], b"\x22\x00"].concat());
    }
}
