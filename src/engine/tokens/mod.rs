//! The tokens that an engine has verified, and the time that it spent on that.

mod budget;
mod verified;

use std::rc::Rc;
use std::time::Duration;

use crate::policy::{ProviderId, VerifiedToken};
use crate::time::Timestamp;

use budget::VerificationBudget;
use verified::VerifiedTokens;

/// What an engine knows of tokens, for each provider by its index. It ends with the engine, and so with the policy: keys that
/// changed verify anew.
#[derive(Debug, Default)]
pub(super) struct TokenMemory(Vec<ProviderTokens>);

/// What is known of the tokens of one provider.
#[derive(Debug, Default)]
struct ProviderTokens {
    verified: VerifiedTokens,
    budget: VerificationBudget,
}

impl TokenMemory {
    /// The token, if it was verified before and is still good.
    pub(super) fn recall(
        &mut self,
        provider: ProviderId,
        token: &[u8],
        now: Timestamp,
    ) -> Option<Rc<VerifiedToken>> {
        let known = self.0.get_mut(provider.index())?;
        known.verified.recall(token, now)
    }

    /// Remembers a token that was verified.
    pub(super) fn remember(
        &mut self,
        provider: ProviderId,
        token: &[u8],
        verified: &Rc<VerifiedToken>,
    ) {
        self.of(provider, |known| {
            known.verified.remember(token, Rc::clone(verified));
        });
    }

    /// Takes the time for one verification. Returns false if the provider has spent its `percent` of the time.
    pub(super) fn spend(
        &mut self,
        provider: ProviderId,
        cost: Duration,
        percent: u8,
        now: Timestamp,
    ) -> bool {
        let mut may = false;
        self.of(provider, |known| {
            may = known.budget.spend(cost, percent, now);
        });
        may
    }

    fn of(&mut self, provider: ProviderId, act: impl FnOnce(&mut ProviderTokens)) {
        let index = provider.index();
        if index >= self.0.len() {
            self.0
                .resize_with(index.saturating_add(1), ProviderTokens::default);
        }
        if let Some(known) = self.0.get_mut(index) {
            act(known);
        }
    }
}
