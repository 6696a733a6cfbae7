//! Which policy was offered last, and which VMs run another: what the gauges say.

use std::time::Duration;

use postern::host::fake::{FakeVm, World};
use postern::host::{ContextId, Status};
use postern::policy::Fingerprint;

use crate::support::{NOW, SMALL, answered, send, sound};

const BAD: &str = r#"{"routes": 5}"#;
const WORSE: &str = r#"{"routes": 6}"#;
const OTHER: &str = r#"{"routes": [{"name": "other", "require": "none"}]}"#;

fn stat(world: &World, name: &str) -> Option<u64> {
    let stats = world.stats();
    stats.get(&format!("postern.policy.{name}")).copied()
}

/// Version, refused version, VMs behind.
fn told(world: &World) -> [Option<u64>; 3] {
    ["version", "refused_version", "behind"].map(|name| stat(world, name))
}

fn number(policy: &str) -> u64 {
    Fingerprint::of(policy.as_bytes()).number()
}

/// What [`told`] ought to be.
fn such(version: &str, refused: Option<&str>, behind: u64) -> [Option<u64>; 3] {
    let refused = refused.map_or(0, number);
    [Some(number(version)), Some(refused), Some(behind)]
}

/// The VMs of one filter, and the next name of one.
struct Filter {
    world: World,
    plugin: &'static str,
    vms: Vec<(FakeVm, Vec<ContextId>)>,
    names: u64,
}

impl Filter {
    /// Two VMs that run a policy, after Envoy's trial of it.
    fn start(world: &World, plugin: &'static str, policy: &str) -> Self {
        let mut filter = Self {
            world: world.clone(),
            plugin,
            vms: Vec::new(),
            // No two filters' VMs have one name.
            names: if plugin == "gate" { 1000 } else { 2000 },
        };
        assert!(filter.trial(policy));
        for _ in 0..2 {
            let vm = filter.vm();
            filter.vms.push((vm, Vec::new()));
        }
        filter.push(policy);
        filter.tick();
        filter
    }

    fn vm(&mut self) -> FakeVm {
        self.names = self.names.saturating_add(1);
        let vm = FakeVm::new(&self.world, self.names);
        vm.script().plugin = self.plugin.to_owned();
        vm
    }

    /// Envoy's trial of a policy: a VM of its own, which ends without a callback.
    fn trial(&mut self, policy: &str) -> bool {
        let vm = self.vm();
        let root = vm.root();
        vm.configure(root, policy.as_bytes())
    }

    /// Each VM gets a new root, and its old one ends.
    fn push(&mut self, policy: &str) {
        for at in 0..self.vms.len() {
            self.push_to(at, policy);
        }
    }

    fn push_to(&mut self, at: usize, policy: &str) {
        let (vm, roots) = &mut self.vms[at];
        let root = vm.root();
        assert!(vm.configure(root, policy.as_bytes()));
        roots.drain(..).for_each(|old| vm.delete(old));
        roots.push(root);
    }

    /// Lets a second pass and ticks all roots.
    fn tick(&self) {
        self.world.pass(Duration::from_secs(1));
        for (vm, roots) in &self.vms {
            roots.iter().for_each(|root| vm.tick(*root));
            sound(vm);
        }
    }
}

#[test]
fn a_policy_that_envoy_goes_back_to_is_the_newest_again() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert!(!gate.trial(BAD));
    // The old root stays, for the sake of a stream, and the new one ends: the module isn't asked about the old policy.
    for (vm, _) in &mut gate.vms {
        let root = vm.root();
        assert!(vm.configure(root, OTHER.as_bytes()));
        vm.delete(root);
    }
    gate.tick();
    assert_eq!(told(&world), such(SMALL, None, 0));
}

#[test]
fn a_filter_that_begins_anew_inherits_no_refusal() {
    let world = World::at(NOW);
    let other = Filter::start(&world, "other", SMALL);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert!(!gate.trial(BAD));
    gate.tick();
    for (vm, roots) in &mut gate.vms {
        roots.drain(..).for_each(|root| vm.delete(root));
    }
    let again = Filter::start(&world, "gate", SMALL);
    again.tick();
    other.tick();
    assert_eq!(stat(&world, "refused_version"), Some(0));
}

