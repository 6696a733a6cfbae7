//! Which types of tokens are accepted (`typ` of the header, RFC 7515 §4.1.9).

/// A list of accepted types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTypes {
    /// Whether tokens without `typ` are accepted.
    pub absent: bool,
    /// The accepted ones. `JWT` and `application/jwt` are the same.
    pub named: Box<[Box<str>]>,
}

impl Default for TokenTypes {
    /// None, `JWT`, and `at+jwt` (RFC 9068 §2.1): no type that another protocol uses for a token of another meaning.
    fn default() -> Self {
        Self {
            absent: true,
            named: ["JWT", "at+jwt"].map(Into::into).into(),
        }
    }
}

impl TokenTypes {
    /// Whether a token of this type is accepted. Types have no letter case. One without a slash means the type with
    /// `application/` before it, where the rest has no slash.
    #[must_use]
    pub fn accept(&self, typ: Option<&str>) -> bool {
        let Some(typ) = typ.map(short) else {
            return self.absent;
        };
        let mut named = self.named.iter();
        named.any(|own| short(own).eq_ignore_ascii_case(typ))
    }
}

/// The type without `application/`.
fn short(typ: &str) -> &str {
    match typ.split_once('/') {
        Some((first, rest)) if first.eq_ignore_ascii_case("application") && !rest.contains('/') => {
            rest
        }
        _ => typ,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_media_types() {
        let types = TokenTypes::default();
        for typ in [
            None,
            Some("JWT"),
            Some("jwt"),
            Some("at+jwt"),
            Some("AT+JWT"),
            Some("application/at+jwt"),
            Some("Application/JWT"),
        ] {
            assert!(types.accept(typ), "{typ:?}");
        }
        for typ in [
            "",
            "JOSE",
            "dpop+jwt",
            "logout+jwt",
            "secevent+jwt",
            "text/jwt",
            "application/",
            "application/application/jwt",
            "application//jwt",
            "jwt/",
            "at+jwt ",
            "at+jwt; v=1",
            "JWT\0",
            "\u{212a}WT",
        ] {
            assert!(!types.accept(Some(typ)), "{typ:?}");
        }
        let only = TokenTypes {
            absent: false,
            named: ["application/at+jwt".into()].into(),
        };
        assert!(only.accept(Some("at+jwt")));
        assert!(!only.accept(None) && !only.accept(Some("JWT")) && !only.accept(Some("")));
    }
}
