//! A config centre behind plain HTTP.

use std::fmt;
use std::time::Duration;

use crate::http::{Callout, Reply, Text, is_unreserved, percent_encode_into};
use crate::secret::Secret;

use super::SourceError;
use super::fetcher::{Fetched, Validator};

/// The longest validator that is kept: what is longer is ignored, and the next request isn't conditional.
const MAX_VALIDATOR: usize = 1024;

const PLACEHOLDER: &str = "${key}";

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

/// Why a path is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// It doesn't begin with `/`.
    NotAbsolute,
    /// It holds a blank, a control byte, a `#`, or what isn't ASCII: these must be percent-encoded.
    ForbiddenByte(u8),
    /// It holds a placeholder other than `${key}`, or one that doesn't end.
    UnknownPlaceholder,
    /// It holds `${key}` more than once.
    RepeatedKey,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAbsolute => f.write_str("the path doesn't begin with `/`"),
            Self::ForbiddenByte(byte) => {
                write!(f, "the path holds the byte 0x{byte:02x}: percent-encode it")
            }
            Self::UnknownPlaceholder => f.write_str("the only placeholder in the path is `${key}`"),
            Self::RepeatedKey => f.write_str("the path holds `${key}` more than once"),
        }
    }
}

impl std::error::Error for PathError {}

/// A path, cut at its placeholder.
#[derive(Clone, Debug)]
enum Path {
    Fixed(Text),
    Keyed { before: Box<[u8]>, after: Box<[u8]> },
}

impl Path {
    fn compile(text: &str) -> Result<Self, PathError> {
        if !text.starts_with('/') {
            return Err(PathError::NotAbsolute);
        }
        let forbidden = |byte: &u8| !byte.is_ascii_graphic() || *byte == b'#';
        if let Some(byte) = text.bytes().find(|byte| forbidden(byte)) {
            return Err(PathError::ForbiddenByte(byte));
        }
        let Some((before, after)) = text.split_once(PLACEHOLDER) else {
            return if text.contains("${") {
                Err(PathError::UnknownPlaceholder)
            } else {
                Ok(Self::Fixed(Text::shared(text.as_bytes())))
            };
        };
        if after.contains(PLACEHOLDER) {
            return Err(PathError::RepeatedKey);
        }
        if before.contains("${") || after.contains("${") {
            return Err(PathError::UnknownPlaceholder);
        }
        Ok(Self::Keyed {
            before: before.as_bytes().into(),
            after: after.as_bytes().into(),
        })
    }

    /// The path with `key` in its place, as one segment or one part of the query.
    fn fill(&self, key: &[u8]) -> Option<Text> {
        let (before, after) = match self {
            Self::Fixed(path) => return Some(path.clone()),
            Self::Keyed { before, after } => (before, after),
        };
        if key.iter().any(u8::is_ascii_control) || !stays_a_segment(before, key, after) {
            return None;
        }
        let mut path = before.to_vec();
        percent_encode_into(&mut path, key, is_unreserved);
        path.extend_from_slice(after);
        Some(Text::Owned(path))
    }
}

/// Whether the segment that `key` becomes, or becomes a part of, is neither empty nor a dot segment. An escaped dot is
/// no way out: it means the same (RFC 3986 §6.2.2.2).
fn stays_a_segment(before: &[u8], key: &[u8], after: &[u8]) -> bool {
    if before.contains(&b'?') {
        return true;
    }
    let start = before.rsplit(|byte| *byte == b'/').next();
    let end = after.split(|byte| matches!(byte, b'/' | b'?')).next();
    let segment = [start.unwrap_or_default(), key, end.unwrap_or_default()].concat();
    !matches!(segment.as_slice(), b"" | b"." | b"..")
}

/// One path of a cluster that answers with a JSON document. The request is a `GET` with `accept: application/json`.
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
        matches!(self.path, Path::Keyed { .. })
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
        let path = match &self.path {
            Path::Fixed(path) => path.clone(),
            Path::Keyed { before, after } => Text::Owned([&**before, &**after].concat()),
        };
        self.callout(path, held)
    }

    /// Asks for the document of `key`, which is percent-encoded as one path segment; conditionally where `held` isn't
    /// empty. `None` where the segment would be empty or a dot segment, or the key holds a control byte.
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
        let (bytes, limit) = (reply.body.len(), self.max_bytes);
        if bytes > limit {
            return Fetched::Failed(SourceError::TooLarge { bytes, limit });
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

/// The value of a header that stands there exactly once, isn't empty, and isn't longer than a validator may be.
fn only(reply: &Reply, name: &[u8]) -> Option<Vec<u8>> {
    let headers = reply.headers.view();
    let mut values = headers.all(name);
    let value = values.next()?;
    let fits = !value.is_empty() && value.len() <= MAX_VALIDATOR;
    (values.next().is_none() && fits).then(|| value.to_vec())
}
