//! Watched sources of several VMs around one board and one config centre, all of them simulated.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a simulation that panics is a failed test"
)]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use postern::http::{Callout, CalloutError, Endpoint, HeaderMap, Reply};
use postern::internals::source::{
    Budget, Candidate, DefinitionHash, FetchOutcome, Format, Hash, HttpProtocol, LocalData,
    Progress, Protocol, Schedule, SharedData, SourceError, Tick, Watched,
};
use postern::time::Timestamp;
use proptest::prelude::*;

const REFRESH: Duration = Duration::from_secs(5);
const STALE_FOR: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(200);
const START: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);

/// The data that several VMs share.
#[derive(Clone, Debug, Default)]
struct Shared(Rc<RefCell<LocalData>>);

impl Shared {
    fn lease(&self) -> String {
        let data = self.0.borrow();
        let mut keys = data.keys();
        keys.find(|key| key.contains("lease")).unwrap().to_owned()
    }

    fn corrupt(&self, part: &str) {
        let mut data = self.0.borrow_mut();
        let keys: Vec<String> = data.keys().map(str::to_owned).collect();
        for key in keys.iter().filter(|key| key.contains(part)) {
            let (mut value, _) = data.get(key).unwrap();
            let last = value.len() - 1;
            value[last] ^= 1;
            data.write(key, &value, None);
        }
    }
}

impl SharedData for Shared {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.0.borrow_mut().read(key)
    }

    fn write(&mut self, key: &str, value: &[u8], token: Option<u32>) -> bool {
        self.0.borrow_mut().write(key, value, token)
    }
}

/// Shared data that another VM writes between the first read and the first write.
struct Racing<'a> {
    shared: Shared,
    other: Option<&'a mut dyn FnMut()>,
}

impl SharedData for Racing<'_> {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.shared.read(key)
    }

    fn write(&mut self, key: &str, value: &[u8], mark: Option<u32>) -> bool {
        if let Some(other) = self.other.take() {
            other();
        }
        self.shared.write(key, value, mark)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Up,
    WithoutValidators,
    Down,
    Garbage,
    Gone,
    Large,
}

struct Centre {
    version: u64,
    mode: Mode,
    asked: usize,
    bodies: usize,
}

impl Centre {
    fn answer(&mut self, callout: &Callout) -> Result<Reply, CalloutError> {
        self.asked += 1;
        let etag = format!("\"{}\"", self.version);
        let body = format!("{{\"version\":{}}}", self.version);
        let asked_for = callout
            .headers
            .iter()
            .find(|(name, _)| &**name == b"if-none-match");
        let is_held = asked_for.is_some_and(|(_, value)| **value == *etag.as_bytes());
        let reply = |status: &str, etag: Option<&str>, body: &str| Reply {
            headers: HeaderMap::from_pairs(
                &[(":status", status)]
                    .into_iter()
                    .chain(etag.map(|etag| ("etag", etag)))
                    .collect::<Vec<_>>(),
            ),
            body: body.as_bytes().to_vec(),
        };
        match self.mode {
            Mode::Up if is_held => Ok(reply("304", None, "")),
            Mode::Up => {
                self.bodies += 1;
                Ok(reply("200", Some(&etag), &body))
            }
            Mode::WithoutValidators => Ok(reply("200", None, &body)),
            Mode::Down => Err(CalloutError::NoReply),
            Mode::Garbage => Ok(reply("200", Some("\"garbage\""), "{\"version\":")),
            Mode::Gone => Ok(reply("404", None, &body)),
            Mode::Large => Ok(reply("200", None, &format!("\"{}\"", "x".repeat(5000)))),
        }
    }
}

struct Vm {
    watched: Watched,
    flight: Option<Callout>,
    since: Timestamp,
    /// The candidate that is being read, and how many steps that still takes.
    reading: Option<(Candidate, usize)>,
}

