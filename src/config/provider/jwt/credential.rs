//! The credential of a consumer that sends tokens, as it is written.

use std::fmt;

use crate::config::decode::Decode;
use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::{ConfigErrors, Path};

/// What identifies a consumer's tokens.
#[derive(Clone, Debug)]
pub struct JwtCredential {
    /// The provider that it belongs to; `None` where it was left out, because the policy has one `jwt` provider only.
    pub provider: Option<String>,
    /// A public name of this credential, for `identity.credential` and `${credential.id}`.
    pub id: Option<String>,
    /// The value of the claim that tells the consumer.
    pub claim: String,
    /// The consumer's own key; `None` where the provider has the keys.
    pub key: Option<TokenKey>,
    /// The form of the secret.
    pub secret_encoding: SecretEncoding,
    /// The algorithm that the key is for (RFC 7518 §3.1).
    pub algorithm: Option<String>,
}

choice! {
    /// The form of a consumer's secret.
    pub enum SecretEncoding {
        /// The bytes of the text are the secret.
        "text" Text;
        /// The text is the secret in base64 (RFC 4648 §4) or base64url (§5), with or without padding.
        "base64" Base64;
    }
}

/// A consumer's own key.
#[derive(Clone, Debug)]
pub enum TokenKey {
    /// A secret, for HMAC.
    Secret(TextOrEnv),
    /// A public key in PEM.
    Public(String),
}

record! {
    /// What identifies a consumer's tokens.
    pub(in crate::config) struct WrittenJwt {
        /// The provider that it belongs to. It may be left out where the policy has only one `jwt` provider.
        "provider" provider: Option<String> as line = optional;
        /// A public name of this credential, for `identity.credential` and `${credential.id}`.
        "id" id: Option<String> as line = optional;
        /// The value of the claim that tells the consumer.
        "claim" claim: String as line = required;
        /// The secret that the consumer signs with (HS256 and longer), or `{env: NAME}`. For `keys.consumers`.
        "secret" secret: Option<TextOrEnv> = optional;
        /// The form of the secret.
        "secretEncoding" secret_encoding: SecretEncoding = "text";
        /// The public key of the consumer in PEM. For `keys.consumers`.
        "publicKey" public_key: Option<String> = optional;
        /// The algorithm of the key (RFC 7518 §3.1). Without it, all that the key is for.
        "algorithm" algorithm: Option<String> as line = optional;
    }
    rules [
        FieldRule::AtMostOne(&["secret", "publicKey"]),
        FieldRule::Needs("secretEncoding", "secret"),
        FieldRule::Unnamed,
    ]
}

impl Decode for JwtCredential {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        let written = WrittenJwt::decode(node, at, errors)?;
        let secret = written.secret.map(TokenKey::Secret);
        Some(Self {
            provider: written.provider,
            id: written.id,
            claim: written.claim,
            key: secret.or(written.public_key.map(TokenKey::Public)),
            secret_encoding: written.secret_encoding,
            algorithm: written.algorithm,
        })
    }
}

/// A token's credential as it was read.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct JwtRef<'a> {
    pub(crate) provider: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) claim: &'a str,
    pub(crate) key: Option<TokenKeyRef<'a>>,
    pub(crate) secret_encoding: SecretEncoding,
    pub(crate) algorithm: Option<&'a str>,
}

/// A consumer's own key, as it was read.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) enum TokenKeyRef<'a> {
    Secret(&'a [u8]),
    Env(&'a str),
    Public(&'a str),
}

impl fmt::Debug for TokenKeyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(…)",
            Self::Env(_) => "Env(…)",
            Self::Public(_) => "Public(…)",
        })
    }
}

impl JwtCredential {
    /// The same, borrowed.
    pub(in crate::config) fn as_ref(&self) -> JwtRef<'_> {
        JwtRef {
            provider: self.provider.as_deref(),
            id: self.id.as_deref(),
            claim: &self.claim,
            key: self.key.as_ref().map(|key| match key {
                TokenKey::Secret(TextOrEnv::Text(secret)) => TokenKeyRef::Secret(secret.expose()),
                TokenKey::Secret(TextOrEnv::Env(name)) => TokenKeyRef::Env(name),
                TokenKey::Public(pem) => TokenKeyRef::Public(pem),
            }),
            secret_encoding: self.secret_encoding,
            algorithm: self.algorithm.as_deref(),
        }
    }
}
