//! What documents are learnt by.

use sha2::{Digest, Sha256};

use crate::config::{self, Named};
use crate::http::Text;
use crate::source::{HeaderValue, Identity};

/// The whole definition that documents are learnt by: where they come from, credentials included, and what must be able
/// to read them. Two sources share what was learnt only where all of it is the same: a document that one policy can't
/// use must not stand in the way of another that can.
#[derive(Default)]
pub(super) struct Definition(Sha256);

impl Definition {
    pub(super) fn add(&mut self, part: &[u8]) {
        // The length first: no two lists of parts are written alike.
        self.0
            .update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.0.update(part);
    }

    /// What the policy makes of the source's documents: all that a view of them is made by, because that is shared too.
    /// What routes look up is not known yet, see [`with_values`](Self::with_values).
    pub(super) fn of_readers(source: &Named<config::Source>, config: &config::Config) -> Self {
        let mut definition = Self::default();
        if let Some(index) = &source.value.index {
            definition.add(b"index");
            definition.add(index.items.as_bytes());
            definition.add(index.by.as_bytes());
        }
        let reads = |from: &&config::ConsumersFrom| from.source == source.name;
        for from in config.consumers_from.iter().filter(reads) {
            definition.add(b"consumers");
            definition.add(from.items.as_bytes());
            definition.add(format!("{:?}", from.max_shrink).as_bytes());
            for provider in &config.providers {
                definition.add(provider.name.as_bytes());
            }
        }
        definition
    }

    /// The identity of a source like that of `identity`, but that routes read values of the documents besides.
    pub(super) fn with_values(identity: Identity) -> Identity {
        let mut definition = Self::default();
        definition.add(b"values");
        definition.add(&identity.0);
        definition.identity()
    }

    pub(super) fn http(&mut self, http: &config::HttpSource, headers: &[(Text, HeaderValue)]) {
        self.add(b"http");
        for part in [&*http.cluster, http.authority(), &*http.path] {
            self.add(part.as_bytes());
        }
        self.add(format!("{:?} {} {}", http.timeout, http.max_bytes, headers.len()).as_bytes());
        for (name, value) in headers {
            self.add(name);
            self.add(match value {
                HeaderValue::Plain(text) => text,
                HeaderValue::Secret(secret) => secret.expose(),
            });
        }
    }

    pub(super) fn identity(self) -> Identity {
        Identity(self.0.finalize().into())
    }
}
