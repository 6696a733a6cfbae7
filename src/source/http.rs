//! A config centre behind plain HTTP.

use std::time::Duration;

use crate::http::{Callout, Reply, Text};
use crate::secret::Secret;

use super::SourceError;
use super::fetcher::{Fetched, Validator};
use super::path::{Path, PathError};

/// The longest validator that is kept: what is longer is ignored, and the next request isn't conditional.
const MAX_VALIDATOR: usize = 1024;

/// So much is told of how an answer is encoded.
const MAX_ENCODING: usize = 64;

/// The value of a header that goes with every callout of a source.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// May be seen by anybody.
    Plain(Text),
    /// A credential.
    Secret(Secret),
}

impl HeaderValue {
    fn to_text(&self) -> Text {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Secret(secret) => Text::Owned(secret.expose().to_vec()),
        }
    }
}

/// One path of a cluster that answers with a JSON document. The request is a `GET` with `accept: application/json` and
/// `accept-encoding: identity`: without the latter any coding would do (RFC 9110 §12.5.3), and none is read here.
#[derive(Clone, Debug)]
pub struct HttpSource {
    cluster: Text,
    authority: Text,
    path: Path,
    headers: Vec<(Text, HeaderValue)>,
    timeout: Duration,
    max_bytes: usize,
}

impl HttpSource {
    /// How long a callout may take where nothing is written.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);

    /// How long a document may be where nothing is written: 8 MiB.
    pub const DEFAULT_MAX_BYTES: usize = 8 << 20;

    /// A source at `path` of `cluster`, asked under the name `authority`; `path` may hold `${key}` once (for a source on
    /// demand). Default timeout and size limit, no headers of its own.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn new(
        cluster: impl Into<Text>,
        authority: impl Into<Text>,
        path: &str,
    ) -> Result<Self, PathError> {
        Ok(Self {
            cluster: cluster.into(),
            authority: authority.into(),
            path: Path::compile(path)?,
            headers: Vec::new(),
            timeout: Self::DEFAULT_TIMEOUT,
            max_bytes: Self::DEFAULT_MAX_BYTES,
        })
    }

    /// The same with these headers on every callout; names in lower case.
    #[must_use]
    pub fn with_headers(mut self, headers: Vec<(Text, HeaderValue)>) -> Self {
        self.headers = headers;
        self
    }

    /// The same with another timeout.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same with another size limit, in bytes.
    #[must_use]
    pub const fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Whether the path holds `${key}`: such a source can only be read on demand, and no other can.
    #[must_use]
    pub const fn is_keyed(&self) -> bool {
        self.path.is_keyed()
    }

    /// How long a callout may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The longest document that is taken, in bytes.
    #[must_use]
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Asks for the document, conditionally where `held` isn't empty. The path should have no `${key}`; where it has, the
    /// key is left out.
    #[must_use]
    pub fn watch(&self, held: &Validator) -> Callout {
        self.callout(self.path.bare(), held)
    }

    /// Whether a key becomes one or more segments of the path, and not a part of the query.
    #[must_use]
    pub fn has_key_in_segments(&self) -> bool {
        self.path.has_key_in_segments()
    }

    /// Asks for the document of `key`, which is percent-encoded; a `/` of it divides segments. Conditionally where `held`
    /// isn't empty. `None` where a segment would be empty or a dot segment, or the key holds a control byte.
    #[must_use]
    pub fn demand(&self, key: &[u8], held: &Validator) -> Option<Callout> {
        Some(self.callout(self.path.fill(key)?, held))
    }

    fn callout(&self, path: Text, held: &Validator) -> Callout {
        let mut headers: Vec<(Text, Text)> = vec![
            (":method".into(), "GET".into()),
            (":scheme".into(), "http".into()),
            (":authority".into(), self.authority.clone()),
            (":path".into(), path),
            ("accept".into(), "application/json".into()),
            ("accept-encoding".into(), "identity".into()),
        ];
        for (name, value) in &self.headers {
            headers.push((name.clone(), value.to_text()));
        }
        if let Some(etag) = &held.etag {
            headers.push(("if-none-match".into(), Text::Owned(etag.clone())));
        }
        if let Some(date) = &held.last_modified {
            headers.push(("if-modified-since".into(), Text::Owned(date.clone())));
        }
        Callout {
            cluster: self.cluster.clone(),
            headers,
            body: "".into(),
            timeout: self.timeout,
            max_bytes: self.max_bytes,
        }
    }

    /// Reads a reply: 200 is a document, 304 "unchanged", 404 and 410 "no such document", everything else a failure
    /// (other 2xx and redirects too: what they carry isn't the document that was asked for).
    #[must_use]
    pub fn interpret(&self, reply: Reply) -> Fetched {
        match reply.status() {
            Some(200) => self.body(reply),
            Some(304) => Fetched::NotModified,
            Some(404 | 410) => Fetched::Missing,
            Some(status) => Fetched::Failed(SourceError::Status(status)),
            None => Fetched::Failed(SourceError::Status(0)),
        }
    }

    fn body(&self, reply: Reply) -> Fetched {
        if let Some(how) = encoding(&reply) {
            return Fetched::Failed(SourceError::Encoded(how));
        }
        let limit = self.max_bytes;
        if reply.body.len() > limit {
            return Fetched::Failed(SourceError::TooLarge { limit });
        }
        let validator = Validator {
            etag: only(&reply, b"etag"),
            last_modified: only(&reply, b"last-modified"),
        };
        Fetched::Body {
            body: reply.body,
            validator,
        }
    }
}

