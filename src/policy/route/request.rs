//! The requests that a lookup sends, by the values of an exchange.

use crate::config::{ConfigErrors, Path};
use crate::http::Text;
use crate::policy::source::request::{RequestText, RequestTexts};
use crate::policy::template::{Scope, ValuePiece, Variable};
use crate::rewrite::{PathEnd, RequestPlace};

/// The requests of one lookup, and what their answers are remembered by.
#[derive(Debug, PartialEq)]
pub(crate) struct LookupRequest {
    /// The text of a request, as its protocol reads it.
    pub(crate) pieces: Vec<RequestPiece>,
    /// How the path may end.
    pub(crate) end: PathEnd,
    /// The variables of the key; without a key, the whole request is the key.
    pub(crate) key: Option<Vec<ValuePiece>>,
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
        let key = texts.key.as_ref().map(|key| {
            let pieces = key.pieces().iter();
            let pieces: Vec<_> = pieces
                .map(|piece| scope.piece(piece, path, errors))
                .collect();
            is_whole &= pieces.iter().all(Option::is_some);
            let is_value = |piece: &ValuePiece| !matches!(piece, ValuePiece::Literal(_));
            pieces.into_iter().flatten().filter(is_value).collect()
        });
        is_whole.then_some(Self {
            pieces,
            end: texts.end,
            key,
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
        let mut key = self.key.iter().flatten();
        self.sends_any(is_such) || key.any(|piece| piece.has_any(is_such))
    }
}
