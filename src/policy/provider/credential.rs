//! A consumer's credential, compiled for the table that it is found in.

use crate::auth::IdentifierForm;
use crate::secret::Secret;

use super::{ProviderId, Providers};
use crate::policy::environment::Environment;

/// What a consumer's credentials refer to.
#[derive(Clone, Copy)]
pub(crate) struct CredentialInputs<'a> {
    pub(crate) providers: &'a Providers,
    /// Resolves `{env:}`; a document's records have none.
    pub(crate) environment: Option<&'a dyn Environment>,
}

/// A credential that is ready for the table of its provider.
pub(in crate::policy) struct Prepared<'r> {
    pub(in crate::policy) provider: ProviderId,
    pub(in crate::policy) identifier: Identifier<'r>,
    /// Its public name.
    pub(in crate::policy) id: Option<&'r str>,
    /// What else the kind needs of it, such as a key, in the kind's own form; `None` where the kind needs nothing.
    pub(in crate::policy) material: Option<Secret>,
}

/// What a credential is found by.
pub(in crate::policy) enum Identifier<'r> {
    /// The SHA-256 of what the client sends.
    Sha256([u8; 32]),
    /// What the client sends.
    Plain(&'r [u8]),
    /// The same, from the environment.
    Secret(Secret),
}

impl Identifier<'_> {
    pub(in crate::policy) const fn form(&self) -> IdentifierForm {
        match self {
            Self::Sha256(_) => IdentifierForm::Sha256,
            Self::Plain(_) | Self::Secret(_) => IdentifierForm::Plain,
        }
    }

    pub(in crate::policy) const fn bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(digest) => digest,
            Self::Plain(identifier) => identifier,
            Self::Secret(secret) => secret.expose(),
        }
    }
}
