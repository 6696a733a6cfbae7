//! Templates: text with variables, such as `/internal/${path.rest}`.

mod error;
mod parse;

pub use error::TemplateError;

/// One part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Literal text.
    Literal(Box<str>),
    /// A variable.
    Value {
        /// The name of the variable.
        variable: Box<str>,
        /// The text for a variable without a value (`${name:-default}`). It may be empty.
        default: Option<Template>,
    },
}

/// Literal text and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Box<[Piece]>,
}

impl Template {
    /// Reads `${name}` and `${name:-default}`. `$${` is a literal `${`, any other `$` is a literal. A name has parts
    /// separated by dots: the first part begins with a letter or `_`, and has letters, digits, `_` and `-`. A default is a
    /// template too, and ends at its first `}`.
    ///
    /// # Errors
    /// A variable that isn't closed, has no valid name, or is nested too deep in defaults.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        parse::whole(text)
    }

    const fn of(pieces: Box<[Piece]>) -> Self {
        Self { pieces }
    }

    /// The parts in order. Two literals are never neighbours, and no literal is empty.
    #[must_use]
    pub const fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The names of all variables in their order in the text, with the variables in defaults.
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
    fn parses_templates() {
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
    fn lists_the_variables_of_defaults() {
        let template = Template::parse("a${b:-${c}d}${e}").unwrap();
        assert_eq!(template.variables(), ["b", "c", "e"]);
    }
}
