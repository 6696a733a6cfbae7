//! The canonical form of a path. Matching, authorisation, rewriting and the upstream all see the same path.

use std::borrow::Cow;

use super::rules::{DuplicateSlash, EscapedPercent, Parameters, PathRules, RequestPathError};
use super::spelling::{
    Dots, decode, forwarded, hides_dots, is_escaped_twice, matching_form, resolve, segments,
};

/// A path in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalPath<'a> {
    /// The path as the client sent it.
    came: &'a [u8],
    query: Option<&'a [u8]>,
    /// Boxed, because few paths need it.
    respelt: Option<Box<Respelt>>,
}

/// The forms that differ from the client's path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Respelt {
    /// `None` where it equals the client's path.
    forward: Option<Vec<u8>>,
    /// `None` where it equals `forward`.
    matching: Option<Vec<u8>>,
}

impl<'a> CanonicalPath<'a> {
    /// The path without its query, as the upstream gets it: unreserved escapes are decoded, dot segments are removed
    /// (RFC 3986 §6.2.2), the rules are applied. All other bytes are kept.
    #[must_use]
    pub fn forward(&self) -> &[u8] {
        match &self.respelt {
            None => self.came,
            Some(respelt) => respelt.forward.as_deref().unwrap_or(self.came),
        }
    }

    /// The form that patterns are compared with: [`forward`](Self::forward) with all escapes decoded, except those of `/`,
    /// `%` and `\`, which stay as `%2F`, `%25` and `%5C` (a kept raw `\` is `%5C` too). So a `/` always separates segments,
    /// and a `%` always begins one of these three escapes.
    #[must_use]
    pub fn matching(&self) -> &[u8] {
        match &self.respelt {
            None => self.came,
            Some(respelt) => respelt.matching.as_deref().unwrap_or(self.forward()),
        }
    }

    /// The part of [`forward`](Self::forward) whose matching form is this part of [`matching`](Self::matching). `None` if a
    /// border lies within an escape.
    #[must_use]
    pub fn forward_part(&self, start: usize, end: usize) -> Option<&[u8]> {
        forwarded(self.forward(), start, end)
    }

    /// Whether [`forward`](Self::forward) and [`matching`](Self::matching) equal the path that the client sent. This is the
    /// usual case.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.respelt.is_none()
    }

    /// The query as the client sent it, without its `?`; empty for a bare `?`.
    #[must_use]
    pub const fn query(&self) -> Option<&'a [u8]> {
        self.query
    }

    /// Whether [`forward`](Self::forward) equals the path that the client sent, so that no edit is needed.
    #[must_use]
    pub fn is_as_it_came(&self) -> bool {
        let respelt = self.respelt.as_ref();
        respelt.is_none_or(|respelt| respelt.forward.is_none())
    }
}

/// The canonical form of `:path`. A path that is canonical and has no `%` costs one pass and no allocation.
///
/// The steps in their order: decode escapes and apply the rules for `%2F`, `\`, `;` and `%25`; merge duplicate slashes; remove
/// dot segments (RFC 3986 §5.2.4). The query isn't changed, but must have no `#` and no raw control byte.
///
/// # Errors
/// See [`RequestPathError`].
pub fn canonicalise<'a>(
    path_with_query: &'a [u8],
    rules: &PathRules,
) -> Result<CanonicalPath<'a>, RequestPathError> {
    let Some((path, query)) = plain_path(path_with_query) else {
        return look_closer(path_with_query, rules);
    };
    Ok(CanonicalPath {
        came: path,
        query,
        respelt: None,
    })
}

/// The same for a path that needs changes.
#[inline(never)]
fn look_closer<'a>(
    path_with_query: &'a [u8],
    rules: &PathRules,
) -> Result<CanonicalPath<'a>, RequestPathError> {
    let (came, query) = split_query(path_with_query);
    let respelt = if is_canonical(came, rules) {
        None
    } else {
        spell(came, rules)?
    };
    check_query(query.unwrap_or_default())?;
    Ok(CanonicalPath {
        came,
        query,
        respelt: respelt.map(Box::new),
    })
}

/// The path, and the query without its `?`.
type Halves<'a> = (&'a [u8], Option<&'a [u8]>);

