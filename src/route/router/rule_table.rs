//! The stored rules, in chains. The best rule of a chain is first.

use super::rule::{MatchIndex, MatchInput, RouteId, RouteMatch, Rule};
use crate::arena::{ArenaId, ChunkedVec, TextArena};
use crate::route::other_predicates::{asked, spans};
use crate::route::pattern::{EVERY, PatternRef};
use crate::route::{HeaderPredicate, Method, OtherPredicates, QueryPredicate, Unclear};

/// A rule for one of its hosts.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleEntry {
    pattern: ArenaId,
    pub(super) route: RouteId,
    pub(super) match_index: MatchIndex,
    /// Its predicates; most rules have none.
    more: Option<ArenaId>,
    /// The next entry of its chain.
    pub(super) next: Option<ArenaId>,
}

/// The conditions of a rule besides host and path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Predicates {
    methods: Box<[Method]>,
    headers: Box<[HeaderPredicate]>,
    query: Box<[QueryPredicate]>,
    /// Few rules have any.
    others: Option<Box<OtherPredicates>>,
}

impl Predicates {
    fn are_none(&self) -> bool {
        self.methods.is_empty()
            && self.headers.is_empty()
            && self.query.is_empty()
            && self.others.is_none()
    }

    /// Whether the methods and the predicates on headers and parameters are those of the other, in any order.
    fn are_those_of(&self, other: &Self) -> bool {
        are_same(&self.methods, &other.methods)
            && are_same(&self.headers, &other.headers)
            && are_same(&self.query, &other.query)
            && self.others == other.others
    }

    /// Whether method, headers, query and the others match.
    fn holds(&self, head: &MatchInput<'_>) -> bool {
        let is_named = |method: &Method| method.as_bytes() == head.method;
        let mut is_unclear = false;
        let holds = (self.methods.is_empty() || self.methods.iter().any(is_named))
            && self
                .headers
                .iter()
                .all(|header| asked(header.matches(head.headers), &mut is_unclear))
            && self
                .query
                .iter()
                .all(|query| asked(query.matches(head.query), &mut is_unclear))
            && self
                .others
                .as_ref()
                .is_none_or(|others| others_hold(others, head, &mut is_unclear));
        if holds && is_unclear {
            head.notes.set_unclear();
        }
        holds
    }
}

/// Whether two lists have the same items.
fn are_same<T: PartialEq>(left: &[T], right: &[T]) -> bool {
    let has_all = |one: &[T], other: &[T]| one.iter().all(|item| other.contains(item));
    left.len() == right.len() && has_all(left, right) && has_all(right, left)
}

/// The expression of the path is the last, because it costs most.
#[inline(never)]
fn others_hold(others: &OtherPredicates, head: &MatchInput<'_>, is_unclear: &mut bool) -> bool {
    if !others.hold(head.headers, is_unclear) {
        return false;
    }
    let Some(pattern) = &others.path else {
        return true;
    };
    match spans(pattern, head.path) {
        Ok(Some(spans)) => {
            // If it is unclear whether the rule holds, nobody reads them.
            head.notes.set_spans(spans);
            true
        }
        Ok(None) => false,
        Err(Unclear) => asked(Err(Unclear), is_unclear),
    }
}

/// Patterns are UTF-8, and hosts ASCII.
fn text(stored: &[u8]) -> &str {
    std::str::from_utf8(stored).unwrap_or_default()
}

/// The number of earlier predicates that are searched for equal ones. In most policies many rules in a row are equal.
const NEAR: usize = 8;

/// All rules.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleTable {
    /// Each pattern, and its host right after it: a request reads both, mostly in one cache line.
    texts: TextArena,
    list: ChunkedVec<RuleEntry>,
    more: Vec<Predicates>,
}

impl RuleTable {
    /// Stores a rule. It isn't in a chain yet.
    pub(super) fn add(&mut self, rule: Rule) -> RuleEntry {
        let pattern = rule.path.as_ref().map_or(EVERY, |path| path.stored());
        let more = Predicates {
            methods: rule.methods.into(),
            headers: rule.headers.into(),
            query: rule.query.into(),
            others: (!rule.others.is_empty()).then(|| Box::new(rule.others)),
        };
        RuleEntry {
            pattern: self.texts.add(text(pattern)),
            route: rule.route,
            match_index: rule.match_index,
            more: self.more(more),
            next: None,
        }
    }

    /// Stores the host of the rule that was added last.
    pub(super) fn add_host(&mut self, name: &[u8]) -> ArenaId {
        self.texts.add(text(name))
    }

    /// A host.
    pub(super) fn host(&self, id: ArenaId) -> Option<&[u8]> {
        self.texts.bytes(id)
    }

    fn more(&mut self, more: Predicates) -> Option<ArenaId> {
        if more.are_none() {
            return None;
        }
        let near = self.more.len().saturating_sub(NEAR);
        let known = self.more.iter().skip(near).position(|known| *known == more);
        if let Some(known) = known {
            return Some(ArenaId::from_index(near.saturating_add(known)));
        }
        self.more.push(more);
        Some(ArenaId::from_index(self.more.len().saturating_sub(1)))
    }

