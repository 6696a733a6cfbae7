//! The steps that make a path canonical.

use std::borrow::Cow;

use crate::http::{escape, is_unreserved, reads_as_dots};

use super::rules::{DuplicateSlash, Parameters, PathRules, RequestPathError, SlashChoice};

/// The kind of a segment, from the bytes that were read so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dots {
    /// Nothing.
    Empty,
    /// `.`
    One,
    /// `..`
    Two,
    /// Neither of these.
    Other,
}

impl Dots {
    pub(super) const fn after(self, byte: u8) -> Self {
        match (byte, self) {
            (b'/', _) => Self::Empty,
            (b'.', Self::Empty) => Self::One,
            (b'.', Self::One) => Self::Two,
            _ => Self::Other,
        }
    }

    pub(super) const fn is_dot_segment(self) -> bool {
        matches!(self, Self::One | Self::Two)
    }
}

/// The segments of a path that begins with `/`. Each slash after the first adds one.
pub(in crate::route) fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let inner = path.strip_prefix(b"/").unwrap_or(path);
    inner.split(|&byte| byte == b'/')
}

fn choose(
    choice: SlashChoice,
    refusal: RequestPathError,
    raw: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), RequestPathError> {
    match choice {
        SlashChoice::Reject => return Err(refusal),
        SlashChoice::Decode => out.push(b'/'),
        SlashChoice::Keep => out.extend(raw),
    }
    Ok(())
}

/// Decodes unreserved escapes and applies the rules for single bytes. Other bytes and escapes stay.
pub(in crate::route) fn decode(
    path: &[u8],
    rules: &PathRules,
) -> Result<Vec<u8>, RequestPathError> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let meant = escape(rest).ok_or(RequestPathError::BadEscape)?;
            let (raw, tail) = rest
                .split_at_checked(3)
                .ok_or(RequestPathError::BadEscape)?;
            decoded(meant, raw, rules, &mut out)?;
            rest = tail;
        } else {
            unescaped(byte, rules, &mut out)?;
            rest = tail;
        }
    }
    Ok(out)
}

fn decoded(
    meant: u8,
    raw: &[u8],
    rules: &PathRules,
    out: &mut Vec<u8>,
) -> Result<(), RequestPathError> {
    match meant {
        b'/' => choose(
            rules.escaped_slash,
            RequestPathError::EscapedSlash,
            raw,
            out,
        )?,
        b'\\' => choose(rules.backslash, RequestPathError::Backslash, raw, out)?,
        b';' if rules.parameters == Parameters::Reject => return Err(RequestPathError::Parameter),
        _ if meant.is_ascii_control() => return Err(RequestPathError::ControlByte),
        _ if is_unreserved(meant) => out.push(meant),
        _ => out.extend(raw),
    }
    Ok(())
}

fn unescaped(byte: u8, rules: &PathRules, out: &mut Vec<u8>) -> Result<(), RequestPathError> {
    match byte {
        b'\\' => choose(rules.backslash, RequestPathError::Backslash, b"\\", out)?,
        b';' if rules.parameters == Parameters::Reject => return Err(RequestPathError::Parameter),
        b'#' => return Err(RequestPathError::Fragment),
        _ if byte.is_ascii_control() => return Err(RequestPathError::ControlByte),
        _ => out.push(byte),
    }
    Ok(())
}

/// Whether an escaped `%` is followed by two hexadecimal digits: a second decoding would make another byte of it. Unreserved
/// escapes are already decoded (`%25%32%46` is `%252F`).
pub(super) fn is_escaped_twice(decoded: &[u8]) -> bool {
    let mut rest = decoded;
    while let Some((_, tail)) = rest.split_first() {
        if escape(rest) == Some(b'%') && is_before_hex_pair(tail) {
            return true;
        }
        rest = tail;
    }
    false
}

