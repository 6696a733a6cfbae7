//! Removes credentials from requests.

use std::ptr;

use crate::auth::{Location, begins};
use crate::http::{Edits, Headers, KnownName, Request, cookies, members, same_name};
use crate::policy::{Policy, Route, Verified};
use crate::rewrite::{CookieField, QueryEdit, strip_query};

use super::authenticated::Authenticated;
use super::header_edits::put_cookies;
use super::plan::Plan;

/// The credentials to strip: those at all locations of the providers that the requirement names, also of providers that were
/// not asked. A credential stays if a provider verified it and forwards it, even if other providers read it too.
#[derive(Clone, Copy)]
pub(in crate::engine) struct StrippedCredentials<'p> {
    route: &'p Route,
    policy: &'p Policy,
    authenticated: &'p Authenticated<'p>,
}

impl<'p> StrippedCredentials<'p> {
    pub(in crate::engine) const fn of(
        authenticated: &'p Authenticated<'p>,
        route: &'p Route,
        policy: &'p Policy,
    ) -> Self {
        Self {
            route,
            policy,
            authenticated,
        }
    }

    /// The verified credential at this location that is forwarded.
    fn forwarded(&self, location: &Location) -> Option<&'p Verified<'p>> {
        self.authenticated.all().find(|verified| {
            let provider = self.policy.providers.at(verified.provider);
            provider.is_some_and(|provider| provider.forward)
                && verified.at.location.overlaps(location)
        })
    }

    /// Whether it is known that the header at this location has a verified credential, and that no other header can be read as
    /// it.
    fn is_alone(&self, location: &Location) -> bool {
        let is_it = |verified: &Verified<'_>| ptr::eq(verified.at.location, location);
        self.authenticated
            .all()
            .any(|verified| verified.at.is_alone && is_it(verified))
    }

    /// Removes the credentials from the headers.
    pub(in crate::engine) fn headers(&self, plan: &mut Plan<'_>, came: &Headers<'_>) {
        for location in self.locations() {
            let Location::Header { name, prefix } = location else {
                continue;
            };
            match (self.forwarded(location), prefix) {
                // This header stays. No other header can be read as it.
                (Some(stays), _) if stays.at.is_alone => {}
                (Some(_), _) => plan.remove_other_spellings(name),
                (None, _) if self.is_alone(location) => plan.remove_alone(name),
                // All spellings that an upstream may read as this name are removed, such as `x_api_key`.
                (None, None) => plan.remove(name),
                // Another scheme's field is not a credential of this provider.
                (None, Some(prefix)) => {
                    plan.remove_where(name, |value| prefix.credential(value).is_some());
                }
            }
        }
        if self.route.spec.looks_elsewhere() {
            self.cookies(plan, came);
            self.members(plan, came);
        }
    }

    #[inline(never)]
    fn cookies(&self, plan: &mut Plan<'_>, came: &Headers<'_>) {
        let names = self.ending().filter_map(|location| match location {
            Location::Cookie(name) => Some(&**name),
            Location::Header { .. } | Location::Member { .. } | Location::Query(_) => None,
        });
        let names: Vec<&[u8]> = names.collect();
        if !names.is_empty() {
            strip_cookies(plan, came, &names);
        }
    }

    /// Removes the members of a list that are credentials, for all locations of this header at once. Another call for the same
    /// header changes nothing.
    #[inline(never)]
    fn members(&self, plan: &mut Plan<'_>, came: &Headers<'_>) {
        for location in self.locations() {
            let Location::Member { name, .. } = location else {
                continue;
            };
            if self.forwarded(location).is_some() {
                plan.remove_other_spellings(name);
            }
            strip_members(plan, came, name, &|member| {
                self.ending().any(|ending| match ending {
                    Location::Member {
                        name: other,
                        prefix,
                    } => other == name && begins(member, prefix),
                    Location::Header { .. } | Location::Query(_) | Location::Cookie(_) => false,
                })
            });
        }
    }

