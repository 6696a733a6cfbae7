//! Rules as they are stored: chains of them, the best first.

use super::pattern_ref::{EVERY, PatternRef};
use super::rule::{Found, Head, RouteIndex, Rule};
use super::{HeaderPredicate, Method, QueryPredicate};
use crate::arena::{Id, Slab, Texts};

/// A rule at one of its hosts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pattern: Id,
    route: RouteIndex,
    matching: u32,
    /// What it asks besides; mostly nothing.
    more: Option<Id>,
    /// The next one of its chain.
    pub(super) next: Option<Id>,
}

/// What a rule asks besides host and path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct More {
    methods: Box<[Method]>,
    headers: Box<[HeaderPredicate]>,
    query: Box<[QueryPredicate]>,
}

impl More {
    /// Whether method, headers and query fit.
    fn holds(&self, head: &Head<'_>) -> bool {
        let is_named = |method: &Method| method.as_bytes() == head.method;
        (self.methods.is_empty() || self.methods.iter().any(is_named))
            && self
                .headers
                .iter()
                .all(|header| header.matches(head.headers))
            && self.query.iter().all(|query| query.matches(head.query))
    }
}

/// Patterns are UTF-8, and hosts ASCII.
fn text(stored: &[u8]) -> &str {
    std::str::from_utf8(stored).unwrap_or_default()
}

/// So many of those before are looked at for one that asks the same: in most policies, many in a row do.
const NEAR: usize = 8;

/// All rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    /// Patterns, and the hosts that they are for right behind: a request reads both, and so mostly one line of memory.
    texts: Texts,
    list: Slab<Entry>,
    more: Vec<More>,
}

impl Entries {
    /// Keeps a rule; it isn't in any chain yet.
    pub(super) fn add(&mut self, rule: Rule) -> Entry {
        let pattern = rule.path.as_ref().map_or(EVERY, |path| path.stored());
        let more = More {
            methods: rule.methods.into(),
            headers: rule.headers.into(),
            query: rule.query.into(),
        };
        Entry {
            pattern: self.texts.add(text(pattern)),
            route: rule.route,
            matching: rule.matching,
            more: self.more(more),
            next: None,
        }
    }

    /// Keeps the host of the rule that was added last.
    pub(super) fn add_host(&mut self, name: &[u8]) -> Id {
        self.texts.add(text(name))
    }

    /// That host.
    pub(super) fn host(&self, id: Id) -> Option<&[u8]> {
        self.texts.bytes(id)
    }

    fn more(&mut self, more: More) -> Option<Id> {
        if more.methods.is_empty() && more.headers.is_empty() && more.query.is_empty() {
            return None;
        }
        let near = self.more.len().saturating_sub(NEAR);
        let known = self.more.iter().skip(near).position(|known| *known == more);
        if let Some(known) = known {
            return Some(Id::of(near.saturating_add(known)));
        }
        self.more.push(more);
        Some(Id::of(self.more.len().saturating_sub(1)))
    }

    /// Puts an entry before those of a chain, whose first it is then.
    pub(super) fn prepend(&mut self, entry: Entry, chain: &mut Option<Id>) {
        let next = *chain;
        *chain = Some(self.list.push(Entry { next, ..entry }));
    }

    /// Makes `id` the first of another chain.
    pub(super) fn move_to(&mut self, id: Id, chain: &mut Option<Id>) {
        if let Some(entry) = self.list.get_mut(id) {
            entry.next = *chain;
            *chain = Some(id);
        }
    }

    /// The entries of a chain, in order.
    pub(super) fn chain(&self, first: Option<Id>) -> impl Iterator<Item = Id> {
        std::iter::successors(first, |id| self.list.get(*id)?.next)
    }

    pub(super) fn pattern(&self, id: Id) -> Option<PatternRef<'_>> {
        self.stored(self.list.get(id)?)
    }

    fn stored(&self, entry: &Entry) -> Option<PatternRef<'_>> {
        Some(PatternRef::of(self.texts.bytes(entry.pattern)?))
    }

    fn more_of(&self, entry: &Entry) -> Option<&More> {
        self.more.get(entry.more?.place())
    }

    /// The better of two whose patterns are as good: one that names methods, then most headers, most query parameters;
    /// then the lower route, the lower match.
    pub(super) fn order(&self, left: Id, right: Id) -> std::cmp::Ordering {
        let rank = |id: Id| {
            let entry = self.list.get(id)?;
            let asks = self.more_of(entry).map_or((false, 0, 0), |more| {
                let methods = !more.methods.is_empty();
                (methods, more.headers.len(), more.query.len())
            });
            Some((std::cmp::Reverse(asks), entry.route, entry.matching, id))
        };
        rank(left).cmp(&rank(right))
    }

    /// The first entry of a chain whose pattern fits the path, and whose conditions hold.
    #[inline(never)]
    pub(super) fn first_of_few(&self, chain: Option<Id>, head: &Head<'_>) -> Option<Found<'_>> {
        self.first(chain, head, |pattern| pattern.matches(head.path))
    }

    /// The first entry of a chain whose conditions hold: each one's pattern is known to fit the path.
    #[inline(always)]
    pub(super) fn first_that_holds(&self, chain: Option<Id>, head: &Head<'_>) -> Option<Found<'_>> {
        self.first(chain, head, |_| true)
    }

    #[inline(always)]
    fn first<'s>(
        &'s self,
        chain: Option<Id>,
        head: &Head<'_>,
        fits: impl Fn(PatternRef<'s>) -> bool,
    ) -> Option<Found<'s>> {
        let mut next = chain;
        while let Some(id) = next {
            let entry = self.list.get(id)?;
            let found = self.found(entry, head, &fits);
            if found.is_some() {
                return found;
            }
            next = entry.next;
        }
        None
    }

    /// This entry, if its pattern fits the path and its conditions hold.
    #[inline(always)]
    pub(super) fn if_fits<'s>(&'s self, entry: &Entry, head: &Head<'_>) -> Option<Found<'s>> {
        self.found(entry, head, &|pattern: PatternRef<'_>| {
            pattern.matches(head.path)
        })
    }

    fn found<'s>(
        &'s self,
        entry: &Entry,
        head: &Head<'_>,
        fits: &impl Fn(PatternRef<'s>) -> bool,
    ) -> Option<Found<'s>> {
        let pattern = self.stored(entry)?;
        let holds = fits(pattern) && entry.more.is_none_or(|more| self.holds(more, head));
        holds.then_some(Found {
            route: entry.route,
            matching: entry.matching,
            pattern,
        })
    }

    /// Most rules ask for nothing more.
    #[inline(never)]
    fn holds(&self, more: Id, head: &Head<'_>) -> bool {
        let more = self.more.get(more.place());
        more.is_some_and(|more| more.holds(head))
    }

    pub(super) fn shrink(&mut self) {
        self.texts.shrink();
        self.list.shrink();
        self.more.shrink_to_fit();
    }
}
