//! Where in a document something stands.

use std::fmt;

/// A place in a document: `routes[2].match[0].path.exact`, as in JSONPath without the `$.`. It lives on the stack, each
/// step borrowing the one before, and is written out only where an error needs it.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The whole document.
    Root,
    /// A field of a map.
    Field(&'a Self, &'a str),
    /// An entry of a list, from zero.
    Index(&'a Self, usize),
}

/// The longest name that is written out; what an operator pasted by mistake is cut.
const LONGEST_NAME: usize = 80;

impl<'a> Path<'a> {
    /// The field `name` of what stands here.
    #[must_use]
    pub const fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    /// The entry `index` (from zero) of the list that stands here.
    #[must_use]
    pub const fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }
}

/// A name that can be read after a dot; `-` is one more than RFC 9535 has, because header names are full of it.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(plain)
}

fn quoted(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    f.write_str("['")?;
    for character in name.chars().take(LONGEST_NAME) {
        match character {
            '\'' | '\\' => write!(f, "\\{character}")?,
            _ if character.is_control() => write!(f, "{}", character.escape_default())?,
            _ => write!(f, "{character}")?,
        }
    }
    if name.chars().nth(LONGEST_NAME).is_some() {
        f.write_str("…")?;
    }
    f.write_str("']")
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Self::Field(Path::Root, name) if is_plain(name) => f.write_str(name),
            Self::Field(parent, name) if is_plain(name) => write!(f, "{parent}.{name}"),
            Self::Field(parent, name) => {
                write!(f, "{parent}")?;
                quoted(f, name)
            }
        }
    }
}

impl From<&Path<'_>> for String {
    fn from(path: &Path<'_>) -> Self {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_out() {
        let root = Path::Root;
        assert_eq!(root.to_string(), "");
        let routes = root.field("routes");
        let route = routes.index(2);
        let headers = route.field("headers");
        assert_eq!(route.to_string(), "routes[2]");
        assert_eq!(headers.field("x-a").to_string(), "routes[2].headers.x-a");
        assert_eq!(
            headers.field("it's\n").to_string(),
            "routes[2].headers['it\\'s\\n']"
        );
        assert_eq!(root.field("").to_string(), "['']");
        let long = "x".repeat(200);
        assert_eq!(root.field(&long).to_string().chars().count(), 85);
    }
}
