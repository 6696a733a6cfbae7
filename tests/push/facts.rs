//! What must be so, in any version of Envoy.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::armed;
use crate::centre::{Centre, Deed};
use crate::gate::{Delivery, Gate, IDLE, Setting, WORKERS, by_text};
use crate::http1::get;
use crate::load::{Load, Sample};
use crate::policies::{bad, good, with_a_watched_source, with_sources};

/// Says what was measured.
pub(crate) fn tell(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}

/// What the clients send, in turn.
pub(crate) const REQUESTS: [&str; 3] = ["/api ann-key", "/api bob-key", "/api mallory-key"];
pub(crate) const ANN: usize = 0;
pub(crate) const BOB: usize = 1;

/// Two for each worker.
pub(crate) const CONNECTIONS: usize = WORKERS * 2;

/// A thousand requests a second, over all connections.
pub(crate) const PACE: Duration = Duration::from_millis(8);

/// Long enough for a push to have reached every worker of a busy machine.
const SETTLED: Duration = Duration::from_secs(2);

pub(crate) fn start(setting: Setting, first: &str) -> Gate {
    match Gate::start(setting, first) {
        Ok(gate) => gate,
        Err(error) => panic!("{error}"),
    }
}

/// What is tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Under<'a> {
    /// Another Envoy than the one that the project is set up with.
    pub(crate) envoy: Option<&'a Path>,
}

pub(crate) fn setting(name: &'static str, delivery: Delivery, under: Under<'_>) -> Setting {
    let mut setting = Setting::new(name, delivery);
    setting.program = under.envoy.map(Path::to_owned);
    setting
}

/// Whether an answer is one that policy `number` gives.
pub(crate) fn given_by(number: u32, sample: &Sample) -> bool {
    let may = match sample.request {
        ANN => true,
        BOB => number % 2 == 0,
        _ => false,
    };
    let right = if may {
        (200, Some(number))
    } else {
        (401, None)
    };
    (sample.status, sample.policy) == right
}

/// All are.
pub(crate) fn all_by(number: u32, samples: &[Sample]) {
    assert!(!samples.is_empty(), "nobody asked");
    for sample in samples {
        assert!(given_by(number, sample), "policy {number}: {sample:?}");
    }
}

fn between(samples: &[Sample], from: Duration, to: Duration) -> Vec<Sample> {
    let own = samples
        .iter()
        .filter(|sample| sample.due >= from && sample.due.saturating_add(sample.took) < to);
    own.copied().collect()
}

fn every_worker(gate: &Gate) {
    let connections = gate.connections_by_worker();
    assert!(
        connections.len() >= WORKERS && connections.iter().all(|count| *count > 0),
        "{connections:?}"
    );
}

/// A policy that nobody uses any more is let go: what it said of its source is withdrawn.
pub(crate) fn let_go(under: Under<'_>) {
    let centre = centre();
    let mut setting = setting("push-let-go", Delivery::Ecds, under);
    setting.centre = Some(centre.address);
    let gate = start(setting, &with_a_watched_source(1).to_string());
    let is_told = |gate: &Gate| gate.stat(";.;configured") > 0;
    gate.until("a source is told of", is_told);
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    gate.push(&good(2));
    gate.until("the old policy is let go", |gate| !is_told(gate));
    gate.push(&with_a_watched_source(3).to_string());
    gate.until("it is told of again", is_told);
    for sample in load.finish() {
        let by_any = [1, 2, 3].iter().any(|number| given_by(*number, &sample));
        assert!(by_any, "{sample:?}");
    }
}

pub(crate) fn bad_by_ecds(under: Under<'_>) {
    let gate = start(setting("push-bad-ecds", Delivery::Ecds, under), &good(1));
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    let mut refused = gate.refused();
    for (what, bad) in bad() {
        gate.push_value(&bad);
        gate.until(what, |gate| gate.refused() > refused);
        refused = gate.refused();
        Gate::pause(Duration::from_millis(300));
    }
    // So does a good policy whose module is not there, or is none.
    for (what, module) in [
        ("no module", "/nonexistent.wasm"),
        ("another file", "/proc/version"),
    ] {
        gate.push_module(&good(2), Path::new(module));
        gate.until(what, |gate| gate.refused() > refused);
        refused = gate.refused();
        Gate::pause(Duration::from_millis(300));
    }
    let pushed = load.now();
    gate.push(&good(2));
    Gate::pause(SETTLED);
    let settled = load.now();
    Gate::pause(Duration::from_secs(1));
    let samples = load.finish();
    all_by(1, &between(&samples, Duration::ZERO, pushed));
    all_by(2, &between(&samples, settled, Duration::MAX));
    assert_eq!(changed_over(&samples, 1, 2), [2; CONNECTIONS]);
    // It was by the connections that were open all the time.
    every_worker(&gate);
    let log = gate.envoy.log();
    for word in [
        "event=policy_refused",
        "did you mean `routes`",
        "there is no provider `keys`",
    ] {
        assert!(log.contains(word), "the log doesn't say: {word}");
    }
}

