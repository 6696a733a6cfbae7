//! The functions and branches that requests ran.

use std::cmp::Reverse;
use std::collections::HashMap;

/// The directions in which a branch went.
#[derive(Clone, Copy, Default)]
struct Directions {
    taken: bool,
    passed: bool,
}

/// The functions and branches that one request ran.
#[derive(Default)]
pub(super) struct Trace {
    /// The functions, each once, in the order in which the request entered them.
    entered: Vec<u32>,
    /// The branches, by their offsets in the module.
    branches: HashMap<u32, Directions>,
}

impl Trace {
    pub(super) fn entered(&mut self, function: u32) {
        if !self.entered.contains(&function) {
            self.entered.push(function);
        }
    }

    pub(super) fn branched(&mut self, offset: u32, is_taken: bool) {
        let directions = self.branches.entry(offset).or_default();
        directions.taken |= is_taken;
        directions.passed |= !is_taken;
    }
}

/// The functions and branches that several requests ran.
#[derive(Default)]
pub(crate) struct Profile {
    /// The functions in the order in which they were first entered, each with the number of requests that entered it.
    entered: Vec<(u32, usize)>,
    branches: HashMap<u32, Directions>,
}

impl Profile {
    /// Adds a request. Its branches count if it `is_usual`.
    pub(super) fn add(&mut self, trace: Trace, is_usual: bool) {
        for function in trace.entered {
            match self
                .entered
                .iter_mut()
                .find(|(known, _)| *known == function)
            {
                Some((_, requests)) => *requests = requests.saturating_add(1),
                None => self.entered.push((function, 1)),
            }
        }
        if is_usual {
            for (offset, went) in trace.branches {
                let directions = self.branches.entry(offset).or_default();
                directions.taken |= went.taken;
                directions.passed |= went.passed;
            }
        }
    }

    /// The functions that were entered. Those with the most requests come first.
    pub(crate) fn functions(&self) -> Vec<u32> {
        let mut entered = self.entered.clone();
        // The sort is stable, so functions with the same number keep the order of their calls.
        entered.sort_by_key(|(_, requests)| Reverse(*requests));
        entered.into_iter().map(|(function, _)| function).collect()
    }

    /// Whether usual requests take the branch at this offset. `None` if some take it and others do not, or if no usual
    /// request reaches it.
    pub(crate) fn is_taken(&self, offset: u32) -> Option<bool> {
        match self.branches.get(&offset)? {
            Directions {
                taken: true,
                passed: false,
            } => Some(true),
            Directions {
                taken: false,
                passed: true,
            } => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(entered: &[u32], branches: &[(u32, bool)]) -> Trace {
        let mut trace = Trace::default();
        for function in entered {
            trace.entered(*function);
        }
        for (offset, is_taken) in branches {
            trace.branched(*offset, *is_taken);
        }
        trace
    }

    #[test]
    fn functions_with_the_most_requests_come_first() {
        let mut profile = Profile::default();
        profile.add(trace(&[7, 8, 7], &[]), true);
        profile.add(trace(&[9, 8], &[]), false);
        assert_eq!(profile.functions(), [8, 7, 9]);
    }

    #[test]
    fn a_branch_has_a_direction_if_all_usual_requests_take_it() {
        let mut profile = Profile::default();
        profile.add(trace(&[], &[(1, true), (2, false), (3, true)]), true);
        profile.add(
            trace(&[], &[(1, true), (3, false), (4, true), (4, false)]),
            true,
        );
        profile.add(trace(&[], &[(1, false), (5, true)]), false);
        let directions: Vec<_> = (1..=5).map(|offset| profile.is_taken(offset)).collect();
        assert_eq!(directions, [Some(true), Some(false), None, None, None]);
    }
}
