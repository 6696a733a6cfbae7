//! Documents in layers, while their parts change, fail and go stale, in one VM and in several.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a simulation that panics is a failed test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use postern::config::Config;
use postern::engine::{
    Engine, Event, HostVerifier, Inputs, Observer, SourceReport, Step, Store, Waiting,
};
use postern::http::{CalloutError, Edits, HeaderMap, Reply, Request};
use postern::internals::source::LocalData;
use postern::policy::Policy;
use postern::time::Timestamp;

/// What happened to sources.
#[derive(Default)]
struct Events(Vec<String>);

impl Observer for Events {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::SourceLoaded { source, .. } = event {
            self.0.push(format!("{source} loaded"));
        } else if let Event::SourceFailed { source, error, .. } = event {
            self.0.push(format!("{source}: {error}"));
        }
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

/// A proxy with one clock and one shared data, and a centre.
struct World {
    shared: LocalData,
    clock: Clock,
    events: Events,
    /// The documents by path. What is not there is down.
    documents: BTreeMap<&'static str, String>,
    /// The paths that were asked.
    asked: Vec<String>,
}

impl World {
    fn new(documents: &[(&'static str, &str)]) -> Self {
        let documents = documents.iter();
        Self {
            shared: LocalData::default(),
            clock: Clock(Timestamp::from_nanos(1_700_000_000_000_000_000)),
            events: Events::default(),
            documents: documents
                .map(|(path, text)| (*path, (*text).to_owned()))
                .collect(),
            asked: Vec::new(),
        }
    }

    fn engine(&mut self, policy: &str, store: &Store) -> Engine {
        let config = Config::parse(policy.as_bytes()).unwrap();
        let policy = Policy::compile(&config, &|_: &str| None).unwrap();
        Engine::new(Arc::new(policy), store, &mut self.events)
    }

    /// Lets some time pass, with all ticks.
    fn pass(&mut self, engine: &mut Engine, time: Duration) {
        let end = self.clock.0.after(time);
        while self.clock.0 < end {
            self.tick(engine);
        }
    }

    /// One tick. Each callout is answered at once.
    fn tick(&mut self, engine: &mut Engine) {
        let period = engine.tick_period().unwrap();
        self.clock.0 = self.clock.0.after(period);
        let _ = engine.tick(self.clock.0, &mut self.shared, &mut self.events);
        self.serve(engine);
    }

    fn serve(&mut self, engine: &mut Engine) {
        for (flight, callout) in engine.callouts() {
            let path = callout.headers.iter().find(|(name, _)| **name == *b":path");
            let path = String::from_utf8(path.unwrap().1.to_vec()).unwrap();
            let reply = match self.documents.get(&*path) {
                Some(text) => Ok(Reply {
                    headers: HeaderMap::from_pairs(&[(":status", "200")]),
                    body: text.clone().into_bytes(),
                }),
                None => Err(CalloutError::NoReply),
            };
            self.asked.push(path);
            let _ = engine.reply(
                flight,
                reply,
                self.clock.0,
                &mut self.shared,
                &mut self.events,
            );
        }
    }

    fn start(&mut self, engine: &mut Engine) -> Step {
        let map = HeaderMap::from_pairs(&[
            (":method", "GET"),
            (":scheme", "http"),
            (":authority", "api.test"),
            (":path", "/"),
        ]);
        let request = Request::new(map.view());
        let mut edits = Edits::default();
        engine.start(&request, &mut edits, &mut self.clock, &mut self.events)
    }

    /// What the lookup gets: the body of the answer, or the status of a denial.
    fn ask(&mut self, engine: &mut Engine) -> String {
        let step = self.start(engine);
        answer(step)
    }

    fn resume(&mut self, engine: &mut Engine, waiting: Waiting) -> Step {
        let mut edits = Edits::default();
        let suspended = waiting.suspended;
        suspended.resume(engine, &mut edits, &mut self.clock, &mut self.events)
    }

    fn take_events(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events.0)
    }
}

fn answer(step: Step) -> String {
    let Step::Respond(response) = step else {
        panic!("{step:?}");
    };
    if response.status == 200 {
        String::from_utf8_lossy(&response.body).into_owned()
    } else {
        response.status.to_string()
    }
}

/// A policy of a merged source that answers with three of its values.
fn policy(optional: bool, more: &str) -> String {
    format!(
        r#"{{"sources": {{
            "base": {{"http": {{"cluster": "c", "path": "/base"}}, "refresh": "1s", "staleFor": "1m"}},
            "region": {{"http": {{"cluster": "c", "path": "/region"}}, "refresh": "1s", "staleFor": "10s"}},
            "app": {{"merge": ["base", {{"source": "region", "optional": {optional}}}]{more}}}}},
        "routes": [{{"name": "r", "require": "none",
            "lookup": {{"v": {{"source": "app", "values": {{"a": "$.a", "b": "$.b", "c": "$.c"}}, "hold": "5s"}}}},
            "respond": {{"status": 200, "body": "${{v.a:--}} ${{v.b:--}} ${{v.c:--}}"}}}}]}}"#
    )
}

