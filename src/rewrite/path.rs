//! New paths, built from literals and values.

use crate::http::{
    escapes_to_dots, is_unreserved, percent_decode, percent_encode_into, reads_as_dots,
};

use super::literal::PathLiteral;

/// The origin of a part of a path. It decides how an invalid part is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A literal of the policy.
    Policy,
    /// A value of the request, such as a capture.
    Client,
    /// A claim of a verified token.
    Token,
    /// A value of a document.
    Source,
}

/// What is wrong with a part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// The path doesn't begin with `/`.
    NoLeadingSlash,
    /// It makes an empty segment.
    EmptySegment,
    /// It makes a `.` or `..` segment, or one for upstreams that decode `%2F` or `%5C` (`..%2Fadmin`).
    DotSegment,
    /// It holds a control byte.
    ControlByte,
}

impl Origin {
    const fn subject(self) -> &'static str {
        match self {
            Self::Policy => "the text of the policy",
            Self::Client => "a value of the request",
            Self::Token => "a claim of the token",
            Self::Source => "a value of a source",
        }
    }
}

impl PathFault {
    const fn predicate(self) -> &'static str {
        match self {
            Self::NoLeadingSlash => "leaves the new path without a leading `/`",
            Self::EmptySegment => "makes an empty segment in the new path",
            Self::DotSegment => "makes a dot segment in the new path",
            Self::ControlByte => "for the new path has a control byte",
        }
    }
}

/// The reason why the parts make no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} {}", .origin.subject(), .fault.predicate())]
pub struct PathValueError {
    /// The fault.
    pub fault: PathFault,
    /// The origin of the part with the fault. Where several values make one segment, the origin of the last one.
    pub origin: Origin,
}

/// Builds a path from literals and values. It encodes values, so that a value can't add a segment, a query or a parameter.
/// It refuses parts that make an empty segment or a dot segment.
///
/// A policy's template is checked by building it once with `x` for each value. A template that is refused then is refused
/// for every request.
#[derive(Clone, Debug)]
pub struct PathBuilder {
    path: Vec<u8>,
    /// The start of the last segment, after its `/`. `None` before the first `/`.
    segment: Option<usize>,
    /// The last value in the last segment.
    value: Option<Value>,
    /// Whether the part that was appended last is a whole path.
    is_after_path: bool,
    /// Whether the last segment has a value that was escaped.
    has_text: bool,
    error: Option<PathValueError>,
}

#[derive(Clone, Copy, Debug)]
struct Value {
    origin: Origin,
    /// Whether the path may end here with an empty last segment.
    may_be_nothing: bool,
}

