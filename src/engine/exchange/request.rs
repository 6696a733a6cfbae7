//! The requests that lookups send, built from the values of one exchange.

use std::borrow::Cow;

use crate::policy::{Denial, LookupRequest, Reason, RequestPiece, ValuePiece, Variable};
use crate::rewrite::{Origin, RequestPlace, check_segments, put_segments};
use crate::source::Arguments;

use super::values::{Attributes, PathPart, VariableValue, blame, origin};

/// The longest request that is built, in bytes.
const LONGEST: usize = 64 << 10;

/// A request as its protocol reads it.
pub(in crate::engine) struct BuiltRequest(Vec<u8>);

impl BuiltRequest {
    pub(super) fn arguments<'a>(&'a self, key: &'a [u8]) -> Arguments<'a> {
        Arguments::request(&self.0, key)
    }

    /// Its method, and its path with the query.
    pub(in crate::engine) fn line(&self) -> &[u8] {
        let mut lines = self.0.split(|byte| *byte == b'\n');
        lines.next().unwrap_or_default()
    }
}

impl Attributes<'_> {
    /// The request of a lookup. `None` if a variable without a default has no value.
    ///
    /// # Errors
    /// A value can't stand in its place, or the request is too long.
    #[inline(never)]
    pub(in crate::engine) fn build(
        &self,
        request: &LookupRequest,
    ) -> Result<Option<BuiltRequest>, Denial> {
        let mut text = Vec::with_capacity(256);
        for piece in &request.pieces {
            match piece {
                RequestPiece::Literal(literal) => text.extend_from_slice(literal),
                RequestPiece::Value(piece, place) => {
                    let Some(value) = self.piece_value(piece)? else {
                        return Ok(None);
                    };
                    let put = match (place, value.of_path) {
                        (
                            RequestPlace::Segment,
                            Some(PathPart::Segments(path) | PathPart::Whole(path)),
                        ) => put_segments(&mut text, path),
                        _ => place.put(&mut text, &value.text),
                    };
                    put.map_err(|_| blame(value.origin))?;
                }
            }
            if text.len() > LONGEST {
                return Err(blame(whose(request)).into());
            }
        }
        let built = BuiltRequest(text);
        check_segments(built.path(), request.end).map_err(|_| blame(whose(request)))?;
        Ok(Some(built))
    }

    /// What the answer to the request of a lookup is remembered by. It needs no request: most answers are remembered. `None` if a
    /// variable without a default has no value.
    pub(in crate::engine) fn request_key<'s>(
        &'s self,
        request: &'s LookupRequest,
    ) -> Result<Option<Cow<'s, [u8]>>, Denial> {
        if let Some(plain) = self.plain(&request.key) {
            return Ok(Some(Cow::Borrowed(plain)));
        }
        if let [only] = request.key.0.as_slice() {
            return self.key_value(only);
        }
        // Each value stands after its length: two lists of values never make the same key.
        let mut key = Vec::new();
        for piece in &request.key.0 {
            let Some(value) = self.key_value(piece)? else {
                return Ok(None);
            };
            let length = u64::try_from(value.len()).unwrap_or(u64::MAX);
            key.extend_from_slice(&length.to_le_bytes());
            key.extend_from_slice(&value);
        }
        Ok(Some(Cow::Owned(key)))
    }

    /// A value in a key. What was captured of the path is not decoded, because an escaped slash isn't a slash.
    fn key_value<'s>(&'s self, piece: &'s ValuePiece) -> Result<Option<Cow<'s, [u8]>>, Denial> {
        let Some(value) = self.piece_value(piece)? else {
            return Ok(None);
        };
        let (text, is_captured) = match value.of_path {
            Some(PathPart::Segments(path)) => (Cow::Borrowed(path), true),
            Some(PathPart::Whole(_)) | None => (value.text, false),
        };
        if matches!(piece, ValuePiece::Variable(Variable::Capture(_), Some(_))) {
            // A default is no part of the path: the same bytes are another value there.
            return Ok(Some(Cow::Owned(
                [&[u8::from(is_captured)], &*text].concat(),
            )));
        }
        Ok(Some(text))
    }

    /// The value of a variable, or its default.
    fn piece_value<'s>(
        &'s self,
        piece: &'s ValuePiece,
    ) -> Result<Option<VariableValue<'s>>, Denial> {
        let (variable, default) = match piece {
            ValuePiece::Literal(literal) => {
                return Ok(Some(text_of(Cow::Borrowed(literal), Origin::Policy)));
            }
            ValuePiece::Variable(variable, default) => (variable, default),
        };
        if let Some(found) = self.value(variable)? {
            return Ok(Some(found));
        }
        let Some(default) = default else {
            return Ok(None);
        };
        let mut text = Vec::new();
        let mut whose = Origin::Policy;
        for piece in &default.0 {
            let Some(value) = self.piece_value(piece)? else {
                return Ok(None);
            };
            text.extend_from_slice(&value.text);
            if value.origin != Origin::Policy {
                whose = value.origin;
            }
        }
        Ok(Some(text_of(Cow::Owned(text), whose)))
    }
}

impl BuiltRequest {
    /// The path without its query.
    fn path(&self) -> &[u8] {
        let line = self.line();
        let start = line.iter().position(|byte| *byte == b' ');
        let start = start.map_or(line.len(), |blank| blank.saturating_add(1));
        let path = line.get(start..).unwrap_or_default();
        path.split(|byte| *byte == b'?').next().unwrap_or_default()
    }
}

const fn text_of(text: Cow<'_, [u8]>, origin: Origin) -> VariableValue<'_> {
    VariableValue {
        text,
        origin,
        of_path: None,
    }
}

/// The origin of a whole request: a source if any value comes from a source, otherwise a token.
fn whose(request: &LookupRequest) -> Origin {
    let mut possible = [Origin::Source, Origin::Token].into_iter();
    let holds = |one: Origin| request.has_any(&|variable: &Variable| origin(variable) == one);
    possible.find(|one| holds(*one)).unwrap_or(Origin::Client)
}

/// The reason to deny a request that the source refuses.
pub(in crate::engine) fn blame_request(request: &LookupRequest) -> Reason {
    blame(whose(request))
}
