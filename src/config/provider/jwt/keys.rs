//! The keys that verify a provider's tokens, as they are written.

use std::fmt;
use std::time::Duration;

use super::LONGEST;
use crate::config::decode::node::Node;
use crate::config::decode::{Decode, Named, pairs};
use crate::config::provider::claims::claim_path;
use crate::config::values::names::secret_headers;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ConfigErrors, Endpoint, Path, Scheme};

one_of! {
    /// The keys that verify a provider's tokens.
    pub enum JwtKeys {
        /// A JWK Set (RFC 7517 §5). The `k` of a symmetric key may be `{env: NAME}`.
        "inline" Inline(InlineKeys);
        /// One public key in PEM: `PUBLIC KEY` or `RSA PUBLIC KEY`.
        "pem" Pem(String);
        /// Each consumer has its own: `secret` or `publicKey` of its `jwt` credential.
        "consumers" Consumers(ConsumerKeys);
        /// A JWK Set at an address.
        "remote" Remote(RemoteKeys);
        /// The JWK Set that the issuer's metadata name (OpenID Connect Discovery 1.0, RFC 8414).
        "discovery" Discovery(DiscoveredKeys);
    }
}

record! {
    /// A JWK Set at an address. It is fetched ahead of need, once for all workers.
    pub struct RemoteKeys {
        ..service: Service {
            /// The Envoy cluster to ask.
            "cluster";
        }
        /// The path of the JWK Set, with its query.
        "path" path: String as line = required;
        /// The largest set that is accepted.
        "maxBytes" max_bytes: usize as size::<1, 1_048_576> = "256Ki";
        /// The longest interval between two requests for the set. `Cache-Control: max-age` of the reply can shorten it.
        "refresh" refresh: Duration as duration::<100, LONGEST> = "10m";
        /// How long the last good set is used after the issuer last confirmed it.
        "staleFor" stale_for: Duration as duration::<0, LONGEST> = "24h";
        /// How often tokens with an unknown `kid` may cause a request for the set.
        "unknownKidInterval" unknown_kid_interval: Duration as duration::<100, LONGEST> = "30s";
        /// How long requests wait for the first set. Without it, they are answered with 503.
        "hold" hold: Duration as duration::<0, LONGEST_HOLD> = "0s";
    }
}

record! {
    /// The JWK Set that the issuer's metadata name. `issuer` must be one URL then, and the metadata must name the same one.
    pub struct DiscoveredKeys {
        /// The Envoy cluster to ask for the metadata.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the request. Without it, that of the issuer.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the request. Without it, that of the issuer.
        "scheme" scheme: Option<Scheme> = optional;
        /// The path of the metadata. Without it, `/.well-known/openid-configuration` after the issuer's path.
        "path" path: Option<String> as line = optional;
        /// The Envoy cluster for each authority where the JWK Set may be: `HOST` or `HOST:PORT` to a cluster's name. The
        /// authority of the metadata is known already.
        "clusters" clusters: Vec<Named<String>> as clusters_by_authority = {};
        /// Header fields of the requests: text or `{env: NAME}`. Only the cluster of the metadata gets them.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// How long the filter waits for each reply.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
        /// The largest set that is accepted, and the largest metadata.
        "maxBytes" max_bytes: usize as size::<1, 1_048_576> = "256Ki";
        /// The longest interval between two requests for the set. `Cache-Control: max-age` of the reply can shorten it.
        "refresh" refresh: Duration as duration::<100, LONGEST> = "10m";
        /// How long the last good set is used after the issuer last confirmed it.
        "staleFor" stale_for: Duration as duration::<0, LONGEST> = "24h";
        /// How often tokens with an unknown `kid` may cause a request for the set.
        "unknownKidInterval" unknown_kid_interval: Duration as duration::<100, LONGEST> = "30s";
        /// How long requests wait for the first set. Without it, they are answered with 503.
        "hold" hold: Duration as duration::<0, LONGEST_HOLD> = "0s";
    }
}

/// The longest `hold`: a client has given up by then.
const LONGEST_HOLD: u64 = 60_000;

impl RemoteKeys {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes)
    }
}

impl DiscoveredKeys {
    /// Where its first request goes. `authority` and `scheme` are the issuer's.
    #[must_use]
    pub fn endpoint<'c>(&'c self, authority: &'c str, scheme: Scheme) -> Endpoint<'c> {
        Endpoint {
            cluster: &self.cluster,
            authority: self.authority.as_deref().unwrap_or(authority),
            scheme: self.scheme.unwrap_or(scheme),
            headers: &self.headers,
            timeout: self.timeout,
            max_bytes: self.max_bytes,
        }
    }
}

/// Clusters by the authorities that they are asked under.
fn clusters_by_authority(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    pairs(authority, line, node, at, errors)
}

/// An authority (RFC 3986 §3.2) without userinfo, in lower case.
fn authority(written: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let is_authority = |byte: u8| byte.is_ascii_graphic() && !b"/\\?#@".contains(&byte);
    if written.is_empty() || !written.bytes().all(is_authority) {
        let reason = "not the authority of a URL";
        errors.suggest(at, reason, "`HOST` or `HOST:PORT`, as in `keys.id.example`");
        return None;
    }
    Some(written.to_ascii_lowercase())
}

record! {
    /// Keys of consumers: how the key of a token is found.
    pub struct ConsumerKeys {
        /// The claim that names the credential, a JSONPath or a claim's name: `iss`, `key`, `sub`. Where the payload doesn't
        /// have `kid`, the header's is taken for it.
        "claim" claim: String as claim_path = required;
    }
}

/// A JWK Set as JSON. It may hold secrets, so it is never printed.
#[derive(Clone)]
pub struct InlineKeys(serde_json::Value);

impl InlineKeys {
    /// The JWK Set.
    pub(crate) const fn expose(&self) -> &serde_json::Value {
        &self.0
    }
}

impl fmt::Debug for InlineKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InlineKeys(…)")
    }
}

impl Decode for InlineKeys {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        serde_json::Value::decode(node, at, errors).map(Self)
    }
}
