//! Finds the rule for a request, at a cost that doesn't depend on the number of rules.
//!
//! Hosts are found by hash. Each host (or wildcard, or `*`) has its own rules. Few rules are a chain with the best rule first,
//! which is scanned. Many rules are a tree of segments with a chain at each node. Rules with a regular expression for the path are
//! a chain of their own, which is scanned after these. Each priority has a router of its own.

mod build;
mod equal;
mod interner;
mod notes;
mod rule;
mod rule_table;
mod tree;

use crate::arena::{ArenaId, ChunkedVec, HandleTable};
use crate::hash::Seeded;
use rule_table::{RuleEntry, RuleTable};
use tree::Trees;

pub use build::RouterBuilder;
pub use notes::MatchNotes;
pub use rule::{MatchIndex, MatchInput, Priority, RouteId, RouteMatch, Rule};

/// The rules of a host or a wildcard. Aligned so that each lies in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct HostRules {
    /// The name of the host, or the suffix of the wildcard, which begins with a dot.
    host: ArenaId,
    content: RuleSet,
}

/// A set of rules.
#[derive(Clone, Copy, Debug)]
enum RuleSet {
    /// A single rule, as for most hosts of a policy with many hosts.
    One(RuleEntry),
    /// A chain of entries.
    Few(Option<ArenaId>),
    /// A tree.
    Many(ArenaId),
    /// Rules with regular expressions, after other rules.
    Mixed(ArenaId),
}

/// The rules of a host with regular expressions for the path.
#[derive(Clone, Copy, Debug)]
struct MixedRules {
    /// The other rules, which come first.
    plain: RuleSet,
    /// The chain of those with an expression.
    regexes: Option<ArenaId>,
}

/// Several rules with the same host, pattern and predicates, in their order. A condition chooses one of them.
type EqualRules = Box<[(RouteId, MatchIndex)]>;

/// Marks the index of a match that is the number of its [`EqualRules`].
const EQUAL: u32 = 1 << 31;

impl Default for RuleSet {
    fn default() -> Self {
        Self::Few(None)
    }
}

/// All rules, ready for searches.
#[derive(Clone, Debug, Default)]
pub struct Router {
    entries: RuleTable,
    trees: Trees,
    hosts: ChunkedVec<HostRules>,
    /// The rules of each host by its name.
    by_name: HandleTable<ArenaId>,
    seed: Seeded,
    has_wildcards: bool,
    /// The rules for all hosts.
    any: Option<RuleSet>,
    /// Few hosts have such rules.
    mixed: Vec<MixedRules>,
    /// A router for each priority, the highest first, if there are several. Then this one has no rules itself.
    tiers: Box<[Self]>,
    equal: Vec<EqualRules>,
}

