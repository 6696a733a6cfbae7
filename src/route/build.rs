//! From rules to a router, one after the other.

use super::HostPattern;
use super::entries::{Entries, Entry};
use super::router::{Content, Router, Zone};
use super::rule::Rule;
use crate::arena::Id;

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
            let zone = Id::of(zone);
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
fn with(entry: Entry, content: Content, entries: &mut Entries) -> Content {
    let mut chain = match content {
        Content::Few(None) => return Content::One(entry),
        Content::One(first) => {
            let mut chain = None;
            entries.prepend(first, &mut chain);
            chain
        }
        Content::Few(chain) => chain,
        // Trees come when all rules are there.
        Content::Many(_) => return content,
    };
    entries.prepend(entry, &mut chain);
    Content::Few(chain)
}

/// The zone of a host, or of a wildcard by its suffix with the dot, which no host begins with.
fn zone(router: &mut Router, name: &[u8]) -> Id {
    if let Some(known) = router.zone(name) {
        return known;
    }
    let zone = router.zones.push(Zone {
        host: router.entries.add_host(name),
        content: Content::default(),
    });
    router.places.insert(router.seed.of_bytes(name), zone);
    zone
}

/// A zone's rules, the best first: as a chain, or in a tree of chains. `ids` is for the work.
fn ordered(router: &mut Router, content: Content, ids: &mut Vec<Id>) -> Content {
    let Content::Few(first) = content else {
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
        return Content::Few(chain);
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
    Content::Many(root)
}
