//! The gauges of a rollout: which policy was offered last, and how many VMs run another.

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

/// The gauges: version, refused version, VMs behind.
fn told(world: &World) -> [Option<u64>; 3] {
    ["version", "refused_version", "behind"].map(|name| stat(world, name))
}

fn number(policy: &str) -> u64 {
    Fingerprint::of(policy.as_bytes()).number()
}

/// The expected value of [`told`].
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
            // The VMs of two filters have different names.
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
fn reports_a_policy_that_envoy_goes_back_to() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert!(!gate.trial(BAD));
    // The old root stays because of a stream, and the new one ends. Envoy doesn't ask the module about the old policy.
    for (vm, _) in &mut gate.vms {
        let root = vm.root();
        assert!(vm.configure(root, OTHER.as_bytes()));
        vm.delete(root);
    }
    gate.tick();
    assert_eq!(told(&world), such(SMALL, None, 0));
}

#[test]
fn forgets_a_refusal_with_the_last_vm_of_a_filter() {
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
fn reports_a_refused_policy_until_another_is_accepted() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert_eq!(told(&world), such(SMALL, None, 0));
    assert!(!gate.trial(BAD));
    assert_eq!(
        stat(&world, "refused_version"),
        Some(number(BAD)),
        "at once"
    );
    // Envoy doesn't show the same text to the module again.
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
fn clears_a_refusal_by_a_policy_that_needs_no_trial() {
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
fn keeps_a_refusal_when_a_vm_gets_the_old_policy_late() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert!(!gate.trial(BAD));
    gate.tick();
    // One VM has trapped, and Envoy makes a new one.
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
    // A good policy replaces all, and the lost VM leaves nothing behind.
    gate.push(OTHER);
    gate.tick();
    assert_eq!(told(&world), such(OTHER, None, 0));
}

#[test]
fn counts_a_vm_without_the_newest_policy_as_behind() {
    let world = World::at(NOW);
    let mut gate = Filter::start(&world, "gate", SMALL);
    assert!(gate.trial(OTHER));
    gate.push_to(0, OTHER);
    gate.tick();
    assert_eq!(stat(&world, "behind"), Some(1));
    gate.push_to(1, OTHER);
    gate.tick();
    assert_eq!(told(&world), such(OTHER, None, 0));
    // The VM runs the newest root's policy, not that of an old root with a last stream.
    let (vm, roots) = &mut gate.vms[0];
    let new = vm.root();
    assert!(vm.configure(new, SMALL.as_bytes()));
    roots.push(new);
    gate.push_to(1, SMALL);
    gate.tick();
    assert_eq!(stat(&world, "behind"), Some(0));
}

/// A worker's VM accepts a bad policy, and denies.
#[test]
fn counts_a_vm_without_a_policy_as_behind() {
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
fn keeps_filters_apart() {
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
    // The refusal ends with the filter.
    for (vm, roots) in gate.vms.drain(..) {
        roots.iter().for_each(|root| vm.delete(*root));
    }
    assert_eq!(told(&world)[1..], [Some(0), Some(0)]);
    second.tick();
    assert_eq!(told(&world), such(SMALL, None, 0));
}

#[test]
fn adds_up_two_filters_of_one_vm() {
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
    // A good policy of the other filter.
    begin("second", SMALL);
    tick();
    tick();
    assert_eq!(told(&world)[1..], [Some(number(BAD)), Some(1)]);
    sound(&vm);
}

#[test]
fn leaves_no_stat_after_the_refusal_of_a_first_policy() {
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
fn reports_a_policy_that_is_too_large_or_cannot_be_read() {
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
fn logs_the_refused_policy() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    vm.configure(vm.root(), BAD.as_bytes());
    let word = format!("policy={}", Fingerprint::of(BAD.as_bytes()));
    let host = vm.host();
    let mut lines = host.logs.iter().map(|(_, line)| line);
    assert!(lines.any(|line| line.starts_with("event=policy_refused") && line.contains(&word)));
}

#[test]
fn counts_filters_without_a_name_as_one() {
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
