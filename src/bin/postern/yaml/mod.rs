//! Files of YAML and JSON as documents. Every part of a document has its line and its column.

mod json;
mod node;
mod reader;
mod scalar;

use std::collections::BTreeMap;
use std::fmt;

use postern::config::Path;

pub(crate) use json::read as read_json;
pub(crate) use node::{DuplicateKey, Node, Position, Style, Value};
use scalar::Ambiguity;
pub(crate) use scalar::Cause;

/// One document of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YamlDocument<'a> {
    pub(crate) root: Node<'a>,
    /// Keys and values that programs read differently, by their positions.
    ambiguities: BTreeMap<Position, Ambiguity>,
}

/// Why a text is neither YAML nor JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: Position,
    pub(crate) reason: String,
}

impl fmt::Display for SyntaxError {
    /// `LINE:COLUMN: REASON`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, reason } = self;
        write!(f, "{}:{}: {reason}", at.line, at.column)
    }
}

impl SyntaxError {
    pub(crate) fn new(at: Position, reason: &str) -> Self {
        Self {
            at,
            reason: reason.to_owned(),
        }
    }
}

/// Reads the documents of a file, without the empty ones.
pub(crate) fn read(text: &str) -> Result<Vec<YamlDocument<'_>>, SyntaxError> {
    // JSON is a part of YAML, but for pairs of `\u` escapes, and is read faster as what it is.
    if text.trim_start().starts_with(['{', '[']) {
        if let Ok(root) = json::read(text) {
            return Ok(vec![YamlDocument {
                root,
                ambiguities: BTreeMap::new(),
            }]);
        }
    }
    reader::read(text)
}

impl<'a> YamlDocument<'a> {
    /// Reads a file that holds one document. A key that is twice in a map is an error.
    pub(crate) fn only(text: &'a str) -> Result<Self, SyntaxError> {
        let mut documents = read(text)?.into_iter();
        let (Some(document), None) = (documents.next(), documents.next()) else {
            return Err(SyntaxError::new(Position::START, "expected one document"));
        };
        match document.root.duplicate_keys().first() {
            Some(at) => Err(SyntaxError::new(*at, "duplicate key")),
            None => Ok(document),
        }
    }

    /// Whether this is a Kubernetes resource, which kubectl or a program like it makes JSON of.
    pub(crate) fn is_kubernetes(&self) -> bool {
        let has = |key: &str| self.root.entry(&[key]).is_some();
        has("apiVersion") && has("kind")
    }

    /// `node`, a part of this document, as the JSON that is sent to a gateway.
    pub(crate) fn to_json(&self, node: &Node<'_>) -> String {
        if self.is_kubernetes() {
            node.to_json_with(&self.ambiguities)
        } else {
            node.to_json()
        }
    }

    /// What programs read differently in `node`, a part of this document, with its path in `node`.
    pub(crate) fn ambiguities_in(&self, node: &Node<'_>) -> BTreeMap<Position, (String, Cause)> {
        let mut found = BTreeMap::new();
        if !self.ambiguities.is_empty() {
            // A map has the position of its first key. The key is visited later, and has the longer path.
            node.visit(&Path::Root, &mut |at, path| {
                if let Some(Ambiguity { cause, .. }) = self.ambiguities.get(&at) {
                    found.insert(at, (path.to_string(), *cause));
                }
            });
        }
        found
    }

    /// Refuses `node`, a part of this document, if something in it can't be read.
    pub(crate) fn refuse(&self, node: &Node<'_>) -> Result<(), SyntaxError> {
        let found = self.ambiguities_in(node);
        let refused = found.iter().find(|(_, (_, cause))| cause.is_refused());
        refused.map_or(Ok(()), |(at, (_, cause))| {
            let reason = format!("{} ({})", cause.reason(), cause.suggestion());
            Err(SyntaxError { at: *at, reason })
        })
    }
}

#[cfg(test)]
mod tests;
