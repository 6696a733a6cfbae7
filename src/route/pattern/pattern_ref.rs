//! The stored form of a path pattern: one run of bytes.
//!
//! The first byte is the number of segments that are matched one by one, or a mark for an exact path. Then come the segments,
//! each after its `/`. A capture is a control byte and its name; a path has no control bytes. The last byte is another control
//! byte that tells what may follow. All bytes are UTF-8. Of a regular expression only a mark and its captures stand here.

use std::cmp::{Ordering, Reverse};

use crate::regex::Pattern;

const EXACT: u8 = 0x7f;
const REGEX: u8 = 0x7e;
const CAPTURE: u8 = 1;
const BELOW: u8 = 2;
const REST: u8 = 3;

/// Whether a capture is one segment or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureKind {
    /// `{name}`: one segment, not empty.
    Segment,
    /// `{name=**}`: any number of segments, with the slashes between them.
    Rest,
    /// A named group of a regular expression: any part of the path. It may be absent.
    Group,
}

/// A borrowed pattern in its stored form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternRef<'r>(&'r [u8]);

/// The part of a pattern for one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::route) enum Part<'r> {
    /// This text in matching form. Only the last one may be empty, for a trailing slash.
    Literal(&'r [u8]),
    /// A segment that isn't empty, captured with this name.
    Capture(&'r str),
}

/// The text that may follow the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::route) enum End<'r> {
    /// Nothing.
    Closed,
    /// Anything: a prefix.
    Below,
    /// Anything, captured with this name.
    Rest(&'r str),
}

/// The pattern for all paths, the prefix `/`.
pub(in crate::route) const EVERY: &[u8] = &[0, BELOW];

/// The bytes of an exact path in matching form.
pub(in crate::route) fn exact(path: &[u8]) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(path.len().saturating_add(1));
    bytes.push(EXACT);
    bytes.extend_from_slice(path);
    bytes.into()
}

/// The bytes of a regular expression with these captures.
pub(in crate::route) fn regex(pattern: &Pattern) -> Box<[u8]> {
    let mut bytes = vec![REGEX];
    for (_, name) in pattern.names() {
        bytes.push(CAPTURE);
        bytes.extend_from_slice(name.as_bytes());
    }
    bytes.into()
}

