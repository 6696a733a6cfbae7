//! Failures, bad documents, corrupt shared data, clocks that are put back.

use postern::internals::source::SharedData;
use postern::time::Timestamp;

use super::world::{Mode, START, TICK, World, seconds};

#[test]
fn failures_back_off_and_keep_the_last_good_document() {
    for (mode, most) in [
        (Mode::Down, 7),
        (Mode::Gone, 14),
        (Mode::Garbage, 14),
        (Mode::Large, 14),
    ] {
        let mut world = World::new(2);
        world.run(seconds(1));
        world.centre.mode = mode;
        let before = world.centre.asked;
        world.run(seconds(50));
        assert_eq!(world.versions(), [Some(1); 2], "{mode:?}");
        let asked = world.centre.asked - before;
        assert!((4..=most).contains(&asked), "{mode:?} {asked}");
        assert!(world.vms[0].failed);
        world.run(seconds(20));
        assert_eq!(world.versions(), [None; 2], "{mode:?}: too old by now");
        world.centre.mode = Mode::Up;
        world.run(seconds(45));
        assert_eq!(world.versions(), [Some(1); 2], "{mode:?}");
        assert!(!world.vms[0].failed);
    }
}

#[test]
fn retries_soon_without_a_document() {
    let mut world = World::new(3);
    world.centre.mode = Mode::Down;
    world.run(seconds(2));
    assert!(
        (3..=5).contains(&world.centre.asked),
        "{}",
        world.centre.asked
    );
    world.run(seconds(600));
    world.centre.mode = Mode::Up;
    world.run(seconds(6));
    assert_eq!(world.versions(), [Some(1); 3]);
}

#[test]
fn ignores_a_document_that_the_policy_cannot_use() {
    let mut world = World::new(2);
    world.run(seconds(1));
    world.centre.version = 2;
    world.unusable = Some(2);
    world.run(seconds(120));
    assert_eq!(
        world.versions(),
        [None; 2],
        "the new document is never used, and the good one is too old"
    );
    world.centre.version = 3;
    world.run(seconds(7));
    assert_eq!(world.versions(), [Some(3); 2]);
}

#[test]
fn one_vm_may_ignore_a_document_that_others_use() {
    let mut world = World::new(2);
    world.run(seconds(1));
    world.centre.version = 2;
    world.run(seconds(4));
    for _ in 0..40 {
        world.unusable = None;
        world.tick(0);
        world.unusable = Some(2);
        world.tick(1);
        world.now = world.now.after(TICK);
        world.unusable = None;
        (0..2).for_each(|at| world.deliver(at));
    }
    assert_eq!(world.versions(), [Some(2), Some(1)]);
    world.unusable = None;
    world.centre.version = 3;
    world.run(seconds(7));
    assert_eq!(world.versions(), [Some(3); 2]);
}

#[test]
fn fetches_again_where_the_shared_copy_is_corrupt() {
    let mut world = World::new(2);
    world.tick(0);
    world.now = world.now.after(TICK);
    world.deliver(0);
    world.shared.corrupt("document");
    world.tick(1);
    assert_eq!(world.versions(), [Some(1), None]);
    world.run(seconds(4));
    assert_eq!(world.centre.asked, 1);
    world.run(seconds(3));
    assert_eq!(world.versions(), [Some(1); 2]);
    let newcomer = world.start_vm();
    world.vms.push(newcomer);
    world.run(TICK * 2);
    assert_eq!(
        world.versions(),
        [Some(1); 3],
        "the shared copy is good again"
    );
}

#[test]
fn takes_over_a_corrupt_lease() {
    let mut world = World::new(2);
    world.run(seconds(1));
    let lease = world.shared.lease();
    world.shared.write(&lease, b"garbage", None);
    world.centre.version = 2;
    world.run(seconds(1));
    assert_eq!(world.versions(), [Some(2); 2]);
}

#[test]
fn a_clock_put_back_delays_nothing() {
    let mut world = World::new(2);
    world.run(seconds(1));
    world.now = Timestamp::from_nanos(START.as_nanos() - 3_600_000_000_000);
    world.centre.version = 2;
    world.run(seconds(7));
    assert_eq!(
        world.versions(),
        [Some(2); 2],
        "deadlines of the old clock don't count"
    );
    world.now = Timestamp::from_nanos(world.now.as_nanos() - 3_600_000_000_000);
    world.centre.mode = Mode::Down;
    world.run(seconds(59));
    assert_eq!(world.versions(), [Some(2); 2]);
    world.run(seconds(3));
    assert_eq!(
        world.versions(),
        [None; 2],
        "the age counts from the change of the clock"
    );
}

#[test]
fn a_clock_put_back_during_a_callout_delays_nothing() {
    let mut world = World::new(2);
    world.tick(0);
    world.now = Timestamp::from_nanos(START.as_nanos() - 3_600_000_000_000);
    world.vms[0].flight = None;
    world.run(seconds(6));
    assert_eq!(world.versions(), [Some(1); 2]);
}
