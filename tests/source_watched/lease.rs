//! One VM fetches: the lease.

use postern::internals::source::{Budget, FetchOutcome, Progress, SharedData, Tick};

use super::world::{Mode, Racing, TICK, World, seconds};

#[test]
fn one_vm_fetches_for_all() {
    let mut world = World::new(3);
    world.run(TICK * 2);
    assert_eq!(world.versions(), [Some(1); 3]);
    assert_eq!(world.centre.asked, 1);
    world.run(seconds(60));
    assert!(
        (11..=14).contains(&world.centre.asked),
        "{}",
        world.centre.asked
    );
    assert_eq!(world.centre.bodies, 1, "the others were answered with 304");
    world.centre.version = 2;
    world.run(seconds(7));
    assert_eq!(world.versions(), [Some(2); 3]);
    assert_eq!(world.centre.bodies, 2);
}

#[test]
fn the_owner_keeps_the_lease() {
    let mut world = World::new(3);
    world.run(TICK);
    let mut fetchers = Vec::new();
    for _ in 0..500 {
        for at in [2, 0, 1] {
            world.tick(at);
        }
        fetchers.extend(world.fetching());
        world.now = world.now.after(TICK);
        (0..3).for_each(|at| world.deliver(at));
    }
    assert!(fetchers.len() > 15);
    assert!(fetchers.iter().all(|at| *at == 0), "{fetchers:?}");
}

#[test]
fn works_without_validators() {
    let mut world = World::new(2);
    world.centre.mode = Mode::WithoutValidators;
    world.run(seconds(120));
    assert_eq!(
        world.versions(),
        [Some(1); 2],
        "each fetch confirms the document"
    );
    world.centre.version = 2;
    world.run(seconds(7));
    assert_eq!(world.versions(), [Some(2); 2]);
}

#[test]
fn another_vm_follows_an_owner_that_trapped() {
    let mut world = World::new(3);
    world.tick(0);
    assert_eq!(world.fetching(), [0]);
    // It traps: a new VM takes its place, and the reply never comes.
    world.vms[0] = world.start_vm();
    world.now = world.now.after(seconds(2));
    (0..3).for_each(|at| world.tick(at));
    assert_eq!(world.fetching(), [0; 0], "the lease has not ended");
    world.now = world.now.after(seconds(1));
    (0..3).for_each(|at| world.tick(at));
    assert_eq!(world.fetching().len(), 1);
    world.run(seconds(1));
    assert_eq!(world.versions(), [Some(1); 3]);
}

#[test]
fn fetches_again_after_an_abandoned_callout() {
    let mut world = World::new(2);
    world.tick(0);
    let callout = world.vms[0].flight.take().unwrap();
    world.vms[0].watched.abandon(world.now, &mut world.shared);
    world.tick(1);
    assert_eq!(world.fetching(), [1], "at the next tick");
    let late = world.centre.answer(&callout);
    let outcome = world.vms[0]
        .watched
        .fetched(world.now, &mut world.shared, late);
    assert!(matches!(outcome, FetchOutcome::Ignored));
    world.run(seconds(1));
    assert_eq!(world.versions(), [Some(1); 2]);
    assert_eq!(world.centre.asked, 2);
}

#[test]
fn abandoning_without_a_callout_changes_nothing() {
    let mut world = World::new(2);
    world.run(seconds(1));
    let before = world.shared.0.borrow().clone();
    (0..2).for_each(|at| world.vms[at].watched.abandon(world.now, &mut world.shared));
    assert_eq!(*world.shared.0.borrow(), before);
}

#[test]
fn an_owner_that_ends_gives_up_the_lease() {
    let mut world = World::new(2);
    world.run(seconds(1));
    let vm = world.vms.remove(0);
    vm.watched.close(world.now, &mut world.shared);
    world.centre.version = 2;
    world.run(seconds(6));
    assert_eq!(world.versions(), [Some(2)]);
    assert_eq!(
        world.centre.asked, 2,
        "the next fetch waits until it is due"
    );
}

#[test]
fn the_end_of_another_vm_leaves_the_lease() {
    let mut world = World::new(2);
    world.tick(0);
    world
        .vms
        .remove(1)
        .watched
        .close(world.now, &mut world.shared);
    let newcomer = world.start_vm();
    world.vms.push(newcomer);
    world.tick(1);
    assert_eq!(world.fetching(), [0]);
}

#[test]
fn one_of_two_vms_gets_the_lease() {
    for is_fresh in [true, false] {
        let mut world = World::new(2);
        if !is_fresh {
            world.tick(0);
            world.vms[0] = world.start_vm();
            world.now = world.now.after(seconds(10));
        }
        let (first, second) = world.vms.split_at_mut(1);
        let (mut shared, now) = (world.shared.clone(), world.now);
        let mut other = None;
        let mut act = || other = Some(second[0].watched.tick(now, &mut shared));
        let mut racing = Racing {
            shared: world.shared.clone(),
            other: Some(&mut act),
        };
        let one = first[0].watched.tick(now, &mut racing);
        assert!(matches!(one, Tick::Idle), "the other VM was first");
        assert!(!first[0].watched.is_settled(), "it fetches now");
        assert!(matches!(other, Some(Tick::Fetch(_))));
    }
}

#[test]
fn writes_again_where_the_lease_changed_meanwhile() {
    let mut world = World::new(2);
    world.tick(0);
    let callout = world.vms[0].flight.take().unwrap();
    let reply = world.centre.answer(&callout);
    let vm = &mut world.vms[0].watched;
    let outcome = vm.fetched(world.now, &mut world.shared, reply);
    assert!(matches!(outcome, FetchOutcome::Arrived));
    let all = &mut Budget::unlimited();
    let Progress::New(candidate) = vm.advance(all, world.now, &mut world.shared) else {
        panic!("a document")
    };
    let mut shared = world.shared.clone();
    // Another VM writes the same lease again: its compare-and-swap token changes.
    let mut act = || {
        let key = shared.lease();
        let (value, _) = shared.read(&key).unwrap();
        assert!(shared.write(&key, &value, None));
    };
    let mut racing = Racing {
        shared: world.shared.clone(),
        other: Some(&mut act),
    };
    world.vms[0]
        .watched
        .accept(candidate, world.now, &mut racing);
    world.tick(1);
    assert_eq!(world.versions(), [Some(1); 2]);
}