struct World {
    board: Shared,
    centre: Centre,
    now: Timestamp,
    vms: Vec<Vm>,
    born: u64,
    /// A document that the policy cannot use.
    unusable: Option<u64>,
    /// How many steps it takes to read a document, and how many bytes are hashed in one.
    slow: Option<(usize, usize)>,
}

fn body(version: u64) -> Vec<u8> {
    format!("{{\"version\":{version}}}").into_bytes()
}

fn version_of(text: &[u8]) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_slice(text).ok()?;
    value["version"].as_u64()
}

fn watched(vm: u64) -> Watched {
    let endpoint = Endpoint::new("centre", "centre.local")
        .with_max_bytes(4096)
        .with_timeout(Duration::from_secs(2));
    let protocol = HttpProtocol::new(endpoint, "/doc", Format::Json).unwrap();
    let schedule = Schedule {
        refresh: REFRESH,
        stale_for: STALE_FOR,
    };
    Watched::new(
        Arc::new(Protocol::Http(protocol)),
        schedule,
        DefinitionHash([7; 32]),
        vm,
    )
}

impl World {
    fn new(vms: usize) -> Self {
        let mut world = Self {
            board: Shared::default(),
            centre: Centre {
                version: 1,
                mode: Mode::Up,
                asked: 0,
                bodies: 0,
            },
            now: START,
            vms: Vec::new(),
            born: 100,
            unusable: None,
            slow: None,
        };
        for _ in 0..vms {
            let vm = world.bear();
            world.vms.push(vm);
        }
        world
    }

    fn bear(&mut self) -> Vm {
        self.born += 1;
        Vm {
            watched: watched(self.born),
            flight: None,
            since: START,
            reading: None,
        }
    }

    /// Looks on at what has come: all of it, or a step where that is slow.
    fn go_on(&mut self, at: usize) {
        let vm = &mut self.vms[at];
        let mut budget = match self.slow {
            Some((_, bytes)) => Budget::of(bytes),
            None => Budget::unlimited(),
        };
        let progress = vm.watched.advance(&mut budget, self.now, &mut self.board);
        if let Progress::New(candidate) = progress {
            assert_eq!(Hash::of(candidate.text()), candidate.hash());
            vm.reading = Some((candidate, self.slow.map_or(0, |(steps, _)| steps)));
        }
        match vm.reading.take() {
            Some((candidate, 0)) => self.settle(at, candidate),
            Some((candidate, steps)) => vm.reading = Some((candidate, steps - 1)),
            None => {}
        }
    }

    /// The candidate is read to its end.
    fn settle(&mut self, at: usize, candidate: Candidate) {
        let watched = &mut self.vms[at].watched;
        match version_of(candidate.text()) {
            None => {
                let error = SourceError::Malformed("no".to_owned());
                watched.reject(&candidate, error, self.now, &mut self.board);
            }
            version if version == self.unusable => {
                let error = SourceError::Unusable("no".to_owned());
                watched.reject(&candidate, error, self.now, &mut self.board);
            }
            Some(_) => watched.accept(candidate, self.now, &mut self.board),
        }
    }

    fn tick(&mut self, at: usize) {
        match self.vms[at].watched.tick(self.now, &mut self.board) {
            Tick::Idle | Tick::Arrived => self.go_on(at),
            Tick::Fetch(callout) => {
                self.vms[at].flight = Some(callout);
                self.vms[at].since = self.now;
            }
        }
    }

    /// The reply to the VM's callout arrives, if it has one under way.
    fn deliver(&mut self, at: usize) {
        let Some(callout) = self.vms[at].flight.take() else {
            return;
        };
        let answer = self.centre.answer(&callout);
        let watched = &mut self.vms[at].watched;
        if let FetchOutcome::Arrived = watched.fetched(self.now, &mut self.board, answer) {
            self.go_on(at);
        }
    }

    fn run(&mut self, span: Duration) {
        let end = self.now.after(span);
        while self.now < end {
            for at in 0..self.vms.len() {
                self.tick(at);
            }
            self.now = self.now.after(TICK);
            for at in 0..self.vms.len() {
                self.deliver(at);
            }
        }
    }