#[test]
fn a_refused_policy_is_told_until_another_is_taken() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert_eq!(told(&world), such(SMALL, None, 0));
    assert!(!gate.trial(BAD));
    assert_eq!(
        stat(&world, "refused_version"),
        Some(number(BAD)),
        "at once"
    );
    // The same again is not even shown to the module.
    for _ in 0..100 {
        gate.tick();
        assert_eq!(told(&world), such(SMALL, Some(BAD), 2));
    }
    assert!(!gate.trial(WORSE));
    gate.tick();
    assert_eq!(told(&world), such(SMALL, Some(WORSE), 2));
    assert!(gate.trial(OTHER));
    assert_eq!(stat(&world, "refused_version"), Some(0), "at once");
    gate.push(OTHER);
    gate.tick();
    assert_eq!(told(&world), such(OTHER, None, 0));
}

#[test]
fn a_good_policy_that_was_tried_before_is_tried_no_more_and_replaces_what_was_refused() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert!(gate.trial(OTHER));
    gate.push(OTHER);
    assert!(!gate.trial(BAD));
    gate.tick();
    assert_eq!(told(&world), such(OTHER, Some(BAD), 2));
    gate.push(SMALL);
    gate.tick();
    assert_eq!(told(&world), such(SMALL, None, 0));
}

#[test]
fn a_vm_that_gets_the_policy_late_or_anew_hides_no_refusal() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert!(!gate.trial(BAD));
    gate.tick();
    // One has trapped, and Envoy makes a new one.
    let (lost, _) = gate.vms.remove(0);
    drop(lost);
    let vm = gate.vm();
    gate.vms.push((vm, Vec::new()));
    gate.push_to(1, SMALL);
    assert_eq!(stat(&world, "refused_version"), Some(number(BAD)));
    gate.tick();
    assert_eq!(
        told(&world),
        such(SMALL, Some(BAD), 3),
        "the lost one isn't missed yet"
    );
    for _ in 0..31 {
        gate.tick();
    }
    assert_eq!(told(&world), such(SMALL, Some(BAD), 2));
    // All are replaced by a good one, and the lost one leaves nothing behind.
    gate.push(OTHER);
    gate.tick();
    assert_eq!(told(&world), such(OTHER, None, 0));
}

#[test]
fn a_vm_that_has_not_got_the_newest_policy_is_behind() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert!(gate.trial(OTHER));
    gate.push_to(0, OTHER);
    gate.tick();
    assert_eq!(stat(&world, "behind"), Some(1));
    gate.push_to(1, OTHER);
    gate.tick();
    assert_eq!(told(&world), such(OTHER, None, 0));
    // An old root that goes on for its last stream isn't what the VM runs.
    let (vm, roots) = &mut gate.vms[0];
    let new = vm.root();
    assert!(vm.configure(new, SMALL.as_bytes()));
    roots.push(new);
    gate.push_to(1, SMALL);
    gate.tick();
    assert_eq!(stat(&world, "behind"), Some(0));
}

/// A worker's VM says yes to what it can't use, and denies.
#[test]
fn a_vm_that_denies_for_want_of_a_policy_is_behind_and_says_so() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    gate.push_to(0, BAD);
    gate.tick();
    assert_eq!(stat(&world, "refused_version"), Some(number(BAD)));
    assert_eq!(stat(&world, "behind"), Some(2));
    let (vm, roots) = &gate.vms[0];
    assert_eq!(vm.host().ticks.get(&roots[0]), Some(&1000));
    let (_, outcome) = send(vm, roots[0], "/open");
    assert_eq!(answered(&outcome), (503, "postern_no_policy".to_owned()));
    for _ in 0..60 {
        gate.tick();
    }
    assert_eq!(told(&world), such(SMALL, Some(BAD), 2));
    let refusals = "postern.refusals.reason=.=no_policy;.;total";
    assert_eq!(world.stats().get(refusals), Some(&1));
    gate.push_to(1, BAD);
    gate.tick();
    let none = [Some(0), Some(number(BAD)), Some(2)];
    assert_eq!(told(&world), none);
    gate.push(OTHER);
    gate.tick();
    assert_eq!(told(&world), such(OTHER, None, 0));
}