    /// Puts an entry at the front of a chain.
    pub(super) fn prepend(&mut self, entry: RuleEntry, chain: &mut Option<ArenaId>) {
        let next = *chain;
        *chain = Some(self.list.push(RuleEntry { next, ..entry }));
    }

    /// Moves `id` to the front of another chain.
    pub(super) fn move_to(&mut self, id: ArenaId, chain: &mut Option<ArenaId>) {
        if let Some(entry) = self.list.get_mut(id) {
            entry.next = *chain;
            *chain = Some(id);
        }
    }

    /// The entries of a chain, in order.
    pub(super) fn chain(&self, first: Option<ArenaId>) -> impl Iterator<Item = ArenaId> {
        std::iter::successors(first, |id| self.list.get(*id)?.next)
    }

    pub(super) fn pattern(&self, id: ArenaId) -> Option<PatternRef<'_>> {
        self.stored(self.list.get(id)?)
    }

    pub(super) fn get(&self, id: ArenaId) -> Option<&RuleEntry> {
        self.list.get(id)
    }

    pub(super) fn get_mut(&mut self, id: ArenaId) -> Option<&mut RuleEntry> {
        self.list.get_mut(id)
    }

    /// The bytes of a rule's pattern.
    pub(super) fn pattern_bytes(&self, id: ArenaId) -> &[u8] {
        let entry = self.list.get(id);
        let bytes = entry.and_then(|entry| self.texts.bytes(entry.pattern));
        bytes.unwrap_or_default()
    }

    /// Whether two rules have the same predicates, in any order.
    pub(super) fn same_predicates(&self, left: ArenaId, right: ArenaId) -> bool {
        let of = |id| self.more_of(self.list.get(id)?);
        match (of(left), of(right)) {
            (Some(left), Some(right)) => left == right || left.are_those_of(right),
            (left, right) => left.is_none() && right.is_none(),
        }
    }

    fn stored(&self, entry: &RuleEntry) -> Option<PatternRef<'_>> {
        Some(PatternRef::of(self.texts.bytes(entry.pattern)?))
    }

    fn more_of(&self, entry: &RuleEntry) -> Option<&Predicates> {
        self.more.get(entry.more?.index())
    }

    /// The order of two rules whose patterns have the same precedence: first the one with methods, then with more headers,
    /// then with more query parameters, then with more cookies and the like, then the lower route, then the lower match.
    pub(super) fn order(&self, left: ArenaId, right: ArenaId) -> std::cmp::Ordering {
        let rank = |id: ArenaId| {
            let entry = self.list.get(id)?;
            let asks = self.more_of(entry).map_or((false, 0, 0, 0), |more| {
                let methods = !more.methods.is_empty();
                let others = more.others.as_ref().map_or(0, |others| others.count());
                (methods, more.headers.len(), more.query.len(), others)
            });
            Some((std::cmp::Reverse(asks), entry.route, entry.match_index, id))
        };
        rank(left).cmp(&rank(right))
    }

    /// The first entry of a chain whose pattern matches the path and whose conditions hold.
    #[inline(never)]
    pub(super) fn first_of_few(
        &self,
        chain: Option<ArenaId>,
        head: &MatchInput<'_>,
    ) -> Option<RouteMatch<'_>> {
        self.first(chain, head, |pattern| pattern.matches(head.path))
    }

    /// The first entry of a chain whose conditions hold. All patterns of the chain match the path.
    #[inline(always)]
    pub(super) fn first_that_holds(
        &self,
        chain: Option<ArenaId>,
        head: &MatchInput<'_>,
    ) -> Option<RouteMatch<'_>> {
        self.first(chain, head, |_| true)
    }

    #[inline(always)]
    fn first<'s>(
        &'s self,
        chain: Option<ArenaId>,
        head: &MatchInput<'_>,
        fits: impl Fn(PatternRef<'s>) -> bool,
    ) -> Option<RouteMatch<'s>> {
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

    /// This entry, if its pattern matches the path and its conditions hold.
    #[inline(always)]
    pub(super) fn if_fits<'s>(
        &'s self,
        entry: &RuleEntry,
        head: &MatchInput<'_>,
    ) -> Option<RouteMatch<'s>> {
        self.found(entry, head, &|pattern: PatternRef<'_>| {
            pattern.matches(head.path)
        })
    }

    fn found<'s>(
        &'s self,
        entry: &RuleEntry,
        head: &MatchInput<'_>,
        fits: &impl Fn(PatternRef<'s>) -> bool,
    ) -> Option<RouteMatch<'s>> {
        let pattern = self.stored(entry)?;
        let holds = fits(pattern) && entry.more.is_none_or(|more| self.holds(more, head));
        holds.then_some(RouteMatch {
            route: entry.route,
            match_index: entry.match_index,
            pattern,
        })
    }

    /// Not inlined: most rules have no predicates.
    #[inline(never)]
    fn holds(&self, more: ArenaId, head: &MatchInput<'_>) -> bool {
        let more = self.more.get(more.index());
        more.is_some_and(|more| more.holds(head))
    }

    pub(super) fn shrink(&mut self) {
        self.texts.shrink();
        self.list.shrink();
        self.more.shrink_to_fit();
    }
}
