//! API keys, as they are written: the provider, and a consumer's credential.

use std::fmt;

use super::location::Location;
use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Decode, non_empty};
use crate::config::values::scalar::digest;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::{ConfigErrors, Path};
use crate::http::is_token;
use crate::secret::Secret;

record! {
    /// API keys: where they are read from, and what the challenge says.
    pub struct ApiKeyProvider {
        /// The locations to read a key from. A request may use one of them only.
        "from" from: Vec<Location> as non_empty = required;
        /// The scheme that a challenge names (RFC 9110 §11.1). Without it, the first word of the first `prefix` in `from`
        /// that is a word and a blank (`Bearer `); else `ApiKey`.
        "challenge" challenge: Option<String> as scheme = optional;
        /// The realm that a challenge names (RFC 9110 §11.5).
        "realm" realm: String as line = "api";
        /// Whether the upstream gets the key. Only a verified one is ever forwarded.
        "forward" forward: bool = false;
    }
}

impl ApiKeyProvider {
    /// The kind's field.
    pub(crate) const KIND: &'static str = "apiKey";
}

fn scheme(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let scheme = String::decode(node, at, errors)?;
    if !is_token(scheme.as_bytes()) {
        let reason = "must be the name of a scheme, and nothing else";
        errors.suggest(at, reason, "as in `Bearer`; the realm is `realm`");
        return None;
    }
    Some(scheme)
}

/// An API key of a consumer.
#[derive(Clone, Debug)]
pub struct ApiKeyCredential {
    /// The provider that it belongs to; `None` where it was left out, because the policy has one `apiKey` provider only.
    pub provider: Option<String>,
    /// A public name of this key, for `identity.credential` and `${credential.id}`. Never the key.
    pub id: Option<String>,
    /// The key, or what is known of it.
    pub key: KeyMaterial,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub enum KeyMaterial {
    /// Its SHA-256: the key can't be read from the policy.
    Sha256([u8; 32]),
    /// The key itself. Not empty.
    Value(Secret),
    /// The name of the variable in the VM's environment that holds the key.
    Env(String),
}

record! {
    /// An API key of a consumer.
    pub(in crate::config) struct WrittenApiKey {
        /// The provider that it belongs to. It may be left out where the policy has only one `apiKey` provider.
        "provider" provider: Option<String> as line = optional;
        /// A public name of this key, for `identity.credential` and `${credential.id}`. Never the key.
        "id" id: Option<String> as line = optional;
        /// The SHA-256 of the key, 64 hexadecimal digits: the key can't be read from the policy.
        "sha256" sha256: Option<[u8; 32]> as digest = optional;
        /// The key itself, or `{env: NAME}`.
        "value" value: Option<TextOrEnv> = optional;
        /// The name of the variable in the VM's environment that holds the key.
        "env" env: Option<String> as line = optional;
    }
    rules [FieldRule::One(&["sha256", "value", "env"]), FieldRule::Unnamed]
}

impl Decode for ApiKeyCredential {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        let written = WrittenApiKey::decode(node, at, errors)?;
        let key = match (written.sha256, written.value, written.env) {
            (Some(digest), _, _) => KeyMaterial::Sha256(digest),
            (_, Some(TextOrEnv::Text(secret)), _) => KeyMaterial::Value(secret),
            (_, Some(TextOrEnv::Env(name)), _) | (_, _, Some(name)) => KeyMaterial::Env(name),
            (None, None, None) => return None,
        };
        let (provider, id) = (written.provider, written.id);
        Some(Self { provider, id, key })
    }
}

/// An API key as it was read.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct ApiKeyRef<'a> {
    pub(crate) provider: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) key: KeyRef<'a>,
}

/// What is known of a key, as it was read.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) enum KeyRef<'a> {
    Sha256([u8; 32]),
    Value(&'a [u8]),
    Env(&'a str),
}

impl fmt::Debug for KeyRef<'_> {
    /// Neither a key nor its digest is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256(_) => "Sha256(…)",
            Self::Value(_) => "Value(…)",
            Self::Env(_) => "Env(…)",
        })
    }
}

impl ApiKeyCredential {
    /// The same, borrowed.
    pub(in crate::config) fn as_ref(&self) -> ApiKeyRef<'_> {
        ApiKeyRef {
            provider: self.provider.as_deref(),
            id: self.id.as_deref(),
            key: match &self.key {
                KeyMaterial::Sha256(digest) => KeyRef::Sha256(*digest),
                KeyMaterial::Value(secret) => KeyRef::Value(secret.expose()),
                KeyMaterial::Env(name) => KeyRef::Env(name),
            },
        }
    }
}
