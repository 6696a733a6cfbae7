//! `instructions JOB COUNT [cold]`: decides COUNT requests of a job in the core, and prints the number of allocations. With
//! `cold` it empties the processor's caches before each request, as a proxy's other work does.
//!
//! `scripts/instructions` runs it under callgrind, which counts only the instructions in [`measured`].
#![expect(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement may panic"
)]

mod jobs;

use std::cell::Cell;
use std::hint::black_box;
use std::ops::Range;

use jobs::{Gate, Job};

/// More bytes than callgrind's simulated caches have in `scripts/instructions`, and the length of a cache line.
const CACHES: usize = 4 << 20;
const LINE: usize = 64;

/// The step between requests. Consecutive requests don't use neighbouring entries of a table.
const STRIDE: usize = 37;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, count, is_cold) = match arguments.as_slice() {
        [name, count] => (name, count, false),
        [name, count, cold] if cold == "cold" => (name, count, true),
        _ => {
            println!("usage: instructions JOB COUNT [cold]");
            std::process::exit(2);
        }
    };
    let job = Job::ALL.into_iter().find(|job| job.name() == name);
    let job = job.expect("one of the jobs in benches/jobs.rs");
    let count: usize = count.parse().expect("a number");

    let mut gate = Gate::of(job);
    let requests = jobs::requests(job, 0..1000);
    for request in jobs::requests(job, warm_up(job)) {
        let step = gate.complete(job, request.as_wire());
        assert!(gate.is_done(job, &step), "{step:?}");
    }
    let before = counting::so_far();
    let mut others = vec![0_u8; if is_cold { CACHES } else { 0 }];
    for at in 0..count {
        for line in others.iter_mut().step_by(LINE) {
            *line = line.wrapping_add(1);
        }
        black_box(&mut others);
        measured(
            &mut gate,
            job,
            requests[at * STRIDE % requests.len()].as_wire(),
        );
    }
    let (times, bytes) = counting::so_far();
    println!(
        "{{\"job\": \"{name}\", \"requests\": {count}, \"allocations\": {}, \"bytes\": {}}}",
        times - before.0,
        bytes - before.1
    );
}

/// The requests that warm the engine up, before it is measured with the first thousand.
const fn warm_up(job: Job) -> Range<usize> {
    if matches!(job, Job::J2) {
        1000..1200
    } else if matches!(job, Job::J3 | Job::J6) {
        0..1000
    } else {
        0..200
    }
}

/// Decides one request.
#[inline(never)]
fn measured(gate: &mut Gate, job: Job, wire: &[u8]) {
    let _ = black_box(gate.complete(job, black_box(wire)));
}

#[expect(unsafe_code, reason = "an allocator needs unsafe code")]
mod counting {
    use super::Cell;
    use std::alloc::{GlobalAlloc, Layout, System};

    thread_local! {
        static TIMES: Cell<u64> = const { Cell::new(0) };
        static BYTES: Cell<u64> = const { Cell::new(0) };
    }

    struct Counting;

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    /// Allocations of this thread, and their bytes.
    pub(super) fn so_far() -> (u64, u64) {
        (TIMES.get(), BYTES.get())
    }

    fn count(size: usize) {
        TIMES.set(TIMES.get().wrapping_add(1));
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        BYTES.set(BYTES.get().wrapping_add(size));
    }

    // SAFETY: all calls go to the system's allocator; the counters are plain cells.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            count(layout.size());
            // SAFETY: the caller keeps the contract.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            // SAFETY: the caller keeps the contract.
            unsafe { System.dealloc(pointer, layout) }
        }

        unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            count(size);
            // SAFETY: the caller keeps the contract.
            unsafe { System.realloc(pointer, layout, size) }
        }
    }
}
