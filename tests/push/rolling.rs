//! A new Envoy beside the old one, with another module and another policy: by hot restart, where it takes over by
//! itself, and as a rolling update does it, where it gets no connection before it is ready.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::armed;
use crate::facts::{CONNECTIONS, PACE, REQUESTS, all_by, changed_over, given_by, start, tell};
use crate::gate::{Delivery, Gate, Setting};
use crate::http1::{exchange, get, serve};
use crate::load::{Load, Sample};
use crate::long::process;
use crate::policies::policy;

/// How long the old one has for its open connections.
const DRAIN: &str = "2";
/// When it ends, after the new one has come, in seconds.
const END: &str = "4";
/// By then it has, and a moment has passed.
const ENDED: Duration = Duration::from_secs(7);

/// A good policy that answers a probe, too.
fn good(number: u32) -> String {
    let mut policy = policy(number);
    if let Some(routes) = policy["routes"].as_array_mut() {
        routes.push(json!({
            "name": "health", "match": [{"path": {"exact": "/health"}}],
            "require": "none", "respond": {"status": 200},
        }));
    }
    policy.to_string()
}

/// One that no version can read.
fn bad() -> String {
    good(2).replace("\"providers\"", "\"provider\"")
}

/// Which of two Envoys that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Old,
    New,
}

fn setting(name: &'static str, delivery: Delivery, turn: Turn) -> Setting {
    let mut setting = Setting::new(name, delivery);
    setting.arguments = ["--drain-time-s", DRAIN].map(str::to_owned).to_vec();
    if turn == Turn::New {
        // Other code.
        setting.module = armed::module();
    }
    setting
}

/// The same for a hot restart: both listen on one port, and know each other by a number.
fn restarting(name: &'static str, delivery: Delivery, turn: Turn, port: u16) -> Setting {
    let mut setting = setting(name, delivery, turn);
    setting.port = Some(port);
    let epoch = if turn == Turn::Old { "0" } else { "1" };
    let base = port.to_string();
    let more = [
        "--parent-shutdown-time-s",
        END,
        "--base-id",
        &base,
        "--restart-epoch",
        epoch,
    ];
    setting.arguments.extend(more.map(str::to_owned));
    setting
}

/// What the two of a hot restart told each other by: Envoy leaves it there.
fn tidy(port: u16) {
    let _ = fs::remove_file(format!("/dev/shm/envoy_shared_memory_{port}0"));
}

fn old_and_new(delivery: Delivery) -> [&'static str; 2] {
    match delivery {
        Delivery::Ecds => ["rolling-old-ecds", "rolling-new-ecds"],
        Delivery::Lds => ["rolling-old-lds", "rolling-new-lds"],
        Delivery::Static => ["rolling-old-static", "rolling-new-static"],
    }
}

/// All that were let in, or not, as some policy of these says; nobody lost.
fn none_lost(samples: &[Sample]) {
    assert_eq!(changed_over(samples, 1, 2), [2; CONNECTIONS]);
}

/// With a good policy a hot restart is seen by nobody.
pub(crate) fn hot_restart() {
    for delivery in [Delivery::Ecds, Delivery::Lds, Delivery::Static] {
        let [old, new] = old_and_new(delivery);
        let port = crate::envoy::free_address().port();
        let old = start(restarting(old, delivery, Turn::Old, port), &good(1));
        let load = Load::start(old.address(), &REQUESTS, CONNECTIONS, PACE);
        Gate::pause(Duration::from_secs(1));
        let _new = start(restarting(new, delivery, Turn::New, port), &good(2));
        Gate::pause(ENDED);
        assert_eq!(process(&old), None);
        let samples = load.finish();
        tidy(port);
        none_lost(&samples);
        tell(&format!(
            "{delivery:?}: {} requests, none lost",
            samples.len()
        ));
    }
}

/// Nothing asks whether the new one is any good: only a static policy stops it. Nobody is let in in any case.
pub(crate) fn hot_restart_with_a_bad_policy() {
    for delivery in [Delivery::Ecds, Delivery::Lds, Delivery::Static] {
        let [old, new] = old_and_new(delivery);
        let port = crate::envoy::free_address().port();
        let old = start(restarting(old, delivery, Turn::Old, port), &good(1));
        let load = Load::start(old.address(), &REQUESTS, CONNECTIONS, PACE);
        Gate::pause(Duration::from_secs(1));
        let new = Gate::start(restarting(new, delivery, Turn::New, port), &bad());
        if delivery == Delivery::Static {
            assert!(new.is_err(), "it doesn't start");
            Gate::pause(ENDED);
            assert!(process(&old).is_some());
            all_by(1, &load.finish());
            tidy(port);
            continue;
        }
        let new = new.unwrap_or_else(|error| panic!("{error}"));
        Gate::pause(ENDED);
        assert_eq!(process(&old), None);
        let shut = load.now();
        new.push(&good(2));
        new.until("it heals", |gate| gate.status("/api", "ann-key") == 200);
        Gate::pause(Duration::from_secs(2));
        let healed = load.now();
        Gate::pause(Duration::from_secs(1));
        let samples = load.finish();
        tidy(port);
        let refusal = if delivery == Delivery::Ecds { 500 } else { 0 };
        let mut refused = 0_usize;
        for sample in &samples {
            let closed = sample.status == refusal;
            refused = refused.saturating_add(usize::from(closed));
            let right = if sample.due.saturating_add(sample.took) < shut {
                closed || given_by(1, sample)
            } else {
                given_by(2, sample) || (closed && sample.due < healed)
            };
            assert!(right, "{sample:?}");
        }
        tell(&format!(
            "{delivery:?}, bad: {refused} of {} are {refusal}",
            samples.len()
        ));
        assert!(refused > 0);
    }
}

