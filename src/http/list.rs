//! Lists of tokens in header fields (RFC 9110 §5.6.1).

/// The members of one field's value, in order and without surrounding blanks. Empty members are skipped.
pub fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_field_value() {
        let found: Vec<_> = members(b" a,b c\t,, d ,").collect();
        assert_eq!(found, [&b"a"[..], b"b c", b"d"]);
        assert_eq!(members(b"").count(), 0);
    }
}
