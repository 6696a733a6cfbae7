//! From rules to a router, one after the other.

use super::HostPattern;
use super::entries::{RuleEntry, RuleTable};
use super::router::{HostRules, Router, RuleSet};
use super::rule::Rule;
use crate::arena::ArenaId;

/// Up to so many rules of a host are scanned: a tree over them would cost as much time and more memory.
const FEW: usize = 8;

/// A router in the making.
#[derive(Debug, Default)]
pub struct RouterBuilder(Router);

impl Router {
    /// Orders the rules.
    #[must_use]
    pub fn build(rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut builder = RouterBuilder::default();
        rules.into_iter().for_each(|rule| builder.add(rule));
        builder.finish()
    }
}

impl RouterBuilder {
    /// Adds a rule.
    pub fn add(&mut self, mut rule: Rule) {
        let router = &mut self.0;
        let mut hosts = std::mem::take(&mut rule.hosts);
        if hosts.is_empty() {
            hosts.push(HostPattern::Any);
        }
        let entry = router.entries.add(rule);
        for host in hosts {
            let zone = match &host {
                HostPattern::Any => router.any.get_or_insert_default(),
                HostPattern::Wildcard(name) | HostPattern::Exact(name) => {
                    router.has_wildcards |= matches!(host, HostPattern::Wildcard(_));
                    let id = zone(router, name);
                    let Some(zone) = router.zones.get_mut(id) else {
                        continue;
                    };
                    &mut zone.content
                }
            };
            *zone = with(entry, *zone, &mut router.entries);
        }
    }

    /// The router of all rules.
    #[must_use]
    pub fn finish(mut self) -> Router {
        let router = &mut self.0;
        let mut ids = Vec::new();
        for zone in 0..router.zones.len() {
            let zone = ArenaId::from_index(zone);
            if let Some(content) = router.zones.get(zone).map(|zone| zone.content) {
                let content = ordered(router, content, &mut ids);
                if let Some(zone) = router.zones.get_mut(zone) {
                    zone.content = content;
                }
            }
        }
        router.any = router.any.map(|any| ordered(router, any, &mut ids));
        router.entries.shrink();
        router.zones.shrink();
        router.trees.shrink();
        self.0
    }
}

/// A zone's rules with one more.
fn with(entry: RuleEntry, content: RuleSet, entries: &mut RuleTable) -> RuleSet {
    let mut chain = match content {
        RuleSet::Few(None) => return RuleSet::One(entry),
        RuleSet::One(first) => {
            let mut chain = None;
            entries.prepend(first, &mut chain);
            chain
        }
        RuleSet::Few(chain) => chain,
        // Trees come when all rules are there.
        RuleSet::Many(_) => return content,
    };
    entries.prepend(entry, &mut chain);
    RuleSet::Few(chain)
}

/// The zone of a host, or of a wildcard by its suffix with the dot, which no host begins with.
fn zone(router: &mut Router, name: &[u8]) -> ArenaId {
    if let Some(known) = router.zone(name) {
        return known;
    }
    let zone = router.zones.push(HostRules {
        host: router.entries.add_host(name),
        content: RuleSet::default(),
    });
    router.places.insert(router.seed.of_bytes(name), zone);
    zone
}

/// A zone's rules, the best first: as a chain, or in a tree of chains. `ids` is for the work.
fn ordered(router: &mut Router, content: RuleSet, ids: &mut Vec<ArenaId>) -> RuleSet {
    let RuleSet::Few(first) = content else {
        return content;
    };
    ids.clear();
    ids.extend(router.entries.chain(first));
    let Router { entries, trees, .. } = router;
    if ids.len() <= FEW {
        ids.sort_unstable_by(|&left, &right| {
            let patterns = entries.pattern(left).zip(entries.pattern(right));
            let by_path = patterns.map(|(left, right)| left.order(right));
            by_path
                .unwrap_or(std::cmp::Ordering::Equal)
                .then_with(|| entries.order(left, right))
        });
        let mut chain = None;
        ids.iter()
            .rev()
            .for_each(|&id| entries.move_to(id, &mut chain));
        return RuleSet::Few(chain);
    }
    // Patterns in one chain of a tree are equally good.
    ids.sort_unstable_by(|&left, &right| entries.order(left, right));
    let root = trees.root();
    for &id in ids.iter().rev() {
        let chain = entries
            .pattern(id)
            .and_then(|pattern| trees.chain(root, pattern));
        if let Some(chain) = chain {
            entries.move_to(id, chain);
        }
    }
    RuleSet::Many(root)
}
