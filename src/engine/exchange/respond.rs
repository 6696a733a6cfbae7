//! Responses that the policy writes itself.

use crate::http::{Headers, Response, Text, quality};
use crate::policy::{Body, BodyPiece, Denial, Respond, ValuePiece};
use crate::rewrite::Origin;
use crate::route::PatternRef;

use crate::engine::documents::Sources;
use crate::engine::facts::Facts;

use super::authenticated::Authenticated;
use super::head::Head;
use super::values::{Attributes, blame};

/// The response for this request.
pub(in crate::engine) fn respond(
    respond: &Respond,
    attributes: &Attributes<'_>,
) -> Result<Response, Denial> {
    let mut response = respond.fixed.clone();
    for (name, value) in &respond.headers {
        if let Some(value) = attributes.text(value)? {
            response.headers.push((name.clone(), value));
        }
    }
    if let Some(body) = chosen(&respond.bodies, attributes.head.request.headers()) {
        response.body = rendered(body, attributes)?;
        let is_there = |(name, _): &(Text, Text)| **name == *b"content-type";
        if !response.headers.iter().any(is_there) {
            let name = "content-type".into();
            response.headers.push((name, body.content_type.clone()));
        }
    }
    if attributes.head.request.is_grpc() {
        for_grpc(&mut response);
    }
    Ok(response)
}

/// The response for a request without a route.
#[inline(never)]
pub(in crate::engine) fn respond_without_route(
    written: &Respond,
    head: &Head<'_>,
    facts: &Facts,
    sources: &Sources,
) -> Result<Response, Denial> {
    let attributes = Attributes {
        head,
        pattern: PatternRef::every(),
        authenticated: &Authenticated::default(),
        looked_up: &[],
        facts,
        sources,
    };
    respond(written, &attributes)
}

/// The body that the client wants most, and the first one among equals. A client that wants none gets the first, too
/// (RFC 9110 §12.5.1 allows it): the status says more than a 406.
fn chosen<'p>(bodies: &'p [Body], headers: &Headers<'_>) -> Option<&'p Body> {
    if let [only] = bodies {
        return Some(only);
    }
    let mut best: Option<(u16, &Body)> = None;
    for body in bodies {
        let (kind, subtype) = &body.media;
        let wanted = quality(headers, kind.as_bytes(), subtype.as_bytes());
        if best.is_none_or(|(most, _)| wanted > most) {
            best = Some((wanted, body));
        }
    }
    best.map(|(_, body)| body)
}

fn rendered(body: &Body, attributes: &Attributes<'_>) -> Result<Text, Denial> {
    let mut text = Vec::new();
    for piece in &body.pieces {
        match piece {
            BodyPiece::Literal(literal) => text.extend_from_slice(literal),
            BodyPiece::Value(piece, place) => {
                let mut value = Vec::new();
                let origin = put(&mut value, piece, attributes)?;
                let put = place.put(&mut text, &value);
                put.map_err(|_| blame(origin))?;
            }
        }
    }
    Ok(text.into())
}

/// Writes the value of a piece as it is, and tells whose it is. A variable without a value and a default writes nothing.
fn put(
    out: &mut Vec<u8>,
    piece: &ValuePiece,
    attributes: &Attributes<'_>,
) -> Result<Origin, Denial> {
    let (variable, default) = match piece {
        ValuePiece::Literal(literal) => {
            out.extend_from_slice(literal);
            return Ok(Origin::Policy);
        }
        ValuePiece::Variable(variable, default) => (variable, default),
    };
    if let Some(found) = attributes.value(variable)? {
        out.extend_from_slice(&found.text);
        return Ok(found.origin);
    }
    let mut whose = Origin::Policy;
    for piece in default.iter().flat_map(|default| &default.0) {
        let origin = put(out, piece, attributes)?;
        if origin != Origin::Policy {
            whose = origin;
        }
    }
    Ok(whose)
}

/// For a client that uses gRPC, the host makes the content a `grpc-message`, and has a content type of its own. A message is plain
/// text, so any other content is left out.
fn for_grpc(response: &mut Response) {
    let mut is_plain = false;
    response.headers.retain(|(name, value)| {
        let is_type = **name == *b"content-type";
        is_plain |= is_type && value.starts_with(b"text/plain");
        !is_type
    });
    if !is_plain {
        response.body = Text::Static(b"");
    }
}
