//! From rules to the tables of a router.

use std::cmp::Reverse;
use std::num::NonZeroU32;

use super::HostPattern;
use super::pattern::{End, Part, PathPattern, Shape};
use super::router::{Conditions, Group, Node, NodeId, Router, TextId};
use super::rule::Rule;
use crate::hash::Map;

/// Where a group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Exact(NodeId, TextId),
    Closed(NodeId),
    Open(NodeId),
}

/// The next number of a table. A policy is far from four thousand million entries; were it not, the last would be wrong,
/// not the count.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Router {
    /// Orders the rules.
    #[must_use]
    pub fn build(rules: Vec<Rule>) -> Self {
        let mut router = Self::default();
        let mut placed = Vec::with_capacity(rules.len());
        let mut kept = Vec::with_capacity(rules.len());
        for rule in rules {
            let at = number(kept.len());
            let any = [HostPattern::Any];
            let hosts = if rule.hosts.is_empty() {
                &any[..]
            } else {
                &rule.hosts
            };
            for host in hosts {
                let zone = zone(&mut router, host);
                placed.push((place(&mut router, zone, rule.path.as_ref()), at));
            }
            kept.push(Conditions {
                path: rule.path,
                methods: rule.methods.into(),
                headers: rule.headers.into(),
                query: rule.query.into(),
                route: rule.route,
                matching: rule.matching,
            });
        }
        router.rules = kept.into();
        group(&mut router, placed);
        router.nodes.shrink_to_fit();
        shrink(&mut router.texts);
        shrink(&mut router.hosts);
        router
    }
}

fn shrink<V>(table: &mut Map<Box<[u8]>, V>) {
    table.shrink_to_fit();
}

fn add_node(router: &mut Router) -> NodeId {
    let id = NodeId(number(router.nodes.len()));
    router.nodes.push(Node::default());
    id
}

fn zone(router: &mut Router, host: &HostPattern) -> NodeId {
    let known = match host {
        HostPattern::Any => router.any,
        HostPattern::Wildcard(suffix) => router.wildcards.get(suffix).copied(),
        HostPattern::Exact(name) => router.hosts.get(name).copied(),
    };
    if let Some(zone) = known {
        return zone;
    }
    let zone = add_node(router);
    match host {
        HostPattern::Any => router.any = Some(zone),
        HostPattern::Wildcard(suffix) => {
            router.wildcards.insert(suffix.clone(), zone);
        }
        HostPattern::Exact(name) => {
            router.hosts.insert(name.clone(), zone);
        }
    }
    zone
}

fn text(router: &mut Router, text: &[u8]) -> TextId {
    if let Some(&known) = router.texts.get(text) {
        return known;
    }
    let id = TextId(number(router.texts.len()));
    router.texts.insert(text.into(), id);
    id
}

fn place(router: &mut Router, zone: NodeId, path: Option<&PathPattern>) -> Place {
    let Some(PathPattern(shape)) = path else {
        return Place::Open(zone);
    };
    let (parts, end) = match shape {
        Shape::Exact(path) => return Place::Exact(zone, text(router, path)),
        Shape::Parts { parts, end } => (parts, end),
    };
    let last = parts.iter().fold(zone, |node, part| match part {
        Part::Literal(segment) => literal(router, node, segment),
        Part::Capture(_) => capture(router, node),
    });
    match end {
        End::Closed => Place::Closed(last),
        End::Below | End::Rest(_) => Place::Open(last),
    }
}

fn literal(router: &mut Router, node: NodeId, segment: &[u8]) -> NodeId {
    let text = text(router, segment);
    if let Some(&known) = router.edges.get(&(node, text)) {
        return known;
    }
    let child = add_node(router);
    router.edges.insert((node, text), child);
    child
}

fn capture(router: &mut Router, node: NodeId) -> NodeId {
    if let Some(known) = node_mut(router, node).and_then(|node| node.capture) {
        return NodeId(known.get());
    }
    let child = add_node(router);
    if let Some(node) = node_mut(router, node) {
        node.capture = NonZeroU32::new(child.0);
    }
    child
}

fn node_mut(router: &mut Router, id: NodeId) -> Option<&mut Node> {
    router.nodes.get_mut(usize::try_from(id.0).ok()?)
}

/// Brings the rules of each place together, the best first.
fn group(router: &mut Router, mut placed: Vec<(Place, u32)>) {
    let rules = &router.rules;
    placed.sort_by_cached_key(|&(place, at)| {
        let rule = usize::try_from(at).ok().and_then(|at| rules.get(at));
        let rank = rule.map(|rule| {
            let most = Reverse((
                !rule.methods.is_empty(),
                rule.headers.len(),
                rule.query.len(),
            ));
            (most, rule.route, rule.matching)
        });
        (place, rank, at)
    });
    placed.dedup();
    let mut start = 0;
    for chunk in placed.chunk_by(|(left, _), (right, _)| left == right) {
        let end = number(chunk.len()).saturating_add(start);
        let group = Group { start, end };
        start = end;
        match chunk.first().map(|(place, _)| *place) {
            Some(Place::Exact(zone, path)) => {
                router.exact.insert((zone, path), group);
            }
            Some(Place::Closed(node)) => {
                if let Some(node) = node_mut(router, node) {
                    node.closed = group;
                }
            }
            Some(Place::Open(node)) => {
                if let Some(node) = node_mut(router, node) {
                    node.open = group;
                }
            }
            None => {}
        }
    }
    router.order = placed.into_iter().map(|(_, at)| at).collect();
}
