//! Tests of exchanges that wait for what a server says of their tokens.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::crypto::HostVerifier;
use crate::http::{Callout, CalloutError, Edits, HeaderMap, Reply, Request};
use crate::policy::Policy;
use crate::source::LocalData;
use crate::time::Timestamp;

use super::{Engine, Event, FlightId, Inputs, Observer, Step, Store, Waiting};

const POLICY: &str = r#"{
    "providers": {
        "id": {"opaque": {"introspection": {"cluster": "id", "path": "/introspect", "client": {"id": "g", "secret": "hunter2"},
            "ttl": "60s", "missTtl": "5s", "staleFor": "0s", "maxInFlight": 2, "timeout": "2s"}}},
        "other": {"opaque": {"introspection": {"cluster": "id", "path": "/other", "client": {"id": "g", "secret": "x"}},
            "from": [{"header": "x-other", "prefix": "Bearer "}]}}},
    "sources": {"entries": {"http": {"cluster": "c", "path": "/entries/${key}"}, "onDemand": {"ttl": "60s"}}},
    "routes": [
        {"name": "all", "match": [{"path": {"exact": "/all"}}], "require": {"all": ["id", "other"]}},
        {"name": "looked-up", "match": [{"path": {"exact": "/looked-up"}}], "require": "id",
         "lookup": {"entry": {"source": "entries", "key": "k", "values": {"v": "$.v"}}}},
        {"name": "one", "match": [{"path": {"prefix": "/"}}], "require": "id"}]}"#;

/// Counts the sources' events, and notes the reasons of denials.
#[derive(Default)]
struct Seen {
    fetched: usize,
    failed: usize,
    reasons: Vec<&'static str>,
}

impl Observer for Seen {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Decided { reason, .. } = event {
            self.reasons.extend(*reason);
        }
        let is_fetched = matches!(event, Event::SourceFetched { .. });
        let is_failed = matches!(event, Event::SourceFailed { .. });
        self.fetched = self.fetched.saturating_add(usize::from(is_fetched));
        self.failed = self.failed.saturating_add(usize::from(is_failed));
    }
}

struct Clock(Timestamp);

impl HostVerifier for Clock {}

impl Inputs for Clock {
    fn now(&mut self) -> Timestamp {
        self.0
    }

    fn random(&mut self) -> u64 {
        0
    }
}

struct World {
    engine: Engine,
    clock: Clock,
    shared: LocalData,
    seen: Seen,
    edits: Edits,
    /// Callouts that aren't answered yet.
    open: Vec<(FlightId, Callout)>,
}

impl World {
    fn new() -> Self {
        Self::of(POLICY, &Store::new(7))
    }

