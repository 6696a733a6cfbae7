//! Where credentials end.

use std::ptr;

use crate::auth::Place;
use crate::http::{Headers, cookies};
use crate::policy::{Afterwards, Policy, Provider, Route};
use crate::rewrite::QueryEdit;

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

    /// Whether the upstream gets what this provider has verified.
    fn forwards(&self, place: usize, provider: &Provider) -> bool {
        provider.afterwards == Afterwards::Forward && self.who.has_accepted(place)
    }

    /// Takes the credentials out of the headers.
    pub(super) fn headers(&self, plan: &mut Plan<'_>, came: &Headers<'_>) {
        for &at in self.route.kind.providers() {
            let Some(provider) = self.policy.providers.at(at) else {
                continue;
            };
            let stays = self.forwards(at, provider);
            for place in &provider.places {
                let is_alone = self.who.alone.is_some_and(|alone| ptr::eq(alone, place));
                match place {
                    // A verified credential stays: that one, and nothing that an upstream may take for it.
                    Place::Header { .. } if stays && is_alone => {}
                    Place::Header { name, .. } if stays => plan.remove_other_spellings(name),
                    Place::Header { name, .. } if is_alone => plan.remove_alone(name),
                    // In every spelling that an upstream may take for it, `x_api_key` too.
                    Place::Header { name, .. } => plan.remove(name),
                    Place::Cookie(_) | Place::Query(_) => {}
                }
            }
        }
        if self.route.kind.looks_elsewhere() {
            self.cookies(plan, came);
        }
    }

    #[inline(never)]
    fn cookies(&self, plan: &mut Plan<'_>, came: &Headers<'_>) {
        let places = self.ending().flat_map(|provider| &provider.places);
        let names = places.filter_map(|place| match place {
            Place::Cookie(name) => Some(&**name),
            Place::Header { .. } | Place::Query(_) => None,
        });
        let names: Vec<&[u8]> = names.collect();
        if !names.is_empty() {
            strip_cookies(plan, came, &names);
        }
    }

    /// The edits that take the credentials out of the query.
    pub(super) fn query(&self) -> impl Iterator<Item = QueryEdit<'p>> {
        self.query_names().map(QueryEdit::Remove)
    }

    /// Whether any credential is taken out of the query.
    pub(super) fn changes_query(&self) -> bool {
        self.route.kind.looks_elsewhere() && self.query_names().next().is_some()
    }

    fn query_names(&self) -> impl Iterator<Item = &'p [u8]> {
        let places = self.ending().flat_map(|provider| &provider.places);
        places.filter_map(|place| match place {
            Place::Query(name) => Some(&**name),
            Place::Header { .. } | Place::Cookie(_) => None,
        })
    }

    /// The providers whose credentials end here.
    fn ending(&self) -> impl Iterator<Item = &'p Provider> {
        let providers = self.route.kind.providers().iter();
        providers.filter_map(move |&at| {
            let provider = self.policy.providers.at(at)?;
            (!self.forwards(at, provider)).then_some(provider)
        })
    }
}

fn strip_cookies(plan: &mut Plan<'_>, came: &Headers<'_>, names: &[&[u8]]) {
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
        plan.remove(&"cookie".into());
    } else {
        plan.set(&"cookie".into(), pieces.join(&b"; "[..]).into());
    }
}
