//! Conditional requests, and what their replies say.

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text};
use crate::source::centre::protocol::DocumentStatus;
use crate::source::centre::reply::body;
use crate::source::wire::{WireReader, WireWriter};
use crate::source::{SourceError, Version};

/// The longest `etag` and the longest `last-modified` that are kept. A longer one is ignored.
pub(super) const MAX_VALIDATOR: usize = 1024;

/// The validators in a version, as text for people.
pub(in crate::source) fn validators_text(version: &Version) -> String {
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
pub(in crate::source) fn ask(callout: &mut Callout, media_types: &'static str, known: &Version) {
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
    read_as(reply, endpoint, &[200], &[404, 410])
}

/// As [`read`], where a document has one of the statuses `ok`, and one of `missing` says that there is none.
pub(super) fn read_as(
    reply: Result<Reply, CalloutError>,
    endpoint: &Endpoint,
    ok: &[u16],
    missing: &[u16],
) -> DocumentStatus {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => return DocumentStatus::Broken(SourceError::Callout(error)),
    };
    match reply.status() {
        Some(status) if ok.contains(&status) => {
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
        Some(status) if missing.contains(&status) => DocumentStatus::Missing,
        Some(status @ (401 | 403)) => DocumentStatus::Refused(status),
        Some(status) => DocumentStatus::Broken(SourceError::Status(status)),
        None => DocumentStatus::Broken(SourceError::Status(0)),
    }
}

/// The validators of a conditional request (RFC 9110 §8.8), unchanged.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Validators<'a> {
    pub(super) etag: Option<&'a [u8]>,
    pub(super) last_modified: Option<&'a [u8]>,
}

impl<'a> Validators<'a> {
    fn of(reply: &'a Reply) -> Self {
        Self {
            etag: only(reply, b"etag"),
            last_modified: only(reply, b"last-modified"),
        }
    }

    pub(super) fn encode(&self) -> Version {
        if *self == Self::default() {
            return Version::default();
        }
        let mut wire = WireWriter::default();
        wire.text(self.etag.unwrap_or_default())
            .text(self.last_modified.unwrap_or_default());
        Version::new(&wire.0)
    }

    pub(super) fn decode(version: &'a Version) -> Self {
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