/// Whether two hexadecimal digits follow the `25` at the start of `text`.
fn is_before_hex_pair(text: &[u8]) -> bool {
    let digits = text.get(2..4);
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Decodes all remaining escapes except those of `/`, `%` and `\`. These, and a raw `\`, become upper-case escapes.
pub(in crate::route) fn matching_form(path: &[u8]) -> Cow<'_, [u8]> {
    if !path.iter().any(|byte| matches!(byte, b'%' | b'\\')) {
        return Cow::Borrowed(path);
    }
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, tail)) = rest.split_first() {
        let (meant, tail) = match escape(rest) {
            Some(meant) => (meant, rest.get(3..).unwrap_or_default()),
            None => (byte, tail),
        };
        match meant {
            b'\\' => out.extend(b"%5C"),
            b'%' => out.extend(b"%25"),
            b'/' if byte == b'%' => out.extend(b"%2F"),
            _ => out.push(meant),
        }
        rest = tail;
    }
    Cow::Owned(out)
}

/// The part of a canonical path whose matching form is `start..end` of its [`matching_form`]. `None` if a border lies within an
/// escape.
pub(in crate::route) fn forwarded(path: &[u8], start: usize, end: usize) -> Option<&[u8]> {
    // Most paths have one form.
    if !path.iter().any(|byte| matches!(byte, b'%' | b'\\')) {
        return path.get(start..end);
    }
    let (mut at, mut matched) = (0_usize, 0_usize);
    let mut from = None;
    loop {
        if matched == start {
            from = from.or(Some(at));
        }
        if matched >= end {
            return path.get(from?..at).filter(|_| matched == end);
        }
        let rest = path.get(at..)?;
        let (meant, raw) = match escape(rest) {
            Some(meant) => (meant, 3),
            None => (*rest.first()?, 1),
        };
        let is_kept = matches!(meant, b'\\' | b'%') || (meant == b'/' && raw == 3);
        at = at.saturating_add(raw);
        matched = matched.saturating_add(if is_kept { 3 } else { 1 });
    }
}

/// Whether some upstream would read the segment, or a part of it, as a dot segment.
pub(in crate::route) fn hides_dots(segment: &[u8]) -> bool {
    !is_dot_segment(segment) && reads_as_dots(segment)
}

const fn is_dot_segment(segment: &[u8]) -> bool {
    matches!(segment, b"." | b"..")
}

/// The path without dot segments and, where they are merged, without duplicate slashes. `None` where nothing changes.
pub(super) fn resolve(
    path: &[u8],
    rule: DuplicateSlash,
) -> Result<Option<Vec<u8>>, RequestPathError> {
    let duplicate = path.windows(2).any(|pair| pair == b"//");
    if duplicate && rule == DuplicateSlash::Reject {
        return Err(RequestPathError::DuplicateSlash);
    }
    let merge = duplicate && rule == DuplicateSlash::Merge;
    if !merge && !segments(path).any(is_dot_segment) {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(path.len());
    let mut left = segments(path).peekable();
    while let Some(segment) = left.next() {
        let last = left.peek().is_none();
        match segment {
            b"" if merge && !last => {}
            b"." | b".." => {
                if segment == b".." {
                    let parent = out.iter().rposition(|&byte| byte == b'/');
                    out.truncate(parent.unwrap_or(0));
                }
                if last {
                    out.push(b'/');
                }
            }
            _ => {
                out.push(b'/');
                out.extend(segment);
            }
        }
    }
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_forwarded_bytes_of_a_part() {
        for (path, start, end, expected) in [
            ("/a/b", 1, 2, Some("a")),
            ("/a/b", 2, 4, Some("/b")),
            ("/a/b", 4, 4, Some("")),
            ("/a/b", 0, 0, Some("")),
            ("/a/b", 1, 5, None),
            ("/%C3%A9/b", 1, 3, Some("%C3%A9")),
            ("/%20a%2B/b", 1, 4, Some("%20a%2B")),
            ("/a%2fb", 1, 6, Some("a%2fb")),
            ("/a%2fb", 2, 5, Some("%2f")),
            ("/a%2fb", 3, 6, None),
            ("/a%2fb", 1, 4, None),
            ("/a\\b", 1, 5, Some("a\\")),
            ("/a%5cb%25", 5, 9, Some("b%25")),
        ] {
            let part = forwarded(path.as_bytes(), start, end);
            assert_eq!(part, expected.map(str::as_bytes), "{path} {start}..{end}");
            if let Some(part) = part {
                let whole = matching_form(path.as_bytes());
                assert_eq!(*matching_form(part), whole[start..end], "{path}");
            }
        }
    }
}
