//! What ran in a rehearsal.

use std::cmp::Reverse;
use std::collections::HashMap;

/// The ways that a branch went.
#[derive(Clone, Copy, Default)]
struct Ways {
    taken: bool,
    passed: bool,
}

/// What one request ran.
#[derive(Default)]
pub(super) struct Run {
    /// The functions, each once, in the order in which they were entered.
    entered: Vec<u32>,
    /// The branches, by their places in the module.
    branches: HashMap<u32, Ways>,
}

impl Run {
    pub(super) fn entered(&mut self, function: u32) {
        if !self.entered.contains(&function) {
            self.entered.push(function);
        }
    }

    pub(super) fn branched(&mut self, place: u32, is_taken: bool) {
        let ways = self.branches.entry(place).or_default();
        ways.taken |= is_taken;
        ways.passed |= !is_taken;
    }
}

/// What several requests ran.
#[derive(Default)]
pub(crate) struct Seen {
    /// How many requests enter each function, in the order in which they are entered first.
    entered: Vec<(u32, usize)>,
    branches: HashMap<u32, Ways>,
}

impl Seen {
    /// One more request. Its branches count where `is_usual`.
    pub(super) fn add(&mut self, run: Run, is_usual: bool) {
        for function in run.entered {
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
            for (place, went) in run.branches {
                let ways = self.branches.entry(place).or_default();
                ways.taken |= went.taken;
                ways.passed |= went.passed;
            }
        }
    }

    /// The functions entered, those that most requests enter first.
    pub(crate) fn functions(&self) -> Vec<u32> {
        let mut entered = self.entered.clone();
        // Stable: those of the same number stay as they called each other.
        entered.sort_by_key(|(_, requests)| Reverse(*requests));
        entered.into_iter().map(|(function, _)| function).collect()
    }

    /// Whether the branch at that place of the module is taken by the usual request; `None` if by some and not by
    /// others, or if none comes there.
    pub(crate) fn is_taken(&self, place: u32) -> Option<bool> {
        match self.branches.get(&place)? {
            Ways {
                taken: true,
                passed: false,
            } => Some(true),
            Ways {
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

    fn run(entered: &[u32], branches: &[(u32, bool)]) -> Run {
        let mut run = Run::default();
        for function in entered {
            run.entered(*function);
        }
        for (place, is_taken) in branches {
            run.branched(*place, *is_taken);
        }
        run
    }

    #[test]
    fn what_most_requests_enter_comes_first() {
        let mut seen = Seen::default();
        seen.add(run(&[7, 8, 7], &[]), true);
        seen.add(run(&[9, 8], &[]), false);
        assert_eq!(seen.functions(), [8, 7, 9]);
    }

    #[test]
    fn a_branch_goes_one_way_if_all_usual_requests_do() {
        let mut seen = Seen::default();
        seen.add(run(&[], &[(1, true), (2, false), (3, true)]), true);
        seen.add(
            run(&[], &[(1, true), (3, false), (4, true), (4, false)]),
            true,
        );
        seen.add(run(&[], &[(1, false), (5, true)]), false);
        let ways: Vec<_> = (1..=5).map(|place| seen.is_taken(place)).collect();
        assert_eq!(ways, [Some(true), Some(false), None, None, None]);
    }
}