fn split_query(path_with_query: &[u8]) -> Halves<'_> {
    match path_with_query.iter().position(|&byte| byte == b'?') {
        Some(at) => split_at(path_with_query, at),
        None => (path_with_query, None),
    }
}

fn split_at(path_with_query: &[u8], mark: usize) -> Halves<'_> {
    let (path, query) = path_with_query.split_at_checked(mark).unwrap_or_default();
    (path, query.get(1..))
}

/// The state of the scan of a path and its query.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum ScanState {
    /// After a slash.
    Border,
    /// Within a segment.
    Segment,
    Query,
    /// At the `?` before the query.
    Mark,
    /// At a byte that needs the slow path.
    Other,
}

/// The next state for each byte, from [`ScanState::Border`], from [`ScanState::Segment`] and from [`ScanState::Query`].
///
/// It is a table to keep a step short: V8 unrolls the loop and repeats the code of a step four times.
#[expect(
    clippy::indexing_slicing,
    reason = "the compiler evaluates it and reports an index out of bounds"
)]
const STEPS: [[ScanState; 256]; 3] = {
    let mut steps = [[ScanState::Other; 256]; 3];
    let mut byte = 0_u8;
    // All bytes from 0x80 on have the same state.
    while byte < 0x80 {
        steps[0][byte as usize] = step(ScanState::Border, byte);
        steps[1][byte as usize] = step(ScanState::Segment, byte);
        steps[2][byte as usize] = step(ScanState::Query, byte);
        steps[2][byte as usize | 0x80] = ScanState::Query;
        byte += 1;
    }
    steps
};

const fn step(from: ScanState, byte: u8) -> ScanState {
    match (from, byte) {
        (_, 0..0x20 | 0x7f | b'#') => ScanState::Other,
        (ScanState::Query, _) => ScanState::Query,
        (_, b'?') => ScanState::Mark,
        (ScanState::Segment, b'/') => ScanState::Border,
        (ScanState::Segment, b'.') => ScanState::Segment,
        // An empty segment, or one that begins with a dot, needs the slow path.
        (_, b'/' | b'.' | b'%' | b'\\' | b';' | 0x80..) => ScanState::Other,
        _ => ScanState::Segment,
    }
}

/// The halves of a path that no rule changes or refuses. This is the usual case.
fn plain_path(path_with_query: &[u8]) -> Option<Halves<'_>> {
    let (b'/', rest) = path_with_query.split_first()? else {
        return None;
    };
    let mut at = ScanState::Border;
    // 0 means that no `?` was found: the path begins with `/`.
    let mut mark = 0;
    for (offset, byte) in (1..).zip(rest) {
        at = *STEPS.get(at as usize)?.get(usize::from(*byte))?;
        if at >= ScanState::Mark {
            if at == ScanState::Other {
                return None;
            }
            mark = offset;
            at = ScanState::Query;
        }
    }
    Some(match mark {
        0 => (path_with_query, None),
        mark => split_at(path_with_query, mark),
    })
}

/// Whether the path equals its canonical form and its matching form. False negatives are possible, false positives are not.
fn is_canonical(path: &[u8], rules: &PathRules) -> bool {
    let Some((b'/', rest)) = path.split_first() else {
        return false;
    };
    let mut dots = Dots::Empty;
    let mut ascii = true;
    for &byte in rest {
        let plain = match byte {
            b'/' => match dots {
                Dots::Empty => rules.duplicate_slash == DuplicateSlash::Keep,
                Dots::One | Dots::Two => false,
                Dots::Other => true,
            },
            b';' => rules.parameters == Parameters::Keep && !dots.is_dot_segment(),
            b'%' | b'\\' | b'#' => false,
            _ => !byte.is_ascii_control(),
        };
        if !plain {
            return false;
        }
        ascii &= byte.is_ascii();
        dots = dots.after(byte);
    }
    !dots.is_dot_segment() && (ascii || std::str::from_utf8(rest).is_ok())
}

fn check_query(query: &[u8]) -> Result<(), RequestPathError> {
    for &byte in query {
        if byte == b'#' {
            return Err(RequestPathError::Fragment);
        }
        if byte.is_ascii_control() {
            return Err(RequestPathError::ControlByte);
        }
    }
    Ok(())
}

