//! The challenges of a denial (RFC 9110 §11.6.1).

use crate::policy::{Denial, Policy, ProviderId, Route};

use super::authenticated::Authenticated;

/// Adds the challenge of the provider that told who the sender is; without a sender, those of all providers of the route.
/// `scopes` are those that the route needs.
#[cold]
#[inline(never)]
pub(in crate::engine) fn challenge(
    denial: &mut Denial,
    scopes: &[&str],
    authenticated: &Authenticated<'_>,
    route: &Route,
    policy: &Policy,
) {
    let first = authenticated.first.as_ref();
    let teller = first.map(|verified| std::slice::from_ref(&verified.provider));
    let providers = teller.unwrap_or_else(|| route.spec.providers());
    challenge_by(providers, denial, scopes, policy);
}

/// Adds the challenges of these providers.
pub(super) fn challenge_by(
    providers: &[ProviderId],
    denial: &mut Denial,
    scopes: &[&str],
    policy: &Policy,
) {
    for provider in providers.iter().filter_map(|id| policy.providers.at(*id)) {
        let challenge = provider.challenge(denial.reason, scopes);
        if !denial.challenges.contains(&challenge) {
            denial.challenges.push(challenge);
        }
    }
}
