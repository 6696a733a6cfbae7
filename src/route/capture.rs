//! What a pattern captured of a path.

use std::borrow::Cow;

use crate::http::percent_decode;

use super::pattern::{End, Part, PathPattern, Shape};
use super::spelling::segments;

/// Whether a capture is one segment or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureKind {
    /// `{name}`: one segment, not empty.
    Segment,
    /// `{name=**}`: any number of segments, with the slashes between them.
    Rest,
}

impl PathPattern {
    /// The captures by name, in order.
    pub fn captures(&self) -> impl Iterator<Item = (&str, CaptureKind)> {
        let (parts, end) = match &self.0 {
            Shape::Exact(_) => (&[][..], &End::Closed),
            Shape::Parts { parts, end } => (&**parts, end),
        };
        let one = parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Capture(name) => Some((&**name, CaptureKind::Segment)),
        });
        let rest = match end {
            End::Closed | End::Below => None,
            End::Rest(name) => Some((&**name, CaptureKind::Rest)),
        };
        one.chain(rest)
    }

    /// What this pattern captures of `path`, which is in matching form and fits.
    #[must_use]
    pub const fn capture<'r, 'p>(&'r self, path: &'p [u8]) -> Captures<'r, 'p> {
        Captures::new(Some(self), path)
    }
}

/// What a pattern captured of a path; nothing is looked up before it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Captures<'r, 'p> {
    pattern: Option<&'r PathPattern>,
    path: &'p [u8],
}

impl<'r, 'p> Captures<'r, 'p> {
    pub(super) const fn new(pattern: Option<&'r PathPattern>, path: &'p [u8]) -> Self {
        Self { pattern, path }
    }

    /// The capture of this name; `None` where the pattern has none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Capture<'p>> {
        let Some(PathPattern(Shape::Parts { parts, end })) = self.pattern else {
            return None;
        };
        let named = |part: &Part| matches!(part, Part::Capture(own) if **own == *name);
        if let Some(at) = parts.iter().position(named) {
            return segments(self.path).nth(at).map(|matching| Capture {
                matching,
                kind: CaptureKind::Segment,
            });
        }
        match end {
            End::Rest(own) if **own == *name => Some(Capture {
                matching: after_segments(self.path, parts.len()),
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

    /// Whether it is one segment or many.
    #[must_use]
    pub const fn kind(&self) -> CaptureKind {
        self.kind
    }
}
