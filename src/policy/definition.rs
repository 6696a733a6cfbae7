//! The definition of a source.

use sha2::{Digest, Sha256};

use crate::config::{self, Named};
use crate::http::Endpoint;
use crate::source::{DefinitionHash, JsonPath};

/// The definition of a source: where documents come from, credentials included, which documents are good, and what is
/// read from them. Two sources share documents only where their definitions are equal: a document that one policy can't
/// use must not get in the way of another policy that can. The interval, the timeout of a watched source and `staleFor`
/// are not in it: each policy has its own, and a push that changes them loses no document.
#[derive(Default)]
pub(super) struct Definition(Sha256);

impl Definition {
    pub(super) fn add(&mut self, part: &[u8]) {
        // The length comes first, so that no two lists of parts have the same bytes.
        self.0
            .update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.0.update(part);
    }

    /// Everything that a view of the source's documents is made by, because views are shared too. Lookups of routes are
    /// not known yet, see [`with_values`](Self::with_values) and [`with_lists`](Self::with_lists).
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
                definition.add(provider.value.kind().as_bytes());
                definition.add(provider.value.credentials().as_bytes());
            }
        }
        definition
    }

    /// The hash of a definition that differs from this one in one thing: routes read values of the documents too.
    pub(super) fn with_values(without: DefinitionHash) -> DefinitionHash {
        let mut definition = Self::default();
        definition.add(b"values");
        definition.add(&without.0);
        definition.hash()
    }

    /// The hash of a definition that differs from this one in one thing: these lists are read of the documents too.
    pub(super) fn with_lists(without: DefinitionHash, lists: &[JsonPath]) -> DefinitionHash {
        let mut definition = Self::default();
        definition.add(b"lists");
        definition.add(&without.0);
        for list in lists {
            definition.add(list.text().as_bytes());
        }
        definition.hash()
    }

    /// The hash of a definition that differs from this one in one thing: this header field of answers is kept. The order in which
    /// fields are added doesn't matter.
    pub(super) fn with_header(without: DefinitionHash, name: &str) -> DefinitionHash {
        let mut definition = Self::default();
        definition.add(b"header");
        definition.add(name.as_bytes());
        Self::with(without, definition)
    }

    /// The same where credentials of clients are sent.
    pub(super) fn with_credentials(without: DefinitionHash) -> DefinitionHash {
        let mut definition = Self::default();
        definition.add(b"credentials of clients");
        Self::with(without, definition)
    }

    fn with(without: DefinitionHash, more: Self) -> DefinitionHash {
        let DefinitionHash(mut both) = more.hash();
        for (byte, other) in both.iter_mut().zip(without.0) {
            *byte ^= other;
        }
        DefinitionHash(both)
    }

    /// Where the requests go, credentials included. The timeout is not in it.
    pub(super) fn endpoint(&mut self, endpoint: &Endpoint) {
        self.add(endpoint.cluster());
        self.add(endpoint.authority());
        self.add(endpoint.scheme().as_str().as_bytes());
        let headers = endpoint.headers();
        self.add(format!("{} {}", endpoint.max_bytes(), headers.len()).as_bytes());
        for (name, value) in headers {
            self.add(name);
            self.add(value.expose());
        }
    }

    pub(super) fn hash(self) -> DefinitionHash {
        DefinitionHash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policy, SourceKind};

    /// The hashes of both sources of a policy in which `from` is replaced by `to`.
    fn identities(from: &str, to: &str) -> Vec<DefinitionHash> {
        let text = r#"{"consumersFrom": [{"source": "w", "items": "$[*]", "maxShrink": "50%"}],
            "providers": {"keys": {"apiKey": {"from": [{"header": "x"}]}}, "more": {"apiKey": {"from": [{"query": "q"}]}}},
            "sources": {"w": {"http": {"cluster": "c", "path": "/w", "headers": {"x-a": "secret"}}, "refresh": "5s"},
                        "d": {"http": {"cluster": "c", "path": "/${key}"}, "onDemand": {"ttl": "60s"}}},
            "routes": [{"name": "r", "require": "keys"}]}"#;
        assert!(text.contains(from), "{from}");
        let config = config::Config::parse(text.replace(from, to).as_bytes()).unwrap();
        let policy = Policy::compile(&config, &|_: &str| None).unwrap();
        let definition = |kind: &SourceKind| match *kind {
            SourceKind::Watched { definition, .. } | SourceKind::OnDemand { definition, .. } => {
                definition
            }
            SourceKind::Inline(_) | SourceKind::Merged { .. } => panic!("it is fetched"),
        };
        policy
            .sources
            .iter()
            .map(|(_, source)| definition(&source.kind))
            .collect()
    }

    #[test]
    fn intervals_and_the_form_of_a_key_are_not_in_the_definition() {
        let before = identities("5s", "5s");
        for (from, to) in [
            (r#""refresh": "5s""#, r#""refresh": "1h", "staleFor": "1m""#),
            (r#""path": "/w""#, r#""path": "/w", "timeout": "9s""#),
            (
                r#""ttl": "60s""#,
                r#""ttl": "1s", "missTtl": "0s", "staleFor": "1s", "maxInFlight": 1, "maxKeyBytes": 9"#,
            ),
            (r#"{"header": "x"}"#, r#"{"cookie": "y"}, {"header": "z"}"#),
            (
                r#"[{"header": "x"}]"#,
                r#"[{"header": "x"}], "realm": "z", "forward": true"#,
            ),
        ] {
            assert_eq!(identities(from, to), before, "{to}");
        }
    }

    #[test]
    fn everything_else_is_in_the_definition() {
        let before = identities("5s", "5s");
        for (from, to, changes) in [
            (r#""more""#, r#""other""#, [true, false]),
            (
                r#", "more": {"apiKey": {"from": [{"query": "q"}]}}"#,
                "",
                [true, false],
            ),
            (
                r#"{"keys": {"apiKey": {"from": [{"header": "x"}]}}, "more": {"apiKey": {"from": [{"query": "q"}]}}}"#,
                r#"{"more": {"apiKey": {"from": [{"query": "q"}]}}, "keys": {"apiKey": {"from": [{"header": "x"}]}}}"#,
                [true, false],
            ),
            (r#""$[*]""#, r#""$.a[*]""#, [true, false]),
            ("50%", "60%", [true, false]),
            ("secret", "secrets", [true, false]),
            (
                r#""path": "/w""#,
                r#""path": "/w", "maxBytes": "1Mi""#,
                [true, false],
            ),
            (
                r#""path": "/w""#,
                r#""path": "/w", "scheme": "https""#,
                [true, false],
            ),
            (
                r#""path": "/${key}""#,
                r#""path": "/${key}", "scheme": "https""#,
                [false, true],
            ),
            (r#""ttl": "60s""#, r#""maxEntries": 9"#, [false, true]),
            (
                r#""path": "/${key}""#,
                r#""path": "/${key}", "timeout": "9s""#,
                [false, true],
            ),
            (r#""cluster": "c""#, r#""cluster": "d""#, [true, true]),
        ] {
            let after = identities(from, to);
            let changed = before.iter().zip(&after).map(|(one, other)| one != other);
            assert_eq!(changed.collect::<Vec<_>>(), changes, "{to}");
        }
    }

    /// Each kind of provider has a word of its own: otherwise kinds would share documents.
    #[test]
    fn a_kind_is_named_by_its_field() {
        let config = config::Config::parse(
            br#"{"providers": {"keys": {"apiKey": {"from": [{"header": "x"}]}}}}"#,
        );
        let provider = &config.unwrap().providers[0].value;
        assert_eq!(provider.kind(), "apiKey");
    }
}
