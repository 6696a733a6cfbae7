//! Reads the replies to callouts.

use crate::http::{CalloutError, HeaderMap, Headers, Reply};

use crate::host::hostcalls::{Failure, Host, MapKind, Status};

/// How much is read of the content of a reply that comes before the call that sends its callout returns. Envoy sends none.
pub(in crate::host) const MOST_EARLY_BYTES: usize = 64 << 10;

/// How much of the host's own text is reported, in bytes.
const MOST_WORDS: usize = 200;

/// Reads the reply of this callback. Of its content it reads one byte more than `limit` at most, so that a longer one takes
/// no memory here.
pub(in crate::host) fn read(
    host: &impl Host,
    headers: usize,
    body: usize,
    limit: usize,
) -> Result<Reply, CalloutError> {
    // Envoy (1.40) has none where an answer began and did not end: it was cut off, the time ran out, or it is longer than
    // the runtime key `http.async_response_buffer_limit` says.
    if headers == 0 {
        return Err(CalloutError::NoReply);
    }
    let wire = host
        .headers(MapKind::Reply)
        .map_err(|_| CalloutError::NoReply)?;
    let headers = HeaderMap::from_wire(wire).map_err(|_| CalloutError::NoReply)?;
    let most = body.min(limit.saturating_add(1));
    let body = if most == 0 {
        Vec::new()
    } else {
        host.reply_body(most).map_err(|_| CalloutError::NoReply)?
    };
    let reply = Reply { headers, body };
    match is_local(&reply.headers.view()).then(|| reply.status()) {
        Some(Some(status)) => Err(CalloutError::Unreached {
            status,
            reason: text_of(&reply.body),
        }),
        Some(None) | None => Ok(reply),
    }
}

/// Why the host has not sent a callout. Envoy (1.40) says "bad argument" where the cluster is unknown, and "internal
/// failure" where none of its endpoints can be used, its name isn't resolved, or its circuit breaker is open; and where
/// the host call isn't allowed.
pub(in crate::host) fn unsent(failure: &Failure) -> CalloutError {
    match failure.status {
        Status::BAD_ARGUMENT => CalloutError::UnknownCluster,
        _ => CalloutError::Unsendable,
    }
}

/// Whether the host has made the reply itself, because none came from the cluster.
///
/// Envoy (1.40) makes one, with status 502, 503 or 504, where a connection is refused or reset, an answer is no HTTP, the
/// time runs out, or it won't send the request: for a header with a control byte, say. It doesn't mark it. But its router
/// notes in each answer of a cluster how long that took, whether the cluster has said so or not; and its own answers are
/// always text. So a sidecar's 503 further on, or the centre's own, isn't taken for one.
fn is_local(headers: &Headers<'_>) -> bool {
    let status = headers.first(b":status");
    matches!(status, Some(b"502" | b"503" | b"504"))
        && headers.first(b"content-type") == Some(b"text/plain")
        && headers.first(b"x-envoy-upstream-service-time").is_none()
}

/// The beginning of the host's text.
fn text_of(body: &[u8]) -> Box<str> {
    let shown = body.get(..MOST_WORDS).unwrap_or(body);
    String::from_utf8_lossy(shown).into()
}
