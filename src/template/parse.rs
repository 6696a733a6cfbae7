//! Parses a text into the parts of a template.

use super::{Piece, Template, TemplateError};

/// The most defaults that may be nested.
const MOST_DEFAULTS: usize = 4;

fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        !part.is_empty() && part.bytes().all(inner)
    };
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.split('.').all(part)
}

fn check_name(name: &str) -> Result<(), TemplateError> {
    if name.is_empty() {
        return Err(TemplateError::Empty);
    }
    if !is_name(name) {
        return Err(TemplateError::BadName(name.into()));
    }
    Ok(())
}

fn flush(literal: &mut String, pieces: &mut Vec<Piece>) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(std::mem::take(literal).into()));
    }
}

pub(super) fn whole(text: &str) -> Result<Template, TemplateError> {
    Parser { rest: text }.template(0)
}

/// The rest of the text, which isn't parsed yet.
struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    /// Removes up to `end` bytes from the rest and returns them.
    fn take(&mut self, end: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Removes this text from the rest, if the rest starts with it.
    fn skip(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Parses a template at this depth of nested defaults: the whole text, or the text up to the `}` that ends the default.
    fn template(&mut self, defaults: usize) -> Result<Template, TemplateError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let is_end = |byte: char| byte == '$' || (defaults > 0 && byte == '}');
        loop {
            let end = self.rest.find(is_end);
            literal.push_str(self.take(end.unwrap_or(self.rest.len())));
            if self.skip("$${") {
                literal.push_str("${");
            } else if self.skip("${") {
                flush(&mut literal, &mut pieces);
                pieces.push(self.value(defaults)?);
            } else if self.skip("$") {
                literal.push('$');
            } else if self.skip("}") || defaults == 0 {
                break;
            } else {
                return Err(TemplateError::Unclosed);
            }
        }
        flush(&mut literal, &mut pieces);
        Ok(Template::of(pieces.into()))
    }

    /// Parses the text after `${`.
    fn value(&mut self, defaults: usize) -> Result<Piece, TemplateError> {
        let end = self.rest.find('}').ok_or(TemplateError::Unclosed)?;
        let dash = self.rest.find(":-").filter(|dash| *dash < end);
        let variable = self.take(dash.unwrap_or(end));
        check_name(variable)?;
        let default = if self.skip(":-") {
            if defaults >= MOST_DEFAULTS {
                return Err(TemplateError::TooDeep);
            }
            Some(self.template(defaults.saturating_add(1))?)
        } else {
            self.skip("}");
            None
        };
        Ok(Piece::Value {
            variable: variable.into(),
            default,
        })
    }
}
