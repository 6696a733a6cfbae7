//! Documents that are read in slices.

use super::world::{TICK, World, seconds};

#[test]
fn another_vm_follows_an_owner_that_ends_while_it_reads() {
    let mut world = World::new(2);
    world.slow = Some((5, 1));
    world.tick(0);
    world.now = world.now.after(TICK);
    world.deliver(0);
    world.tick(0);
    world.tick(1);
    assert_eq!(world.fetching(), [0; 0], "the VM that reads has the lease");
    let vm = world.vms.remove(0);
    assert!(vm.reading.is_some());
    vm.watched.close(world.now, &mut world.shared);
    world.tick(0);
    assert_eq!(world.fetching(), [0], "at the next tick");
    world.run(seconds(3));
    assert_eq!(world.versions(), [Some(1)]);
}

#[test]
fn reads_a_newer_document_after_the_current_one() {
    let mut world = World::new(2);
    world.run(seconds(1));
    world.centre.version = 2;
    world.slow = Some((20, 1));
    while world.vms[1].reading.is_none() {
        world.run(TICK);
    }
    assert_eq!(
        world.versions(),
        [Some(2), Some(1)],
        "the last good document is used meanwhile"
    );
    // The other VM has the next document before this VM has read the current one.
    world.centre.version = 3;
    let steps = &mut world.vms[1].reading.as_mut().unwrap().1;
    *steps = 1000;
    world.slow = None;
    world.run(seconds(7));
    assert_eq!(world.versions(), [Some(3), Some(1)]);
    world.vms[1].reading.as_mut().unwrap().1 = 0;
    world.tick(1);
    assert_eq!(world.versions(), [Some(3), Some(2)]);
    world.run(TICK * 2);
    assert_eq!(world.versions(), [Some(3), Some(3)]);
}

#[test]
fn an_endless_read_does_not_prolong_the_old_document() {
    let mut world = World::new(2);
    world.run(seconds(1));
    world.centre.version = 2;
    world.slow = Some((1_000_000, 1));
    world.run(seconds(120));
    assert_eq!(
        world.versions(),
        [None, None],
        "no VM has confirmed it: the fetch is still being read"
    );
    assert_eq!(world.centre.asked, 2, "the owner keeps the lease");
}
