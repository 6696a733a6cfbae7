//! The answers of Apollo. The tool makes them itself: a file holds the document, and not what Apollo says.

use std::collections::BTreeSet;

use postern::config::{Config, SourceKind};
use serde_json::{Value, json};

/// The names of the sources in Apollo whose namespace is a list of items, and of those whose namespace is a file.
#[derive(Debug, Default)]
pub(super) struct ApolloSources {
    lists: BTreeSet<String>,
    files: BTreeSet<String>,
}

impl ApolloSources {
    pub(super) fn new(config: &Config) -> Self {
        let mut sources = Self::default();
        for source in &config.sources {
            if let SourceKind::Apollo(apollo) = &source.value.kind {
                let extensions = [".json", ".yaml", ".yml", ".txt", ".xml"];
                let is_file = extensions
                    .iter()
                    .any(|extension| apollo.namespace.to_ascii_lowercase().ends_with(extension));
                let names = if is_file {
                    &mut sources.files
                } else {
                    &mut sources.lists
                };
                names.insert(source.name.clone());
            }
        }
        sources
    }

    /// The answer to a read of the source, if it is one of these and holds `document`. It has no key of a release: then no notification
    /// is asked for.
    pub(super) fn answer(&self, source: &str, document: &[u8]) -> Option<Vec<u8>> {
        let items = if self.files.contains(source) {
            json!({"content": String::from_utf8_lossy(document)})
        } else if self.lists.contains(source) {
            // As it is: what is no map is no namespace.
            serde_json::from_slice(document).unwrap_or(Value::Null)
        } else {
            return None;
        };
        Some(json!({"configurations": items}).to_string().into_bytes())
    }
}
