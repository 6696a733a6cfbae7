//! The requests that a lookup sends, by the values of an exchange.

use crate::config::{ConfigErrors, Path};
use crate::http::Text;
use crate::policy::source::request::{RequestText, RequestTexts};
use crate::policy::template::{Scope, ValuePiece, ValueTemplate, Variable};
use crate::rewrite::{PathEnd, RequestPlace};

/// The requests of one lookup, and what their answers are remembered by.
#[derive(Debug, PartialEq)]
pub(crate) struct LookupRequest {
    /// The text of a request, as its protocol reads it.
    pub(crate) pieces: Vec<RequestPiece>,
    /// How the path may end.
    pub(crate) end: PathEnd,
    /// The values that the answer is remembered by: those of the source's own key, or all of the request. Two requests that differ
    /// have another value there.
    pub(crate) key: ValueTemplate,
}

/// A part of a request.
#[derive(Debug, PartialEq)]
pub(crate) enum RequestPiece {
    Literal(Text),
    /// A variable, with the place where its value lands.
    Value(ValuePiece, RequestPlace),
}

impl LookupRequest {
    pub(super) fn compile(
        texts: &RequestTexts,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let mut is_whole = true;
        let mut pieces = Vec::with_capacity(texts.pieces.len());
        for piece in &texts.pieces {
            match piece {
                RequestText::Literal(text) => {
                    pieces.push(RequestPiece::Literal(Text::shared(text)));
                }
                RequestText::Value(piece, place) => match scope.piece(piece, path, errors) {
                    Some(piece) => pieces.push(RequestPiece::Value(piece, *place)),
                    None => is_whole = false,
                },
            }
        }
        let mut key = Vec::new();
        if let Some(own) = &texts.key {
            for piece in own.pieces() {
                match scope.piece(piece, path, errors) {
                    Some(ValuePiece::Literal(_)) => {}
                    Some(piece) => key.push(piece),
                    None => is_whole = false,
                }
            }
        } else {
            for piece in &pieces {
                if let RequestPiece::Value(piece, _) = piece {
                    key.push(piece.clone());
                }
            }
        }
        is_whole.then_some(Self {
            pieces,
            end: texts.end,
            key: ValueTemplate(key),
        })
    }

    /// Whether the predicate holds for any variable of the request, without their functions and with those of defaults.
    pub(crate) fn sends_any(&self, is_such: &dyn Fn(&Variable) -> bool) -> bool {
        self.pieces.iter().any(|piece| match piece {
            RequestPiece::Literal(_) => false,
            RequestPiece::Value(piece, _) => piece.has_any(is_such),
        })
    }

    /// The same for those of the request and of the key.
    pub(crate) fn has_any(&self, is_such: &dyn Fn(&Variable) -> bool) -> bool {
        self.sends_any(is_such) || self.key.has_any(is_such)
    }
}
