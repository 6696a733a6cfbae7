//! Builds a router, rule by rule.

use std::cmp::Ordering;

use super::rule::Rule;
use super::rule_table::{RuleEntry, RuleTable};
use super::{HostRules, Router, RuleSet};
use crate::arena::ArenaId;
use crate::route::HostPattern;

/// A host with at most this many rules has a chain that is scanned. A tree would cost as much time and more memory.
const FEW: usize = 8;

/// A router that is being built.
#[derive(Debug, Default)]
pub struct RouterBuilder(Router);

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
            let host_rules = match &host {
                HostPattern::Any => router.any.get_or_insert_default(),
                HostPattern::Wildcard(name) | HostPattern::Exact(name) => {
                    router.has_wildcards |= matches!(host, HostPattern::Wildcard(_));
                    let id = host_rules(router, name);
                    let Some(host_rules) = router.hosts.get_mut(id) else {
                        continue;
                    };
                    &mut host_rules.content
                }
            };
            *host_rules = with(entry, *host_rules, &mut router.entries);
        }
    }

    /// The router of all rules that were added.
    #[must_use]
    pub fn finish(mut self) -> Router {
        let router = &mut self.0;
        let mut ids = Vec::new();
        for host_rules in 0..router.hosts.len() {
            let host_rules = ArenaId::from_index(host_rules);
            if let Some(content) = router
                .hosts
                .get(host_rules)
                .map(|host_rules| host_rules.content)
            {
                let content = ordered(router, content, &mut ids);
                if let Some(host_rules) = router.hosts.get_mut(host_rules) {
                    host_rules.content = content;
                }
            }
        }
        router.any = router.any.map(|any| ordered(router, any, &mut ids));
        router.entries.shrink();
        router.hosts.shrink();
        router.trees.shrink();
        self.0
    }
}

/// The rules of a host with one more.
fn with(entry: RuleEntry, content: RuleSet, entries: &mut RuleTable) -> RuleSet {
    let mut chain = match content {
        RuleSet::Few(None) => return RuleSet::One(entry),
        RuleSet::One(first) => {
            let mut chain = None;
            entries.prepend(first, &mut chain);
            chain
        }
        RuleSet::Few(chain) => chain,
        // Trees are built in `finish`.
        RuleSet::Many(_) => return content,
    };
    entries.prepend(entry, &mut chain);
    RuleSet::Few(chain)
}

/// The id of a host's rules. The name of a wildcard is its suffix with the dot; a host never begins with a dot.
fn host_rules(router: &mut Router, name: &[u8]) -> ArenaId {
    if let Some(known) = router.host_rules(name) {
        return known;
    }
    let host_rules = router.hosts.push(HostRules {
        host: router.entries.add_host(name),
        content: RuleSet::default(),
    });
    router
        .by_name
        .insert(router.seed.of_bytes(name), host_rules);
    host_rules
}

/// The rules of a host, the best first, as a chain or as a tree of chains. `ids` is reused memory.
fn ordered(router: &mut Router, content: RuleSet, ids: &mut Vec<ArenaId>) -> RuleSet {
    let RuleSet::Few(first) = content else {
        return content;
    };
    ids.clear();
    ids.extend(router.entries.chain(first));
    let Router { entries, trees, .. } = router;
    let are_few = ids.len() <= FEW;
    // Patterns in one chain of a tree have the same precedence. One call for both cases, because its code is long.
    ids.sort_unstable_by(|&left, &right| {
        let patterns = entries.pattern(left).zip(entries.pattern(right));
        let by_path = patterns
            .filter(|_| are_few)
            .map_or(Ordering::Equal, |(left, right)| left.order(right));
        by_path.then_with(|| entries.order(left, right))
    });
    if are_few {
        let mut chain = None;
        ids.iter()
            .rev()
            .for_each(|&id| entries.move_to(id, &mut chain));
        return RuleSet::Few(chain);
    }
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
