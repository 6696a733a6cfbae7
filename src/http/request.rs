//! The borrowed head of a request.

use super::Headers;

/// The head of a request as the client sent it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    headers: Headers<'a>,
}

impl<'a> Request<'a> {
    /// The request with these headers, pseudo-headers included.
    #[must_use]
    pub const fn new(headers: Headers<'a>) -> Self {
        Self { headers }
    }

    /// All headers, pseudo-headers included.
    #[must_use]
    pub const fn headers(&self) -> &Headers<'a> {
        &self.headers
    }

    /// `:path`, with the query.
    #[must_use]
    pub fn path(&self) -> Option<&'a [u8]> {
        self.headers.first(b":path")
    }

    /// Whether the client uses gRPC (content type `application/grpc`, with or without a suffix).
    #[must_use]
    pub fn is_grpc(&self) -> bool {
        let Some(kind) = self.headers.first(b"content-type") else {
            return false;
        };
        match kind.strip_prefix(b"application/grpc") {
            Some(rest) => rest.is_empty() || rest.starts_with(b"+") || rest.starts_with(b";"),
            None => false,
        }
    }
}
