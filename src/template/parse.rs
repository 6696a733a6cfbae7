//! Parses a text into the parts of a template.

use super::{Function, Piece, Template, TemplateError};

/// The most defaults that may be nested.
const MOST_DEFAULTS: usize = 4;

/// The most functions that may be nested.
const MOST_FUNCTIONS: usize = 3;

/// The variable whose names may have brackets.
const CLAIMS: &str = "claims";

fn is_part(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !text.is_empty() && text.bytes().all(inner)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.split('.').all(is_part)
}

/// The length of the brackets at the beginning of `text`, with what stands in quotes in them. `None` if they don't end.
fn bracket(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut is_escaped = false;
    for (at, char) in text.char_indices() {
        match (quote, char) {
            _ if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), _) => quote = (open != char).then_some(open),
            (None, '\'' | '"') => quote = Some(char),
            (None, ']') => return Some(at.saturating_add(1)),
            (None, _) => {}
        }
    }
    None
}

/// What follows `claims` in the name of a claim.
fn after_claims(text: &str) -> Option<&str> {
    text.strip_prefix(CLAIMS)
        .filter(|rest| rest.starts_with(['.', '[']))
}

/// See [`super::claim_path`].
pub(super) fn claim_path(variable: &str) -> Option<String> {
    let mut rest = after_claims(variable)?;
    let mut path = String::from("$");
    while !rest.is_empty() {
        let step;
        if let Some(after) = rest.strip_prefix('.') {
            (step, rest) = after.split_at_checked(after.find(['.', '[']).unwrap_or(after.len()))?;
            if !is_part(step) {
                return None;
            }
            let is_plain =
                !step.contains('-') && !step.starts_with(|first: char| first.is_ascii_digit());
            let [open, close] = if is_plain { [".", ""] } else { ["['", "']"] };
            path.extend([open, step, close]);
        } else {
            let end = Some(rest)
                .filter(|rest| rest.starts_with('['))
                .and_then(bracket)?;
            (step, rest) = rest.split_at_checked(end)?;
            path.push_str(step);
        }
    }
    Some(path)
}

fn check_name(name: &str) -> Result<(), TemplateError> {
    if name.is_empty() {
        return Err(TemplateError::Empty);
    }
    if !is_name(name) && claim_path(name).is_none() {
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

    /// The name of a function at the beginning of the rest, if a `(` follows it. Removes both.
    fn function(&mut self) -> Option<&'t str> {
        let (name, rest) = self.rest.split_once('(')?;
        if !is_part(name) {
            return None;
        }
        self.rest = rest;
        Some(name)
    }

    /// The functions at the beginning of the rest, the innermost first.
    fn functions(&mut self) -> Result<Box<[Function]>, TemplateError> {
        let mut functions = Vec::new();
        while let Some(name) = self.function() {
            let function = Function::named(name);
            functions.push(function.ok_or_else(|| TemplateError::UnknownFunction(name.into()))?);
            if functions.len() > MOST_FUNCTIONS {
                return Err(TemplateError::TooManyFunctions);
            }
        }
        functions.reverse();
        Ok(functions.into())
    }

    /// The length of the name at the beginning of the rest: up to a `}`, a `)` or a `:-`, which don't count in the brackets of
    /// a claim.
    fn end_of_name(&self) -> Option<usize> {
        let mut end = 0_usize;
        let is_claim = after_claims(self.rest).is_some();
        loop {
            let rest = self.rest.get(end..)?;
            if rest.starts_with(['}', ')']) || rest.starts_with(":-") {
                return Some(end);
            }
            let brackets = Some(rest).filter(|rest| is_claim && rest.starts_with('['));
            let step = match brackets.and_then(bracket) {
                Some(length) => length,
                None => rest.chars().next()?.len_utf8(),
            };
            end = end.saturating_add(step);
        }
    }

    /// Parses the text after `${`.
    fn value(&mut self, defaults: usize) -> Result<Piece, TemplateError> {
        let functions = self.functions()?;
        let end = self.end_of_name().ok_or(TemplateError::Unclosed)?;
        let variable = self.take(end);
        check_name(variable)?;
        if let Some(last) = functions.first() {
            let is_closed = functions.iter().all(|_| self.skip(")"));
            if !is_closed || !self.rest.starts_with('}') && !self.rest.starts_with(":-") {
                return Err(TemplateError::UnclosedCall(last.name()));
            }
        } else if self.rest.starts_with(')') {
            return Err(TemplateError::BadName(format!("{variable})").into()));
        }
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
            functions,
            default,
        })
    }
}
