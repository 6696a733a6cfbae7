//! Extra fetches: an exchange needs something that the document doesn't have.

use std::time::Duration;

use postern::internals::source::Tick;
use postern::time::Timestamp;

use super::world::{Mode, Racing, TICK, World, seconds};

const REFRESH: Duration = Duration::from_secs(3600);
const INTERVAL: Duration = Duration::from_secs(30);

/// Four VMs that have the first document, which was fetched once.
fn world() -> World {
    let mut world = World::with_refresh(4, REFRESH);
    world.run(seconds(1));
    assert_eq!(world.versions(), [Some(1); 4]);
    assert_eq!(world.centre.asked, 1);
    world
}

#[test]
fn one_vm_fetches_for_a_wish_and_all_get_the_document() {
    let mut world = world();
    world.centre.version = 2;
    assert!(world.is_settled());
    assert!(world.want(3, INTERVAL));
    assert!(!world.vms[3].watched.is_settled(), "at once");
    world.tick(3);
    assert_eq!(world.fetching(), [3], "it takes the lease over");
    (0..3).for_each(|at| world.tick(at));
    assert_eq!(world.fetching(), [3]);
    for at in 0..4 {
        assert!(!world.vms[at].watched.is_settled(), "all wait for it");
        assert!(world.want(at, INTERVAL));
    }
    world.deliver(3);
    assert!(world.vms[3].watched.is_settled());
    assert!(!world.want(3, INTERVAL), "the document is new");
    assert!(world.want(0, INTERVAL), "the others don't have it yet");
    world.run(TICK);
    assert_eq!(world.versions(), [Some(2); 4]);
    assert!(world.is_settled());
    (0..4).for_each(|at| assert!(!world.want(at, INTERVAL)));
    world.run(seconds(1));
    assert_eq!(world.centre.asked, 2);
}

#[test]
fn however_many_wishes_there_is_one_fetch_in_an_interval() {
    let mut world = world();
    let end = world.now.after(seconds(89));
    while world.now < end {
        for _ in 0..50 {
            for at in 0..4 {
                world.want(at, INTERVAL);
            }
        }
        world.run(TICK);
    }
    assert_eq!(world.centre.asked, 1 + 3);
    // The shorter of two intervals counts.
    assert!(!world.want(0, INTERVAL));
    assert!(world.want(0, seconds(5)));
    assert!(world.want(0, INTERVAL), "one is wanted anyway");
    world.run(seconds(1));
    assert_eq!(world.centre.asked, 1 + 4);
}

#[test]
fn the_shortest_interval_of_all_who_wait_counts() {
    let mut world = world();
    world.want(0, INTERVAL);
    world.run(seconds(6));
    // This VM did not hear of the fetch yet.
    let newcomer = world.start_vm();
    world.vms[1] = newcomer;
    assert!(world.want(1, INTERVAL));
    assert!(world.want(1, seconds(5)));
    world.run(seconds(1));
    assert_eq!(world.centre.asked, 3);
}

#[test]
fn a_vm_hears_of_a_fetch_at_its_next_tick() {
    let mut world = world();
    assert!(world.want(0, INTERVAL));
    world.tick(0);
    world.deliver(0);
    assert!(world.want(1, INTERVAL), "it has not heard of it");
    world.tick(1);
    assert_eq!(world.fetching(), [0; 0]);
    assert!(world.is_settled());
    assert!(!world.want(1, INTERVAL));
    assert_eq!(world.centre.asked, 2);
}

#[test]
fn two_vms_that_wish_at_once_cause_one_fetch() {
    let mut world = world();
    (0..4).for_each(|at| assert!(world.want(at, INTERVAL)));
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
    assert!(!first[0].watched.is_settled());
    let Some(Tick::Fetch(callout)) = other else {
        panic!("the other VM fetches");
    };
    second[0].flight = Some(callout);
    world.run(seconds(1));
    assert!(world.is_settled());
    assert_eq!(world.centre.asked, 2);
}

