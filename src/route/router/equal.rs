//! Joins rules that match the same requests, where a condition chooses between them.

use super::rule::{MatchIndex, RouteId};
use super::rule_table::RuleTable;
use super::{EQUAL, EqualRules};
use crate::arena::ArenaId;
use crate::sort::sort_by;

/// Finds the rules of a host that have the same pattern and predicates, if one of them is conditional. Where the first of them is, only
/// this one stays in `ids`, and stands for all. `ids` is in order.
pub(super) fn join_equal(
    ids: &mut Vec<ArenaId>,
    entries: &mut RuleTable,
    conditional: &[RouteId],
    equal: &mut Vec<EqualRules>,
) {
    let is_conditional = |id: ArenaId, entries: &RuleTable| {
        let entry = entries.get(id);
        entry.is_some_and(|entry| conditional.binary_search(&entry.route).is_ok())
    };
    if !ids.iter().any(|id| is_conditional(*id, entries)) {
        return;
    }
    let mut places: Vec<(usize, ArenaId)> = ids.iter().copied().enumerate().collect();
    // Equal rules stay in their order.
    sort_by(&mut places, |left, right| {
        let bytes = |(_, id): &(usize, ArenaId)| entries.pattern_bytes(*id);
        let by_pattern = bytes(left).cmp(bytes(right));
        by_pattern.then_with(|| left.0.cmp(&right.0))
    });
    let by_pattern: Vec<ArenaId> = places.into_iter().map(|(_, id)| id).collect();
    let mut joined: Vec<ArenaId> = Vec::new();
    let mut rest = by_pattern.as_slice();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        if joined.contains(first) {
            continue;
        }
        let pattern = entries.pattern_bytes(*first);
        let same = others.iter().copied();
        let same = same.take_while(|id| entries.pattern_bytes(*id) == pattern);
        let mut list = vec![*first];
        list.extend(same.filter(|id| entries.same_predicates(*first, *id)));
        if list.len() < 2 || !list.iter().any(|id| is_conditional(*id, entries)) {
            continue;
        }
        let own = |id: &ArenaId| {
            let entry = entries.get(*id);
            entry.map_or((RouteId(u32::MAX), MatchIndex::default()), |entry| {
                (entry.route, entry.match_index)
            })
        };
        equal.push(list.iter().map(own).collect());
        if is_conditional(*first, entries) {
            let number = u32::try_from(equal.len().saturating_sub(1)).unwrap_or(u32::MAX);
            if let Some(entry) = entries.get_mut(*first) {
                entry.match_index = MatchIndex(EQUAL | number);
            }
        }
        joined.extend(list.into_iter().skip(1));
    }
    // The rules after one that has no condition are never reached, so it makes no difference that they are gone too.
    ids.retain(|id| !joined.contains(id));
}