impl Router {
    /// The best rule for this request. A higher priority comes first. The exact host is searched first, then the wildcards from
    /// the longest, then `*`; the first of these with a matching rule decides. Among its rules an exact path comes before the
    /// pattern with the most segments (from the left, a literal before a capture; a closed pattern before an open one), and a
    /// regular expression is the last; then a rule with methods, more headers, more query parameters, more other predicates, then
    /// the lower route, then the lower match (Gateway API, HTTPRouteMatch). Allocates nothing unless a query predicate reads an
    /// escaped parameter, or an expression is asked.
    ///
    /// The result counts only if the notes in `head` are not [unclear](MatchNotes::is_unclear).
    #[must_use]
    pub fn find(&self, head: &MatchInput<'_>) -> Option<RouteMatch<'_>> {
        if !self.tiers.is_empty() {
            return self.in_tiers(head);
        }
        let own = self
            .host_rules(head.host)
            .and_then(|host_rules| self.in_host(host_rules, head));
        own.or_else(|| self.elsewhere(head))
    }

    #[inline(never)]
    fn in_tiers(&self, head: &MatchInput<'_>) -> Option<RouteMatch<'_>> {
        self.tiers.iter().find_map(|tier| tier.find(head))
    }

    /// The routes and matches whose rules equal the one that was found, with this one as the first. `None` if no other has an
    /// equal rule, or the route that was found has no condition.
    #[must_use]
    pub fn equal(&self, found: &RouteMatch<'_>) -> Option<&[(RouteId, MatchIndex)]> {
        let number = found.match_index.0.checked_sub(EQUAL)?;
        let list = self.equal.get(usize::try_from(number).ok()?);
        list.map(|list| &**list)
    }

    /// All lists of equal rules of which at least one is conditional.
    pub fn all_equal(&self) -> impl Iterator<Item = &[(RouteId, MatchIndex)]> {
        self.equal.iter().map(|list| &**list)
    }

    /// The best rule of the wildcards and of `*`.
    #[inline(never)]
    fn elsewhere(&self, head: &MatchInput<'_>) -> Option<RouteMatch<'_>> {
        let mut wildcards = self.wildcards(head.host);
        let found = wildcards.find_map(|host_rules| self.in_host(host_rules, head));
        found.or_else(|| self.search(self.any.as_ref()?, head))
    }

    #[inline(always)]
    fn in_host(&self, host_rules: ArenaId, head: &MatchInput<'_>) -> Option<RouteMatch<'_>> {
        self.search(&self.hosts.get(host_rules)?.content, head)
    }

    /// The id of the rules of a host, or of a suffix with its dot.
    #[inline(always)]
    fn host_rules(&self, name: &[u8]) -> Option<ArenaId> {
        let name_of = |id| self.entries.host(self.hosts.get(id)?.host);
        let is = |id| name_of(id) == Some(name);
        self.by_name.find(self.seed.of_bytes(name), is)
    }

    /// The rules of the matching wildcards, the longest first.
    fn wildcards(&self, host: &[u8]) -> impl Iterator<Item = ArenaId> {
        let host = if self.has_wildcards { host } else { &[] };
        let dots = (1..host.len()).filter(move |&at| host.get(at) == Some(&b'.'));
        dots.filter_map(move |at| self.host_rules(host.get(at..)?))
    }

    #[inline(always)]
    fn search(&self, content: &RuleSet, head: &MatchInput<'_>) -> Option<RouteMatch<'_>> {
        match content {
            RuleSet::One(entry) => self.entries.if_fits(entry, head),
            RuleSet::Few(chain) => self.entries.first_of_few(*chain, head),
            RuleSet::Many(root) => self.trees.search(*root, &self.entries, head),
            RuleSet::Mixed(at) => self.search_mixed(*at, head),
        }
    }

    #[inline(never)]
    fn search_mixed(&self, at: ArenaId, head: &MatchInput<'_>) -> Option<RouteMatch<'_>> {
        let mixed = self.mixed.get(at.index())?;
        let plain = self.search(&mixed.plain, head);
        plain.or_else(|| self.entries.first_that_holds(mixed.regexes, head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;
    use crate::route::{
        HeaderPredicate, HostPattern, Method, OtherPredicates, PathPattern, QueryPredicate,
        ValueMatch,
    };

    /// `hosts kind path method header query`, blanks between; `-` for nothing. Hosts by `,`.
    fn rule(text: &str, route: u32) -> Rule {
        let mut words = text.split(' ').map(|word| (word != "-").then_some(word));
        let mut next = || words.next().flatten();
        let hosts = next().into_iter().flat_map(|hosts| hosts.split(','));
        let hosts = hosts
            .map(|host| HostPattern::parse(host).unwrap())
            .collect();
        let kind = next();
        let path = next().map(|path| match kind {
            Some("exact") => PathPattern::exact(path).unwrap(),
            Some("prefix") => PathPattern::prefix(path).unwrap(),
            _ => PathPattern::template(path).unwrap(),
        });
        Rule {
            hosts,
            path,
            methods: next()
                .map(|method| Method::parse(method).unwrap())
                .into_iter()
                .collect(),
            headers: next()
                .map(|name| HeaderPredicate::new(name, ValueMatch::Present).unwrap())
                .into_iter()
                .collect(),
            query: next()
                .map(|name| QueryPredicate::new(name, ValueMatch::Present).unwrap())
                .into_iter()
                .collect(),
            others: OtherPredicates::default(),
            priority: Priority::default(),
            is_conditional: false,
            route: RouteId(route),
            match_index: MatchIndex(0),
        }
    }

    fn router(rules: &[&str]) -> Router {
        let mut builder = RouterBuilder::default();
        for (text, route) in rules.iter().zip(0..) {
            builder.add(rule(text, route));
        }
        builder.finish()
    }

    fn find(router: &Router, host: &str, path: &str, method: &str) -> Option<u32> {
        let headers = HeaderMap::from_pairs(&[("x-a", "1")]);
        let head = MatchInput {
            host: host.as_bytes(),
            path: path.as_bytes(),
            method: method.as_bytes(),
            query: Some(b"q=1"),
            headers: &headers.view(),
            notes: &MatchNotes::default(),
        };
        router.find(&head).map(|found| found.route.0)
    }

    #[test]
    fn prefers_the_most_specific_host() {
        let router = router(&[
            "- prefix /",
            "*.b.c prefix /",
            "*.a.b.c prefix /",
            "x.a.b.c prefix /only",
            "[::1],1.2.3.4 prefix /",
        ]);
        for (host, path, expected) in [
            ("x.a.b.c", "/only", 3),
            ("x.a.b.c", "/", 2),
            ("y.x.a.b.c", "/", 2),
            ("a.b.c", "/", 1),
            ("b.c", "/", 0),
            ("xb.c", "/", 0),
            ("[::1]", "/", 4),
            ("1.2.3.4", "/", 4),
        ] {
            assert_eq!(
                find(&router, host, path, "GET"),
                Some(expected),
                "{host} {path}"
            );
        }
    }

    #[test]
    fn prefers_the_most_specific_path() {
        let router = router(&[
            "- prefix /",
            "- prefix /a",
            "- template /a/{rest=**}",
            "- template /a/{x}",
            "- template /{x}/b",
            "- template /a/{x}/{rest=**}",
            "- exact /a/b",
            "- template /{x}/{y}/c/{rest=**}",
            "- prefix /d POST",
        ]);
        for (path, expected) in [
            ("/", 0),
            ("/z", 0),
            ("/a", 1),
            ("/a/", 1),
            ("/a/b", 6),
            ("/a/c", 3),
            ("/z/b", 4),
            ("/a/b/", 5),
            ("/a/b/d", 5),
            ("/a/b/c", 7),
            ("/z/b/c/d", 7),
            ("/d/e", 0),
        ] {
            assert_eq!(find(&router, "h", path, "GET"), Some(expected), "{path}");
        }
    }

    #[test]
    fn prefers_the_rule_with_more_predicates() {
        let router = router(&[
            "- exact /p",
            "- exact /p - x-a q",
            "- exact /p GET",
            "- exact /p GET x-a",
            "- exact /p GET x-a",
            "- exact /p GET x-none",
            "h exact /p PUT",
        ]);
        assert_eq!(find(&router, "h", "/p", "GET"), Some(3));
        assert_eq!(find(&router, "h", "/p", "POST"), Some(1));
        assert_eq!(find(&router, "h", "/p", "PUT"), Some(6));
        assert_eq!(find(&router, "h", "/q", "PUT"), None);
        assert_eq!(find(&Router::default(), "h", "/q", "PUT"), None);
    }
}
