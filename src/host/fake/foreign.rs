//! The foreign function `verify_signature`, as Envoy has it.

use crate::crypto::{
    Curve, HashFunction, HostKey, HostVerifier as _, NativeVerifier, SignatureCheck,
};
use crate::host::Status;

use super::call::{Answer, BAD_ARGUMENT, make};

const CALL: &str = "proxy_call_foreign_function";

/// What the arguments say. Of a field that comes twice, the last one counts.
#[derive(Clone, Copy, Debug, Default)]
struct CheckFields<'a> {
    hash: &'a [u8],
    key: &'a [u8],
    signature: &'a [u8],
    text: &'a [u8],
}

/// Calls the function with arguments in Protocol Buffers.
pub(crate) fn call_foreign_function(name: &[u8], arguments: &[u8]) -> Answer<Vec<u8>> {
    make(CALL, |host, _| {
        if name != b"verify_signature" {
            return Err(Status::NOT_FOUND.0);
        }
        let read = CheckFields::read(arguments).ok_or(BAD_ARGUMENT)?;
        if read.key.is_empty() {
            return Err(BAD_ARGUMENT);
        }
        let hash = match read.hash {
            b"sha256" => HashFunction::Sha256,
            b"sha384" => HashFunction::Sha384,
            b"sha512" => HashFunction::Sha512,
            other => return Ok(no(&[other, b" is not supported."].concat())),
        };
        let kinds = Curve::ALL.map(HostKey::Ec);
        let mut kinds = kinds.into_iter().chain([HostKey::Rsa]);
        let is_good = kinds.any(|kind| {
            NativeVerifier.verify_signature(&SignatureCheck {
                kind,
                hash,
                key: read.key,
                signature: read.signature,
                message: read.text,
            }) == Some(true)
        });
        Ok(if host.signature_answer.unwrap_or(is_good) {
            vec![0x08, 0x01]
        } else {
            no(b"Failed to verify digest. Error code: 0")
        })
    })
}

/// The same for a driver that needs no encoding.
pub(super) fn verify_signature(check: &SignatureCheck<'_>) -> Answer<bool> {
    make(CALL, |host, _| {
        let is_good = NativeVerifier.verify_signature(check) == Some(true);
        Ok(host.signature_answer.unwrap_or(is_good))
    })
}

/// A result that says no, with a reason.
fn no(reason: &[u8]) -> Vec<u8> {
    let length = u8::try_from(reason.len()).unwrap_or(u8::MAX);
    [&[0x12, length], reason].concat()
}

impl<'a> CheckFields<'a> {
    fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Self::default();
        while !bytes.is_empty() {
            let (tag, rest) = varint(bytes)?;
            // Other wire types than 2 are not written by anyone here.
            let (length, rest) = if tag & 7 == 2 {
                varint(rest)?
            } else {
                return None;
            };
            let (field, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            bytes = rest;
            match tag >> 3 {
                1 => fields.hash = field,
                2 => fields.key = field,
                3 => fields.signature = field,
                4 => fields.text = field,
                _ => {}
            }
        }
        Some(fields)
    }
}

/// The number at the start, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        let shift = u32::try_from(place).ok()?.checked_mul(7)?;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(place.checked_add(1)?..)?));
        }
    }
    None
}