#[test]
fn each_filter_has_its_own() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    let mut second = Filter::start(&world, "second", OTHER);
    gate.tick();
    assert_eq!(told(&world), such(SMALL, None, 0));
    assert!(!gate.trial(BAD));
    assert!(second.trial(SMALL));
    second.push(SMALL);
    second.tick();
    gate.tick();
    assert_eq!(told(&world), such(SMALL, Some(BAD), 2));
    // The filter goes, and what it was refused with it.
    for (vm, roots) in gate.vms.drain(..) {
        roots.iter().for_each(|root| vm.delete(*root));
    }
    assert_eq!(told(&world)[1..], [Some(0), Some(0)]);
    second.tick();
    assert_eq!(told(&world), such(SMALL, None, 0));
}

#[test]
fn two_filters_in_one_vm_are_told_of_together() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let begin = |plugin: &str, policy: &str| {
        vm.script().plugin = plugin.to_owned();
        let root = vm.root();
        assert!(vm.configure(root, policy.as_bytes()));
        root
    };
    let roots = [begin("gate", SMALL), begin("second", OTHER)];
    let tick = || {
        world.pass(Duration::from_secs(1));
        roots.iter().for_each(|root| vm.tick(*root));
    };
    tick();
    assert_eq!(told(&world)[1..], [Some(0), Some(0)]);
    let trial = FakeVm::new(&world, 2);
    trial.script().plugin = "gate".to_owned();
    assert!(!trial.configure(trial.root(), BAD.as_bytes()));
    drop(trial);
    // A good one of the other filter.
    begin("second", SMALL);
    tick();
    tick();
    assert_eq!(told(&world)[1..], [Some(number(BAD)), Some(1)]);
    sound(&vm);
}

#[test]
fn a_first_policy_that_is_refused_leaves_nothing_in_the_stats_and_nothing_to_take_back() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    assert!(!vm.configure(vm.root(), BAD.as_bytes()));
    assert_eq!(stat(&world, "refused_version"), Some(number(BAD)));
    drop(vm);
    assert_eq!(told(&world), [None; 3]);
    let gate = Filter::start(&world, "gate", SMALL);
    gate.tick();
    assert_eq!(told(&world), such(SMALL, None, 0));
}

#[test]
fn what_is_too_large_or_cannot_be_read_is_a_policy_too() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert!(!gate.trial(&" ".repeat(17 << 20)));
    let large = stat(&world, "refused_version");
    assert!(large.is_some_and(|number| number != 0));
    let vm = gate.vm();
    vm.script().restrict("proxy_get_buffer_bytes");
    assert!(!vm.configure(vm.root(), OTHER.as_bytes()));
    let unread = stat(&world, "refused_version");
    assert!(unread.is_some_and(|number| number != 0));
    assert_ne!(unread, large);
}

#[test]
fn the_log_names_what_was_refused() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    vm.configure(vm.root(), BAD.as_bytes());
    let word = format!("policy={}", Fingerprint::of(BAD.as_bytes()));
    let host = vm.host();
    let mut lines = host.logs.iter().map(|(_, line)| line);
    assert!(lines.any(|line| line.starts_with("event=policy_refused") && line.contains(&word)));
}

#[test]
fn where_the_host_tells_no_name_the_filters_are_one() {
    for status in [
        Status::NOT_FOUND,
        Status::INTERNAL_FAILURE,
        Status::BAD_ARGUMENT,
    ] {
        let world = World::at(NOW);
        let vms = [1, 2].map(|name| FakeVm::new(&world, name));
        for (vm, plugin) in vms.iter().zip(["gate", "second"]) {
            vm.script().plugin = plugin.to_owned();
            let call = "proxy_get_property".to_owned();
            vm.script().failures.insert(call, status);
        }
        let root = vms[0].root();
        assert!(vms[0].configure(root, SMALL.as_bytes()));
        assert!(!vms[1].configure(vms[1].root(), BAD.as_bytes()));
        world.pass(Duration::from_secs(1));
        vms[0].tick(root);
        assert_eq!(told(&world), such(SMALL, Some(BAD), 1));
    }
}
