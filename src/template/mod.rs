//! Templates: text with places for values, `/internal/${path.rest}`.

mod error;
mod parse;

pub use error::TemplateError;

/// One part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<V> {
    /// Text that stays as it is.
    Literal(Box<str>),
    /// The place of a value.
    Value {
        /// What stands there.
        variable: V,
        /// The text that stands there where the variable has no value (`${name:-default}`); may be empty.
        default: Option<Box<str>>,
    },
}

/// Literal text and places for values. Parsed, a variable is its name; [`resolve`](Template::resolve) makes it what the
/// caller knows under that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template<V = Box<str>> {
    pieces: Box<[Piece<V>]>,
}

impl Template {
    /// Reads `${name}` and `${name:-default}`; `$${` is a literal `${`, any other `$` is itself. Names are dotted:
    /// a letter or `_` first, then letters, digits, `_` and `-`, further parts after a dot each. A default ends at the
    /// first `}`.
    ///
    /// # Errors
    /// A place that isn't closed, is empty, or has no good name.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        parse::pieces(text).map(|pieces| Self {
            pieces: pieces.into(),
        })
    }
}

impl<V> Template<V> {
    /// The parts, in order; two literals never stand side by side, none is empty.
    #[must_use]
    pub fn pieces(&self) -> &[Piece<V>] {
        &self.pieces
    }

    /// The variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &V> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Value { variable, .. } => Some(variable),
        })
    }

    /// Whether there is no place for a value.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.variables().next().is_none()
    }

    /// The whole text, where there is no place for a value.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match &*self.pieces {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The same template with each variable turned into what it means.
    ///
    /// # Errors
    /// The first error of `meaning`.
    pub fn resolve<W, E>(
        &self,
        mut meaning: impl FnMut(&V) -> Result<W, E>,
    ) -> Result<Template<W>, E> {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => Ok(Piece::Literal(text.clone())),
            Piece::Value { variable, default } => Ok(Piece::Value {
                variable: meaning(variable)?,
                default: default.clone(),
            }),
        });
        Ok(Template {
            pieces: pieces.collect::<Result<_, E>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let Ok(template) = Template::parse(text) else {
            return "error".to_owned();
        };
        let pieces = template.pieces().iter().map(|piece| match piece {
            Piece::Literal(text) => format!("'{text}'"),
            Piece::Value { variable, default } => match default {
                Some(default) => format!("<{variable}|{default}>"),
                None => format!("<{variable}>"),
            },
        });
        pieces.collect::<Vec<_>>().concat()
    }

    #[test]
    fn parsing() {
        for (text, expected) in [
            ("", ""),
            ("plain", "'plain'"),
            ("a${b}c", "'a'<b>'c'"),
            ("${b}${c.d-e.0}", "<b><c.d-e.0>"),
            ("${b:-}", "<b|>"),
            ("${b:-x:-${y}z", "<b|x:-${y>'z'"),
            ("$", "'$'"),
            ("$5 {x} $$", "'$5 {x} $$'"),
            ("$${b}", "'${b}'"),
            ("$$${b}", "'$${b}'"),
            ("${", "error"),
            ("a${b", "error"),
            ("${}", "error"),
            ("${:-x}", "error"),
            ("${1a}", "error"),
            ("${a.}", "error"),
            ("${.a}", "error"),
            ("${a b}", "error"),
            ("${a:x}", "error"),
            ("${é}", "error"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn literals() {
        assert_eq!(Template::parse("").unwrap().as_literal(), Some(""));
        assert_eq!(Template::parse("$${").unwrap().as_literal(), Some("${"));
        assert!(Template::parse("a").unwrap().is_literal());
        let template = Template::parse("a${b}").unwrap();
        assert!(!template.is_literal());
        assert_eq!(template.as_literal(), None);
    }

    #[test]
    fn resolving() {
        let template = Template::parse("a${b}${c:-d}").unwrap();
        let lengths: Result<Template<usize>, ()> = template.resolve(|name| Ok(name.len()));
        assert_eq!(lengths.unwrap().variables().collect::<Vec<_>>(), [&1, &1]);
        let unknown = template.resolve(|name| if &**name == "c" { Err("c") } else { Ok(()) });
        assert_eq!(unknown, Err("c"));
    }
}
