//! The captures of a pattern in a path.

use std::borrow::Cow;

use crate::http::percent_decode;

use super::pattern_ref::{CaptureKind, End, Part, PatternRef};
use crate::route::MatchNotes;
use crate::route::path::{CanonicalPath, forwarded, segments};

/// The captures of a pattern in a path. A capture is computed when it is read.
#[derive(Clone, Copy, Debug)]
pub struct Captures<'r, 'p> {
    pattern: PatternRef<'r>,
    path: &'p [u8],
    notes: &'p MatchNotes,
}

impl<'r, 'p> Captures<'r, 'p> {
    /// The captures of `pattern` in `path`, which is in matching form and matches. `notes` are those of the search.
    #[must_use]
    pub const fn new(pattern: PatternRef<'r>, path: &'p [u8], notes: &'p MatchNotes) -> Self {
        Self {
            pattern,
            path,
            notes,
        }
    }

    /// The capture of this name, if the pattern has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Capture<'p>> {
        if let Some(group) = self.pattern.group(name) {
            let (start, end) = self.notes.span(group)?;
            return Some(Capture {
                matching: self.path.get(start..end)?,
                at: start,
                kind: CaptureKind::Group,
            });
        }
        let mut parts = self.pattern.parts();
        if let Some(at) = parts.position(|part| part == Part::Capture(name)) {
            return segments(self.path).nth(at).map(|matching| Capture {
                matching,
                at,
                kind: CaptureKind::Segment,
            });
        }
        match self.pattern.end() {
            End::Rest(own) if own == name => Some(Capture {
                matching: after_segments(self.path, self.pattern.segments()),
                at: self.pattern.segments(),
                kind: CaptureKind::Rest,
            }),
            End::Closed | End::Below | End::Rest(_) => None,
        }
    }
}

/// The rest of the path after the first `count` segments and their slash.
fn after_segments(path: &[u8], count: usize) -> &[u8] {
    let mut rest = path.strip_prefix(b"/").unwrap_or(path);
    for _ in 0..count {
        let border = rest.iter().position(|&byte| byte == b'/');
        rest = border
            .and_then(|at| rest.get(at.saturating_add(1)..))
            .unwrap_or_default();
    }
    rest
}

/// One captured part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture<'p> {
    /// The part in matching form: `/` separates segments, and `%2F`, `%25` and `%5C` are these bytes within a segment.
    matching: &'p [u8],
    /// The number of segments before it; of bytes before a group.
    at: usize,
    pub(super) kind: CaptureKind,
}

impl<'p> Capture<'p> {
    /// The part as decoded text. It is UTF-8.
    #[must_use]
    pub fn text(&self) -> Cow<'p, [u8]> {
        percent_decode(self.matching)
    }

    /// The same part of the forwarded path, byte for byte: reserved escapes (`%2B`) stay. Both forms of a path have the same
    /// segments. `None` if a group has only a part of an escape.
    #[must_use]
    pub fn within(&self, path: &'p CanonicalPath<'_>) -> Option<&'p [u8]> {
        // The usual path: both forms are the same bytes.
        if path.is_plain() {
            return Some(self.matching);
        }
        let forward = path.forward();
        match self.kind {
            CaptureKind::Segment => segments(forward).nth(self.at),
            CaptureKind::Rest => Some(after_segments(forward, self.at)),
            CaptureKind::Group => forwarded(
                forward,
                self.at,
                self.at.saturating_add(self.matching.len()),
            ),
        }
    }
}
