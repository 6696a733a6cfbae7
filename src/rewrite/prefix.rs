//! Replaces the prefix of a path.

/// The parts of a path that is `forward` with its first `covered` segments replaced by `new`. `new` has the bytes of a
/// [`PathLiteral`](super::PathLiteral) that begins with `/`; an empty `new` means `/`. The rest of `forward` stays byte for
/// byte, except that one slash remains where the two parts meet.
#[must_use]
pub fn replace_prefix<'a>(forward: &'a [u8], covered: usize, new: &'a [u8]) -> [&'a [u8]; 3] {
    let after = after_segments(forward, covered);
    if after.is_empty() {
        let whole = if new.is_empty() { b"/" } else { new };
        return [whole, b"", b""];
    }
    let below = after.iter().position(|&byte| byte != b'/');
    let below = below.and_then(|at| after.get(at..)).unwrap_or_default();
    [new.strip_suffix(b"/").unwrap_or(new), b"/", below]
}

/// The rest of the path after the first `count` segments, with its slash.
fn after_segments(path: &[u8], count: usize) -> &[u8] {
    let mut rest = path;
    for _ in 0..count {
        let inner = rest.get(1..).unwrap_or_default();
        let border = inner.iter().position(|&byte| byte == b'/');
        rest = border.and_then(|at| inner.get(at..)).unwrap_or_default();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::PathLiteral;

    /// The table of the Gateway API (HTTPPathModifier), and more.
    #[test]
    fn replaces_prefixes_as_the_gateway_api() {
        for (forward, covered, new, expected) in [
            ("/foo/bar", 1, "/xyz", "/xyz/bar"),
            ("/foo/bar", 1, "/xyz/", "/xyz/bar"),
            ("/foo", 1, "/xyz", "/xyz"),
            ("/foo", 1, "/xyz/", "/xyz/"),
            ("/foo/", 1, "/xyz", "/xyz/"),
            ("/foo/bar", 1, "", "/bar"),
            ("/foo/", 1, "", "/"),
            ("/foo", 1, "", "/"),
            ("/foo/", 1, "/", "/"),
            ("/foo", 1, "/", "/"),
            ("/foo/bar", 1, "/", "/bar"),
            ("/", 0, "/xyz", "/xyz/"),
            ("/a/b", 0, "/xyz", "/xyz/a/b"),
            ("/", 0, "/", "/"),
            ("/a/b/c%20d%2fe;/", 2, "/n/m", "/n/m/c%20d%2fe;/"),
            ("/f%6fo/%41", 1, "/x", "/x/%41"),
            ("/foo//evil.example", 1, "/", "/evil.example"),
            ("/foo//bar//c", 1, "/x/", "/x/bar//c"),
            ("/foo//", 1, "/x", "/x/"),
        ] {
            let new = PathLiteral::parse(new).unwrap();
            let path = replace_prefix(forward.as_bytes(), covered, new.as_bytes());
            assert_eq!(
                path.concat(),
                expected.as_bytes(),
                "{forward} {covered} {new:?}"
            );
        }
    }
}