/// Each connection was answered by one policy and then by the other, and by nothing else: which one each ended with.
pub(crate) fn changed_over(samples: &[Sample], old: u32, new: u32) -> Vec<u32> {
    let end = |connection| {
        let mut now = old;
        for sample in samples
            .iter()
            .filter(|sample| sample.connection == connection)
        {
            let may = match sample.request {
                ANN => &[200][..],
                BOB if old % 2 == new % 2 => &[200],
                BOB => &[200, 401],
                _ => &[401],
            };
            assert!(may.contains(&sample.status), "{sample:?}");
            if let Some(policy) = sample.policy {
                assert!(policy == now || policy == new, "{sample:?} after {now}");
                now = policy;
            }
        }
        now
    };
    (0..CONNECTIONS).map(end).collect()
}

/// Envoy 1.40 keeps open connections for as long as they are drained; up to 1.39 each gets one more answer, which closes
/// it. Either is by the policy before.
pub(crate) fn bad_by_lds(under: Under<'_>) {
    let mut setting = setting("push-bad-lds", Delivery::Lds, under);
    // While it drains Envoy closes a connection here and there, the more the nearer the end.
    setting.arguments = ["--drain-time-s", "6000"].map(str::to_owned).to_vec();
    let gate = start(setting, &good(2));
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    let mut refused = gate.refused();
    for (what, bad) in bad() {
        gate.push_value(&bad);
        gate.until(what, |gate| gate.refused() > refused);
        refused = gate.refused();
        Gate::pause(Duration::from_millis(100));
    }
    let pushed = load.now();
    gate.push(&good(3));
    gate.until("the new policy", |gate| {
        gate.status("/api", "bob-key") == 401
    });
    Gate::pause(SETTLED);
    let samples = load.finish();
    all_by(2, &between(&samples, Duration::ZERO, pushed));
    // Whoever was connected before is still answered by the policy before: bob was revoked, and enters.
    let ends = changed_over(&samples, 2, 3);
    if under.envoy.is_none() {
        assert!(ends.contains(&2), "{ends:?}");
    } else {
        assert_eq!(ends, [3; CONNECTIONS]);
    }
    every_worker(&gate);
}

pub(crate) fn drained(under: Under<'_>) {
    let mut setting = setting("push-drained", Delivery::Lds, under);
    setting.arguments = ["--drain-time-s", "2"].map(str::to_owned).to_vec();
    let gate = start(setting, &good(2));
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_secs(1));
    gate.push(&good(4));
    gate.until("the old listener is gone", |gate| {
        gate.stat("listener_manager.total_filter_chains_draining") == 1
    });
    gate.until("the old listener is gone", |gate| {
        gate.stat("listener_manager.total_filter_chains_draining") == 0
    });
    Gate::pause(Duration::from_secs(1));
    let samples = load.finish();
    let end = samples.len().saturating_sub(CONNECTIONS.saturating_mul(20));
    all_by(4, &samples[end..]);
    assert_eq!(changed_over(&samples, 2, 4), [4; CONNECTIONS]);
}

pub(crate) fn bad_at_first(under: Under<'_>) {
    let by_text = by_text("{}").to_string();
    let gate = start(setting("push-first-ecds", Delivery::Ecds, under), &by_text);
    for key in ["ann-key", "mallory-key"] {
        assert_eq!(gate.status("/api", key), 500);
    }
    assert_eq!(get(gate.envoy.admin, "/ready", "").unwrap().status(), 200);
    gate.push(&good(1));
    gate.until("it heals", |gate| gate.status("/api", "ann-key") == 200);
    Gate::pause(SETTLED);
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_millis(500));
    all_by(1, &load.finish());
    drop(gate);

    let gate = start(setting("push-first-lds", Delivery::Lds, under), &by_text);
    assert_eq!(gate.status("/api", "ann-key"), 0, "nobody listens");
    assert_eq!(get(gate.envoy.admin, "/ready", "").unwrap().status(), 200);
    gate.push(&good(1));
    gate.until("it heals", |gate| gate.status("/api", "ann-key") == 200);
    drop(gate);

    let error = Gate::start(
        setting("push-first-static", Delivery::Static, under),
        &by_text,
    )
    .unwrap_err();
    assert!(
        error.contains("Envoy ended") && error.contains("event=policy_refused"),
        "{error}"
    );
}

