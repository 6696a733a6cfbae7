//! Which rule is for a request, at a cost that doesn't depend on the number of rules.
//!
//! Hosts and whole paths are found by hash. Each host (or wildcard, or any host) has its own tree of segments, a *zone*;
//! all trees share their memory: one table of texts, one of nodes, one of edges. The rules that share a place in a zone
//! are a *group*, the best first; these are scanned.

use std::num::NonZeroU32;

use super::rule::{Found, Head, RouteIndex};
use super::{HeaderPredicate, Method, PathPattern, QueryPredicate};
use crate::hash::Map;

/// A node of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) u32);

/// A segment or a whole path that stands in some pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TextId(pub(super) u32);

/// A part of [`Router::order`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A place in a tree: some segments are behind it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Node {
    /// Where a capture goes. No tree's root stands below another node, so the first is never meant.
    pub(super) capture: Option<NonZeroU32>,
    /// Rules for paths that end here.
    pub(super) closed: Group,
    /// Rules for paths that end here or below.
    pub(super) open: Group,
}

/// A rule without its hosts, which are in the tables.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) path: Option<PathPattern>,
    pub(super) methods: Box<[Method]>,
    pub(super) headers: Box<[HeaderPredicate]>,
    pub(super) query: Box<[QueryPredicate]>,
    pub(super) route: RouteIndex,
    pub(super) matching: u32,
}

impl Conditions {
    /// Whether method, headers and query fit.
    fn hold(&self, head: &Head<'_>) -> bool {
        let is_named = |method: &Method| method.as_bytes() == head.method;
        (self.methods.is_empty() || self.methods.iter().any(is_named))
            && self
                .headers
                .iter()
                .all(|header| header.matches(head.headers))
            && self.query.iter().all(|query| query.matches(head.query))
    }
}

/// All rules, ready to be searched.
#[derive(Clone, Debug, Default)]
pub struct Router {
    /// As they were given.
    pub(super) rules: Box<[Conditions]>,
    /// Places in `rules`, group by group.
    pub(super) order: Box<[u32]>,
    pub(super) texts: Map<Box<[u8]>, TextId>,
    /// The zone of a host.
    pub(super) hosts: Map<Box<[u8]>, NodeId>,
    /// The zone of a wildcard, by its suffix with the dot.
    pub(super) wildcards: Map<Box<[u8]>, NodeId>,
    /// The zone of any host.
    pub(super) any: Option<NodeId>,
    /// By zone and path.
    pub(super) exact: Map<(NodeId, TextId), Group>,
    pub(super) nodes: Vec<Node>,
    /// By node and segment.
    pub(super) edges: Map<(NodeId, TextId), NodeId>,
}

