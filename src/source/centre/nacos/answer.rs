//! What Nacos' answers say, and how an answer becomes a document.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use crate::http::HeaderMap;
use crate::source::{SourceError, Version};
use crate::strict_json;

use super::api::NacosApi;
use super::state::version;

/// What stands around the content of an answer has at most so many bytes on each side.
const MOST_AROUND: usize = 4096;

/// The longest word for a type, such as `properties`.
const LONGEST_TYPE: usize = 16;

/// An answer of status 200 or 404.
pub(super) enum Answer {
    Content(Content),
    /// There is no such data ID.
    Missing,
    /// The server doesn't let the user read it.
    Refused,
    /// There is no such API.
    NoApi,
    Failed(SourceError),
}

/// The content of a data ID.
pub(super) struct Content {
    /// See [`NacosReader`](super::NacosReader).
    pub(super) document: Vec<u8>,
    /// Which state of the content it is.
    pub(super) version: Version,
}

/// What is said of the content.
struct Description<'a> {
    md5: &'a [u8],
    modified: Cow<'a, [u8]>,
    content_type: &'a [u8],
    encrypted_data_key: &'a [u8],
}

/// Reads an answer of this status, 200 or 404.
pub(super) fn read(api: NacosApi, status: u16, headers: &HeaderMap, body: Vec<u8>) -> Answer {
    match (api, status) {
        (NacosApi::V1, 200) => raw(api, headers, body),
        (NacosApi::Acm, 200) if is_readable(headers, &body) => raw(api, headers, body),
        (NacosApi::Acm, 200) => {
            let reason =
                "it has characters beyond ASCII, and the answer is no UTF-8: write them as escapes";
            Answer::Failed(SourceError::Malformed(reason.into()))
        }
        (NacosApi::Acm, _) => Answer::Missing,
        (NacosApi::V1, _) if body.starts_with(b"config data not exist") => Answer::Missing,
        (NacosApi::V1, _) => Answer::NoApi,
        _ => match (wrapped(api, headers, body), status) {
            (answer, 200) => answer,
            (Answer::Missing, _) => Answer::Missing,
            _ => Answer::NoApi,
        },
    }
}

/// Whether a content of ACM is in UTF-8. ACM itself answers in GBK. Of its characters only those of ASCII are the same.
fn is_readable(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.view().first(b"content-type").unwrap_or_default();
    body.is_ascii() || position(&kind.to_ascii_lowercase(), b"utf-8").is_some()
}

/// v1 and ACM: the content is the body, and everything else stands in headers.
fn raw(api: NacosApi, headers: &HeaderMap, mut body: Vec<u8>) -> Answer {
    let description = Description::of_headers(headers);
    description.content(api, b'=', |line| {
        body.splice(..0, line);
        body
    })
}

/// v2 and v3: the content is a text in JSON.
fn wrapped(api: NacosApi, headers: &HeaderMap, mut body: Vec<u8>) -> Answer {
    let member: &[u8] = match api {
        NacosApi::V1 | NacosApi::V2 | NacosApi::Acm => b"\"data\":\"",
        NacosApi::V3 => b"\"content\":\"",
    };
    let Some((envelope, content)) = envelope(&body, member) else {
        return malformed();
    };
    match envelope.get("code").and_then(Value::as_u64) {
        Some(0) => {}
        Some(20004) => return Answer::Missing,
        // 10001: access denied.
        Some(401 | 403 | 10001) => return Answer::Refused,
        Some(code) => {
            let reason = format!("the answer has the code {code}");
            return Answer::Failed(SourceError::Unusable(reason));
        }
        None => return malformed(),
    }
    let Some(content) = content else {
        return malformed();
    };
    let description = match api {
        NacosApi::V1 | NacosApi::V2 | NacosApi::Acm => Description::of_headers(headers),
        NacosApi::V3 => Description::of_members(envelope.get("data")),
    };
    description.content(api, b'"', |line| {
        body.truncate(content.end);
        body.splice(..content.start, line);
        body
    })
}

fn malformed() -> Answer {
    let reason = "the answer is none of Nacos";
    Answer::Failed(SourceError::Malformed(reason.into()))
}

/// The answer without the text of `member`, and where this text stands, still escaped. Only the beginning and the end of the
/// answer are looked at. That is enough: in an escaped text each quote has a `\` before it, so neither the member nor `","`
/// is found inside.
fn envelope(body: &[u8], member: &[u8]) -> Option<(Value, Option<Range<usize>>)> {
    let head = body.get(..MOST_AROUND).unwrap_or(body);
    let Some(at) = position(head, member) else {
        let whole = body.get(..=MOST_AROUND).map_or(Some(body), |_| None)?;
        return Some((strict_json::value(whole).ok()?, None));
    };
    let start = at.checked_add(member.len())?;
    let from = body.len().saturating_sub(MOST_AROUND).max(start);
    let tail = body.get(from..)?;
    let end = position(tail, b"\",\"").or_else(|| tail.iter().rposition(|byte| *byte == b'"'));
    let end = from.checked_add(end?)?;
    let (head, tail) = (
        body.get(..start.checked_sub(1)?)?,
        body.get(end.checked_add(1)?..)?,
    );
    let without = [head, b"null", tail].concat();
    Some((strict_json::value(&without).ok()?, Some(start..end)))
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

impl<'a> Description<'a> {
    fn of_headers(headers: &'a HeaderMap) -> Self {
        let headers = headers.view();
        let first = |name: &[u8]| headers.first(name).unwrap_or_default();
        Self {
            md5: first(b"content-md5"),
            modified: first(b"last-modified").into(),
            content_type: first(b"config-type"),
            encrypted_data_key: first(b"encrypted-data-key"),
        }
    }

    fn of_members(data: Option<&'a Value>) -> Self {
        let text = |name: &str| {
            let text = data.and_then(|data| data.get(name)).and_then(Value::as_str);
            text.unwrap_or_default().as_bytes()
        };
        let modified = data.and_then(|data| data.get("lastModified")?.as_u64());
        Self {
            md5: text("md5"),
            modified: modified.map_or(Cow::default(), |time| time.to_string().into_bytes().into()),
            content_type: text("contentType"),
            encrypted_data_key: text("encryptedDataKey"),
        }
    }

    /// The content whose document `make` makes of its first line.
    fn content(self, api: NacosApi, form: u8, make: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Answer {
        // A page of a proxy has none of these; one in base64 (RFC 1864) is none of Nacos. ACM doesn't promise them.
        let has_md5 = self.md5.len() == 32 && self.md5.iter().all(u8::is_ascii_hexdigit);
        if !has_md5 && self.content_type.is_empty() && api != NacosApi::Acm {
            return malformed();
        }
        if !self.encrypted_data_key.is_empty() {
            let reason = "it is encrypted: Nacos sends an `encryptedDataKey` with it";
            return Answer::Failed(SourceError::Unusable(reason.into()));
        }
        let is_type = self.content_type.len() <= LONGEST_TYPE
            && self.content_type.iter().all(u8::is_ascii_alphanumeric);
        let content_type = if is_type { self.content_type } else { b"" };
        Answer::Content(Content {
            document: make([&[form], content_type, b"\n"].concat()),
            version: version(self.md5, &self.modified),
        })
    }
}