impl Default for PathBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl PathBuilder {
    /// An empty path.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            path: Vec::new(),
            segment: None,
            value: None,
            is_after_path: false,
            has_text: false,
            error: None,
        }
    }

    /// An empty path that reuses the memory of `room`.
    #[must_use]
    pub fn in_room(mut room: Vec<u8>) -> Self {
        room.clear();
        Self {
            path: room,
            ..Self::new()
        }
    }

    /// Appends a literal.
    pub fn literal(&mut self, literal: &PathLiteral) {
        for (at, part) in literal.as_bytes().split(|&byte| byte == b'/').enumerate() {
            if at > 0 {
                self.slash();
            }
            self.path.extend(part);
        }
    }

    /// Appends a value (decoded text) to the last segment. It escapes all bytes except unreserved ones, `:`, `@` and
    /// `!$&'()*+,=` (RFC 3986 §3.3 without the `;`).
    pub fn segment(&mut self, value: &[u8], origin: Origin) {
        self.put(value, origin);
        self.value = Some(Value {
            origin,
            may_be_nothing: false,
        });
    }

    /// Appends segments of a canonical path, byte for byte; `/` separates them. A text that is empty or ends with `/` is
    /// valid only at the end of the path.
    pub fn segments(&mut self, value: &[u8], origin: Origin) {
        for (at, part) in value.split(|&byte| byte == b'/').enumerate() {
            if at > 0 {
                self.slash();
            }
            self.path.extend(part);
            let may_be_nothing = self.value.is_none_or(|value| value.may_be_nothing);
            self.value = Some(Value {
                origin,
                may_be_nothing,
            });
        }
    }

    /// As [`segments`](Self::segments), for parts of a path whose other parts change. So each segment is checked as a new one.
    pub fn parts(&mut self, value: &[u8], origin: Origin) {
        for (at, part) in value.split(|&byte| byte == b'/').enumerate() {
            if at > 0 {
                self.segments(b"/", origin);
            }
            self.segments(part, origin);
            self.has_text = true;
        }
    }

    /// Makes a path without any part the root.
    pub fn root_if_empty(&mut self) {
        if self.path.is_empty() {
            self.slash();
        }
    }

    /// Appends a whole canonical path, byte for byte. There is one slash between it and other parts, never two.
    pub fn path(&mut self, value: &[u8], origin: Origin) {
        if self.last_segment() != Some(b"") {
            self.slash();
        }
        self.segments(value.strip_prefix(b"/").unwrap_or(value), origin);
        self.is_after_path = true;
    }

    /// The path. It begins with `/`, has no dot segment, and only its last segment may be empty.
    ///
    /// # Errors
    /// The first invalid part.
    pub fn finish(mut self) -> Result<Vec<u8>, PathValueError> {
        let may_be_nothing = self.value.is_none_or(|value| value.may_be_nothing);
        if !may_be_nothing || self.last_segment() != Some(b"") {
            self.end_segment();
        }
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.path),
        }
    }

    fn last_segment(&self) -> Option<&[u8]> {
        self.path.get(self.segment?..)
    }

    fn slash(&mut self) {
        if self.is_after_path && self.last_segment() == Some(b"") {
            self.is_after_path = false;
            return;
        }
        if self.segment.is_some() || !self.path.is_empty() {
            self.end_segment();
        }
        self.path.push(b'/');
        self.segment = Some(self.path.len());
        self.value = None;
        self.has_text = false;
    }

    fn put(&mut self, value: &[u8], origin: Origin) {
        if value.iter().any(u8::is_ascii_control) {
            self.refuse(PathFault::ControlByte, origin);
        }
        self.has_text = true;
        percent_encode_into(&mut self.path, value, |byte| {
            is_unreserved(byte) || b"!$&'()*+,=:@".contains(&byte)
        });
    }

    /// Checks the last segment, which is complete.
    fn end_segment(&mut self) {
        let fault = match self.last_segment() {
            None => PathFault::NoLeadingSlash,
            Some(b"") => PathFault::EmptySegment,
            Some(segment) if reads_as_dots(segment) => PathFault::DotSegment,
            // Checks values and literals together. Segments of the request's path are kept byte for byte.
            Some(segment) if self.has_text && escapes_to_dots(&percent_decode(segment)) => {
                PathFault::DotSegment
            }
            Some(_) => return,
        };
        let origin = self.value.map_or(Origin::Policy, |value| value.origin);
        self.refuse(fault, origin);
    }

    fn refuse(&mut self, fault: PathFault, origin: Origin) {
        let error = PathValueError { fault, origin };
        self.error = self.error.or(Some(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<…` is a value of the client, `{…` a value of a source, `*…` segments of the client, `~…` parts of the client's path,
    /// `^…` the client's path. Anything else is a literal.
    fn built(parts: &[&str]) -> String {
        let mut builder = PathBuilder::new();
        for part in parts {
            match part.split_at_checked(1) {
                Some(("<", value)) => builder.segment(value.as_bytes(), Origin::Client),
                Some(("{", value)) => builder.segment(value.as_bytes(), Origin::Source),
                Some(("*", value)) => builder.segments(value.as_bytes(), Origin::Client),
                Some(("~", value)) => builder.parts(value.as_bytes(), Origin::Client),
                Some(("^", value)) => builder.path(value.as_bytes(), Origin::Client),
                _ => builder.literal(&PathLiteral::parse(part).unwrap()),
            }
        }
        match builder.finish() {
            Ok(path) => String::from_utf8(path).unwrap(),
            Err(PathValueError { fault, origin }) => format!("{fault:?} {origin:?}"),
        }
    }

    #[test]
    fn builds_paths() {
        for (parts, expected) in [
            (&["/"][..], "/"),
            (&["/a/", "<b", "/c/"], "/a/b/c/"),
            (&["/a-", "<", "-b"], "/a--b"),
            (
                &["/", "<a/b;c?d#e%f\\g h"],
                "/a%2Fb%3Bc%3Fd%23e%25f%5Cg%20h",
            ),
            (&["/", "<é&=+,:@!$'()*~|\""], "/%C3%A9&=+,:@!$'()*~%7C%22"),
            (&["/", "<...", "/.", "<a"], "/.../.a"),
            (&["/a/", "*b%2B/c%2fd%25/;v=1/"], "/a/b%2B/c%2fd%25/;v=1/"),
            (&["^/a%2B/b"], "/a%2B/b"),
            (&["^/"], "/"),
            (&["/api", "^/a/b%20/"], "/api/a/b%20/"),
            (&["/api/", "^/a"], "/api/a"),
            (&["/api", "^/"], "/api/"),
            (&["^/", "/x"], "/x"),
            (&["^/a/", "/x", "^/y", ".z"], "/a/x/y.z"),
            (&["^/a", "^/b"], "/a/b"),
            (&["/a/", "*"], "/a/"),
            (&["/a", "*"], "/a"),
            (&["/a", "*b/c", "d"], "/ab/cd"),
            (&["~/a%2Bb", "/x", "~y%2F/c/"], "/a%2Bb/xy%2F/c/"),
            (&["~/a/b", "~c", "d", "~/"], "/a/bcd/"),
            (&["~/a", "/x/", "~"], "/a/x/"),
        ] {
            assert_eq!(built(parts), expected, "{parts:?}");
        }
    }

    #[test]
    fn refuses_invalid_parts() {
        for (parts, expected) in [
            (&[][..], "NoLeadingSlash Policy"),
            (&["a"], "NoLeadingSlash Policy"),
            (&["<a", "/b"], "NoLeadingSlash Client"),
            (&["*"], "NoLeadingSlash Client"),
            (&["//"], "EmptySegment Policy"),
            (&["/a/./b"], "DotSegment Policy"),
            (&["/a/%2e%2e"], "DotSegment Policy"),
            (&["/a/", "<"], "EmptySegment Client"),
            (&["/a/", "{", "/b"], "EmptySegment Source"),
            (&["/a/", "*", "/b"], "EmptySegment Client"),
            (&["/", "*b/", "/c"], "EmptySegment Client"),
            (&["/", "*/evil.example"], "EmptySegment Client"),
            (&["/", "*a//b"], "EmptySegment Client"),
            (&["/", "<", "*"], "EmptySegment Client"),
            (&["/", "<..", "/b"], "DotSegment Client"),
            (&["~/a/.", "~./b"], "DotSegment Client"),
            (&["~/a/.", "/b"], "DotSegment Client"),
            (&["~/.%25", "2e/b"], "DotSegment Client"),
            (&["~/a/", "~/b"], "EmptySegment Client"),
            (&["~a"], "NoLeadingSlash Client"),
            (&["/.", "<."], "DotSegment Client"),
            (&["/", "<.", "{."], "DotSegment Source"),
            (&["/", "*a/../b"], "DotSegment Client"),
            (&["/", "{../admin"], "DotSegment Source"),
            (&["/", "<a\\..", "/b"], "DotSegment Client"),
            (&["/", "*a%2F../b"], "DotSegment Client"),
            (&["/.", "<./b"], "DotSegment Client"),
            (&["/", "<..;x", "/b"], "DotSegment Client"),
            (&["/a/..%3Bx"], "DotSegment Policy"),
            (&["/", "<..%2Fx", "/b"], "DotSegment Client"),
            (&["/f/", "<%2F", "<.."], "DotSegment Client"),
            (&["/f/..", "{%2fa"], "DotSegment Source"),
            (&["/a", "<\r"], "ControlByte Client"),
            (&["/a", "{\0", "/", "<"], "ControlByte Source"),
        ] {
            assert_eq!(built(parts), expected, "{parts:?}");
        }
    }
}
