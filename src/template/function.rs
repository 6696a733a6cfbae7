//! Functions of templates.

use sha2::{Digest, Sha256};

use crate::http::{base64, is_unreserved, percent_encode_into};

/// A function of a value, such as `lower` in `${lower(header.x)}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// ASCII letters in lower case.
    Lower,
    /// ASCII letters in upper case.
    Upper,
    /// Base64 with padding (RFC 4648 §4).
    Base64,
    /// Base64 for URLs, without padding (RFC 4648 §5).
    Base64Url,
    /// All bytes but unreserved ones as `%XX` (RFC 3986 §2.1).
    UrlEncode,
    /// The hash of FIPS 180-4, in hexadecimal digits.
    Sha256,
    /// Without blanks and tabs around it.
    Trim,
}

impl Function {
    /// The names of all functions.
    pub const NAMES: [&str; 7] = [
        "lower",
        "upper",
        "base64",
        "base64url",
        "urlencode",
        "sha256",
        "trim",
    ];

    const ALL: [Self; 7] = [
        Self::Lower,
        Self::Upper,
        Self::Base64,
        Self::Base64Url,
        Self::UrlEncode,
        Self::Sha256,
        Self::Trim,
    ];

    /// The function of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let at = Self::NAMES.iter().position(|known| *known == name)?;
        Self::ALL.get(at).copied()
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let at = Self::ALL.iter().position(|known| *known == self);
        at.and_then(|at| Self::NAMES.get(at))
            .copied()
            .unwrap_or_default()
    }

    /// Its value for these bytes. They may be any bytes: what comes out is checked where it lands.
    #[must_use]
    pub fn apply(self, value: &[u8]) -> Vec<u8> {
        match self {
            Self::Lower => value.to_ascii_lowercase(),
            Self::Upper => value.to_ascii_uppercase(),
            Self::Base64 => base64(value).into_bytes(),
            Self::Base64Url => {
                let mut text = base64(value).into_bytes();
                text.retain(|digit| *digit != b'=');
                for digit in &mut text {
                    *digit = match *digit {
                        b'+' => b'-',
                        b'/' => b'_',
                        other => other,
                    };
                }
                text
            }
            Self::UrlEncode => {
                let mut text = Vec::new();
                percent_encode_into(&mut text, value, is_unreserved);
                text
            }
            Self::Sha256 => hex(&Sha256::digest(value)),
            Self::Trim => trim(value).to_vec(),
        }
    }
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let digit = |nibble: u8| match nibble {
        0..=9 => b'0'.wrapping_add(nibble),
        _ => b'a'.wrapping_sub(10).wrapping_add(nibble),
    };
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Without the whitespace of header fields around it (RFC 9110 §5.6.3). CR and LF stay, so that they are refused.
const fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_that_of_its_function() {
        for (name, function) in Function::NAMES.into_iter().zip(Function::ALL) {
            assert_eq!(Function::named(name), Some(function));
            assert_eq!(function.name(), name);
        }
        assert_eq!(Function::named("Lower"), None);
        assert_eq!(Function::named(""), None);
    }

    #[test]
    fn applies_functions() {
        for (name, value, expected) in [
            ("lower", "ABC-É9", "abc-É9"),
            ("upper", "abc-é9", "ABC-é9"),
            ("base64", "", ""),
            ("base64", "a", "YQ=="),
            ("base64", "ü?>", "w7w/Pg=="),
            ("base64url", "ü?>", "w7w_Pg"),
            ("base64url", "a", "YQ"),
            ("urlencode", "a b/é&=%+~", "a%20b%2F%C3%A9%26%3D%25%2B~"),
            (
                "sha256",
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                "sha256",
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            ("trim", " \t a b\t", "a b"),
            ("trim", " \r\na\n ", "\r\na\n"),
            ("trim", " \t", ""),
        ] {
            let applied = Function::named(name).unwrap().apply(value.as_bytes());
            assert_eq!(
                String::from_utf8(applied).unwrap(),
                expected,
                "{name}({value:?})"
            );
        }
    }
}
