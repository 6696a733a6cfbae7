//! The discovery document of an issuer (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).

use serde_json::Value;

use crate::http::{Endpoint, HttpUrl, Text};
use crate::source::{Hash, SourceError};
use crate::strict_json;

/// How many bytes of an issuer's text an error shows.
const MAX_SHOWN: usize = 200;

/// Which issuer it must be, and where its keys may lie.
#[derive(Debug)]
pub(super) struct Discovery {
    issuer: Box<str>,
    clusters: Box<[(Box<str>, Text)]>,
}

/// Where the keys are.
pub(super) struct KeysAt {
    pub(super) endpoint: Endpoint,
    pub(super) path: Text,
    /// The hash of the whole URL.
    pub(super) url: Hash,
}

impl Discovery {
    pub(super) fn new(issuer: &str, clusters: Vec<(Box<str>, Text)>) -> Self {
        Self {
            issuer: issuer.into(),
            clusters: clusters.into(),
        }
    }

    /// Where the keys of the issuer are, by its document, which came from `own`.
    ///
    /// # Errors
    /// [`SourceError::Malformed`], [`SourceError::Unusable`].
    pub(super) fn keys(&self, text: &[u8], own: &Endpoint) -> Result<KeysAt, SourceError> {
        let metadata =
            strict_json::object(text).ok_or_else(|| malformed("it is no strict JSON object"))?;
        let member = |name| metadata.get(name).and_then(Value::as_str);
        let (issuer, uri) = member("issuer")
            .zip(member("jwks_uri"))
            .ok_or_else(|| unusable("it must have one text `issuer` and one text `jwks_uri`"))?;
        if *issuer != *self.issuer {
            return Err(unusable(&format!(
                "its `issuer` is `{}`, and the provider's is another one: write this one there, if it is the right one",
                shown(issuer),
            )));
        }
        let url = HttpUrl::parse(uri)
            .map_err(|error| unusable(&format!("its `jwks_uri` `{}` {error}", shown(uri))))?;
        let cluster = self.cluster(&url, own).ok_or_else(|| {
            let authority = shown(url.authority);
            let wanted = "no cluster is known for the host of its `jwks_uri`";
            unusable(&format!("{wanted}: add `{authority}` to `clusters`"))
        })?;
        let headers = if cluster == own.cluster() {
            own.headers().to_vec()
        } else {
            Vec::new()
        };
        let authority = Text::shared(url.authority.as_bytes());
        let endpoint = Endpoint::new(cluster.clone(), authority)
            .with_scheme(url.scheme)
            .with_headers(headers)
            .with_timeout(own.timeout())
            .with_max_bytes(own.max_bytes());
        Ok(KeysAt {
            endpoint,
            path: Text::Owned(url.request_target().into_bytes()),
            url: Hash::of(uri.as_bytes()),
        })
    }

    /// What is written counts first.
    fn cluster<'a>(&'a self, url: &HttpUrl<'_>, own: &'a Endpoint) -> Option<&'a Text> {
        let mut written = self.clusters.iter();
        if let Some((_, cluster)) = written.find(|(authority, _)| url.is_at(authority)) {
            return Some(cluster);
        }
        let authority = std::str::from_utf8(own.authority()).ok()?;
        let is_own = url.scheme == own.scheme() && url.is_at(authority);
        is_own.then(|| own.cluster())
    }
}

fn malformed(reason: &str) -> SourceError {
    SourceError::Malformed(format!("the issuer's discovery document: {reason}"))
}

fn unusable(reason: &str) -> SourceError {
    SourceError::Unusable(format!("the issuer's discovery document: {reason}"))
}

/// The beginning of a text, on one line.
fn shown(text: &str) -> String {
    let escaped = text.escape_debug().to_string();
    let mut end = MAX_SHOWN.min(escaped.len());
    while !escaped.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let cut = if end < escaped.len() { "…" } else { "" };
    [escaped.get(..end).unwrap_or_default(), cut].concat()
}
