//! Where credentials end.

use crate::auth::Place;
use crate::http::{Headers, cookies};
use crate::policy::{Afterwards, Policy, Provider, Route};

use super::authenticate::Authenticated;
use super::plan::Plan;

/// The places whose credentials end here: all that the requirement names, used or not, save those of a provider that
/// forwards what it verified.
#[derive(Clone, Copy)]
pub(super) struct Stripped<'p> {
    route: &'p Route,
    policy: &'p Policy,
    who: &'p Authenticated<'p>,
}

impl<'p> Stripped<'p> {
    pub(super) const fn of(
        who: &'p Authenticated<'p>,
        route: &'p Route,
        policy: &'p Policy,
    ) -> Self {
        Self { route, policy, who }
    }

    fn providers(&self) -> impl Iterator<Item = (usize, &'p Provider)> + 'p {
        let Self { route, policy, .. } = *self;
        let named = |place: &usize| Some((*place, policy.providers.at(*place)?));
        route.providers.iter().filter_map(named)
    }

    fn forwards(&self, (place, provider): (usize, &Provider)) -> bool {
        provider.afterwards == Afterwards::Forward && self.who.has_accepted(place)
    }

    fn places(&self) -> impl Iterator<Item = &'p Place> + 'p {
        let own = *self;
        let ends = self
            .providers()
            .filter(move |provider| !own.forwards(*provider));
        ends.flat_map(|(_, provider)| &provider.places)
    }

    /// Takes the credentials out of the headers.
    pub(super) fn headers(&self, plan: &mut Plan<'_>, came: Headers<'_>) {
        // A verified credential stays: that one, and nothing that an upstream may take for it.
        for (_, provider) in self.providers().filter(|provider| self.forwards(*provider)) {
            for place in &provider.places {
                if let Place::Header { name, .. } = place {
                    plan.remove_other_spellings(name);
                }
            }
        }
        let mut names: Vec<&[u8]> = Vec::new();
        for place in self.places() {
            match place {
                // In every spelling that an upstream may take for it, `x_api_key` too.
                Place::Header { name, .. } => plan.remove(name.clone()),
                Place::Cookie(name) => names.push(name),
                Place::Query(_) => {}
            }
        }
        if !names.is_empty() {
            strip_cookies(plan, came, &names);
        }
    }

    /// The names of the query parameters that go.
    pub(super) fn query(&self) -> impl Iterator<Item = &'p [u8]> + 'p {
        self.places().filter_map(|place| match place {
            Place::Query(name) => Some(&**name),
            Place::Header { .. } | Place::Cookie(_) => None,
        })
    }
}

fn strip_cookies(plan: &mut Plan<'_>, came: Headers<'_>, names: &[&[u8]]) {
    let named = |header: &[u8]| cookies(header).any(|(name, _)| names.contains(&name));
    if !came.all(b"cookie").any(named) {
        return;
    }
    let kept = |piece: &&[u8]| !cookies(piece).any(|(name, _)| names.contains(&name));
    let pieces = came
        .all(b"cookie")
        .flat_map(|header| header.split(|byte| *byte == b';'))
        .map(<[u8]>::trim_ascii);
    let pieces: Vec<&[u8]> = pieces
        .filter(|piece| !piece.is_empty())
        .filter(kept)
        .collect();
    if pieces.is_empty() {
        plan.remove("cookie".into());
    } else {
        plan.set("cookie".into(), pieces.join(&b"; "[..]).into());
    }
}