#[test]
fn a_regular_fetch_under_way_answers_a_wish() {
    let mut world = world();
    world.now = world.now.after(REFRESH * 2);
    world.tick(0);
    assert_eq!(world.fetching(), [0]);
    // This VM's tick comes later.
    assert!(world.want(1, INTERVAL));
    world.tick(1);
    assert!(world.want(0, INTERVAL));
    assert_eq!(world.fetching(), [0]);
    assert!(!world.vms[1].watched.is_settled());
    world.deliver(0);
    world.run(TICK);
    assert!(world.is_settled());
    assert_eq!(world.centre.asked, 2);
    // It was no extra fetch: one may follow.
    assert!(world.want(1, INTERVAL));
    world.run(TICK);
    assert_eq!(world.centre.asked, 3);
    assert!(!world.want(1, INTERVAL));
}

#[test]
fn a_fetch_that_is_due_anyway_is_the_extra_one() {
    let mut world = World::with_refresh(2, REFRESH);
    assert!(world.want(0, INTERVAL), "there is no document yet");
    world.run(TICK * 2);
    assert_eq!(world.versions(), [Some(1); 2]);
    assert!(!world.want(0, INTERVAL));
    assert!(!world.want(1, INTERVAL));
    assert_eq!(world.centre.asked, 1);
}

#[test]
fn a_dead_owner_is_in_the_way_of_no_wish() {
    let mut world = world();
    // The owner has nothing under way. Its lease lasts for an hour.
    world.vms[0] = world.start_vm();
    assert!(world.want(2, INTERVAL));
    world.tick(2);
    assert_eq!(world.fetching(), [2]);
    // It traps too: its fetch is lost, and another VM repeats it after a while.
    world.vms[2] = world.start_vm();
    world.now = world.now.after(TICK);
    (0..4).for_each(|at| world.tick(at));
    assert_eq!(world.fetching(), [0; 0]);
    assert!(!world.vms[1].watched.is_settled());
    world.now = world.now.after(seconds(3));
    (0..4).for_each(|at| assert!(world.want(at, INTERVAL)));
    (0..4).for_each(|at| world.tick(at));
    assert_eq!(world.fetching().len(), 1);
    world.run(seconds(10));
    assert_eq!(world.centre.asked, 2, "the lost fetch got no answer");
    assert!(world.is_settled());
    (0..4).for_each(|at| assert!(!world.want(at, INTERVAL)));
}

#[test]
fn an_abandoned_extra_fetch_is_repeated() {
    let mut world = world();
    assert!(world.want(2, INTERVAL));
    world.tick(2);
    world.vms[2].flight = None;
    world.vms[2].watched.abandon(world.now, &mut world.shared);
    assert!(!world.vms[2].watched.is_settled(), "it is due again");
    assert!(world.want(2, INTERVAL));
    world.run(TICK);
    world.run(TICK);
    assert_eq!(world.centre.asked, 2);
    assert!(world.is_settled());
}

#[test]
fn an_extra_fetch_that_fails_is_not_repeated_within_the_interval() {
    for mode in [Mode::Down, Mode::Garbage] {
        let mut world = world();
        world.centre.mode = mode;
        assert!(world.want(1, INTERVAL));
        world.run(TICK * 2);
        assert!(world.is_settled());
        assert_eq!(world.centre.asked, 2);
        for at in 0..4 {
            assert!(!world.want(at, INTERVAL), "{mode:?}");
        }
        assert_eq!(world.versions(), [Some(1); 4]);
        // The source is asked again by the schedule of failures.
        world.run(seconds(3));
        assert!((3..=4).contains(&world.centre.asked), "{mode:?}");
        world.now = world.now.after(INTERVAL);
        assert!(world.want(1, INTERVAL), "{mode:?}");
    }
}

