//! Which providers of a route are not asked, because an answer would cost a callout and is not needed.

use crate::policy::{Policy, ProviderId, Route, Verdict};

use super::head::Head;

/// Whether a provider that needs a callout is passed over: an earlier provider accepted the credential at this location, and no
/// part of the requirement needs both. So a token that is verified here is never sent to a server.
pub(super) fn is_passed_over(
    id: ProviderId,
    verdicts: &[(ProviderId, Verdict<'_>)],
    head: &Head<'_>,
    route: &Route,
    policy: &Policy,
) -> bool {
    let Some(provider) = policy.providers.at(id) else {
        return false;
    };
    provider.needs_callout() && {
        let accepted = |(other, verdict): &(ProviderId, Verdict<'_>)| match verdict {
            Verdict::Accepted(good) => {
                let own = provider.occupied(head.request.headers(), head.path.query());
                let overlaps = own.is_some_and(|own| own.overlaps(good.at.location));
                overlaps && !route.spec.requirement().needs_both(*other, id)
            }
            Verdict::Absent
            | Verdict::Rejected(..)
            | Verdict::Foreign(_)
            | Verdict::Unavailable(_) => false,
        };
        verdicts.iter().any(accepted)
    }
}
