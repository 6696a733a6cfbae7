//! From text to pieces.

use super::{Piece, TemplateError};

fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        !part.is_empty() && part.bytes().all(inner)
    };
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.split('.').all(part)
}

/// What stands between `${` and `}`.
fn place(text: &str) -> Result<Piece<Box<str>>, TemplateError> {
    let (name, default) = match text.split_once(":-") {
        Some((name, default)) => (name, Some(default.into())),
        None => (text, None),
    };
    if name.is_empty() {
        return Err(TemplateError::Empty);
    }
    if !is_name(name) {
        return Err(TemplateError::BadName(name.into()));
    }
    Ok(Piece::Value {
        variable: name.into(),
        default,
    })
}

fn flush(literal: &mut String, pieces: &mut Vec<Piece<Box<str>>>) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(std::mem::take(literal).into()));
    }
}

pub(super) fn pieces(text: &str) -> Result<Vec<Piece<Box<str>>>, TemplateError> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, _)) = rest.split_once('$') {
        literal.push_str(before);
        rest = rest.strip_prefix(before).unwrap_or_default();
        if let Some(after) = rest.strip_prefix("$${") {
            literal.push_str("${");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${") {
            let (inside, after) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
            flush(&mut literal, &mut pieces);
            pieces.push(place(inside)?);
            rest = after;
        } else {
            literal.push('$');
            rest = rest.strip_prefix('$').unwrap_or_default();
        }
    }
    literal.push_str(rest);
    flush(&mut literal, &mut pieces);
    Ok(pieces)
}