    fn of(policy: &str, store: &Store) -> Self {
        let config = Config::parse(policy.as_bytes()).unwrap();
        let policy = Policy::compile(&config, &|_: &str| None).unwrap();
        let mut seen = Seen::default();
        Self {
            engine: Engine::new(Arc::new(policy), store, &mut seen),
            clock: Clock(Timestamp::from_nanos(1_700_000_000_000_000_000)),
            shared: LocalData::default(),
            seen,
            edits: Edits::default(),
            open: Vec::new(),
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.clock.0 = self.clock.0.after(Duration::from_secs(seconds));
    }

    fn start_at(&mut self, path: &str, token: &str, other: &str) -> Step {
        let (token, other) = (format!("Bearer {token}"), format!("Bearer {other}"));
        let map = HeaderMap::from_pairs(&[
            (":method", "GET"),
            (":authority", "a"),
            (":path", path),
            ("authorization", &token),
            ("x-other", &other),
        ]);
        let (edits, clock) = (&mut self.edits, &mut self.clock);
        let request = Request::new(map.view());
        let step = self.engine.start(&request, edits, clock, &mut self.seen);
        self.open.extend(self.engine.callouts());
        step
    }

    fn start(&mut self, token: &str) -> Step {
        self.start_at("/", token, "x")
    }

    /// Starts an exchange that has to wait.
    fn wait(&mut self, token: &str) -> Waiting {
        waiting(self.start(token))
    }

    /// Answers the first callout that is under way.
    fn answer(&mut self, reply: Result<(&str, &str), CalloutError>) {
        let (flight, _) = self.open.remove(0);
        let reply = reply.map(|(status, body)| Reply {
            headers: HeaderMap::from_pairs(&[(":status", status)]),
            body: body.as_bytes().to_vec(),
        });
        let (now, shared) = (self.clock.0, &mut self.shared);
        let _woken = self
            .engine
            .reply(flight, reply, now, shared, &mut self.seen);
    }

    fn resume(&mut self, waiting: Waiting) -> Step {
        let (edits, clock) = (&mut self.edits, &mut self.clock);
        let suspended = waiting.suspended;
        let step = suspended.resume(&mut self.engine, edits, clock, &mut self.seen);
        self.open.extend(self.engine.callouts());
        step
    }

    /// Resumes an exchange that has waited until its deadline.
    fn resume_overdue(&mut self, waiting: Waiting) -> Step {
        let now = waiting.deadline;
        self.clock.0 = now;
        let _woken = self.engine.tick(now, &mut self.shared, &mut self.seen);
        self.resume(waiting)
    }

    /// Shows a token, and has the server answer so where it is asked. Returns the status; 200 for a request that continues.
    fn ask(&mut self, token: &str, reply: Result<(&str, &str), CalloutError>) -> u16 {
        let step = match self.start(token) {
            Step::Wait(waiting) => {
                self.answer(reply);
                self.resume(*waiting)
            }
            step @ (Step::Continue | Step::Respond(_)) => step,
        };
        status(&step)
    }
}

fn waiting(step: Step) -> Waiting {
    match step {
        Step::Wait(waiting) => *waiting,
        step @ (Step::Continue | Step::Respond(_)) => panic!("{step:?}"),
    }
}

fn status(step: &Step) -> u16 {
    match step {
        Step::Continue => 200,
        Step::Respond(response) => response.status,
        Step::Wait(_) => 0,
    }
}

const ACTIVE: Result<(&str, &str), CalloutError> = Ok(("200", r#"{"active": true}"#));
const INACTIVE: Result<(&str, &str), CalloutError> = Ok(("200", r#"{"active": false}"#));
const DOWN: Result<(&str, &str), CalloutError> = Err(CalloutError::NoReply);

#[test]
fn one_question_serves_all_who_wait() {
    let mut world = World::new();
    let all: Vec<_> = (0..100).map(|_| world.wait("t")).collect();
    assert_eq!((world.open.len(), world.seen.fetched), (1, 1));
    world.answer(ACTIVE);
    for waiting in all {
        assert_eq!(status(&world.resume(waiting)), 200);
    }
    assert_eq!(status(&world.start("t")), 200);
    assert_eq!(world.seen.fetched, 1);
}

#[test]
fn an_inactive_token_is_refused_for_all_who_wait() {
    let mut world = World::new();
    let all: Vec<_> = (0..3).map(|_| world.wait("t")).collect();
    world.answer(INACTIVE);
    for waiting in all {
        assert_eq!(status(&world.resume(waiting)), 401);
    }
    assert_eq!(world.seen.reasons, ["inactive_token"; 3]);
}

#[test]
fn a_revoked_token_ends_after_its_ttl() {
    let mut world = World::new();
    assert_eq!(world.ask("t", ACTIVE), 200);
    world.pass(59);
    assert_eq!(world.ask("t", INACTIVE), 200, "it isn't asked about");
    world.pass(2);
    assert_eq!(world.ask("t", INACTIVE), 401);
    assert_eq!(world.seen.fetched, 2);
    world.pass(6);
    assert_eq!(world.ask("t", ACTIVE), 200, "it is active again");
}

#[test]
fn a_token_ends_at_its_exp() {
    let mut world = World::new();
    let body = r#"{"active": true, "exp": 1700000010}"#;
    assert_eq!(world.ask("t", Ok(("200", body))), 200);
    world.pass(9);
    assert_eq!(world.ask("t", INACTIVE), 200);
    world.pass(1);
    assert_eq!(world.ask("t", INACTIVE), 401);
}

#[test]
fn too_many_questions_are_no_answer() {
    let mut world = World::new();
    let (one, two) = (world.wait("a"), world.wait("b"));
    assert_eq!(status(&world.start("c")), 503);
    assert_eq!(world.seen.reasons, ["introspection_unavailable"]);
    world.answer(ACTIVE);
    assert_eq!(status(&world.resume(one)), 200);
    assert_eq!(world.ask("a", DOWN), 200, "what is known needs no question");
    let three = world.wait("c");
    world.answer(INACTIVE);
    world.answer(ACTIVE);
    assert_eq!(status(&world.resume(two)), 401);
    assert_eq!(status(&world.resume(three)), 200);
}

#[test]
fn a_stale_answer_is_used_in_a_flood_of_unknown_tokens() {
    for (stale_for, expected) in [("0s", 503), ("90s", 200)] {
        let policy = POLICY.replace(r#""0s""#, &format!("\"{stale_for}\""));
        let mut world = World::of(&policy, &Store::new(7));
        assert_eq!(world.ask("t", ACTIVE), 200);
        world.pass(61);
        let _flood = (world.wait("a"), world.wait("b"));
        assert_eq!(status(&world.start("t")), expected, "{stale_for}");
        assert_eq!(status(&world.start("c")), 503);
    }
}

#[test]
fn a_failure_is_for_all_who_wait_and_for_a_second() {
    let mut world = World::new();
    let (one, two) = (world.wait("t"), world.wait("t"));
    world.answer(Ok(("401", r#"{"error": "invalid_client"}"#)));
    assert_eq!(status(&world.resume(one)), 503);
    assert_eq!(status(&world.resume(two)), 503);
    assert_eq!((world.seen.fetched, world.seen.failed), (1, 1));
    assert_eq!(world.ask("t", ACTIVE), 503, "it isn't asked about");
    world.pass(1);
    assert_eq!(world.ask("t", ACTIVE), 200);
}

#[test]
fn a_question_that_is_never_answered_ends() {
    let mut world = World::new();
    let waiting = world.wait("t");
    // The timeout, and a little for the host to tell it.
    let longest = waiting.deadline.since(world.clock.0);
    assert_eq!(longest, Duration::from_millis(2500));
    assert_eq!(status(&world.resume_overdue(waiting)), 503);
}

#[test]
fn a_stale_answer_is_used_for_failures_where_the_policy_says_so() {
    for (stale_for, after, expected) in [("0s", 61, 503), ("90s", 61, 200), ("90s", 91, 503)] {
        let policy = POLICY.replace(r#""0s""#, &format!("\"{stale_for}\""));
        let mut world = World::of(&policy, &Store::new(7));
        assert_eq!(world.ask("t", ACTIVE), 200);
        world.pass(after);
        assert_eq!(world.ask("t", DOWN), expected, "{stale_for} {after}");
        // What is known from before holds for a second at most.
        world.pass(2);
        assert_eq!(world.ask("t", INACTIVE), 401, "{stale_for} {after}");
    }
}

#[test]
fn a_slow_server_is_a_failure_too() {
    let policy = POLICY.replace(r#""0s""#, r#""90s""#);
    let mut world = World::of(&policy, &Store::new(7));
    assert_eq!(world.ask("t", ACTIVE), 200);
    world.pass(61);
    let waiting = world.wait("t");
    assert_eq!(status(&world.resume_overdue(waiting)), 200);
}

#[test]
fn two_servers_are_asked_one_after_the_other() {
    let mut world = World::new();
    let waiting = waiting(world.start_at("/all", "a", "b"));
    assert_eq!(world.open.len(), 1);
    world.answer(ACTIVE);
    let Step::Wait(waiting) = world.resume(waiting) else {
        panic!("it has to ask the other one");
    };
    assert_eq!(world.open.len(), 1, "the first is not asked again");
    world.answer(INACTIVE);
    assert_eq!(status(&world.resume(*waiting)), 401);
}

#[test]
fn a_token_that_is_asked_about_and_a_lookup_are_waited_for() {
    let mut world = World::new();
    let first = waiting(world.start_at("/looked-up", "a", "x"));
    world.answer(ACTIVE);
    let Step::Wait(second) = world.resume(first) else {
        panic!("it has to look up");
    };
    world.answer(Ok(("200", r#"{"v": 1}"#)));
    assert_eq!(status(&world.resume(*second)), 200);
    assert_eq!(world.seen.fetched, 2);
}

#[test]
fn policies_share_what_one_server_says_to_one_client() {
    let store = Store::new(7);
    let mut first = World::of(POLICY, &store);
    let mut same = World::of(POLICY, &store);
    let mut stranger = World::of(&POLICY.replace("hunter2", "hunter3"), &store);
    assert_eq!(first.ask("t", ACTIVE), 200);
    assert_eq!(status(&same.start("t")), 200);
    assert!(matches!(stranger.start("t"), Step::Wait(_)));
}

#[test]
fn a_clock_put_back_prolongs_no_answer() {
    let mut world = World::new();
    assert_eq!(world.ask("t", ACTIVE), 200);
    world.clock.0 = Timestamp::from_nanos(1_699_990_000_000_000_000);
    assert_eq!(world.ask("t", INACTIVE), 200, "its time begins again");
    world.pass(61);
    assert_eq!(world.ask("t", INACTIVE), 401);
}

#[test]
fn policies_that_share_an_answer_believe_it_for_their_own_times() {
    let store = Store::new(7);
    let short = POLICY.replace(r#""ttl": "60s""#, r#""ttl": "1s""#);
    let (mut long, mut short) = (World::of(POLICY, &store), World::of(&short, &store));
    let (first, second) = (short.wait("t"), long.wait("t"));
    assert_eq!((short.open.len(), long.open.len()), (1, 0), "one question");
    short.answer(ACTIVE);
    assert_eq!(status(&short.resume(first)), 200);
    assert_eq!(status(&long.resume(second)), 200);
    short.pass(2);
    long.pass(2);
    assert_eq!(status(&long.start("t")), 200);
    assert_eq!(short.ask("t", INACTIVE), 401);
}

#[test]
fn a_token_that_ends_while_its_exchange_waits_for_more_is_refused() {
    let mut world = World::new();
    let first = waiting(world.start_at("/looked-up", "a", "x"));
    world.answer(Ok(("200", r#"{"active": true, "exp": 1700000001}"#)));
    let Step::Wait(second) = world.resume(first) else {
        panic!("it has to look up");
    };
    world.pass(1);
    world.answer(Ok(("200", r#"{"v": 1}"#)));
    assert_eq!(status(&world.resume(*second)), 401);
    assert_eq!(world.seen.reasons, ["inactive_token"]);
}

#[test]
fn a_token_is_shown_nowhere() {
    let mut world = World::new();
    let waiting = world.wait("tok-one");
    let before = format!("{:?} {waiting:?} {:?}", world.engine, world.open);
    world.answer(ACTIVE);
    let answered = format!("{:?} {waiting:?}", world.engine);
    let _ = world.resume(waiting);
    let after = format!("{:?}", world.engine);
    for text in [before, answered, after] {
        // As text, and as numbers.
        for token in ["tok-one", "116, 111, 107", "hunter2", "104, 117, 110"] {
            assert!(!text.contains(token), "{token}: {text}");
        }
    }
}
