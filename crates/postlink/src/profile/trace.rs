//! The functions and branches that requests ran.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::Share;

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

impl Directions {
    fn add(&mut self, went: Self) {
        self.taken |= went.taken;
        self.passed |= went.passed;
    }

    /// Whether the branch was always taken. `None` if it went both ways.
    const fn only(self) -> Option<bool> {
        match (self.taken, self.passed) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (true, true) | (false, false) => None,
        }
    }
}

impl Trace {
    pub(super) fn entered(&mut self, function: u32) {
        if !self.entered.contains(&function) {
            self.entered.push(function);
        }
    }

    pub(super) fn branched(&mut self, offset: u32, is_taken: bool) {
        self.branches.entry(offset).or_default().add(Directions {
            taken: is_taken,
            passed: !is_taken,
        });
    }
}

/// The functions and branches that several requests ran.
#[derive(Default)]
pub(crate) struct Profile {
    /// The functions in the order in which they were first entered.
    entered: Vec<Entered>,
    /// The branches of what most routes do.
    of_most: HashMap<u32, Directions>,
    /// The branches of what few routes do.
    of_few: HashMap<u32, Directions>,
}

/// How many requests entered a function.
#[derive(Clone, Copy)]
struct Entered {
    function: u32,
    of_most: usize,
    of_few: usize,
}

impl Profile {
    /// Adds a request. Its branches count if it was forwarded.
    pub(super) fn add(&mut self, trace: Trace, share: Share, is_forwarded: bool) {
        let (of_most, of_few) = match share {
            Share::Most => (1, 0),
            Share::Few => (0, 1),
        };
        for function in trace.entered {
            let mut known = self.entered.iter_mut();
            match known.find(|known| known.function == function) {
                Some(known) => {
                    known.of_most = known.of_most.saturating_add(of_most);
                    known.of_few = known.of_few.saturating_add(of_few);
                }
                None => self.entered.push(Entered {
                    function,
                    of_most,
                    of_few,
                }),
            }
        }
        let branches = match share {
            Share::Most => &mut self.of_most,
            Share::Few => &mut self.of_few,
        };
        for (offset, went) in trace.branches.into_iter().filter(|_| is_forwarded) {
            branches.entry(offset).or_default().add(went);
        }
    }

    /// The functions that were entered. Those with the most requests come first, and those that only few routes need come last.
    pub(crate) fn functions(&self) -> Vec<u32> {
        let mut entered = self.entered.clone();
        // The sort is stable, so functions with the same numbers keep the order of their calls.
        entered.sort_by_key(|one| Reverse((one.of_most, one.of_few)));
        entered.into_iter().map(|one| one.function).collect()
    }

    /// Whether usual requests take the branch at this offset. `None` if some take it and others do not, or if no usual
    /// request reaches it. Where most routes have the branch, few do not count.
    pub(crate) fn is_taken(&self, offset: u32) -> Option<bool> {
        let of_few = || self.of_few.get(&offset);
        self.of_most.get(&offset).or_else(of_few)?.only()
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
        profile.add(trace(&[7, 8, 7], &[]), Share::Most, true);
        profile.add(trace(&[9, 8], &[]), Share::Most, false);
        profile.add(trace(&[5, 6, 9], &[]), Share::Few, true);
        profile.add(trace(&[6], &[]), Share::Few, true);
        assert_eq!(profile.functions(), [8, 9, 7, 6, 5]);
    }

    #[test]
    fn a_branch_has_a_direction_if_all_usual_requests_take_it() {
        let mut profile = Profile::default();
        let mut add = |branches: &[(u32, bool)], is_forwarded| {
            profile.add(trace(&[], branches), Share::Most, is_forwarded);
        };
        add(&[(1, true), (2, false), (3, true)], true);
        add(&[(1, true), (3, false), (4, true), (4, false)], true);
        add(&[(1, false), (5, true)], false);
        let directions: Vec<_> = (1..=5).map(|offset| profile.is_taken(offset)).collect();
        assert_eq!(directions, [Some(true), Some(false), None, None, None]);
    }

    #[test]
    fn few_routes_decide_only_what_most_do_not_run() {
        let mut profile = Profile::default();
        let most = [(1, true), (2, true), (2, false)];
        profile.add(trace(&[], &most), Share::Most, true);
        let few = [(1, false), (2, true), (3, true), (4, true), (4, false)];
        profile.add(trace(&[], &few), Share::Few, true);
        let directions: Vec<_> = (1..=4).map(|offset| profile.is_taken(offset)).collect();
        assert_eq!(directions, [Some(true), None, Some(true), None]);
    }
}
