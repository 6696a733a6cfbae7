//! Tokens (RFC 9110 §5.6.2).

/// Whether a token may have this byte.
#[must_use]
pub const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Whether the text is a token: a method, a field name, an authentication scheme.
#[must_use]
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().copied().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_tokens() {
        assert!(is_token(b"Bearer") && is_token(b"x-a_b!#$%&'*+-.^`|~9"));
        for text in ["", "a b", "a:", "a\t", "a\u{a0}", "(a)", "a/b", "\"a\""] {
            assert!(!is_token(text.as_bytes()), "{text}");
        }
    }
}
