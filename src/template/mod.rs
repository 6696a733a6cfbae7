//! Templates: text with places for values, `/internal/${path.rest}`.

mod error;
mod parse;

pub use error::TemplateError;

/// One part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text that stays as it is.
    Literal(Box<str>),
    /// The place of a value.
    Value {
        /// The name of what stands there.
        variable: Box<str>,
        /// What stands there where the variable has no value (`${name:-default}`); may be empty.
        default: Option<Template>,
    },
}

/// Literal text and places for values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Box<[Piece]>,
}

impl Template {
    /// Reads `${name}` and `${name:-default}`; `$${` is a literal `${`, any other `$` is itself. Names are dotted:
    /// a letter or `_` first, then letters, digits, `_` and `-`, further parts after a dot each. A default is a template
    /// too, and ends at its first `}`.
    ///
    /// # Errors
    /// A place that isn't closed, is empty, has no good name, or stands in too many defaults.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        parse::whole(text)
    }

    const fn of(pieces: Box<[Piece]>) -> Self {
        Self { pieces }
    }

    /// The parts, in order; two literals never stand side by side, none is empty.
    #[must_use]
    pub const fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The names of all variables, those of defaults too, in the order of writing.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect(&mut names);
        names
    }

    fn collect<'t>(&'t self, names: &mut Vec<&'t str>) {
        for piece in &self.pieces {
            if let Piece::Value { variable, default } = piece {
                names.push(variable);
                if let Some(default) = default {
                    default.collect(names);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Template::parse(text).map_or_else(|_| "error".to_owned(), |template| written(&template))
    }

    fn written(template: &Template) -> String {
        let pieces = template.pieces().iter().map(|piece| match piece {
            Piece::Literal(text) => format!("'{text}'"),
            Piece::Value { variable, default } => match default {
                Some(default) => format!("<{variable}|{}>", written(default)),
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
            ("${b:-x:-y}z", "<b|'x:-y'>'z'"),
            ("${b:-${c}}", "<b|<c>>"),
            ("${b:-x${c:-${d:-}y}}z", "<b|'x'<c|<d|>'y'>>'z'"),
            ("${b:-$${c}}", "<b|'${c'>'}'"),
            ("${b:-$}", "<b|'$'>"),
            ("${b:-{}}", "<b|'{'>'}'"),
            ("${b:-${c}", "error"),
            ("${b:-${}}", "error"),
            ("${a:-${a:-${a:-${a:-${a}}}}}", "<a|<a|<a|<a|<a>>>>>"),
            ("${a:-${a:-${a:-${a:-${a:-${a}}}}}}", "error"),
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
    fn variables_of_defaults_count() {
        let template = Template::parse("a${b:-${c}d}${e}").unwrap();
        assert_eq!(template.variables(), ["b", "c", "e"]);
    }
}
