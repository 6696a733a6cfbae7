//! Finds the rule for a request, at a cost that doesn't depend on the number of rules.
//!
//! Hosts are found by hash. Each host (or wildcard, or `*`) has its own rules. Few rules are a chain with the best rule first,
//! which is scanned. Many rules are a tree of segments with a chain at each node.

mod build;
mod interner;
mod rule;
mod rule_table;
mod tree;

use crate::arena::{ArenaId, ChunkedVec, HandleTable};
use crate::hash::Seeded;
use rule_table::{RuleEntry, RuleTable};
use tree::Trees;

pub use build::RouterBuilder;
pub use rule::{MatchIndex, MatchInput, RouteId, RouteMatch, Rule};

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
}

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
}

impl Router {
    /// The best rule for this request. The exact host is searched first, then the wildcards from the longest, then `*`; the
    /// first of these with a matching rule decides. Among its rules an exact path comes before the pattern with the most
    /// segments (from the left, a literal before a capture; a closed pattern before an open one), then a rule with methods,
    /// more headers, more query parameters, then the lower route, then the lower match (Gateway API, HTTPRouteMatch).
    /// Allocates nothing unless a query predicate reads an escaped parameter.
    #[must_use]
    pub fn find(&self, head: &MatchInput<'_>) -> Option<RouteMatch<'_>> {
        let own = self
            .host_rules(head.host)
            .and_then(|host_rules| self.in_host(host_rules, head));
        own.or_else(|| self.elsewhere(head))
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;
    use crate::route::{
        HeaderPredicate, HostPattern, Method, PathPattern, QueryPredicate, ValueMatch,
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
