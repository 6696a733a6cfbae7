//! Dot segments in disguise.

use super::percent_decode;

/// Whether a server may read this segment of a path, or a part of it, as `.` or `..`.
///
/// It is decoded once. `/` and `\` end a part. What follows a `;`, `?` or `#` doesn't count, because servers cut that off
/// (`..;x`), some of them after they have decoded (`..%3Bx`, `..%3Fx`). The segment `..` itself is one such. This one
/// function looks at every value that becomes a part of a path: of a rewrite, of a redirect, of a callout.
#[must_use]
pub fn reads_as_dots(segment: &[u8]) -> bool {
    let decoded = percent_decode(segment);
    let mut parts = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
    parts.any(|part| {
        let name = part.split(|byte| matches!(byte, b';' | b'?' | b'#')).next();
        matches!(name, Some(b"." | b".."))
    })
}

/// Whether a value with escapes of its own (`..%2Fa`) reads as dots once these are decoded. It is escaped again where it
/// becomes a part of a path (`..%252Fa`); a server that decodes twice, or one behind a proxy that decodes, would see it.
#[must_use]
pub fn escapes_to_dots(value: &[u8]) -> bool {
    value.contains(&b'%') && reads_as_dots(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises() {
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