impl Router {
    /// The best rule for this request: exact host before the longest wildcard before any host, the first of these with a
    /// rule that fits in whole; then exact path before the pattern that fixes most segments (from the left, a literal
    /// before a capture; a closed pattern before an open one); then one that names methods, the number of headers, the
    /// number of query parameters; then the lower route, the lower match (Gateway API, HTTPRouteMatch). Allocates nothing
    /// unless a query predicate meets an escaped parameter.
    #[must_use]
    pub fn find(&self, head: &Head<'_>) -> Option<Found<'_>> {
        let path = self.texts.get(head.path).copied();
        let exact = self.hosts.get(head.host).copied();
        let search = |zone| self.search(zone, path, head);
        exact
            .and_then(search)
            .or_else(|| self.wildcard_zones(head.host).find_map(search))
            .or_else(|| self.any.and_then(search))
    }

    /// The zones of the wildcards that fit, the longest first.
    fn wildcard_zones(&self, host: &[u8]) -> impl Iterator<Item = NodeId> {
        let host = if self.wildcards.is_empty() { &[] } else { host };
        let dots = (1..host.len()).filter(move |&at| host.get(at) == Some(&b'.'));
        dots.filter_map(move |at| self.wildcards.get(host.get(at..)?).copied())
    }

    fn search(&self, zone: NodeId, path: Option<TextId>, head: &Head<'_>) -> Option<Found<'_>> {
        let exact = path.and_then(|path| self.exact.get(&(zone, path)));
        if let Some(found) = exact.and_then(|group| self.first(*group, head)) {
            return Some(found);
        }
        let mut walk = Walk {
            router: self,
            head,
            best: None,
        };
        walk.visit(zone, 0, head.path.strip_prefix(b"/"));
        walk.best.map(|(_, found)| found)
    }

    /// The first rule of a group whose conditions hold.
    fn first(&self, group: Group, head: &Head<'_>) -> Option<Found<'_>> {
        let range = usize::try_from(group.start).ok()?..usize::try_from(group.end).ok()?;
        self.order.get(range)?.iter().find_map(|&at| {
            let rule = usize::try_from(at).ok()?;
            let conditions = self.rules.get(rule)?;
            conditions.hold(head).then_some(Found {
                route: conditions.route,
                matching: conditions.matching,
                rule,
                pattern: conditions.path.as_ref(),
            })
        })
    }
}

/// One search of a tree.
struct Walk<'r, 'h> {
    router: &'r Router,
    head: &'h Head<'h>,
    /// How many segments the best rule so far fixes, and the rule.
    best: Option<(usize, Found<'r>)>,
}

impl Walk<'_, '_> {
    /// Literals before captures and below before here: so among rules that fix as many segments, the best comes first.
    /// As deep as the deepest pattern.
    fn visit(&mut self, at: NodeId, depth: usize, rest: Option<&[u8]>) {
        let Some(node) = usize::try_from(at.0)
            .ok()
            .and_then(|at| self.router.nodes.get(at))
        else {
            return;
        };
        if let Some(rest) = rest {
            let border = rest.iter().position(|&byte| byte == b'/');
            let (segment, below) = match border {
                Some(end) => (
                    rest.get(..end).unwrap_or_default(),
                    rest.get(end.saturating_add(1)..),
                ),
                None => (rest, None),
            };
            let text = self.router.texts.get(segment);
            let literal = text.and_then(|text| self.router.edges.get(&(at, *text)));
            if let Some(&literal) = literal {
                self.visit(literal, depth.saturating_add(1), below);
            }
            if let (Some(capture), false) = (node.capture, segment.is_empty()) {
                self.visit(NodeId(capture.get()), depth.saturating_add(1), below);
            }
        }
        if self.best.is_some_and(|(best, _)| best >= depth) {
            return;
        }
        let closed = match rest {
            None => self.router.first(node.closed, self.head),
            Some(_) => None,
        };
        let found = closed.or_else(|| self.router.first(node.open, self.head));
        if let Some(found) = found {
            self.best = Some((depth, found));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;
    use crate::route::{HostPattern, Rule, Test};

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
                .map(|name| HeaderPredicate::new(name, Test::Present).unwrap())
                .into_iter()
                .collect(),
            query: next()
                .map(|name| QueryPredicate::new(name, Test::Present).unwrap())
                .into_iter()
                .collect(),
            route: RouteIndex(route),
            matching: 0,
        }
    }

    fn router(rules: &[&str]) -> Router {
        let rules = rules.iter().zip(0..).map(|(text, route)| rule(text, route));
        Router::build(rules.collect())
    }

    fn find(router: &Router, host: &str, path: &str, method: &str) -> Option<u32> {
        let headers = HeaderMap::from_pairs(&[("x-a", "1")]);
        let head = Head {
            host: host.as_bytes(),
            path: path.as_bytes(),
            method: method.as_bytes(),
            query: Some(b"q=1"),
            headers: headers.view(),
        };
        router.find(&head).map(|found| found.route.0)
    }

    #[test]
    fn hosts() {
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
    fn paths() {
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
    fn the_other_conditions() {
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
