//! The path of a value in a document.

use std::fmt;

/// The path of a value: `routes[2].match[0].path.exact`, as in JSONPath without the `$.`. It lives on the stack, each step
/// borrows the one before, and it becomes text only for an error.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The whole document.
    Root,
    /// A field of a map.
    Field(&'a Self, &'a str),
    /// An entry of a list, from zero.
    Index(&'a Self, usize),
}

/// The maximum length of a name in an error. Longer names, mostly pasted by mistake, are cut.
const LONGEST_NAME: usize = 80;

impl<'a> Path<'a> {
    /// The path of the field `name` of this value.
    #[must_use]
    pub const fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    /// The path of the entry `index` (from zero) of this list.
    #[must_use]
    pub const fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }
}

/// Whether the name can be written after a dot. `-` is allowed too, other than in RFC 9535, because header names have it.
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
    fn writes_paths() {
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
