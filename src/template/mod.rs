//! Templates: text with variables, such as `/internal/${path.rest}`.

mod error;
mod function;
mod parse;

pub use error::TemplateError;
pub use function::Function;

/// The JSONPath of the claim that a variable names: `$['a b'].c` of `claims['a b'].c`. A name that JSONPath doesn't take behind
/// a dot, such as `tenant-id`, is put in brackets. `None` if the variable isn't a claim.
pub(crate) fn claim_path(variable: &str) -> Option<String> {
    parse::claim_path(variable)
}

/// One part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Literal text.
    Literal(Box<str>),
    /// A variable.
    Value {
        /// The name of the variable.
        variable: Box<str>,
        /// The functions of its value, the first one innermost: `base64`, `lower` of `${lower(base64(name))}`.
        functions: Box<[Function]>,
        /// The text for a variable without a value (`${name:-default}`). It may be empty.
        default: Option<Template>,
    },
}

/// Literal text and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Box<[Piece]>,
}

impl Piece {
    /// Adds the names of its variables, with those in its default.
    pub(crate) fn collect<'t>(&'t self, names: &mut Vec<&'t str>) {
        if let Self::Value {
            variable, default, ..
        } = self
        {
            names.push(variable);
            if let Some(default) = default {
                default.collect(names);
            }
        }
    }
}

impl Template {
    /// Reads `${name}`, `${name:-default}` and `${function(name):-default}`. `$${` is a literal `${`, any other `$` is a literal. A name has parts
    /// separated by dots: the first part begins with a letter or `_`, and has letters, digits, `_` and `-`. The parts of
    /// `claims` may be in brackets, too, as in JSONPath: `claims['a b'].c`. A default is a template too, and ends at its first
    /// `}`. No function is applied to it. At most three functions are nested.
    ///
    /// # Errors
    /// A variable that isn't closed, has no valid name, or is nested too deep in defaults; a function that is unknown, isn't
    /// closed or is nested too deep.
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
        self.pieces.iter().for_each(|piece| piece.collect(names));
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
            Piece::Value {
                variable,
                functions,
                default,
            } => {
                let names = functions.iter().map(|function| function.name());
                let variable = names.fold(variable.to_string(), |inner, name| {
                    format!("{name}({inner})")
                });
                match default {
                    Some(default) => format!("<{variable}|{}>", written(default)),
                    None => format!("<{variable}>"),
                }
            }
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
            ("${claims.a-b}", "<claims.a-b>"),
            ("${claims['a b'].c[0]:-x}y", "<claims['a b'].c[0]|'x'>'y'"),
            ("${claims['a}:-b']}", "<claims['a}:-b']>"),
            (r#"${claims["a\"}]"].b}"#, r#"<claims["a\"}]"].b>"#),
            (r"${claims['\']}']}", r"<claims['\']}']>"),
            ("${claims['é']['b']}", "<claims['é']['b']>"),
            ("${claims}", "<claims>"),
            ("${claimsx['a']}", "error"),
            ("${claims['a'}", "error"),
            ("${claims['a]}", "error"),
            ("${claims[0]a}", "error"),
            ("${claims..a}", "error"),
            ("${claims.['a']}", "error"),
            ("${claims.}", "error"),
            ("${claims.é}", "error"),
            ("${x['a']}", "error"),
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
    fn parses_functions() {
        for (text, expected) in [
            ("${lower(a)}", "<lower(a)>"),
            (
                "${trim(base64url(sha256(a.b))):-x}y",
                "<trim(base64url(sha256(a.b)))|'x'>'y'",
            ),
            ("${lower(claims['a)b'].c)}", "<lower(claims['a)b'].c)>"),
            (
                "${a:-${lower(b):-${upper(c)}}}",
                "<a|<lower(b)|<upper(c)>>>",
            ),
            ("${lower}", "<lower>"),
            ("${lower.a}", "<lower.a>"),
            ("$${lower(a)}", "'${lower(a)}'"),
            ("${lower(lower(lower(lower(a))))}", "error"),
            ("${tolower(a)}", "error"),
            ("${lower(a}", "error"),
            ("${lower(a))}", "error"),
            ("${lower(a)b}", "error"),
            ("${lower(a:-b)}", "error"),
            ("${lower(a)", "error"),
            ("${lower(", "error"),
            ("${lower()}", "error"),
            ("${lower(a,b)}", "error"),
            ("${lower(a b)}", "error"),
            ("${(a)}", "error"),
            ("${lower (a)}", "error"),
            ("${lower(${a})}", "error"),
            ("${a(b)}", "error"),
            ("${a.b(c)}", "error"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn makes_the_paths_of_claims() {
        for (variable, path) in [
            ("claims.sub", "$.sub"),
            ("claims.tenant-id.0.b", "$['tenant-id']['0'].b"),
            ("claims['a.b'].c[0][-1]", "$['a.b'].c[0][-1]"),
            ("claims[*]", "$[*]"),
        ] {
            assert_eq!(claim_path(variable).as_deref(), Some(path), "{variable}");
        }
        for variable in ["claims", "claim.a", "claimsx.a", "consumer.claims.a", ""] {
            assert_eq!(claim_path(variable), None, "{variable}");
        }
    }

    #[test]
    fn lists_the_variables_of_defaults() {
        let template = Template::parse("a${b:-${c}d}${e}").unwrap();
        assert_eq!(template.variables(), ["b", "c", "e"]);
    }
}