/// How the content is encoded, where it is: the beginning of what the header says.
fn encoding(reply: &Reply) -> Option<String> {
    let headers = reply.headers.view();
    let is_plain = |told: &&[u8]| told.is_empty() || told.eq_ignore_ascii_case(b"identity");
    let told = headers
        .all(b"content-encoding")
        .find(|told| !is_plain(told))?;
    let shown = told.get(..MAX_ENCODING).unwrap_or(told);
    Some(String::from_utf8_lossy(shown).into_owned())
}

/// The value of a header that stands there exactly once, isn't empty, and isn't longer than a validator may be.
fn only(reply: &Reply, name: &[u8]) -> Option<Vec<u8>> {
    let headers = reply.headers.view();
    let mut values = headers.all(name);
    let value = values.next()?;
    let fits = !value.is_empty() && value.len() <= MAX_VALIDATOR;
    (values.next().is_none() && fits).then(|| value.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn source(path: &str) -> HttpSource {
        HttpSource::new("centre", "centre.local", path).unwrap()
    }

    fn header<'a>(callout: &'a Callout, name: &str) -> Vec<&'a [u8]> {
        let named = |(key, _): &&(Text, Text)| **key == *name.as_bytes();
        let headers = callout.headers.iter().filter(named);
        headers.map(|(_, value)| &**value).collect()
    }

    fn reply(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let pairs = [&[(":status", status)], headers].concat();
        Reply {
            headers: HeaderMap::from_pairs(&pairs),
            body: body.to_vec(),
        }
    }

    #[test]
    fn a_callout() {
        let secret = HeaderValue::Secret(Secret::new(*b"Bearer x"));
        let plain = HeaderValue::Plain("1".into());
        let source = source("/a?b")
            .with_headers(vec![("authorization".into(), secret), ("x".into(), plain)])
            .with_timeout(Duration::from_millis(7));
        assert!(!format!("{source:?}").contains("Bearer"));
        let callout = source.watch(&Validator::default());
        assert_eq!(&*callout.cluster, b"centre");
        assert_eq!(callout.timeout, Duration::from_millis(7));
        for (name, value) in [
            (":method", "GET"),
            (":scheme", "http"),
            (":authority", "centre.local"),
            (":path", "/a?b"),
            ("accept-encoding", "identity"),
            ("authorization", "Bearer x"),
            ("x", "1"),
        ] {
            assert_eq!(header(&callout, name), [value.as_bytes()], "{name}");
        }
        assert!(header(&callout, "if-none-match").is_empty());
        assert!(header(&callout, "if-modified-since").is_empty());
        let held = Validator {
            etag: Some(b"\"1\"".to_vec()),
            last_modified: Some(b"then".to_vec()),
        };
        let callout = source.watch(&held);
        assert_eq!(header(&callout, "if-none-match"), [b"\"1\""]);
        assert_eq!(header(&callout, "if-modified-since"), [b"then"]);
    }

    #[test]
    fn replies() {
        let source = source("/").with_max_bytes(4);
        let failed = |status| Fetched::Failed(SourceError::Status(status));
        for (status, fetched) in [
            ("304", Fetched::NotModified),
            ("404", Fetched::Missing),
            ("410", Fetched::Missing),
            ("204", failed(204)),
            ("206", failed(206)),
            ("301", failed(301)),
            ("401", failed(401)),
            ("503", failed(503)),
            ("x", failed(0)),
        ] {
            assert_eq!(
                source.interpret(reply(status, &[], b"{}")),
                fetched,
                "{status}"
            );
        }
        let nothing = Reply {
            headers: HeaderMap::default(),
            body: Vec::new(),
        };
        assert_eq!(source.interpret(nothing), failed(0));
        assert_eq!(
            source.interpret(reply("200", &[], b"12345")),
            Fetched::Failed(SourceError::TooLarge { limit: 4 })
        );
    }

    #[test]
    fn what_is_compressed_is_no_document() {
        let source = source("/");
        let read = |fields: &[(&str, &str)]| source.interpret(reply("200", fields, b"{}"));
        for told in ["gzip", "GZIP", "br, identity", "identity,x-own"] {
            let fetched = read(&[("content-encoding", told)]);
            let Fetched::Failed(error) = &fetched else {
                panic!("{told}: {fetched:?}");
            };
            let words = format!("the answer is compressed (`content-encoding: {told}`)");
            assert_eq!(error.to_string(), words);
        }
        let twice = [("content-encoding", "identity"), ("content-encoding", "br")];
        assert_eq!(
            read(&twice),
            Fetched::Failed(SourceError::Encoded("br".to_owned()))
        );
        for told in ["identity", "Identity", ""] {
            let fetched = read(&[("content-encoding", told)]);
            assert!(matches!(fetched, Fetched::Body { .. }), "{told}");
        }
        let long = "x".repeat(1000);
        let Fetched::Failed(error) = read(&[("content-encoding", &long)]) else {
            panic!("it is no document");
        };
        assert!(error.to_string().len() < 120, "{error}");
        // What has no content has no coding either.
        let fetched = source.interpret(reply("304", &[("content-encoding", "gzip")], b""));
        assert_eq!(fetched, Fetched::NotModified);
    }

    #[test]
    fn validators() {
        let long = "x".repeat(MAX_VALIDATOR + 1);
        for (headers, etag, last_modified) in [
            (&[][..], None, None),
            (&[("etag", "W/\"1\"")], Some("W/\"1\""), None),
            (
                &[("etag", "1"), ("last-modified", "then")],
                Some("1"),
                Some("then"),
            ),
            (
                &[("etag", "1"), ("etag", "1"), ("last-modified", "then")],
                None,
                Some("then"),
            ),
            (&[("etag", "")], None, None),
            (&[("etag", long.as_str())], None, None),
        ] {
            let validator = Validator {
                etag: etag.map(|text| text.as_bytes().to_vec()),
                last_modified: last_modified.map(|text| text.as_bytes().to_vec()),
            };
            let body = b"1".to_vec();
            assert_eq!(
                source("/").interpret(reply("200", headers, b"1")),
                Fetched::Body { body, validator },
                "{headers:.40?}"
            );
        }
    }
}