/// What stands before the Envoys: every new connection goes where it points.
#[derive(Clone, Debug)]
struct Service {
    address: SocketAddr,
    behind: Arc<RwLock<SocketAddr>>,
}

impl Service {
    fn start(first: SocketAddr) -> Self {
        let behind = Arc::new(RwLock::new(first));
        let own = Arc::clone(&behind);
        let address = serve(move |client| {
            let to = *own.read().expect("no thread has panicked");
            let _ = relay(client, to);
        });
        Self { address, behind }
    }

    fn point(&self, to: SocketAddr) {
        *self.behind.write().expect("no thread has panicked") = to;
    }
}

/// Carries bytes both ways until one side ends.
fn relay(client: TcpStream, to: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(to)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || carry(from_client, to_server));
    carry(server, client);
    let _ = up.join();
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.flush();
    let _ = to.shutdown(Shutdown::Write);
}

/// What tells a rolling update that an Envoy is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// Envoy's own page.
    Admin,
    /// A request through the gate.
    Gate,
}

/// How long a rolling update waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

#[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
fn becomes_ready(gate: &Gate, probe: Probe) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let ready = match probe {
            Probe::Admin => {
                get(gate.envoy.admin, "/ready", "").is_ok_and(|page| page.status() == 200)
            }
            Probe::Gate => gate.status("/health", "") == 200,
        };
        if ready {
            return true;
        }
        Gate::pause(Duration::from_millis(100));
    }
    false
}

/// One step of a rolling update, under load: whether it went on, and what the clients got.
fn roll(delivery: Delivery, first: &str, probe: Probe) -> (bool, Vec<Sample>) {
    let [old, new] = old_and_new(delivery);
    let old = start(setting(old, delivery, Turn::Old), &good(1));
    let service = Service::start(old.address());
    let load = Load::start(service.address, &REQUESTS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_millis(500));
    let new = Gate::start(setting(new, delivery, Turn::New), first);
    let ready = new.as_ref().is_ok_and(|new| becomes_ready(new, probe));
    if let (true, Ok(new)) = (ready, &new) {
        service.point(new.address());
        // As before a pod's end: whoever is connected is asked to come again.
        let drain = b"POST /drain_listeners?graceful&skip_exit HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let answer = exchange(old.envoy.admin, "POST", drain).expect("the admin answers");
        assert_eq!(answer.status(), 200);
        old.until("the old one has no connection left", |old| {
            old.stat("http.gate.downstream_cx_active") == 0
        });
        drop(old);
    }
    Gate::pause(Duration::from_secs(1));
    (ready, load.finish())
}

/// A good new policy is rolled out without a lost request, whichever way the readiness is asked for.
pub(crate) fn rolled_out() {
    for (delivery, probe) in [
        (Delivery::Ecds, Probe::Admin),
        (Delivery::Ecds, Probe::Gate),
        (Delivery::Lds, Probe::Gate),
        (Delivery::Static, Probe::Admin),
    ] {
        let (ready, samples) = roll(delivery, &good(2), probe);
        assert!(ready, "{delivery:?} {probe:?}");
        none_lost(&samples);
        tell(&format!(
            "{delivery:?}, by {probe:?}: {} requests, none lost",
            samples.len()
        ));
    }
}

/// A bad one stops the update where the probe goes through the gate, or where Envoy doesn't start. By Envoy's own page alone
/// it goes on, and everybody is shut out. Nobody is let in.
pub(crate) fn stopped() {
    for (delivery, probe, goes_on) in [
        (Delivery::Ecds, Probe::Gate, false),
        (Delivery::Lds, Probe::Gate, false),
        (Delivery::Static, Probe::Admin, false),
        (Delivery::Ecds, Probe::Admin, true),
        (Delivery::Lds, Probe::Admin, true),
    ] {
        let (ready, samples) = roll(delivery, &bad(), probe);
        assert_eq!(ready, goes_on, "{delivery:?} {probe:?}");
        if !ready {
            all_by(1, &samples);
            continue;
        }
        let shut = samples
            .iter()
            .filter(|sample| matches!(sample.status, 0 | 500))
            .count();
        tell(&format!(
            "{delivery:?}, bad, by {probe:?}: {shut} of {} shut out",
            samples.len()
        ));
        assert!(shut > CONNECTIONS);
        for sample in &samples {
            let right = given_by(1, sample) || matches!(sample.status, 0 | 500);
            assert!(right, "{sample:?}");
        }
    }
}
