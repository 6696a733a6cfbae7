//! Which providers of a route cost no callout and no wait, because another one has accepted the credential.

use crate::policy::{Policy, Provider, ProviderId, Route, Verdict};

use super::head::Head;

/// Whether a provider that needs a callout is passed over, because the credential is accepted already. So a token that is
/// verified here is never sent to a server.
pub(super) fn is_passed_over(
    id: ProviderId,
    verdicts: &[(ProviderId, Verdict<'_>)],
    head: &Head<'_>,
    route: &Route,
    policy: &Policy,
) -> bool {
    let provider = policy.providers.at(id);
    provider.is_some_and(Provider::needs_callout)
        && is_accepted_before(id, verdicts, head, route, policy)
}

/// Whether a provider is asked only for what it knows now, because the credential is accepted already. So a token that is
/// verified here never waits for the keys of another provider.
pub(super) fn is_not_waited_for(
    id: ProviderId,
    verdicts: &[(ProviderId, Verdict<'_>)],
    head: &Head<'_>,
    route: &Route,
    policy: &Policy,
) -> bool {
    let provider = policy.providers.at(id);
    provider.is_some_and(Provider::may_need_keys)
        && is_accepted_before(id, verdicts, head, route, policy)
}

/// Whether an earlier provider accepted the credential at this provider's location, and no part of the requirement needs both.
fn is_accepted_before(
    id: ProviderId,
    verdicts: &[(ProviderId, Verdict<'_>)],
    head: &Head<'_>,
    route: &Route,
    policy: &Policy,
) -> bool {
    let Some(provider) = policy.providers.at(id) else {
        return false;
    };
    let accepted = |(other, verdict): &(ProviderId, Verdict<'_>)| match verdict {
        Verdict::Accepted(good) => {
            let own = provider.occupied(head.request.headers(), head.path.query());
            let overlaps = own.is_some_and(|own| own.overlaps(good.at.location));
            overlaps && !route.spec.requirement().needs_both(*other, id)
        }
        Verdict::Absent | Verdict::Rejected(..) | Verdict::Foreign(_) | Verdict::Unavailable(_) => {
            false
        }
    };
    verdicts.iter().any(accepted)
}
