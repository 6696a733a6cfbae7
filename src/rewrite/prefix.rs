//! A new prefix for a path.

/// Writes to `path`, which is empty, `forward` with its first `covered` segments replaced by `new`, the bytes of a
/// [`PathLiteral`](super::PathLiteral) that begins with `/` (the empty one is `/`). What stands after them stays byte for
/// byte, save that never a `//` arises: one slash is left where the two meet.
pub fn replace_prefix(forward: &[u8], covered: usize, new: &[u8], path: &mut Vec<u8>) {
    let after = after_segments(forward, covered);
    let below = after.iter().position(|&byte| byte != b'/');
    path.extend_from_slice(new);
    if !after.is_empty() {
        if path.last() == Some(&b'/') {
            path.pop();
        }
        path.push(b'/');
        path.extend(below.and_then(|at| after.get(at..)).unwrap_or_default());
    }
    if path.is_empty() {
        path.push(b'/');
    }
}

/// What stands after the first `count` segments, its slash with it.
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
    fn replacing() {
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
            let mut path = Vec::new();
            replace_prefix(forward.as_bytes(), covered, new.as_bytes(), &mut path);
            assert_eq!(path, expected.as_bytes(), "{forward} {covered} {new:?}");
        }
    }
}