/// The slow path: the forwarded form and the matching form, where they differ from the client's path.
fn spell(came: &[u8], rules: &PathRules) -> Result<Option<Respelt>, RequestPathError> {
    if came.first() != Some(&b'/') {
        return Err(RequestPathError::NoLeadingSlash);
    }
    let decoded = decode(came, rules)?;
    let text = matching_form(&decoded);
    // Checks before dot segments are removed, so that bytes in removed segments are checked too.
    if std::str::from_utf8(&text).is_err() {
        return Err(RequestPathError::NotUtf8);
    }
    if rules.escaped_percent == EscapedPercent::Reject && is_escaped_twice(&decoded) {
        return Err(RequestPathError::EscapedPercent);
    }
    if segments(&decoded).any(hides_dots) {
        return Err(RequestPathError::HiddenDotSegment);
    }
    let (forward, matching) = match resolve(&decoded, rules.duplicate_slash)? {
        None => {
            let matching = match text {
                Cow::Borrowed(_) => None,
                Cow::Owned(text) => Some(text),
            };
            (decoded, matching)
        }
        Some(resolved) => {
            let matching = match matching_form(&resolved) {
                Cow::Borrowed(_) => None,
                Cow::Owned(text) => Some(text),
            };
            (resolved, matching)
        }
    };
    let forward = (*forward != *came).then_some(forward);
    let is_other = forward.is_some() || matching.is_some();
    Ok(is_other.then_some(Respelt { forward, matching }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::SlashChoice;

    const KEEP: PathRules = PathRules {
        escaped_percent: EscapedPercent::Keep,
        escaped_slash: SlashChoice::Keep,
        backslash: SlashChoice::Keep,
        duplicate_slash: DuplicateSlash::Keep,
        parameters: Parameters::Keep,
    };
    const DECODE: PathRules = PathRules {
        escaped_percent: EscapedPercent::Reject,
        escaped_slash: SlashChoice::Decode,
        backslash: SlashChoice::Decode,
        duplicate_slash: DuplicateSlash::Merge,
        parameters: Parameters::Reject,
    };

    /// `forward matching`, or `forward` where both are one.
    fn shown(path: &[u8], rules: &PathRules) -> String {
        match canonicalise(path, rules) {
            Ok(path) => {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let forward = text(path.forward());
                let matching = text(path.matching());
                if forward == matching {
                    forward
                } else {
                    format!("{forward} {matching}")
                }
            }
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn canonicalises_by_the_default_rules() {
        for (path, expected) in [
            ("/", "/"),
            ("/a/b.c/", "/a/b.c/"),
            ("/.well-known/..a", "/.well-known/..a"),
            ("/%61%2Db%7e", "/a-b~"),
            ("/a%20b%c3%a9", "/a%20b%c3%a9 /a bé"),
            ("/é", "/é"),
            ("/%40@", "/%40@ /@@"),
            ("/%3Fx%23", "/%3Fx%23 /?x#"),
            (
                "/%25/100%25/%25%20a%25",
                "/%25/100%25/%25%20a%25 /%25/100%25/%25 a%25",
            ),
            ("/%25g0%25a", "/%25g0%25a"),
            ("/a/./b/../c", "/a/c"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/.%2e", "/"),
            ("/../..", "/"),
            ("/a/.", "/a/"),
            ("/a//b///", "/a/b/"),
            ("//a", "/a"),
            ("/a//../b", "/b"),
            ("", "NoLeadingSlash"),
            ("*", "NoLeadingSlash"),
            ("a/b", "NoLeadingSlash"),
            ("%2Fa", "NoLeadingSlash"),
            ("http://a/", "NoLeadingSlash"),
            ("?a", "NoLeadingSlash"),
            ("/%", "BadEscape"),
            ("/%4", "BadEscape"),
            ("/%4g/..", "BadEscape"),
            ("/%+1", "BadEscape"),
            ("/a\0", "ControlByte"),
            ("/a%00/..", "ControlByte"),
            ("/%0d%0A", "ControlByte"),
            ("/\u{7f}", "ControlByte"),
            ("/%7F", "ControlByte"),
            ("/%ff", "NotUtf8"),
            ("/%c0%af", "NotUtf8"),
            ("/%ff/../a", "NotUtf8"),
            ("/%c3/%a9", "NotUtf8"),
            ("/a#b", "Fragment"),
            ("/a?b#c", "Fragment"),
            ("/a?b\n", "ControlByte"),
        ] {
            assert_eq!(
                shown(path.as_bytes(), &PathRules::default()),
                expected,
                "{path:?}"
            );
        }
        assert_eq!(shown(b"/\xff", &PathRules::default()), "NotUtf8");
    }

    #[test]
    fn refuses_ambiguous_paths() {
        for (path, expected) in [
            ("/a%2Fb", "EscapedSlash"),
            ("/a%2fb", "EscapedSlash"),
            ("/a\\b", "Backslash"),
            ("/a%5cb", "Backslash"),
            ("/a;b", "Parameter"),
            ("/a%3bb", "Parameter"),
            ("/..%3B/a", "Parameter"),
            ("/%2561", "EscapedPercent"),
            ("/%252F%252e", "EscapedPercent"),
            ("/a%25%32e", "EscapedPercent"),
            ("/%252e%252e/a", "EscapedPercent"),
            ("/%25C3%25A9", "EscapedPercent"),
        ] {
            assert_eq!(
                shown(path.as_bytes(), &PathRules::default()),
                expected,
                "{path:?}"
            );
        }
    }

    #[test]
    fn canonicalises_by_other_rules() {
        for (path, rules, expected) in [
            ("/a%2Fb%5c\\c", DECODE, "/a/b/c"),
            ("/a%2F..\\b", DECODE, "/b"),
            ("/a%2F%2fb", DECODE, "/a/b"),
            ("/a%252Fb", DECODE, "EscapedPercent"),
            ("/a%2541%252e", KEEP, "/a%2541%252e"),
            ("/a%2fb", KEEP, "/a%2fb /a%2Fb"),
            ("/a%5c\\b", KEEP, "/a%5c\\b /a%5C%5Cb"),
            ("/a;b=%41;/c", KEEP, "/a;b=A;/c"),
            ("/a;b/é", KEEP, "/a;b/é"),
            ("//a///", KEEP, "//a///"),
            ("/a/..//b", KEEP, "//b"),
            ("/a//../b", KEEP, "/a/b"),
            ("/..;/x", KEEP, "HiddenDotSegment"),
            ("/a/.;", KEEP, "HiddenDotSegment"),
            ("/%2e.;a/../x", KEEP, "HiddenDotSegment"),
            ("/a/..%2fx", KEEP, "HiddenDotSegment"),
            ("/a/b\\..", KEEP, "HiddenDotSegment"),
            ("/a/b%5C.;x%2fy", KEEP, "HiddenDotSegment"),
            ("/..%3Bx/a", KEEP, "HiddenDotSegment"),
            ("/b%3bx/a;..", KEEP, "/b%3bx/a;.. /b;x/a;.."),
            ("/...;x/..a%2f", KEEP, "/...;x/..a%2f /...;x/..a%2F"),
        ] {
            assert_eq!(shown(path.as_bytes(), &rules), expected, "{path:?}");
        }
        let rules = PathRules {
            duplicate_slash: DuplicateSlash::Reject,
            ..PathRules::default()
        };
        assert_eq!(shown(b"/a//b", &rules), "DuplicateSlash");
        assert_eq!(shown(b"/a/..//", &rules), "DuplicateSlash");
        assert_eq!(shown(b"/a/../b/", &rules), "/b/");
    }

    #[test]
    fn keeps_the_query() {
        for (path, query) in [
            ("/a", None),
            ("/a?", Some(&b""[..])),
            (
                "/a?b=%2f%zz;?//../\u{e9}",
                Some("b=%2f%zz;?//../\u{e9}".as_bytes()),
            ),
        ] {
            let path = canonicalise(path.as_bytes(), &PathRules::default()).unwrap();
            assert_eq!(path.query(), query);
            assert!(path.is_as_it_came());
        }
    }

    #[test]
    fn copies_only_what_changes() {
        for (path, rules) in [("/a/.b/c..?d", PathRules::default()), ("/a//b;c/é", KEEP)] {
            let path = canonicalise(path.as_bytes(), &rules).unwrap();
            assert!(path.is_plain());
        }
        let path = canonicalise(b"/a%20b", &PathRules::default()).unwrap();
        assert!(path.is_as_it_came());
        let path = canonicalise(b"/%61", &PathRules::default()).unwrap();
        assert!(!path.is_as_it_came());
    }
}
