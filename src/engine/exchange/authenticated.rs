//! The result of authentication.

use crate::engine::memory::RememberedVerdicts;
use crate::policy::{Consumer, Identity, ProviderId, Verdict, Verified};

use super::Exchange;

/// The credentials that met the requirement.
#[derive(Debug, Default)]
pub(in crate::engine) struct Authenticated<'p> {
    /// The credential that identifies the sender; `None` if none was required.
    pub(in crate::engine) first: Option<Verified<'p>>,
    combined: Option<Box<Combined<'p>>>,
}

/// More results, if a requirement names several providers.
#[derive(Debug, Default)]
struct Combined<'p> {
    others: Vec<Verified<'p>>,
    /// The verdict of each provider, also of those that don't meet the requirement.
    verdicts: Vec<(ProviderId, Verdict<'p>)>,
}

impl<'p> Authenticated<'p> {
    /// All credentials that met the requirement.
    pub(in crate::engine) fn all(&self) -> impl Iterator<Item = &Verified<'p>> {
        let combined = self.combined.as_ref();
        let others = combined.map_or(&[][..], |combined| &combined.others);
        self.first.iter().chain(others)
    }

    /// The identity of the sender.
    pub(in crate::engine) fn identity(&self) -> Option<&Identity<'p>> {
        self.first.as_ref().map(|verified| &verified.identity)
    }

    /// The consumer that sent the request. `None` if the sender is no consumer.
    pub(in crate::engine) fn consumer(&self) -> Option<Consumer<'p>> {
        self.identity()?.consumer()
    }

    /// Whether one of the credentials may be a token. Tokens have claims.
    pub(in crate::engine) fn may_have_tokens(&self) -> bool {
        let has_token = |verified: &Verified<'_>| verified.identity.token.is_some();
        self.combined.is_some() || self.first.as_ref().is_some_and(has_token)
    }

    /// Whether this provider accepted a credential that meets the requirement. Other providers may have too.
    pub(in crate::engine) fn has_accepted(&self, provider: ProviderId) -> bool {
        self.all().any(|verified| verified.provider == provider)
    }

    pub(in crate::engine) fn add(&mut self, verified: Verified<'p>) {
        if self.first.is_none() {
            self.first = Some(verified);
        } else if !self.has_accepted(verified.provider) {
            self.combined.get_or_insert_default().others.push(verified);
        }
    }

    /// Keeps the verdict of each provider.
    pub(super) fn keep(&mut self, verdicts: Vec<(ProviderId, Verdict<'p>)>) {
        self.combined.get_or_insert_default().verdicts = verdicts;
    }

    /// Stores the verdicts in the memory of the exchange, before it waits.
    pub(in crate::engine) fn remember(&self, exchange: &Exchange<'_, impl ?Sized>) {
        let (policy, sources) = (exchange.policy, exchange.sources);
        let mut remembered = RememberedVerdicts::new(sources);
        match (&self.combined, &self.first) {
            (Some(combined), _) => {
                for (id, verdict) in &combined.verdicts {
                    remembered.add(*id, verdict, policy, sources);
                }
            }
            (None, Some(only)) => remembered.add_verified(only, policy, sources),
            (None, None) => return,
        }
        exchange.memory.verdicts.replace(Some(remembered.into()));
    }
}
