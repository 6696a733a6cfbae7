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
        self.headers.first(b"content-type").is_some_and(is_grpc)
    }
}

/// Whether a content type is one of gRPC. Case is ignored (RFC 9110 §8.3.1). `application/grpc-web` is another protocol.
pub fn is_grpc(content_type: &[u8]) -> bool {
    const NAME: &[u8] = b"application/grpc";
    let halves = content_type.split_at_checked(NAME.len());
    halves.is_some_and(|(name, rest)| {
        name.eq_ignore_ascii_case(NAME)
            && matches!(rest.first(), None | Some(b'+' | b';' | b' ' | b'\t'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_types_of_grpc() {
        for (text, expected) in [
            ("application/grpc", true),
            ("Application/gRPC", true),
            ("application/grpc+proto", true),
            ("application/grpc ; a=b", true),
            ("application/grpc-web", false),
            ("application/grp", false),
            ("text/plain,application/grpc", false),
            ("", false),
        ] {
            assert_eq!(is_grpc(text.as_bytes()), expected, "{text}");
        }
    }
}
