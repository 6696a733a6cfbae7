//! What a pattern captured of a path.

use std::borrow::Cow;

use crate::http::percent_decode;

use super::pattern_ref::{CaptureKind, End, Part, PatternRef};
use super::spelling::segments;

/// What a pattern captured of a path; nothing is looked up before it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Captures<'r, 'p> {
    pattern: PatternRef<'r>,
    path: &'p [u8],
}

impl<'r, 'p> Captures<'r, 'p> {
    pub(crate) const fn new(pattern: PatternRef<'r>, path: &'p [u8]) -> Self {
        Self { pattern, path }
    }

    /// The capture of this name; `None` where the pattern has none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Capture<'p>> {
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

/// What stands after the first `count` segments and the slash behind them.
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
    matching: &'p [u8],
    /// How many segments stand before it.
    at: usize,
    kind: CaptureKind,
}

impl<'p> Capture<'p> {
    /// The part in matching form: `/` between segments, `%2F`, `%25` and `%5C` for these bytes within one.
    #[must_use]
    pub const fn matching(&self) -> &'p [u8] {
        self.matching
    }

    /// The part as text, all decoded; UTF-8.
    #[must_use]
    pub fn text(&self) -> Cow<'p, [u8]> {
        percent_decode(self.matching)
    }

    /// The same part of the path as it is forwarded, byte for byte: escapes that mean something stay escapes (`%2B`). Both
    /// forms of a path have the same segments.
    #[must_use]
    pub fn within<'f>(&self, forward: &'f [u8]) -> &'f [u8] {
        match self.kind {
            CaptureKind::Segment => segments(forward).nth(self.at).unwrap_or_default(),
            CaptureKind::Rest => after_segments(forward, self.at),
        }
    }

    /// Whether it is one segment or many.
    #[must_use]
    pub const fn kind(&self) -> CaptureKind {
        self.kind
    }
}
