//! Base64url without padding (RFC 7515 §2, RFC 4648 §5).

/// What stands in [`VALUES`] for a byte that is no digit.
const NONE: u8 = 0xff;

/// The value of each digit.
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut values = [NONE; 256];
    let mut rest: &[u8] = digits;
    let mut value = 0_u8;
    while let [digit, tail @ ..] = rest {
        if let Some((_, [place, ..])) = values.split_at_mut_checked(*digit as usize) {
            *place = value;
        }
        value = value.wrapping_add(1);
        rest = tail;
    }
    values
}

/// The bytes that `text` stands for.
///
/// `None` for padding, a blank, a line's end, a digit of the other alphabet (`+`, `/`), an impossible length, and bits
/// that are left over and not zero. So each byte string has exactly one text.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for group in text.chunks(4) {
        let whole = group
            .iter()
            .try_fold(0, |bits, byte| Some(bits << 6 | digit(*byte)?))?;
        match group.len() {
            4 => {
                let [_, one, two, three] = u32::to_be_bytes(whole);
                bytes.extend_from_slice(&[one, two, three]);
            }
            3 => {
                let [_, one, two, left] = u32::to_be_bytes(whole << 6);
                bytes.extend_from_slice(&[one, two]);
                (left == 0).then_some(())?;
            }
            2 => {
                let [_, one, left, _] = u32::to_be_bytes(whole << 12);
                bytes.push(one);
                (left == 0).then_some(())?;
            }
            _ => return None,
        }
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u32> {
    let value = VALUES.get(usize::from(byte)).copied();
    value.filter(|value| *value != NONE).map(u32::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(bytes: &[u8]) -> String {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let bits: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1))
            .collect();
        let value = |six: &[u8]| {
            (0..6).fold(0_usize, |sum, at| {
                sum << 1 | usize::from(six.get(at).copied().unwrap_or(0))
            })
        };
        bits.chunks(6)
            .map(|six| char::from(digits[value(six)]))
            .collect()
    }

    #[test]
    fn decodes_the_examples_of_the_rfc() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg", b"f"),
            ("Zm8", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYg", b"foob"),
            ("Zm9vYmE", b"fooba"),
            ("Zm9vYmFy", b"foobar"),
            // RFC 7515, appendix C.
            ("A-z_4ME", &[3, 236, 255, 224, 193]),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn refuses_every_other_form() {
        for text in [
            "Z", "Zm9vY", "Zg==", "Zm8=", "Zm9v=", "Zg=", "=", "Zm9v\n", "Zm 9v", " Zm9v", "Zm9v ",
            "A+z/4ME", "A+/B", "Zh", "Zv", "Zm9", "Zm-", "Zm9vYh", "Zm9vYmF", "Zm9v.", "Zm\u{e9}",
            "Zm9v\0", "%5A",
        ] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(decode(b"\xff\xff\xff\xff"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn each_byte_string_has_one_text(bytes in any::<Vec<u8>>(), text in "[A-Za-z0-9_-]{0,12}") {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), Some(bytes));
            if let Some(read) = decode(text.as_bytes()) {
                prop_assert_eq!(encode(&read), text);
            }
        }

        #[test]
        fn no_bytes_trap(bytes in any::<Vec<u8>>()) {
            let _ = decode(&bytes);
        }
    }
}
