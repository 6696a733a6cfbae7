//! Builds a router, rule by rule.

use std::cmp::Ordering;

use super::equal::join_equal;
use super::rule::{Priority, RouteId, Rule};
use super::rule_table::{RuleEntry, RuleTable};
use super::{HostRules, MixedRules, Router, RuleSet};
use crate::arena::ArenaId;
use crate::route::HostPattern;
use crate::sort::sort_by;

/// A host with at most this many rules has a chain that is scanned. A tree would cost as much time and more memory.
const FEW: usize = 8;

/// The most priorities of one policy, besides the default.
const MOST_PRIORITIES: usize = 32;

/// A router that is being built.
#[derive(Debug, Default)]
pub struct RouterBuilder {
    tiers: Vec<(Priority, Router)>,
    /// The routes with a condition, in order.
    conditional: Vec<RouteId>,
}

/// Memory that is reused, and what all tiers share.
struct RuleOrder<'b> {
    ids: Vec<ArenaId>,
    conditional: &'b [RouteId],
}

impl RouterBuilder {
    /// Whether a rule with this priority may be added: a policy has at most 32 besides the default.
    #[must_use]
    pub fn has_room_for(&self, priority: Priority) -> bool {
        let mut others = self.tiers.iter().map(|(own, _)| *own);
        let is_known = priority == Priority::default() || others.any(|own| own == priority);
        let is_special = |(own, _): &&(Priority, Router)| *own != Priority::default();
        is_known || self.tiers.iter().filter(is_special).count() < MOST_PRIORITIES
    }

    /// Adds a rule. The rules of a route are added before those of the next route.
    pub fn add(&mut self, rule: Rule) {
        if rule.is_conditional && self.conditional.last() != Some(&rule.route) {
            self.conditional.push(rule.route);
        }
        let priority = rule.priority;
        let mut tiers = self.tiers.iter();
        let at = tiers.position(|(own, _)| *own == priority);
        let at = at.unwrap_or_else(|| {
            self.tiers.push((priority, Router::default()));
            self.tiers.len().saturating_sub(1)
        });
        if let Some((_, router)) = self.tiers.get_mut(at) {
            add(router, rule);
        }
    }

    /// The router of all rules that were added.
    #[must_use]
    pub fn finish(mut self) -> Router {
        let mut order = RuleOrder {
            ids: Vec::new(),
            conditional: &self.conditional,
        };
        sort_by(&mut self.tiers, |(left, _), (right, _)| right.cmp(left));
        let mut equal = Vec::new();
        let tiers = self.tiers.iter_mut();
        let mut tiers: Vec<Router> = tiers
            .map(|(_, router)| {
                let mut router = std::mem::take(router);
                router.equal = std::mem::take(&mut equal);
                finish(&mut router, &mut order);
                equal = std::mem::take(&mut router.equal);
                router
            })
            .collect();
        let mut router = if tiers.len() > 1 {
            Router {
                tiers: tiers.into(),
                ..Router::default()
            }
        } else {
            tiers.pop().unwrap_or_default()
        };
        router.equal = equal;
        router
    }
}

fn add(router: &mut Router, mut rule: Rule) {
    let mut hosts = std::mem::take(&mut rule.hosts);
    if hosts.is_empty() {
        hosts.push(HostPattern::Any);
    }
    let is_regex = rule.others.path.is_some();
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
        *host_rules = with(entry, is_regex, *host_rules, &mut router.entries);
    }
}

fn finish(router: &mut Router, order: &mut RuleOrder<'_>) {
    for host_rules in 0..router.hosts.len() {
        let host_rules = ArenaId::from_index(host_rules);
        if let Some(content) = router
            .hosts
            .get(host_rules)
            .map(|host_rules| host_rules.content)
        {
            let content = ordered(router, content, order);
            if let Some(host_rules) = router.hosts.get_mut(host_rules) {
                host_rules.content = content;
            }
        }
    }
    router.any = router.any.map(|any| ordered(router, any, order));
    router.entries.shrink();
    router.hosts.shrink();
    router.trees.shrink();
}

/// The rules of a host with one more.
fn with(entry: RuleEntry, is_regex: bool, content: RuleSet, entries: &mut RuleTable) -> RuleSet {
    let mut chain = match content {
        RuleSet::Few(None) if !is_regex => return RuleSet::One(entry),
        RuleSet::One(first) => {
            let mut chain = None;
            entries.prepend(first, &mut chain);
            chain
        }
        RuleSet::Few(chain) => chain,
        // These are built in `finish`.
        RuleSet::Many(_) | RuleSet::Mixed(_) => return content,
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

/// The rules of a host, the best first, as a chain or as a tree of chains; those with an expression as another chain.
fn ordered(router: &mut Router, content: RuleSet, order: &mut RuleOrder<'_>) -> RuleSet {
    let RuleSet::Few(first) = content else {
        return content;
    };
    let ids = &mut order.ids;
    ids.clear();
    ids.extend(router.entries.chain(first));
    let Router { entries, trees, .. } = router;
    let are_few = ids.len() <= FEW;
    // Expressions after others. Patterns in one chain of a tree have the same precedence. One call for all cases, because its code
    // is long.
    sort_by(ids, |&left, &right| {
        let patterns = entries.pattern(left).zip(entries.pattern(right));
        let by_path = patterns.map_or(Ordering::Equal, |(left, right)| {
            let by_kind = left.is_regex().cmp(&right.is_regex());
            if are_few && !left.is_regex() {
                by_kind.then_with(|| left.order(right))
            } else {
                by_kind
            }
        });
        by_path.then_with(|| entries.order(left, right))
    });
    if !order.conditional.is_empty() {
        join_equal(ids, entries, order.conditional, &mut router.equal);
    }
    let is_plain = |id: &ArenaId| {
        let pattern = entries.pattern(*id);
        pattern.is_none_or(|pattern| !pattern.is_regex())
    };
    let plain = ids.iter().take_while(|id| is_plain(id)).count();
    let (ids, regexes) = ids.split_at_checked(plain).unwrap_or_default();
    let plain = if are_few {
        RuleSet::Few(chained(ids, entries))
    } else {
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
    };
    if regexes.is_empty() {
        return plain;
    }
    let regexes = chained(regexes, entries);
    router.mixed.push(MixedRules { plain, regexes });
    RuleSet::Mixed(ArenaId::from_index(router.mixed.len().saturating_sub(1)))
}

/// A chain of these entries.
fn chained(ids: &[ArenaId], entries: &mut RuleTable) -> Option<ArenaId> {
    let mut chain = None;
    ids.iter()
        .rev()
        .for_each(|&id| entries.move_to(id, &mut chain));
    chain
}