pub(crate) fn answer(body: &str) -> Deed {
    Deed::Answer {
        status: 200,
        fields: Vec::new(),
        body: body.as_bytes().to_vec(),
        after: Duration::ZERO,
        claimed: None,
    }
}

const AUTHORITY: &str = "centre.test";

/// A config centre that answers what the policies with sources ask.
pub(crate) fn centre() -> Centre {
    let centre = Centre::start();
    instruct(&centre, Some(()));
    centre
}

/// It answers, or is down.
fn instruct(centre: &Centre, up: Option<()>) {
    for (path, body) in [
        (
            "/tenants.json",
            r#"{"tenants": [{"id": "acme", "on": true}, {"id": "globex", "on": false}]}"#,
        ),
        ("/profiles/ann", r#"{"on": true}"#),
        ("/profiles/bob", r#"{"on": false}"#),
    ] {
        let deed = up.map_or(Deed::Down, |()| answer(body));
        centre.set(AUTHORITY, path, deed);
    }
}

const LOOKED_UP: [&str; 4] = [
    "/tenant/acme",
    "/tenant/globex",
    "/profile/ann",
    "/profile/bob",
];

/// Waits until all connections are answered as they should be.
fn until_known(gate: &Gate) {
    gate.until("everything is known", |gate| {
        let load = Load::start(gate.address(), &LOOKED_UP, CONNECTIONS, PACE);
        Gate::pause(Duration::from_millis(300));
        load.finish().iter().all(looked_up_rightly)
    });
}

fn looked_up_rightly(sample: &Sample) -> bool {
    sample.status == if sample.request % 2 == 0 { 200 } else { 403 }
}

pub(crate) fn learnt(under: Under<'_>) {
    let centre = centre();
    let mut setting = setting("push-learnt", Delivery::Ecds, under);
    setting.centre = Some(centre.address);
    let gate = start(setting, &with_sources(1).to_string());
    until_known(&gate);
    instruct(&centre, None);
    centre.asked(AUTHORITY);
    let load = Load::start(gate.address(), &LOOKED_UP, CONNECTIONS, PACE);
    Gate::pause(Duration::from_millis(500));
    for number in 2..=6 {
        gate.push(&with_sources(number).to_string());
        Gate::pause(Duration::from_secs(1));
    }
    Gate::pause(SETTLED);
    let samples = load.finish();
    for sample in &samples {
        assert!(
            looked_up_rightly(sample),
            "{} is {sample:?}",
            LOOKED_UP[sample.request]
        );
    }
    // Nothing that was remembered was asked for again.
    assert!(
        centre
            .asked(AUTHORITY)
            .iter()
            .all(|path| path == "/tenants.json")
    );
    for connection in 0..CONNECTIONS {
        let mut own = samples
            .iter()
            .filter(|sample| sample.connection == connection);
        assert_eq!(
            own.rfind(|sample| sample.policy.is_some())
                .and_then(|last| last.policy),
            Some(6)
        );
    }
    every_worker(&gate);
}

/// Sends a request that makes the module trap.
fn trap(gate: &Gate) {
    let answer = get(
        gate.address(),
        "/api",
        "x-api-key: ann-key\r\nx-trap: 1\r\n",
    )
    .expect("an answer");
    assert_eq!(answer.status(), 503);
}

fn armed_gate(name: &'static str, word: &'static str, centre: &Centre, under: Under<'_>) -> Gate {
    let mut setting = setting(name, Delivery::Ecds, under);
    setting.module = armed::module();
    setting.after_a_trap = Some(word);
    setting.centre = Some(centre.address);
    let gate = start(setting, &with_sources(1).to_string());
    until_known(&gate);
    gate
}

/// Envoy answers nobody who waits in a VM that traps, but the stream's idle timeout ends the wait.
#[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
pub(crate) fn waiting(under: Under<'_>) {
    for word in ["FAIL_CLOSED", "FAIL_RELOAD"] {
        let centre = centre();
        let gate = armed_gate("push-waiting", word, &centre, under);
        centre.set(AUTHORITY, "/profiles/eve", Deed::Silent);
        let address = gate.address();
        let ask = move || {
            let start = Instant::now();
            let status = get(address, "/profile/eve", "").map_or(0, |answer| answer.status());
            (status, start.elapsed())
        };
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| thread::spawn(ask)).collect();
        Gate::pause(Duration::from_millis(300));
        trap(&gate);
        let answers: Vec<_> = clients
            .into_iter()
            .map(|client| client.join().expect("it doesn't panic"))
            .collect();
        tell(&format!("{word}: those who wait get {answers:?}"));
        for (status, took) in &answers {
            assert!(matches!(status, 408 | 503 | 504), "{answers:?}");
            assert!(*took < IDLE.saturating_add(SETTLED), "{answers:?}");
        }
    }
}

/// When each connection of those that were answered 503 was so first and last.
fn shut(samples: &[Sample]) -> Vec<(Duration, Duration)> {
    let span = |connection| {
        let shut = |sample: &&Sample| sample.connection == connection && sample.status == 503;
        let mut own = samples.iter().filter(shut);
        let first = own.next()?.due;
        Some((first, own.next_back().map_or(first, |last| last.due)))
    };
    (0..CONNECTIONS).filter_map(span).collect()
}

/// After a trap Envoy makes a new VM for that worker. What is watched comes from the other VMs; the centre isn't asked.
pub(crate) fn reloaded(under: Under<'_>) {
    let centre = centre();
    let gate = armed_gate("push-reloaded", "FAIL_RELOAD", &centre, under);
    instruct(&centre, None);
    let requests = [
        "/api ann-key",
        "/api mallory-key",
        "/tenant/acme",
        "/tenant/globex",
    ];
    let load = Load::start(gate.address(), &requests, CONNECTIONS, PACE);
    Gate::pause(Duration::from_secs(1));
    let trapped = load.now();
    trap(&gate);
    Gate::pause(Duration::from_secs(3));
    let samples = load.finish();
    let right = [200, 401, 200, 403];
    for sample in &samples {
        let meant = sample.status == right[sample.request];
        assert!(
            meant || sample.status == 503,
            "{} is {sample:?}",
            requests[sample.request]
        );
    }
    let shut = shut(&samples);
    let connections = CONNECTIONS / WORKERS;
    assert!(shut.len() <= connections, "more than one worker: {shut:?}");
    let longest = shut
        .iter()
        .map(|(_, last)| last.saturating_sub(trapped))
        .max();
    let longest = longest.unwrap_or_default();
    tell(&format!("FAIL_RELOAD: shut for {longest:?} on one worker"));
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert_eq!(gate.stat("vm_reload_success"), 1);
}

/// After a trap that worker is shut until the next push that changes something.
pub(crate) fn closed(under: Under<'_>) {
    let centre = centre();
    let gate = armed_gate("push-closed", "FAIL_CLOSED", &centre, under);
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_millis(500));
    trap(&gate);
    Gate::pause(SETTLED);
    let pushed = load.now();
    gate.push(&good(3));
    Gate::pause(SETTLED);
    let settled = load.now();
    Gate::pause(Duration::from_millis(500));
    let samples = load.finish();
    let shut = shut(&samples);
    assert_eq!(shut.len(), CONNECTIONS / WORKERS, "one worker: {shut:?}");
    for (first, last) in shut {
        assert!(
            first < pushed && last.saturating_add(PACE.saturating_mul(20)) > pushed,
            "{first:?} {last:?}"
        );
    }
    all_by(3, &between(&samples, settled, Duration::MAX));
    // Nothing but the log tells of it.
    assert_eq!(gate.stat("vm_reload_success"), 0);
    assert!(!gate.envoy.traps().is_empty());
}

/// Not a fact of ours but of Envoy's, which must be known: what a worker refuses after the trial was good opens the gate.
/// Should this fail one day, the host has become better, and `Vm::on_configure` may say no wherever it likes.
pub(crate) fn half_hearted(under: Under<'_>) {
    let module = wat::parse_str(include_str!("half_hearted.wat")).expect("it is right");
    let mut setting = setting("push-half", Delivery::Ecds, under);
    setting.module = Path::new(env!("CARGO_TARGET_TMPDIR")).join("half_hearted.wasm");
    setting.after_a_trap = Some("FAIL_CLOSED");
    fs::write(&setting.module, module).expect("a folder of ours");
    let gate = start(setting, "A");
    assert_eq!(gate.status("/", ""), 403);
    gate.push("another");
    gate.until("the gate is open", |gate| gate.status("/", "") == 200);
    assert_eq!(gate.refused(), 0, "the push counts as good");
    gate.push("B");
    Gate::pause(SETTLED);
    assert_eq!(gate.status("/", ""), 200, "a good one doesn't shut it");
}
