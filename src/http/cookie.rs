//! Cookies, read in place (RFC 6265 §4.2).

/// The pairs of one `cookie` header value, in order and without surrounding blanks. A piece without `=` is skipped.
pub fn cookies(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(|&byte| byte == b';').filter_map(|piece| {
        let at = piece.iter().position(|&byte| byte == b'=')?;
        let name = piece.get(..at)?.trim_ascii();
        let value = piece.get(at.checked_add(1)?..)?.trim_ascii();
        Some((name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs() {
        let found: Vec<_> = cookies(b" a=1; junk;b = 2 ;c==;=d").collect();
        assert_eq!(
            found,
            [
                (&b"a"[..], &b"1"[..]),
                (b"b", b"2"),
                (b"c", b"="),
                (b"", b"d")
            ]
        );
    }
}
