//! Documents in layers.

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, expected, non_empty};
use crate::config::values::text::line;
use crate::config::{ConfigErrors, Path};

/// How many parts a merged document may have.
const MOST_PARTS: usize = 16;

/// A part of a merged document: the document of another source.
#[derive(Clone, Debug)]
pub struct MergePart {
    /// The name of the source.
    pub source: String,
    /// Whether the other parts are used where it has no document.
    pub optional: bool,
}

record! {
    /// A part of a merged document that may lack.
    pub(super) struct WrittenMergePart {
        /// The name of the source.
        "source" source: String as line = required;
        /// Whether the other parts are used where it has no document.
        "optional" optional: bool = false;
    }
}

impl Decode for MergePart {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(_) => Some(Self {
                source: line(node, at, errors)?,
                optional: false,
            }),
            Node::Map(_) => {
                let WrittenMergePart { source, optional } = Decode::decode(node, at, errors)?;
                Some(Self { source, optional })
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) => {
                expected("a source or `{source: …}`", node, at, errors)
            }
        }
    }
}

/// The parts, the lowest first.
pub(super) fn merge_parts(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<MergePart>> {
    let parts: Vec<MergePart> = non_empty(node, at, errors)?;
    if parts.len() > MOST_PARTS {
        errors.push(at, format!("must have at most {MOST_PARTS} parts"));
        return None;
    }
    Some(parts)
}
