//! Checks of values for header fields.

/// The value has a control byte, so it can't be a header value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value for a header has a control byte")]
pub(crate) struct HeaderValueError;

/// Checks that `value` is a valid header value (RFC 9110 §5.5): it has no byte below 0x20 except the tab, and no 0x7F.
///
/// # Errors
/// [`HeaderValueError`] if it isn't.
pub(crate) fn check_header_value(value: &[u8]) -> Result<(), HeaderValueError> {
    let fits = |&byte: &u8| byte == b'\t' || !byte.is_ascii_control();
    if value.iter().all(fits) {
        Ok(())
    } else {
        Err(HeaderValueError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_control_bytes() {
        for good in [&b""[..], b"a b\tc", b"\xff\x80", "é".as_bytes()] {
            assert_eq!(check_header_value(good), Ok(()), "{good:?}");
        }
        for bad in [&b"a\r"[..], b"\n", b"\0", b"\x7f", b"\x1f"] {
            assert_eq!(check_header_value(bad), Err(HeaderValueError), "{bad:?}");
        }
    }
}
