//! Literal parts of new paths, from the policy.

use crate::http::{escape, is_unreserved, percent_encode_into};

/// The reason why a text isn't a literal part of a path. The operator has to correct it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathLiteralError {
    /// `?` or `#`.
    #[error("a path has no `?` and no `#`: write %3F or %23 for the character")]
    QueryOrFragment,
    /// A `%` without two hexadecimal digits.
    #[error("`%` is not followed by two hexadecimal digits: write %25 for the character")]
    BadEscape,
    /// A control byte, raw or escaped.
    #[error("a path can't have a control byte")]
    ControlByte,
    /// A raw `\` or `;`.
    #[error(
        "`\\` and `;` are read differently by different servers: write %5C or %3B for the character"
    )]
    Ambiguous,
}

/// A literal part of a new path, in the form in which it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathLiteral(Box<[u8]>);

impl PathLiteral {
    /// Reads a part of a path. It decodes unreserved escapes and keeps other escapes. It escapes bytes that a path can't have
    /// (blanks, letters outside of ASCII). Empty segments and dot segments are found when a path is built.
    ///
    /// # Errors
    /// See [`PathLiteralError`].
    pub fn parse(text: &str) -> Result<Self, PathLiteralError> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((&byte, tail)) = rest.split_first() {
            rest = match byte {
                b'?' | b'#' => return Err(PathLiteralError::QueryOrFragment),
                b'\\' | b';' => return Err(PathLiteralError::Ambiguous),
                b'%' => escaped(rest, &mut out)?,
                _ if byte.is_ascii_control() => return Err(PathLiteralError::ControlByte),
                _ => {
                    let kept = |byte| is_unreserved(byte) || b"/!$&'()*+,=:@".contains(&byte);
                    percent_encode_into(&mut out, &[byte], kept);
                    tail
                }
            };
        }
        Ok(Self(out.into()))
    }

    /// The bytes as they are sent.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Appends the escape at the start of `text`, and returns the text after it.
fn escaped<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Result<&'t [u8], PathLiteralError> {
    let meant = escape(text).ok_or(PathLiteralError::BadEscape)?;
    let (raw, after) = text
        .split_at_checked(3)
        .ok_or(PathLiteralError::BadEscape)?;
    if meant.is_ascii_control() {
        return Err(PathLiteralError::ControlByte);
    }
    if is_unreserved(meant) {
        out.push(meant);
    } else {
        out.extend(raw);
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_literals() {
        for (text, expected) in [
            ("", Ok("")),
            ("/a.b/", Ok("/a.b/")),
            ("/%61%2f%20%C3%A9", Ok("/a%2f%20%C3%A9")),
            ("é b\"", Ok("%C3%A9%20b%22")),
            ("a:@=&+,", Ok("a:@=&+,")),
            ("a?", Err(PathLiteralError::QueryOrFragment)),
            ("#", Err(PathLiteralError::QueryOrFragment)),
            ("%4", Err(PathLiteralError::BadEscape)),
            ("%0a", Err(PathLiteralError::ControlByte)),
            ("\t", Err(PathLiteralError::ControlByte)),
            (";", Err(PathLiteralError::Ambiguous)),
            ("\\", Err(PathLiteralError::Ambiguous)),
        ] {
            let parsed = PathLiteral::parse(text).map(|literal| literal.0.to_vec());
            assert_eq!(
                parsed,
                expected.map(|text| text.as_bytes().to_vec()),
                "{text}"
            );
        }
    }
}
