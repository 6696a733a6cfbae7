//! Who is asked about tokens, as it is written.

use std::time::Duration;

use crate::config::Endpoint;
use crate::config::values::scalar::integer;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};

/// A day: a longer duration is most likely a mistake.
const LONGEST: u64 = 24 * 3_600_000;

record! {
    /// A server that is asked about tokens (RFC 7662).
    pub struct IntrospectionEndpoint {
        ..service: Service {
            /// The Envoy cluster to send the question to.
            "cluster";
        }
        /// The path with its query, from `/`.
        "path" path: String as line = required;
        /// The largest answer that is accepted.
        "maxBytes" max_bytes: usize as size::<1, 1_048_576> = "64Ki";
        /// How the gate proves who it is.
        "client" client: IntrospectionClient = required;
        /// Which tokens are sent to the server.
        "tokens" tokens: IntrospectedTokens = "opaque";
        /// How long a token is taken for active without another question. Its `exp` may end that sooner.
        "ttl" ttl: Duration as duration::<1, LONGEST> = "60s";
        /// How long a token is taken for inactive without another question.
        "missTtl" miss_ttl: Duration as duration::<0, LONGEST> = "5s";
        /// How long a token may be taken for active after the server last said so, while the server fails or too many questions
        /// are under way. Never after `exp`.
        "staleFor" stale_for: Duration as duration::<0, LONGEST> = "0s";
        /// How many questions may be under way at once, in each worker.
        "maxInFlight" max_in_flight: u32 as integer::<1, 10_000, u32> = 32;
        /// How many active tokens are remembered, in each worker.
        "maxEntries" max_entries: usize as integer::<1, 1_000_000, usize> = 10000;
    }
}

record! {
    /// The gate as a client of the server.
    pub struct IntrospectionClient {
        /// Its identifier. Required, but for `bearer`.
        "id" id: Option<String> as line = optional;
        /// Its password or its token: text or `{env: NAME}`.
        "secret" secret: TextOrEnv = required;
        /// How the two are sent.
        "by" by: ClientAuthenticationBy = "basic";
    }
}

choice! {
    /// How a client proves who it is.
    pub enum ClientAuthenticationBy {
        /// `authorization: Basic`, of `id` and `secret` (RFC 6749 §2.3.1).
        "basic" Basic;
        /// `client_id` and `client_secret` in the content (RFC 6749 §2.3.1).
        "post" Post;
        /// `authorization: Bearer`, with `secret` as the token (RFC 6750 §2.1).
        "bearer" Bearer;
    }
}

choice! {
    /// Which tokens are sent to the server.
    pub enum IntrospectedTokens {
        /// All but those of three parts with dots between them: these are JSON Web Tokens.
        "opaque" Opaque;
        /// All.
        "any" Any;
    }
}

impl IntrospectionEndpoint {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes)
    }
}
