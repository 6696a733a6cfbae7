//! Plain HTTP: one path of a cluster answers with the document.

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text};
use crate::source::path::{PathError, PathTemplate, absolute};
use crate::source::wire::{WireReader, WireWriter};
use crate::source::{Format, ReadRefusal, SourceError, Version};
use crate::time::Timestamp;

use super::protocol::{DocumentStatus, Exchange, Next};
use super::reply::body;

/// The longest `etag` and the longest `last-modified` that are kept. A longer one is ignored.
const MAX_VALIDATOR: usize = 1024;

/// One path that is read by `GET`. The request is conditional if a validator is known (RFC 9110 §13.1).
#[derive(Debug)]
pub struct HttpProtocol {
    endpoint: Endpoint,
    path: RequestPath,
    format: Format,
}

/// What the requests name.
#[derive(Debug)]
enum RequestPath {
    Fixed(Text),
    /// That of each entry.
    ByKey(PathTemplate),
}

impl HttpProtocol {
    /// The document at `path`, with its query, in this format.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn new(endpoint: Endpoint, path: &str, format: Format) -> Result<Self, PathError> {
        let path = RequestPath::Fixed(absolute(path)?);
        Ok(Self {
            endpoint,
            path,
            format,
        })
    }

    /// The entries at `path`, which holds `${key}` once.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn entries(endpoint: Endpoint, path: &str, format: Format) -> Result<Self, PathError> {
        let path = RequestPath::ByKey(PathTemplate::compile(path)?);
        Ok(Self {
            endpoint,
            path,
            format,
        })
    }
}

impl Exchange for HttpProtocol {
    type Session = ();

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn start(&self, (): &mut (), known: &Version, _: Timestamp) -> Callout {
        let path = match &self.path {
            RequestPath::Fixed(path) => path.clone(),
            // Only the exchange of one entry is started.
            RequestPath::ByKey(_) => "/".into(),
        };
        let mut callout = self.endpoint.request("GET", path);
        ask(&mut callout, self.format.media_type(), known);
        callout
    }

    fn reply(&self, (): &mut (), reply: Result<Reply, CalloutError>, _: Timestamp) -> Next {
        Next::Done(read(reply, &self.endpoint))
    }

    fn version_text(&self, version: &Version) -> String {
        validators_text(version)
    }

    fn for_key(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
        let path = match &self.path {
            RequestPath::Fixed(path) => path.clone(),
            RequestPath::ByKey(path) => path.fill(key).ok_or(ReadRefusal::UnfitKey)?,
        };
        Ok(Self {
            endpoint: self.endpoint.clone(),
            path: RequestPath::Fixed(path),
            format: self.format,
        })
    }

    fn has_key_in_segments(&self) -> bool {
        matches!(&self.path, RequestPath::ByKey(path) if path.has_key_in_segments())
    }
}

/// The validators in a version, as text for people.
pub(super) fn validators_text(version: &Version) -> String {
    let validators = Validators::decode(version);
    let named = [
        ("etag", validators.etag),
        ("last-modified", validators.last_modified),
    ];
    let shown = named
        .iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", Version::shown(value.as_ref()?))));
    shown.collect::<Vec<_>>().join(", ")
}

/// Asks for these media types, and only for another state than `known`.
pub(super) fn ask(callout: &mut Callout, media_types: &'static str, known: &Version) {
    let headers = &mut callout.headers;
    headers.push(("accept".into(), media_types.into()));
    let Validators {
        etag,
        last_modified,
    } = Validators::decode(known);
    if let Some(etag) = etag {
        headers.push(("if-none-match".into(), Text::Owned(etag.to_vec())));
    }
    if let Some(date) = last_modified {
        headers.push(("if-modified-since".into(), Text::Owned(date.to_vec())));
    }
}

/// Reads a reply: 200 is a document, 304 the same as before, 404 and 410 no such document. Everything else is broken,
/// other 2xx and redirects too: their content is not the document that was asked for.
pub(in crate::source) fn read(
    reply: Result<Reply, CalloutError>,
    endpoint: &Endpoint,
) -> DocumentStatus {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => return DocumentStatus::Broken(SourceError::Callout(error)),
    };
    match reply.status() {
        Some(200) => {
            let version = Validators::of(&reply).encode();
            match body(reply, endpoint.max_bytes()) {
                Ok(body) => DocumentStatus::Changed {
                    body,
                    version,
                    is_older: false,
                },
                Err(error) => DocumentStatus::Broken(error),
            }
        }
        Some(304) => DocumentStatus::Same,
        Some(404 | 410) => DocumentStatus::Missing,
        Some(status @ (401 | 403)) => DocumentStatus::Refused(status),
        Some(status) => DocumentStatus::Broken(SourceError::Status(status)),
        None => DocumentStatus::Broken(SourceError::Status(0)),
    }
}

/// The validators of a conditional request (RFC 9110 §8.8), unchanged.
#[derive(Debug, Default, PartialEq, Eq)]
struct Validators<'a> {
    etag: Option<&'a [u8]>,
    last_modified: Option<&'a [u8]>,
}

impl<'a> Validators<'a> {
    fn of(reply: &'a Reply) -> Self {
        Self {
            etag: only(reply, b"etag"),
            last_modified: only(reply, b"last-modified"),
        }
    }

    fn encode(&self) -> Version {
        if *self == Self::default() {
            return Version::default();
        }
        let mut wire = WireWriter::default();
        wire.text(self.etag.unwrap_or_default())
            .text(self.last_modified.unwrap_or_default());
        Version::new(&wire.0)
    }

