//! The trees of segments of hosts with many rules.

use super::interner::Interner;
use super::rule::{MatchInput, RouteMatch};
use super::rule_table::RuleTable;
use crate::arena::{ArenaId, ChunkedVec, HandleTable};
use crate::hash::Seeded;
use crate::route::pattern::{End, Part, PatternRef};

/// A node of a tree. Its path from the root is some segments, or one whole path.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// The parent, and the segment that leads here. A root has neither; the child of a capture has no segment.
    parent: Option<ArenaId>,
    word: Option<ArenaId>,
    /// The child of a capture.
    capture: Option<ArenaId>,
    /// The rules for paths that end here.
    closed: Option<ArenaId>,
    /// The rules for paths that end here or below.
    open: Option<ArenaId>,
    /// Whether the node has children. Without children the rest of a path needs no search.
    leads_on: bool,
}

/// All trees. They share their memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Trees {
    nodes: ChunkedVec<Node>,
    words: Interner,
    /// The children by node and segment. A whole path begins with a slash, so it never equals a segment.
    edges: HandleTable<ArenaId>,
    /// Whether any edge is a whole path. Otherwise none is searched.
    has_paths: bool,
    seed: Seeded,
}

impl Trees {
    /// The root of a new tree.
    pub(super) fn root(&mut self) -> ArenaId {
        self.nodes.push(Node::default())
    }

    /// The chain of the rules with this pattern.
    pub(super) fn chain(
        &mut self,
        root: ArenaId,
        pattern: PatternRef<'_>,
    ) -> Option<&mut Option<ArenaId>> {
        let (node, end) = match pattern.whole() {
            Some(path) => {
                self.has_paths = true;
                (self.step(root, path), End::Closed)
            }
            None => {
                let mut node = root;
                for part in pattern.parts() {
                    node = match part {
                        Part::Literal(segment) => self.step(node, segment),
                        Part::Capture(_) => self.capture(node),
                    };
                }
                (node, pattern.end())
            }
        };
        let node = self.nodes.get_mut(node)?;
        Some(match end {
            End::Closed => &mut node.closed,
            End::Below | End::Rest(_) => &mut node.open,
        })
    }

    fn step(&mut self, node: ArenaId, word: &[u8]) -> ArenaId {
        if let Some(known) = self.edge(node, word) {
            return known;
        }
        let hash = edge_hash(&self.seed, node, word);
        let word = self.words.add(word);
        if let Some(node) = self.nodes.get_mut(node) {
            node.leads_on = true;
        }
        let child = self.nodes.push(Node {
            parent: Some(node),
            word: Some(word),
            ..Node::default()
        });
        self.edges.insert(hash, child);
        child
    }

    fn capture(&mut self, node: ArenaId) -> ArenaId {
        if let Some(known) = self.nodes.get(node).and_then(|node| node.capture) {
            return known;
        }
        let child = self.nodes.push(Node::default());
        if let Some(node) = self.nodes.get_mut(node) {
            node.capture = Some(child);
            node.leads_on = true;
        }
        child
    }

    fn edge(&self, node: ArenaId, word: &[u8]) -> Option<ArenaId> {
        let is = |id| {
            let found = self
                .nodes
                .get(id)
                .filter(|found| found.parent == Some(node));
            let own = found.and_then(|found| self.words.get(found.word?));
            own == Some(word)
        };
        self.edges.find(edge_hash(&self.seed, node, word), is)
    }

    /// The best rule of a tree.
    pub(super) fn search<'r>(
        &'r self,
        root: ArenaId,
        entries: &'r RuleTable,
        head: &MatchInput<'_>,
    ) -> Option<RouteMatch<'r>> {
        if self.has_paths {
            let exact = self.whole(root, entries, head);
            if exact.is_some() {
                return exact;
            }
        }
        let mut walk = Walk {
            trees: self,
            entries,
            head,
            best: None,
        };
        walk.visit(root, 0, head.path.strip_prefix(b"/"));
        walk.best.map(|(_, found)| found)
    }

    /// The best rule whose pattern is the whole path.
    #[inline(never)]
    fn whole<'r>(
        &self,
        root: ArenaId,
        entries: &'r RuleTable,
        head: &MatchInput<'_>,
    ) -> Option<RouteMatch<'r>> {
        let node = self.nodes.get(self.edge(root, head.path)?)?;
        entries.first_that_holds(node.closed, head)
    }

    pub(super) fn shrink(&mut self) {
        self.nodes.shrink();
        self.words.shrink();
    }
}

/// A hash that differs for the same segment at another node.
fn edge_hash(seed: &Seeded, node: ArenaId, word: &[u8]) -> u64 {
    let spread = u64::from(node.number()).wrapping_mul(SPREAD);
    seed.of_bytes(word).wrapping_add(spread)
}

/// 2^64 divided by the golden ratio: it spreads neighbouring numbers.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// One search of a tree.
struct Walk<'r, 'h> {
    trees: &'r Trees,
    entries: &'r RuleTable,
    head: &'h MatchInput<'h>,
    /// The number of segments of the best rule so far, and the rule.
    best: Option<(usize, RouteMatch<'r>)>,
}

impl Walk<'_, '_> {
    /// Searches literals before captures, and children before the node itself. So the best of the rules with the same number
    /// of segments is found first. The recursion is as deep as the deepest pattern.
    fn visit(&mut self, at: ArenaId, depth: usize, rest: Option<&[u8]>) {
        let Some(node) = self.trees.nodes.get(at) else {
            return;
        };
        if let (Some(rest), true) = (rest, node.leads_on) {
            let border = rest.iter().position(|&byte| byte == b'/');
            let (segment, below) = match border {
                Some(end) => (
                    rest.get(..end).unwrap_or_default(),
                    rest.get(end.saturating_add(1)..),
                ),
                None => (rest, None),
            };
            if let Some(literal) = self.trees.edge(at, segment) {
                self.visit(literal, depth.saturating_add(1), below);
            }
            if let (Some(capture), false) = (node.capture, segment.is_empty()) {
                self.visit(capture, depth.saturating_add(1), below);
            }
        }
        if self.best.is_some_and(|(best, _)| best >= depth) {
            return;
        }
        let closed = match rest {
            None => self.entries.first_that_holds(node.closed, self.head),
            Some(_) => None,
        };
        let found = closed.or_else(|| self.entries.first_that_holds(node.open, self.head));
        if let Some(found) = found {
            self.best = Some((depth, found));
        }
    }
}
