//! Finds hidden dot segments.

use super::percent_decode;

/// Whether a server may read this segment of a path, or a part of it, as `.` or `..`.
///
/// The segment is decoded once. `/` and `\` end a part. The text after a `;`, `?` or `#` is ignored, because servers remove
/// it (`..;x`), some of them after decoding (`..%3Bx`, `..%3Fx`). The result is true for `..` itself. All values that become
/// a part of a path are checked here: in rewrites, redirects and callouts.
#[must_use]
pub fn reads_as_dots(segment: &[u8]) -> bool {
    // The usual segment: a dot is a `.` or an escape.
    if !segment.iter().any(|byte| matches!(byte, b'.' | b'%')) {
        return false;
    }
    let decoded = percent_decode(segment);
    let mut parts = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
    parts.any(|part| {
        let name = part.split(|byte| matches!(byte, b';' | b'?' | b'#')).next();
        matches!(name, Some(b"." | b".."))
    })
}

/// Whether a value with escapes (`..%2Fa`) reads as a dot segment after decoding. In a path the value is escaped again
/// (`..%252Fa`), but a server that decodes twice, or a server behind a proxy that decodes, sees the dot segment.
#[must_use]
pub fn escapes_to_dots(value: &[u8]) -> bool {
    value.contains(&b'%') && reads_as_dots(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_hidden_dot_segments() {
        for segment in [
            ".", "..", "%2e", ".%2E", "..;", "..;x=1", "..%3bx", ".;a/b", "a%2F..", "..%2fa",
            "a\\..", "..%5Ca", "a%5c.;x", "a/../b", "..%3fx", ".%23",
        ] {
            assert!(reads_as_dots(segment.as_bytes()), "{segment}");
        }
        for segment in [
            "",
            "...",
            "a..",
            "..a",
            "a;..",
            "%252e%252e",
            "..%252Fa",
            ".a%2Fb.",
            "..%",
        ] {
            assert!(!reads_as_dots(segment.as_bytes()), "{segment}");
        }
        assert!(escapes_to_dots(b"..%2fa") && escapes_to_dots(b"%2e"));
        assert!(!escapes_to_dots(b"..") && !escapes_to_dots(b"a%2fb"));
    }
}