    fn decode(version: &'a Version) -> Self {
        let mut reader = WireReader(version.token());
        let mut next = || reader.text().filter(|text| !text.is_empty());
        Self {
            etag: next(),
            last_modified: next(),
        }
    }
}

/// The value of a header that occurs exactly once, isn't empty, and isn't longer than a validator may be.
fn only<'a>(reply: &'a Reply, name: &[u8]) -> Option<&'a [u8]> {
    let headers = reply.headers.view();
    let mut values = headers.all(name);
    let value = values.next()?;
    let fits = !value.is_empty() && value.len() <= MAX_VALIDATOR;
    (values.next().is_none() && fits).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn endpoint() -> Endpoint {
        Endpoint::new("centre", "centre.local")
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

    fn version(etag: Option<&str>, last_modified: Option<&str>) -> Version {
        let validators = Validators {
            etag: etag.map(str::as_bytes),
            last_modified: last_modified.map(str::as_bytes),
        };
        validators.encode()
    }

    fn read_status(reply: Reply) -> DocumentStatus {
        read(Ok(reply), &endpoint())
    }

    #[test]
    fn a_callout_is_conditional_where_a_version_is_known() {
        let http = HttpProtocol::new(endpoint(), "/a?b", Format::JSON).unwrap();
        let start = |known: &Version| http.start(&mut (), known, Timestamp::default());
        let callout = start(&Version::default());
        assert_eq!(header(&callout, ":path"), [b"/a?b"]);
        assert_eq!(header(&callout, "accept"), [b"application/json"]);
        assert!(header(&callout, "if-none-match").is_empty());
        assert!(header(&callout, "if-modified-since").is_empty());
        let callout = start(&version(Some("\"1\""), None));
        assert_eq!(header(&callout, "if-none-match"), [b"\"1\""]);
        assert!(header(&callout, "if-modified-since").is_empty());
        let callout = start(&version(None, Some("then")));
        assert!(header(&callout, "if-none-match").is_empty());
        assert_eq!(header(&callout, "if-modified-since"), [b"then"]);
        // A token that another protocol made asks without a condition.
        let callout = start(&Version::new(b"index 7"));
        assert!(header(&callout, "if-none-match").is_empty());
        assert_eq!(
            HttpProtocol::new(endpoint(), "/${key}", Format::JSON).err(),
            Some(PathError::UnknownPlaceholder)
        );
    }

    #[test]
    fn replies() {
        let broken = |status| DocumentStatus::Broken(SourceError::Status(status));
        for (status, expected) in [
            ("304", DocumentStatus::Same),
            ("404", DocumentStatus::Missing),
            ("410", DocumentStatus::Missing),
            ("204", broken(204)),
            ("206", broken(206)),
            ("301", broken(301)),
            ("401", DocumentStatus::Refused(401)),
            ("403", DocumentStatus::Refused(403)),
            ("503", broken(503)),
            ("x", broken(0)),
        ] {
            assert_eq!(read_status(reply(status, &[], b"{}")), expected, "{status}");
        }
        let nothing = Reply {
            headers: HeaderMap::default(),
            body: Vec::new(),
        };
        assert_eq!(read_status(nothing), broken(0));
        assert_eq!(
            read(
                Ok(reply("200", &[], b"12345")),
                &endpoint().with_max_bytes(4)
            ),
            DocumentStatus::Broken(SourceError::TooLarge { limit: 4 })
        );
        let error = CalloutError::NoReply;
        assert_eq!(
            read(Err(error.clone()), &endpoint()),
            DocumentStatus::Broken(SourceError::Callout(error))
        );
    }

    #[test]
    fn refuses_compressed_content() {
        let read = |fields: &[(&str, &str)]| read_status(reply("200", fields, b"{}"));
        for coding in ["gzip", "GZIP", "br, identity", "identity,x-own"] {
            let status = read(&[("content-encoding", coding)]);
            let DocumentStatus::Broken(error) = &status else {
                panic!("{coding}: {status:?}");
            };
            let words = format!("the answer is compressed (`content-encoding: {coding}`)");
            assert_eq!(error.to_string(), words);
        }
        let twice = [("content-encoding", "identity"), ("content-encoding", "br")];
        assert_eq!(
            read(&twice),
            DocumentStatus::Broken(SourceError::Encoded("br".to_owned()))
        );
        for coding in ["identity", "Identity", ""] {
            let status = read(&[("content-encoding", coding)]);
            assert!(matches!(status, DocumentStatus::Changed { .. }), "{coding}");
        }
        let long = "x".repeat(1000);
        let DocumentStatus::Broken(error) = read(&[("content-encoding", &long)]) else {
            panic!("compressed content is taken");
        };
        assert!(error.to_string().len() < 120, "{error}");
        // A reply without content has no coding.
        let status = read_status(reply("304", &[("content-encoding", "gzip")], b""));
        assert_eq!(status, DocumentStatus::Same);
    }

    #[test]
    fn a_version_holds_the_validators() {
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
            let version = version(etag, last_modified);
            let body = b"1".to_vec();
            assert_eq!(
                read_status(reply("200", headers, b"1")),
                DocumentStatus::Changed {
                    body,
                    version,
                    is_older: false,
                },
                "{headers:.40?}"
            );
        }
        // The longest validators fit.
        let longest = "x".repeat(MAX_VALIDATOR);
        let both = version(Some(&longest), Some(&longest));
        assert_eq!(Validators::decode(&both).etag, Some(longest.as_bytes()));
        assert_eq!(version(None, None), Version::default());
    }
}
