//! What authentication found out of a request.

use crate::auth::Occurrence;
use crate::policy::{Consumer, Credential, ProviderId};

/// Who asks, as one provider verified it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity<'s> {
    pub(super) credential: Credential<'s>,
}

impl<'s> Identity<'s> {
    pub(super) const fn consumer(&self) -> Consumer<'s> {
        self.credential.owner()
    }
}

/// Everything that authentication found out.
#[derive(Debug, Default)]
pub(super) struct Authenticated<'s> {
    /// Who it is; nobody where none was required.
    pub(super) identity: Option<Identity<'s>>,
    /// What met the requirement: first what tells who it is.
    pub(super) first: Option<Accepted<'s>>,
    others: Vec<Accepted<'s>>,
}

/// A credential that met the requirement, or a part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted<'s> {
    /// The provider that accepted it.
    pub(super) provider: ProviderId,
    /// Where it stands.
    pub(super) at: Occurrence<'s>,
}

impl<'s> Authenticated<'s> {
    /// The credentials that met the requirement.
    pub(super) fn accepted(&self) -> impl Iterator<Item = &Accepted<'s>> {
        self.first.iter().chain(&self.others)
    }

    /// Whether the requirement is met by this provider, among others perhaps.
    pub(super) fn has_accepted(&self, provider: ProviderId) -> bool {
        self.accepted()
            .any(|accepted| accepted.provider == provider)
    }

    pub(super) fn add(&mut self, accepted: Accepted<'s>) {
        if self.first.is_none() {
            self.first = Some(accepted);
        } else if !self.has_accepted(accepted.provider) {
            self.others.push(accepted);
        }
    }
}