const SECOND: Duration = Duration::from_secs(1);

fn loaded() -> (World, Store, Engine) {
    let mut world = World::new(&[
        ("/base", r#"{"a": 1, "b": 1}"#),
        ("/region", r#"{"b": 2, "c": 2}"#),
    ]);
    let store = Store::new(7);
    let mut engine = world.engine(&policy(false, ""), &store);
    world.pass(&mut engine, SECOND);
    assert_eq!(world.ask(&mut engine), "1 2 2");
    world.take_events();
    (world, store, engine)
}

#[test]
fn each_part_keeps_its_own_last_good_document() {
    let (mut world, _store, mut engine) = loaded();
    world.documents.remove("/region");
    world
        .documents
        .insert("/base", r#"{"a": 3, "b": 3}"#.to_owned());
    world.pass(&mut engine, SECOND * 5);
    assert_eq!(world.ask(&mut engine), "3 2 2");
    world.documents.insert("/region", "{".to_owned());
    world.documents.remove("/base");
    world.pass(&mut engine, SECOND * 3);
    assert_eq!(world.ask(&mut engine), "3 2 2");
    let events = world.take_events();
    let of_app = |event: &&String| event.starts_with("app");
    let of_app: Vec<_> = events.iter().filter(of_app).collect();
    assert_eq!(of_app, ["app loaded"], "{events:?}");
}

#[test]
fn a_part_that_is_too_old_makes_the_document_unavailable_until_it_is_back() {
    let (mut world, _store, mut engine) = loaded();
    world.documents.remove("/region");
    world.pass(&mut engine, SECOND * 9);
    assert_eq!(world.ask(&mut engine), "1 2 2");
    world.pass(&mut engine, SECOND * 3);
    assert!(
        matches!(world.start(&mut engine), Step::Wait(_)),
        "the first document is awaited"
    );
    let usable = |report: &SourceReport<'_>| {
        matches!(
            report,
            SourceReport::Watched {
                name: "app",
                is_usable: true,
                ..
            }
        )
    };
    assert!(!engine.report(world.clock.0).iter().any(usable));
    world.documents.insert("/region", r#"{"c": 4}"#.to_owned());
    world.pass(&mut engine, SECOND * 20);
    assert!(engine.report(world.clock.0).iter().any(usable));
    assert_eq!(world.ask(&mut engine), "1 1 4");
}

#[test]
fn an_optional_part_that_is_too_old_is_left_out() {
    let mut world = World::new(&[("/base", r#"{"a": 1, "b": 1}"#), ("/region", r#"{"b": 2}"#)]);
    let store = Store::new(7);
    let mut engine = world.engine(&policy(true, ""), &store);
    world.pass(&mut engine, SECOND);
    assert_eq!(world.ask(&mut engine), "1 2 -");
    world.documents.remove("/region");
    world.pass(&mut engine, SECOND * 9);
    assert_eq!(world.ask(&mut engine), "1 2 -");
    world.pass(&mut engine, SECOND * 4);
    assert_eq!(world.ask(&mut engine), "1 1 -");
    world.documents.insert("/region", r#"{"b": 5}"#.to_owned());
    world.pass(&mut engine, SECOND * 20);
    assert_eq!(world.ask(&mut engine), "1 5 -");
}

/// A request that comes early does not get the lower layer alone.
#[test]
fn an_optional_part_is_waited_for_until_it_has_failed() {
    let mut world = World::new(&[("/base", r#"{"a": 1}"#)]);
    let store = Store::new(7);
    let mut engine = world.engine(&policy(true, ""), &store);
    let period = engine.tick_period().unwrap();
    world.clock.0 = world.clock.0.after(period);
    let _ = engine.tick(world.clock.0, &mut world.shared, &mut world.events);
    let callouts = engine.callouts();
    let Step::Wait(waiting) = world.start(&mut engine) else {
        panic!("nothing has come");
    };
    let mut woken = Vec::new();
    for (at, (flight, _)) in callouts.into_iter().enumerate() {
        let reply = if at == 0 {
            Ok(Reply {
                headers: HeaderMap::from_pairs(&[(":status", "200")]),
                body: br#"{"a": 1}"#.to_vec(),
            })
        } else {
            assert!(woken.is_empty(), "only the lower layer is there");
            Err(CalloutError::NoReply)
        };
        let now = world.clock.0;
        woken = engine
            .reply(flight, reply, now, &mut world.shared, &mut world.events)
            .0;
    }
    assert_eq!(woken, [waiting.suspended.id()]);
    let step = world.resume(&mut engine, *waiting);
    assert_eq!(answer(step), "1 - -");
}

#[test]
fn a_push_that_changes_routes_has_the_document_at_once() {
    let (mut world, store, mut engine) = loaded();
    let asked = world.asked.len();
    let mut pushed = world.engine(&policy(false, "").replace("5s", "4s"), &store);
    assert_eq!(world.ask(&mut pushed), "1 2 2");
    let _ = engine.close(world.clock.0, &mut world.shared);
    assert_eq!(world.ask(&mut pushed), "1 2 2");
    // Another form of the document is made of the parts that are there.
    let index = r#", "index": {"items": "$", "by": "$.a"}"#;
    let mut indexed = world.engine(&policy(false, index), &store);
    assert_eq!(world.ask(&mut indexed), "1 2 2");
    engine = world.engine(&policy(true, ""), &store);
    assert_eq!(world.ask(&mut engine), "1 2 2");
    assert_eq!(world.asked.len(), asked);
}

#[test]
fn another_vm_makes_the_document_of_the_parts_that_one_has_fetched() {
    let (mut world, _store, mut engine) = loaded();
    let asked = world.asked.len();
    let other = Store::new(8);
    let mut other = world.engine(&policy(false, ""), &other);
    world.tick(&mut other);
    assert_eq!(world.asked.len(), asked, "the other VM has asked");
    assert_eq!(world.ask(&mut other), "1 2 2");
    world.documents.insert("/region", r#"{"b": 6}"#.to_owned());
    world.pass(&mut engine, SECOND * 2);
    world.tick(&mut other);
    assert_eq!(
        [world.ask(&mut engine), world.ask(&mut other)],
        ["1 6 -", "1 6 -"]
    );
}

/// An operator may write anything into a layer. It must not take the others along.
#[test]
fn a_part_that_becomes_a_list_leaves_the_document_as_it_was() {
    let (mut world, _store, mut engine) = loaded();
    world.documents.insert("/region", r#"["b"]"#.to_owned());
    world.pass(&mut engine, SECOND * 5);
    assert_eq!(world.ask(&mut engine), "1 2 2");
    let events = world.take_events();
    let expected = "app: the document can't be used: its part `region` is no map";
    assert!(
        events
            .iter()
            .any(|event| event.contains("its part `region` is no map")),
        "{expected}: {events:?}"
    );
    assert_eq!(
        events
            .iter()
            .filter(|event| event.starts_with("app"))
            .count(),
        1,
        "{events:?}"
    );
    // It stays for the shortest `staleFor`.
    world.pass(&mut engine, SECOND * 10);
    assert!(matches!(world.start(&mut engine), Step::Wait(_)));
    world.documents.insert("/region", "{}".to_owned());
    world.pass(&mut engine, SECOND * 3);
    assert_eq!(world.ask(&mut engine), "1 1 -");
}

#[test]
fn parts_that_are_large_are_merged_in_slices() {
    let entries = |word: &str| {
        let entry = |at: usize| {
            format!(r#""k{at}": {{"id": "{at}", "word": "{word}", "list": [1, 2, 3]}}"#)
        };
        (0..20_000).map(entry).collect::<Vec<_>>().join(",")
    };
    let mut world = World::new(&[]);
    let base = format!(r#"{{"a": 1, "entries": {{{}}}}}"#, entries("base"));
    world.documents.insert("/base", base);
    let region = format!(r#"{{"b": 2, "entries": {{{}}}}}"#, entries("region"));
    world.documents.insert("/region", region);
    let store = Store::new(7);
    let mut engine = world.engine(&policy(false, ""), &store);
    let mut ticks = 0;
    while !world.events.0.contains(&"app loaded".to_owned()) {
        world.tick(&mut engine);
        ticks += 1;
        assert!(ticks < 5_000, "it never ends: {:?}", world.events.0);
    }
    assert!(ticks > 30, "{ticks} ticks");
    assert_eq!(world.ask(&mut engine), "1 2 -");
    // A small change is made in slices too, and the old document stays meanwhile.
    world.documents.insert("/region", r#"{"b": 3}"#.to_owned());
    let mut old = 0;
    for _ in 0..5_000 {
        world.tick(&mut engine);
        match &*world.ask(&mut engine) {
            "1 2 -" => old += 1,
            "1 3 -" => break,
            other => panic!("{other}"),
        }
    }
    assert!(old > 10, "{old}");
}

/// Parts that change all the time don't keep the document from being made.
#[test]
fn parts_that_change_often_do_not_delay_the_document_for_ever() {
    let (mut world, _store, mut engine) = loaded();
    let entries = (0..5_000).map(|at| format!(r#""k{at}": [{at}]"#));
    let entries = entries.collect::<Vec<_>>().join(",");
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..12 {
        let text = format!(r#"{{"b": {round}, "entries": {{{entries}}}}}"#);
        world.documents.insert("/region", text);
        world.pass(&mut engine, SECOND);
        seen.insert(world.ask(&mut engine));
    }
    assert!(seen.len() > 6, "{seen:?}");
}

#[test]
fn parts_in_the_policy_alone_need_no_tick() {
    let mut world = World::new(&[]);
    let store = Store::new(7);
    let policy = r#"{"sources": {"x": {"inline": {"a": 1, "b": {"c": 1}}}, "y": {"inline": {"b": {"d": 2}}}, "app": {"merge": ["x", "y"]}},
        "routes": [{"name": "r", "require": "none", "lookup": {"v": {"source": "app", "values": {"a": "$.a", "c": "$.b.c", "d": "$.b.d"}}},
            "respond": {"status": 200, "body": "${v.a} ${v.c} ${v.d}"}}]}"#;
    let mut engine = world.engine(policy, &store);
    assert_eq!(engine.tick_period(), None);
    assert_eq!(world.ask(&mut engine), "1 1 2");
}

/// Lists of conditions, consumers and a lookup, all of one merged document.
#[test]
fn everything_that_is_read_of_a_document_is_read_of_a_merged_one() {
    let mut world = World::new(&[
        ("/base", r#"{"blocked": ["a"], "consumers": []}"#),
        (
            "/region",
            r#"{"consumers": [{"name": "ann", "credentials": [{"apiKey": {"value": "k"}}]}]}"#,
        ),
    ]);
    let store = Store::new(7);
    let policy = r#"{"consumersFrom": [{"source": "app", "items": "$.consumers[*]"}],
        "providers": {"keys": {"apiKey": {"from": [{"header": "x-key"}]}}},
        "sources": {
            "base": {"http": {"cluster": "c", "path": "/base"}, "refresh": "1s"},
            "region": {"http": {"cluster": "c", "path": "/region"}, "refresh": "1s"},
            "app": {"merge": ["base", "region"]}},
        "routes": [{"name": "r", "require": "none",
            "authorize": {"not": {"value": "${header.x-name:-}", "in": {"source": "app", "list": "$.blocked[*]"}}},
            "respond": {"status": 200, "body": "ok"}}]}"#;
    let mut engine = world.engine(policy, &store);
    assert_eq!(world.ask(&mut engine), "503");
    world.pass(&mut engine, SECOND);
    assert_eq!(world.ask(&mut engine), "ok");
    let consumers = |report: &SourceReport<'_>| {
        if let SourceReport::Watched {
            name: "app",
            document: Some(document),
            ..
        } = report
        {
            return Some(document.consumers);
        }
        None
    };
    let reports = engine.report(world.clock.0);
    assert_eq!(reports.iter().find_map(consumers), Some(1));
    drop(reports);
    world.documents.insert("/region", "{}".to_owned());
    world.documents.insert(
        "/base",
        r#"{"blocked": [""], "consumers": null}"#.to_owned(),
    );
    world.pass(&mut engine, SECOND * 3);
    assert_eq!(world.ask(&mut engine), "403");
}

/// The lease of a part is given up when the last policy ends that has the merged document.
#[test]
fn the_end_of_a_policy_gives_its_leases_up() {
    let (mut world, store, engine) = loaded();
    let _ = engine.close(world.clock.0, &mut world.shared);
    drop(store);
    let asked = world.asked.len();
    let other = Store::new(8);
    let mut other = world.engine(&policy(false, ""), &other);
    world.pass(&mut other, SECOND * 2);
    assert!(world.asked.len() > asked, "nobody has asked again");
}