    /// The edits that remove the credentials from the query.
    pub(in crate::engine) fn query(&self) -> impl Iterator<Item = QueryEdit<'p>> {
        self.query_names().map(QueryEdit::Remove)
    }

    /// Whether any credential is removed from the query.
    pub(in crate::engine) fn changes_query(&self) -> bool {
        self.route.spec.looks_elsewhere() && self.query_names().next().is_some()
    }

    fn query_names(&self) -> impl Iterator<Item = &'p [u8]> {
        query_names(self.ending())
    }

    /// The locations of the credentials to strip.
    fn ending(&self) -> impl Iterator<Item = &'p Location> {
        self.locations()
            .filter(|location| self.forwarded(location).is_none())
    }

    /// All locations of the providers that the requirement names.
    fn locations(&self) -> impl Iterator<Item = &'p Location> + use<'p> {
        let providers = self.route.spec.providers().iter();
        let policy = self.policy;
        providers
            .filter_map(|&id| policy.providers.at(id))
            .flat_map(|provider| &provider.locations)
    }
}

/// Strips credentials from the `:path` of a request that the gate answers, because access logs and traces show the path. Strips
/// the credentials of all providers: not every request has a route, and a key that is rejected here may be valid elsewhere.
/// Drops all other edits.
#[inline(never)]
pub(in crate::engine) fn query_of_answered(
    edits: &mut Edits,
    request: &Request<'_>,
    policy: &Policy,
) {
    edits.clear();
    let mut names = query_names(
        policy
            .providers
            .iter()
            .flat_map(|provider| &provider.locations),
    )
    .peekable();
    if names.peek().is_none() {
        return;
    }
    let target = request.headers().first(b":path").unwrap_or_default();
    let Some(mark) = target.iter().position(|byte| *byte == b'?') else {
        return;
    };
    let (path, query) = target.split_at_checked(mark).unwrap_or_default();
    let query = query.get(1..).unwrap_or_default();
    let kept = strip_query(Some(query), &names.collect::<Vec<_>>());
    if kept.as_deref() != Some(query) {
        edits.path.make(|new| {
            new.extend_from_slice(path);
            if let Some(kept) = &kept {
                new.push(b'?');
                new.extend_from_slice(kept);
            }
        });
    }
}

/// The query parameters among these locations.
fn query_names<'p>(
    locations: impl Iterator<Item = &'p Location>,
) -> impl Iterator<Item = &'p [u8]> {
    locations.filter_map(|location| match location {
        Location::Query(name) => Some(&**name),
        Location::Header { .. } | Location::Member { .. } | Location::Cookie(_) => None,
    })
}

fn strip_cookies(plan: &mut Plan<'_>, came: &Headers<'_>, names: &[&[u8]]) {
    let named = |header: &[u8]| cookies(header).any(|(name, _)| names.contains(&name));
    if !came.all(b"cookie").any(named) {
        return;
    }
    let mut field = CookieField::default();
    came.all(b"cookie").for_each(|value| field.read(value));
    names.iter().for_each(|name| field.remove(name));
    put_cookies(plan, &"cookie".into(), field);
}

/// Keeps the other members of `name`, in order. Removes fields of another spelling completely, because an upstream may read a
/// credential there.
fn strip_members(
    plan: &mut Plan<'_>,
    came: &Headers<'_>,
    name: &KnownName,
    ends: &dyn Fn(&[u8]) -> bool,
) {
    if !came.may_have_any(name.marks()) {
        return;
    }
    let mut is_there = false;
    let mut kept = Vec::new();
    for (other, value) in came.iter() {
        if !same_name(other, name) {
            continue;
        }
        for member in members(value) {
            if ends(member) {
                is_there = true;
            } else if other.eq_ignore_ascii_case(name) {
                if !kept.is_empty() {
                    kept.extend_from_slice(b", ");
                }
                kept.extend_from_slice(member);
            }
        }
    }
    if is_there && kept.is_empty() {
        plan.remove(name);
    } else if is_there {
        plan.set(name, kept.into());
    }
}