    fn version(&self, at: usize) -> Option<u64> {
        let hash = self.vms[at].watched.usable(self.now)?;
        let known = (1..=self.centre.version).find(|version| Hash::of(&body(*version)) == hash);
        Some(known.unwrap())
    }

    fn versions(&self) -> Vec<Option<u64>> {
        (0..self.vms.len()).map(|at| self.version(at)).collect()
    }

    fn fetching(&self) -> Vec<usize> {
        let mut all = 0..self.vms.len();
        let mut fetching = Vec::new();
        fetching.extend(all.by_ref().filter(|at| self.vms[*at].flight.is_some()));
        fetching
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn one_fetches_for_all() {
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
fn the_one_that_fetched_goes_on() {
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
fn a_centre_without_validators() {
    let mut world = World::new(2);
    world.centre.mode = Mode::WithoutValidators;
    world.run(seconds(120));
    assert_eq!(world.versions(), [Some(1); 2], "confirmed again and again");
    world.centre.version = 2;
    world.run(seconds(7));
    assert_eq!(world.versions(), [Some(2); 2]);
}

#[test]
fn a_trapped_holder_is_followed_by_another() {
    let mut world = World::new(3);
    world.tick(0);
    assert_eq!(world.fetching(), [0]);
    // It traps: what comes in its place knows nothing, and its reply never comes.
    world.vms[0] = world.bear();
    world.now = world.now.after(seconds(2));
    (0..3).for_each(|at| world.tick(at));
    assert_eq!(world.fetching(), [0; 0], "the lease still runs");
    world.now = world.now.after(seconds(1));
    (0..3).for_each(|at| world.tick(at));
    assert_eq!(world.fetching().len(), 1);
    world.run(seconds(1));
    assert_eq!(world.versions(), [Some(1); 3]);
}

#[test]
fn a_policy_replaced_in_mid_fetch() {
    let mut world = World::new(2);
    world.tick(0);
    let callout = world.vms[0].flight.take().unwrap();
    world.vms[0].watched.abandon(world.now, &mut world.board);
    world.tick(1);
    assert_eq!(world.fetching(), [1], "at the very next tick");
    let late = world.centre.answer(&callout);
    let outcome = world.vms[0]
        .watched
        .fetched(world.now, &mut world.board, late);
    assert!(matches!(outcome, FetchOutcome::Ignored));
    world.run(seconds(1));
    assert_eq!(world.versions(), [Some(1); 2]);
    assert_eq!(world.centre.asked, 2);
}

#[test]
fn abandoning_nothing_changes_nothing() {
    let mut world = World::new(2);
    world.run(seconds(1));
    let before = world.board.0.borrow().clone();
    (0..2).for_each(|at| world.vms[at].watched.abandon(world.now, &mut world.board));
    assert_eq!(*world.board.0.borrow(), before);
}

#[test]
fn a_closed_holder_hands_over() {
    let mut world = World::new(2);
    world.run(seconds(1));
    let vm = world.vms.remove(0);
    vm.watched.close(world.now, &mut world.board);
    world.centre.version = 2;
    world.run(seconds(6));
    assert_eq!(world.versions(), [Some(2)]);
    assert_eq!(
        world.centre.asked, 2,
        "it waited until the next fetch was due"
    );
}

#[test]
fn a_follower_that_is_closed_takes_nothing_along() {
    let mut world = World::new(2);
    world.tick(0);
    world
        .vms
        .remove(1)
        .watched
        .close(world.now, &mut world.board);
    let newcomer = world.bear();
    world.vms.push(newcomer);
    world.tick(1);
    assert_eq!(world.fetching(), [0]);
}

#[test]
fn a_race_for_the_lease_has_one_winner() {
    for is_fresh in [true, false] {
        let mut world = World::new(2);
        if !is_fresh {
            world.tick(0);
            world.vms[0] = world.bear();
            world.now = world.now.after(seconds(10));
        }
        let (first, second) = world.vms.split_at_mut(1);
        let (mut shared, now) = (world.board.clone(), world.now);
        let mut other = None;
        let mut act = || other = Some(second[0].watched.tick(now, &mut shared));
        let mut racing = Racing {
            shared: world.board.clone(),
            other: Some(&mut act),
        };
        let one = first[0].watched.tick(now, &mut racing);
        assert!(matches!(one, Tick::Idle), "it came second");
        assert!(matches!(other, Some(Tick::Fetch(_))));
    }
}

#[test]
fn a_record_that_changes_while_it_is_written() {
    let mut world = World::new(2);
    world.tick(0);
    let callout = world.vms[0].flight.take().unwrap();
    let reply = world.centre.answer(&callout);
    let vm = &mut world.vms[0].watched;
    let outcome = vm.fetched(world.now, &mut world.board, reply);
    assert!(matches!(outcome, FetchOutcome::Arrived));
    let all = &mut Budget::unlimited();
    let Progress::New(candidate) = vm.advance(all, world.now, &mut world.board) else {
        panic!("a document")
    };
    let mut shared = world.board.clone();
    // Somebody writes the same record again: its mark is another.
    let mut act = || {
        let key = shared.lease();
        let (value, _) = shared.read(&key).unwrap();
        assert!(shared.write(&key, &value, None));
    };
    let mut racing = Racing {
        shared: world.board.clone(),
        other: Some(&mut act),
    };
    world.vms[0]
        .watched
        .accept(candidate, world.now, &mut racing);
    world.tick(1);
    assert_eq!(world.versions(), [Some(1); 2]);
}

#[test]
fn failures_back_off_and_the_last_good_document_stays() {
    for (mode, most) in [
        (Mode::Down, 7),
        (Mode::Gone, 7),
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
        assert!(world.vms[0].watched.trouble().is_some());
        world.run(seconds(20));
        assert_eq!(world.versions(), [None; 2], "{mode:?}: too old by now");
        world.centre.mode = Mode::Up;
        world.run(seconds(45));
        assert_eq!(world.versions(), [Some(1); 2], "{mode:?}");
        assert!(world.vms[0].watched.trouble().is_none());
    }
}

#[test]
fn without_a_document_it_is_tried_again_soon() {
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
fn a_document_that_the_policy_cannot_use() {
    let mut world = World::new(2);
    world.run(seconds(1));
    world.centre.version = 2;
    world.unusable = Some(2);
    world.run(seconds(120));
    assert_eq!(
        world.versions(),
        [None; 2],
        "never taken, and the good one is too old"
    );
    world.centre.version = 3;
    world.run(seconds(7));
    assert_eq!(world.versions(), [Some(3); 2]);
}

#[test]
fn a_document_that_only_one_vm_cannot_use() {
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
fn a_corrupt_document_is_ignored_and_fetched_anew() {
    let mut world = World::new(2);
    world.tick(0);
    world.now = world.now.after(TICK);
    world.deliver(0);
    world.board.corrupt("document");
    world.tick(1);
    assert_eq!(world.versions(), [Some(1), None]);
    world.run(seconds(4));
    assert_eq!(world.centre.asked, 1);
    world.run(seconds(3));
    assert_eq!(world.versions(), [Some(1); 2]);
    let newcomer = world.bear();
    world.vms.push(newcomer);
    world.run(TICK * 2);
    assert_eq!(world.versions(), [Some(1); 3], "the board is whole again");
}

#[test]
fn a_corrupt_lease_is_taken_over() {
    let mut world = World::new(2);
    world.run(seconds(1));
    let lease = world.board.lease();
    world.board.write(&lease, b"garbage", None);
    world.centre.version = 2;
    world.run(seconds(1));
    assert_eq!(world.versions(), [Some(2); 2]);
}

#[test]
fn a_clock_that_is_put_back() {
    let mut world = World::new(2);
    world.run(seconds(1));
    world.now = Timestamp::from_nanos(START.as_nanos() - 3_600_000_000_000);
    world.centre.version = 2;
    world.run(seconds(7));
    assert_eq!(
        world.versions(),
        [Some(2); 2],
        "no deadline of the old clock counts"
    );
    world.now = Timestamp::from_nanos(world.now.as_nanos() - 3_600_000_000_000);
    world.centre.mode = Mode::Down;
    world.run(seconds(59));
    assert_eq!(world.versions(), [Some(2); 2]);
    world.run(seconds(3));
    assert_eq!(
        world.versions(),
        [None; 2],
        "its age counts from when the clock was put back"
    );
}

#[test]
fn a_clock_that_is_put_back_in_mid_flight() {
    let mut world = World::new(2);
    world.tick(0);
    world.now = Timestamp::from_nanos(START.as_nanos() - 3_600_000_000_000);
    world.vms[0].flight = None;
    world.run(seconds(6));
    assert_eq!(world.versions(), [Some(1); 2]);
}

#[test]
fn a_holder_that_is_closed_while_it_reads() {
    let mut world = World::new(2);
    world.slow = Some((5, 1));
    world.tick(0);
    world.now = world.now.after(TICK);
    world.deliver(0);
    world.tick(0);
    world.tick(1);
    assert_eq!(world.fetching(), [0; 0], "the lease is the reader's");
    let vm = world.vms.remove(0);
    assert!(vm.reading.is_some());
    vm.watched.close(world.now, &mut world.board);
    world.tick(0);
    assert_eq!(world.fetching(), [0], "at the very next tick");
    world.run(seconds(3));
    assert_eq!(world.versions(), [Some(1)]);
}

#[test]
fn a_newer_document_comes_while_one_is_read() {
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
        "the last good one counts meanwhile"
    );
    // The other VM is quick, and has the next one before this is read to its end.
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
fn one_that_is_read_for_ever_keeps_the_old_one_no_longer_than_it_may() {
    let mut world = World::new(2);
    world.run(seconds(1));
    world.centre.version = 2;
    world.slow = Some((1_000_000, 1));
    world.run(seconds(120));
    assert_eq!(
        world.versions(),
        [None, None],
        "nobody has confirmed it, and the one that could is read for ever"
    );
    assert_eq!(world.centre.asked, 2, "and its lease is kept");
}

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
        1 => vm.prop_map(Act::Trap),
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
                self.vms[at].watched.abandon(self.now, &mut self.board);
            }
            Act::Close(at) => {
                let newcomer = self.bear();
                let vm = std::mem::replace(&mut self.vms[at], newcomer);
                vm.watched.close(self.now, &mut self.board);
            }
            Act::Trap(at) => self.vms[at] = self.bear(),
            Act::Corrupt(part) => self.board.corrupt(part),
            Act::PutBack(millis) => {
                self.now = Timestamp::from_nanos(self.now.as_nanos() - millis * 1_000_000);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens: no document is ever taken that the centre did not serve whole, none is used beyond its time,
    /// and once all is well everybody has the newest.
    #[test]
    fn in_the_end_all_have_the_newest(acts in prop::collection::vec(act(), 0..120), slow in slow()) {
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
        let asked = world.centre.asked;
        world.run(seconds(50));
        prop_assert!((8..=12).contains(&(world.centre.asked - asked)), "one fetches again");
    }

    /// As long as nobody traps, nothing is corrupted and the clock goes on, one at most fetches at any time.
    #[test]
    fn one_at_a_time(acts in prop::collection::vec(act(), 0..200), slow in slow()) {
        let mut world = World::new(3);
        world.slow = slow;
        for act in &acts {
            if matches!(act, Act::Trap(_) | Act::Corrupt(_) | Act::PutBack(_)) {
                continue;
            }
            world.act(act);
            // A flight that is longer under way than it may be is lost, whether its VM has noticed or not.
            let is_lost = |vm: &&Vm| world.now >= vm.since.after(seconds(3));
            let fetching = world.vms.iter().filter(|vm| vm.watched.is_fetching());
            let busy = fetching.filter(|vm| !is_lost(vm)).count();
            prop_assert!(busy <= 1, "{act:?}");
        }
    }
}
