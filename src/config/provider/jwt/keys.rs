//! The keys that verify a provider's tokens, as they are written.

use std::fmt;

use crate::config::decode::Decode;
use crate::config::decode::node::Node;
use crate::config::provider::claims::claim_path;
use crate::config::{ConfigErrors, Path};

one_of! {
    /// The keys that verify a provider's tokens.
    pub enum JwtKeys {
        /// A JWK Set (RFC 7517 §5). The `k` of a symmetric key may be `{env: NAME}`.
        "inline" Inline(InlineKeys);
        /// One public key in PEM: `PUBLIC KEY` or `RSA PUBLIC KEY`.
        "pem" Pem(String);
        /// Each consumer has its own: `secret` or `publicKey` of its `jwt` credential.
        "consumers" Consumers(ConsumerKeys);
    }
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
