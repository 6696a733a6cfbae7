//! The credentials of consumers, of every kind, as they are written.

use crate::config::decode::node::Node;
use crate::config::decode::record::Record as _;
use crate::config::provider::{
    ApiKeyCredential, ApiKeyRef, JwtCredential, JwtRef, OpaqueCredential, OpaqueRef,
};
use crate::config::{ConfigErrors, Path};

one_of! {
    /// Something that proves who sent a request.
    pub enum Credential {
        /// A key that the client sends with each request.
        "apiKey" ApiKey(ApiKeyCredential);
        /// A claim of the tokens that it sends.
        "jwt" Jwt(JwtCredential);
        /// A claim of the opaque tokens that it sends.
        "opaque" Opaque(OpaqueCredential);
    }
}

/// A credential as it was read, borrowed from where it was.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) enum CredentialRef<'a> {
    ApiKey(ApiKeyRef<'a>),
    Jwt(JwtRef<'a>),
    Opaque(OpaqueRef<'a>),
}

impl Credential {
    /// The same, borrowed.
    pub(super) fn as_ref(&self) -> CredentialRef<'_> {
        match self {
            Self::ApiKey(credential) => CredentialRef::ApiKey(credential.as_ref()),
            Self::Jwt(credential) => CredentialRef::Jwt(credential.as_ref()),
            Self::Opaque(credential) => CredentialRef::Opaque(credential.as_ref()),
        }
    }

    /// The API key, where it is one.
    #[must_use]
    pub fn api_key(&self) -> Option<&ApiKeyCredential> {
        match self {
            Self::ApiKey(credential) => Some(credential),
            Self::Jwt(_) | Self::Opaque(_) => None,
        }
    }
}

/// Takes the list of credentials out of a record, and leaves an empty one.
pub(super) fn take_credentials<'a>(record: &mut Node<'a>) -> Vec<Node<'a>> {
    let Node::Map(entries) = record else {
        return Vec::new();
    };
    for (name, value) in entries {
        if let (Node::List(list), "credentials") = (value, name.as_ref()) {
            return std::mem::take(list);
        }
    }
    Vec::new()
}

/// Refuses `{env: NAME}` in a credential of a document, of any kind: as the value of a field, or as a field `env`.
pub(super) fn refuse_environment(credential: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) {
    let mut refuse = |node: &Node<'_>, at: &Path<'_>| {
        if node.entry("env").is_some() {
            let reason = "the environment can't be read from a document";
            errors.suggest(
                &at.field("env"),
                reason,
                "write the value, or better its `sha256` or a `publicKey`",
            );
        }
    };
    let is_known = |kind: &str| Credential::FIELDS.iter().any(|field| field.name == kind);
    for (kind, fields) in credential.entries() {
        if !is_known(kind) {
            continue;
        }
        let at = at.field(kind);
        refuse(fields, &at);
        for (field, value) in fields.entries() {
            refuse(value, &at.field(field));
        }
    }
}