/// The bytes of a pattern with these parts.
pub(in crate::route) fn stored(parts: &[Part<'_>], end: End<'_>) -> Box<[u8]> {
    // There are at most 64.
    let mut bytes = vec![u8::try_from(parts.len()).unwrap_or(EXACT)];
    for part in parts {
        bytes.push(b'/');
        match part {
            Part::Literal(text) => bytes.extend_from_slice(text),
            Part::Capture(name) => {
                bytes.push(CAPTURE);
                bytes.extend_from_slice(name.as_bytes());
            }
        }
    }
    match end {
        End::Closed => {}
        End::Below => bytes.push(BELOW),
        End::Rest(name) => {
            bytes.push(REST);
            bytes.extend_from_slice(name.as_bytes());
        }
    }
    bytes.into()
}

/// Names of captures are ASCII.
fn name(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

impl PatternRef<'static> {
    /// The pattern for all paths.
    #[must_use]
    pub const fn every() -> Self {
        Self(EVERY)
    }
}

impl<'r> PatternRef<'r> {
    pub(in crate::route) const fn of(stored: &'r [u8]) -> Self {
        Self(stored)
    }

    fn body(self) -> &'r [u8] {
        self.0.get(1..).unwrap_or_default()
    }

    fn first(self) -> u8 {
        self.0.first().copied().unwrap_or_default()
    }

    /// The number of segments that it matches one by one, by a literal or a `{name}`. A new prefix replaces these segments.
    #[must_use]
    pub fn segments(self) -> usize {
        match self.first() {
            EXACT => self.slashes(),
            count => usize::from(count),
        }
    }

    #[inline(never)]
    fn slashes(self) -> usize {
        self.body().iter().filter(|byte| **byte == b'/').count()
    }

    /// Whether this is a prefix.
    #[must_use]
    pub fn is_prefix(self) -> bool {
        self.0.last() == Some(&BELOW)
    }

    /// Whether this is a regular expression. It is a predicate: this pattern holds only its captures, and matches no path.
    #[must_use]
    pub fn is_regex(self) -> bool {
        self.first() == REGEX
    }

    /// The index of a named group among those of a regular expression.
    pub(in crate::route) fn group(self, name: &str) -> Option<usize> {
        self.groups().position(|own| own == name)
    }

    fn groups(self) -> impl Iterator<Item = &'r str> {
        let names = if self.is_regex() { self.body() } else { &[] };
        let names = names.split(|&byte| byte == CAPTURE).skip(1);
        names.map(name)
    }

    /// The number of bytes that a prefix covers of a path in matching form: the length of its [segments](Self::segments),
    /// which are all literals.
    #[must_use]
    pub fn prefix_bytes(self) -> Option<usize> {
        let (last, literals) = self.body().split_last()?;
        (*last == BELOW).then_some(literals.len())
    }

    /// The whole path of an exact pattern.
    pub(in crate::route) fn whole(self) -> Option<&'r [u8]> {
        (self.first() == EXACT).then(|| self.body())
    }

    pub(in crate::route) fn parts(self) -> Parts<'r> {
        Parts(self.body())
    }

    pub(in crate::route) fn end(self) -> End<'r> {
        let mut after = self.body().iter();
        match after.find(|byte| matches!(**byte, BELOW | REST)) {
            Some(&REST) => End::Rest(name(after.as_slice())),
            Some(_) => End::Below,
            None => End::Closed,
        }
    }

    /// The captures by name, in order.
    pub fn captures(self) -> impl Iterator<Item = (&'r str, CaptureKind)> {
        let one = self.parts().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Capture(name) => Some((name, CaptureKind::Segment)),
        });
        let rest = match self.end() {
            End::Closed | End::Below => None,
            End::Rest(name) => Some((name, CaptureKind::Rest)),
        };
        let groups = self.groups().map(|name| (name, CaptureKind::Group));
        one.chain(rest).chain(groups)
    }

    /// Whether `path` (in matching form) matches.
    #[must_use]
    pub fn matches(self, mut path: &[u8]) -> bool {
        let mut pattern = self.body();
        loop {
            // Compares all literals up to the next control byte at once. They end at the border of a segment.
            let literals = pattern.iter().take_while(|byte| **byte > REST).count();
            let (literals, behind) = pattern.split_at_checked(literals).unwrap_or_default();
            let Some(left) = path.strip_prefix(literals) else {
                return false;
            };
            match behind.split_first() {
                None => return left.is_empty(),
                Some((&CAPTURE, behind)) => {
                    let segment = left.iter().take_while(|byte| **byte != b'/').count();
                    if segment == 0 {
                        return false;
                    }
                    path = left.get(segment..).unwrap_or_default();
                    let in_name = |byte: &&u8| **byte > REST && **byte != b'/';
                    let name = behind.iter().take_while(in_name).count();
                    pattern = behind.get(name..).unwrap_or_default();
                }
                Some(_) => return matches!(left.first(), None | Some(b'/')),
            }
        }
    }

    /// The precedence of two patterns that match the same path: first an exact one, then the one with more segments, from the
    /// left a literal before a capture, then a closed one before an open one.
    pub(in crate::route) fn order(self, other: Self) -> Ordering {
        let most = |pattern: Self| Reverse((pattern.whole().is_some(), pattern.segments()));
        let captures = |pattern: Self| pattern.parts().map(|part| matches!(part, Part::Capture(_)));
        let is_open = |pattern: Self| pattern.end() != End::Closed;
        most(self)
            .cmp(&most(other))
            .then_with(|| captures(self).cmp(captures(other)))
            .then_with(|| is_open(self).cmp(&is_open(other)))
    }
}

/// The parts of a pattern, from the left.
#[derive(Clone, Debug)]
pub(in crate::route) struct Parts<'r>(&'r [u8]);

impl<'r> Iterator for Parts<'r> {
    type Item = Part<'r>;

    fn next(&mut self) -> Option<Part<'r>> {
        let rest = self.0.strip_prefix(b"/")?;
        let within = |byte: &&u8| !matches!(**byte, b'/' | BELOW | REST);
        let length = rest.iter().take_while(within).count();
        let (part, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(match part.split_first() {
            Some((&CAPTURE, own)) => Part::Capture(name(own)),
            Some(_) | None => Part::Literal(part),
        })
    }
}
