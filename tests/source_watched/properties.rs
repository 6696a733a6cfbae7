//! Properties of any sequence of events.

use std::time::Duration;

use postern::time::Timestamp;
use proptest::prelude::*;

use super::world::{Mode, TICK, Vm, World, seconds};

#[derive(Clone, Debug)]
enum Act {
    Tick(usize),
    Deliver(usize),
    Pass(u64),
    Change,
    Mode(Mode),
    Abandon(usize),
    Close(usize),
    Trap(usize),
    Corrupt(&'static str),
    PutBack(u64),
    Want(usize, u64),
}

fn act() -> impl Strategy<Value = Act> {
    let vm = 0..3_usize;
    prop_oneof![
        8 => vm.clone().prop_map(Act::Tick),
        6 => vm.clone().prop_map(Act::Deliver),
        6 => (1..2000_u64).prop_map(Act::Pass),
        1 => (2000..90_000_u64).prop_map(Act::Pass),
        2 => Just(Act::Change),
        2 => prop::sample::select(vec![Mode::Up, Mode::Down, Mode::Garbage, Mode::Gone, Mode::Large, Mode::WithoutValidators]).prop_map(Act::Mode),
        1 => vm.clone().prop_map(Act::Abandon),
        1 => vm.clone().prop_map(Act::Close),
        1 => vm.clone().prop_map(Act::Trap),
        2 => (vm, 100..20_000_u64).prop_map(|(at, millis)| Act::Want(at, millis)),
        1 => prop::sample::select(vec!["lease", "document"]).prop_map(Act::Corrupt),
        1 => (1..100_000_u64).prop_map(Act::PutBack),
    ]
}

/// Documents are read at once, or in some steps.
fn slow() -> impl Strategy<Value = Option<(usize, usize)>> {
    prop::option::of((0..6_usize, 1..4_usize))
}

impl World {
    fn act(&mut self, act: &Act) {
        match *act {
            Act::Tick(at) => self.tick(at),
            Act::Deliver(at) => self.deliver(at),
            Act::Pass(millis) => self.now = self.now.after(Duration::from_millis(millis)),
            Act::Change => self.centre.version += 1,
            Act::Mode(mode) => self.centre.mode = mode,
            Act::Abandon(at) => {
                self.vms[at].flight = None;
                self.vms[at].watched.abandon(self.now, &mut self.shared);
            }
            Act::Close(at) => {
                let newcomer = self.start_vm();
                let vm = std::mem::replace(&mut self.vms[at], newcomer);
                vm.watched.close(self.now, &mut self.shared);
            }
            Act::Trap(at) => self.vms[at] = self.start_vm(),
            Act::Corrupt(part) => self.shared.corrupt(part),
            Act::Want(at, millis) => {
                self.want(at, Duration::from_millis(millis));
            }
            Act::PutBack(millis) => {
                self.now = Timestamp::from_nanos(self.now.as_nanos() - millis * 1_000_000);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// After any events: each document that is used was served whole by the centre, none is used for longer than
    /// `staleFor`, and once the centre works all VMs have the newest.
    #[test]
    fn all_vms_get_the_newest_document(acts in prop::collection::vec(act(), 0..120), slow in slow()) {
        let mut world = World::new(3);
        world.slow = slow;
        for act in &acts {
            world.act(act);
            for version in world.versions().into_iter().flatten() {
                prop_assert!((1..=world.centre.version).contains(&version));
            }
        }
        world.centre.mode = Mode::Up;
        world.run(seconds(100));
        let newest = Some(world.centre.version);
        prop_assert_eq!(world.versions(), vec![newest; 3]);
        for _ in 0..50 {
            if !world.is_settled() {
                world.run(TICK);
            }
        }
        prop_assert!(world.is_settled());
        let asked = world.centre.asked;
        world.run(seconds(50));
        prop_assert!((8..=12).contains(&(world.centre.asked - asked)), "one VM fetches for all again");
    }

    /// Who is told that nothing more is to come has a document that is not older than the interval, as long as no fetch fails
    /// and no data is corrupted.
    #[test]
    fn nobody_who_wants_a_newer_document_is_sent_away_without_it(acts in prop::collection::vec(act(), 0..300), slow in slow()) {
        let mut world = World::new(3);
        world.slow = slow;
        let mut changes = Vec::new();
        for act in &acts {
            if matches!(act, Act::Mode(_) | Act::Trap(_) | Act::Corrupt(_) | Act::PutBack(_)) {
                continue;
            }
            if let &Act::Want(at, millis) = act {
                let interval = Duration::from_millis(millis);
                // Nobody asks where there is no document, or a stale one.
                let version = world.version(at);
                if version.is_some() && !world.want(at, interval) {
                    let is_old = |change: &&(Timestamp, u64)| change.0.after(interval) <= world.now;
                    let expected = changes.iter().rev().find(is_old).map_or(1, |(_, version)| *version);
                    prop_assert!(version >= Some(expected), "{version:?} {expected}");
                }
                continue;
            }
            world.act(act);
            if matches!(act, Act::Change) {
                changes.push((world.now, world.centre.version));
            }
            let is_lost = |vm: &Vm| vm.flight.is_some() && world.now >= vm.since.after(seconds(3));
            if world.vms.iter().any(is_lost) {
                break;
            }
        }
    }

    /// While no VM traps, no data is corrupted and the clock goes on, at most one VM fetches at any time.
    #[test]
    fn one_vm_fetches_at_a_time(acts in prop::collection::vec(act(), 0..200), slow in slow()) {
        let mut world = World::new(3);
        world.slow = slow;
        for act in &acts {
            if matches!(act, Act::Trap(_) | Act::Corrupt(_) | Act::PutBack(_)) {
                continue;
            }
            world.act(act);
            // A callout that takes longer than its timeout is lost, even before its VM notices.
            let is_lost = |vm: &&Vm| world.now >= vm.since.after(seconds(3));
            let fetching = world.vms.iter().filter(|vm| vm.flight.is_some());
            let busy = fetching.filter(|vm| !is_lost(vm)).count();
            prop_assert!(busy <= 1, "{act:?}");
        }
    }
}