#[test]
fn waits_while_the_document_is_read_in_slices() {
    let mut world = world();
    world.slow = Some((3, 4));
    world.centre.version = 2;
    assert!(world.want(1, INTERVAL));
    world.run(TICK);
    for _ in 0..3 {
        assert_eq!(world.versions(), [Some(1); 4]);
        assert!(!world.is_settled());
        (0..4).for_each(|at| assert!(world.want(at, INTERVAL)));
        world.run(TICK);
    }
    world.run(seconds(4));
    assert_eq!(world.versions(), [Some(2); 4]);
    assert!(world.is_settled());
    assert_eq!(world.centre.asked, 2);
}

/// Two VMs. The first one has the first document, and the second one has begun to read it, slowly.
fn world_that_reads() -> World {
    let mut world = World::with_refresh(2, REFRESH);
    world.slow = Some((1, 1000));
    world.tick(0);
    world.deliver(0);
    world.tick_until(0, 1);
    world.tick(1);
    world.centre.version = 2;
    assert!(world.want(0, INTERVAL));
    world.tick(0);
    assert_eq!(world.fetching(), [0]);
    world
}

impl World {
    /// Ticks one VM until it has read this version.
    fn tick_until(&mut self, at: usize, version: u64) {
        let mut ticks = 0..10;
        while self.version(at) != Some(version) && ticks.next().is_some() {
            self.tick(at);
        }
        assert_eq!(self.version(at), Some(version));
    }

    /// The second VM waits, and then both have the second document.
    fn ends_with_the_second_document(&mut self, asked: usize) {
        self.tick_until(1, 1);
        assert!(self.want(1, INTERVAL), "more is to come");
        self.run(TICK * 6);
        assert_eq!(self.versions(), [Some(2); 2]);
        assert!(self.is_settled());
        assert_eq!(self.centre.asked, asked);
    }
}

#[test]
fn waits_for_a_newer_document_behind_the_one_that_is_read() {
    let mut world = world_that_reads();
    world.deliver(0);
    world.tick_until(0, 2);
    world.ends_with_the_second_document(2);
}

#[test]
fn waits_for_the_fetch_that_follows_an_abandoned_one() {
    let mut world = world_that_reads();
    world.vms[0].flight = None;
    world.vms[0].watched.abandon(world.now, &mut world.shared);
    world.ends_with_the_second_document(2);
}

#[test]
fn waits_for_a_copy_that_is_not_there_yet() {
    let mut world = world();
    world.centre.version = 2;
    assert!(world.want(0, INTERVAL));
    world.tick(0);
    world.deliver(0);
    world.shared.corrupt("envelope");
    world.tick(1);
    assert!(!world.vms[1].watched.is_settled());
    world.run(seconds(7));
    assert_eq!(world.versions(), [Some(2); 4]);
    assert!(world.is_settled());
}

#[test]
fn a_clock_put_back_blocks_no_wish_for_long() {
    let back = |world: &mut World, by: Duration| {
        let by = u64::try_from(by.as_nanos()).unwrap();
        world.now = Timestamp::from_nanos(world.now.as_nanos() - by);
    };
    let mut world = world();
    world.want(0, INTERVAL);
    world.run(seconds(1));
    assert_eq!(world.centre.asked, 2);
    // VMs read the clock at different times: a moment ahead is the present.
    back(&mut world, seconds(1) + TICK);
    assert!(!world.want(1, INTERVAL));
    back(&mut world, seconds(600));
    assert!(world.want(1, INTERVAL));
    world.run(seconds(1));
    assert_eq!(world.centre.asked, 3);
    assert!(world.is_settled());
    // While it is being fetched.
    world.now = world.now.after(INTERVAL);
    assert!(world.want(1, INTERVAL));
    world.tick(1);
    assert_eq!(world.fetching(), [1]);
    back(&mut world, seconds(600));
    world.run(TICK * 2);
    assert!(world.is_settled());
    assert_eq!(world.centre.asked, 4);
}
