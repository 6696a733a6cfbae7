//! What authentication found out of a request.

use crate::policy::{Consumer, Identity, ProviderId, Verified};

/// The credentials that met the requirement.
#[derive(Debug, Default)]
pub(in crate::engine) struct Authenticated<'p> {
    /// The one that tells who sent the request; `None` where none was required.
    pub(in crate::engine) first: Option<Verified<'p>>,
    others: Vec<Verified<'p>>,
}

impl<'p> Authenticated<'p> {
    /// All credentials that met the requirement.
    pub(in crate::engine) fn all(&self) -> impl Iterator<Item = &Verified<'p>> {
        self.first.iter().chain(&self.others)
    }

    /// Who sent the request.
    pub(in crate::engine) fn identity(&self) -> Option<&Identity<'p>> {
        self.first.as_ref().map(|verified| &verified.identity)
    }

    /// The consumer that sent the request, where it is one.
    pub(in crate::engine) fn consumer(&self) -> Option<Consumer<'p>> {
        self.identity()?.consumer()
    }

    /// Whether the requirement is met by this provider, among others perhaps.
    pub(in crate::engine) fn has_accepted(&self, provider: ProviderId) -> bool {
        self.all().any(|verified| verified.provider == provider)
    }

    pub(in crate::engine) fn add(&mut self, verified: Verified<'p>) {
        if self.first.is_none() {
            self.first = Some(verified);
        } else if !self.has_accepted(verified.provider) {
            self.others.push(verified);
        }
    }
}
