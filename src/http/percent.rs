//! Percent-encoding (RFC 3986 §2.1).

use std::borrow::Cow;

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

/// The byte of the escape at the start of `text`, which begins with `%`.
#[must_use]
pub fn escape(text: &[u8]) -> Option<u8> {
    let (&[percent, high, low], _) = text.split_first_chunk::<3>()?;
    if percent != b'%' {
        return None;
    }
    Some(hex(high)?.wrapping_mul(16).wrapping_add(hex(low)?))
}

/// Decodes all complete escapes and keeps all other bytes. Borrows where there is nothing to decode.
#[must_use]
pub fn percent_decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        match (byte == b'%').then(|| escape(rest)).flatten() {
            Some(meant) => {
                decoded.push(meant);
                rest = rest.get(3..).unwrap_or_default();
            }
            None => {
                decoded.push(byte);
                rest = tail;
            }
        }
    }
    Cow::Owned(decoded)
}

/// Whether a byte is unreserved (RFC 3986 §2.3).
#[must_use]
pub const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Appends `text`. Escapes each byte for which `kept` is false.
pub fn percent_encode_into(out: &mut Vec<u8>, text: &[u8], kept: impl Fn(u8) -> bool) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if kept(byte) {
            out.push(byte);
        } else {
            out.push(b'%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
            }
        }
    }
}

/// Appends a value of a form (`application/x-www-form-urlencoded`). More bytes than needed are escaped, which every reader of
/// forms understands.
pub fn encode_form_value(out: &mut Vec<u8>, value: &[u8]) {
    percent_encode_into(out, value, |byte| byte != b'~' && is_unreserved(byte));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_escapes() {
        for (text, meant) in [
            ("a%20b", &b"a b"[..]),
            ("%zz%4", b"%zz%4"),
            ("%C3%a9", "é".as_bytes()),
            ("", b""),
        ] {
            assert_eq!(&*percent_decode(text.as_bytes()), meant, "{text}");
        }
    }

    #[test]
    fn encodes_bytes() {
        let mut out = Vec::new();
        percent_encode_into(&mut out, "a/é".as_bytes(), is_unreserved);
        assert_eq!(out, b"a%2F%C3%A9");
    }
}
