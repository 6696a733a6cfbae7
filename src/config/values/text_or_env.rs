//! Text that may be a secret, in the config or from the environment.

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, expected};
use crate::config::values::text::line;
use crate::config::{ConfigErrors, Path};
use crate::secret::Secret;

/// Text that may be a secret, or the name of the environment variable that has it.
#[derive(Clone, Debug)]
pub enum TextOrEnv {
    /// The text. Not empty, without control characters.
    Text(Secret),
    /// The name of a variable in the VM's environment: `{env: NAME}`.
    Env(String),
}

impl TextOrEnv {
    /// The text, if it isn't from the environment.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => std::str::from_utf8(text.expose()).ok(),
            Self::Env(_) => None,
        }
    }
}

impl Decode for TextOrEnv {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) | Node::Bool(_) | Node::Number(_) => {
                let text = line(node, at, errors)?;
                Some(Self::Text(Secret::new(text.into_bytes())))
            }
            Node::Map(entries) => match entries.as_slice() {
                [(key, name)] if key == "env" => {
                    line(name, &at.field("env"), errors).map(Self::Env)
                }
                // The keys may be a misplaced secret: `{Bearer abc}`.
                _ => {
                    errors.push(at, "expected text or `{env: NAME}`");
                    None
                }
            },
            Node::Null | Node::List(_) => expected("text or `{env: NAME}`", node, at, errors),
        }
    }
}
