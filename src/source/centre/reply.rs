//! Code for the replies of all protocols.

use crate::http::Reply;
use crate::source::SourceError;

/// How many bytes of a `content-encoding` an error shows.
const MAX_ENCODING: usize = 64;

/// The content of a reply.
///
/// # Errors
/// [`SourceError::Encoded`], [`SourceError::TooLarge`].
pub(in crate::source) fn body(reply: Reply, limit: usize) -> Result<Vec<u8>, SourceError> {
    if let Some(coding) = encoding(&reply) {
        return Err(SourceError::Encoded(coding));
    }
    if reply.body.len() > limit {
        return Err(SourceError::TooLarge { limit });
    }
    Ok(reply.body)
}

/// The content's encoding, if it has one: the beginning of the header's value.
fn encoding(reply: &Reply) -> Option<String> {
    let headers = reply.headers.view();
    let is_plain = |value: &&[u8]| value.is_empty() || value.eq_ignore_ascii_case(b"identity");
    let value = headers
        .all(b"content-encoding")
        .find(|value| !is_plain(value))?;
    let shown = value.get(..MAX_ENCODING).unwrap_or(value);
    Some(String::from_utf8_lossy(shown).into_owned())
}
