//! A new Envoy replaces an old one, with another module and another policy. In a hot restart, the new Envoy takes over the
//! port. In a rolling update, it gets connections after it is ready.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::armed;
use crate::common::{CONNECTIONS, PACE, REQUESTS, all_by, changed_over, given_by, report, start};
use crate::gate::{Delivery, Gate, Setting};
use crate::http1::{exchange, get, serve};
use crate::load::{Load, Sample};
use crate::long::process;
use crate::policies::policy;

/// The time in which the old Envoy drains its connections, in seconds.
const DRAIN: &str = "2";
/// The time from the start of the new Envoy to the end of the old one, in seconds.
const END: &str = "4";
/// A time after which the old Envoy has ended.
const ENDED: Duration = Duration::from_secs(7);

/// A valid policy with a route for the readiness probe.
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

/// An invalid policy.
fn bad() -> String {
    good(2).replace("\"providers\"", "\"provider\"")
}

/// Which of the two Envoys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Old,
    New,
}

fn setting(name: &'static str, delivery: Delivery, turn: Turn) -> Setting {
    let mut setting = Setting::new(name, delivery);
    setting.arguments = ["--drain-time-s", DRAIN].map(str::to_owned).to_vec();
    if turn == Turn::New {
        // Another module.
        setting.module = armed::module();
    }
    setting
}

/// The same for a hot restart. Both Envoys listen on one port, and have the same base id.
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

/// Removes the shared memory of a hot restart, which Envoy leaves.
fn remove_shared_memory(port: u16) {
    let _ = fs::remove_file(format!("/dev/shm/envoy_shared_memory_{port}0"));
}

fn old_and_new(delivery: Delivery) -> [&'static str; 2] {
    match delivery {
        Delivery::Ecds => ["rolling-old-ecds", "rolling-new-ecds"],
        Delivery::Lds => ["rolling-old-lds", "rolling-new-lds"],
        Delivery::Static => ["rolling-old-static", "rolling-new-static"],
    }
}

/// Checks that every request was answered by one of the two policies.
fn none_lost(samples: &[Sample]) {
    assert_eq!(changed_over(samples, 1, 2), [2; CONNECTIONS]);
}

/// The old Envoy of a hot restart, its port, and a load.
fn old_under_load(delivery: Delivery) -> (Gate, u16, Load) {
    let [old, _] = old_and_new(delivery);
    let port = crate::envoy::free_address().port();
    let old = start(restarting(old, delivery, Turn::Old, port), &good(1));
    let load = Load::start(old.address(), &REQUESTS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_secs(1));
    (old, port, load)
}

/// A hot restart with a good policy loses no request.
pub(crate) fn hot_restart() {
    for delivery in [Delivery::Ecds, Delivery::Lds, Delivery::Static] {
        let [_, new] = old_and_new(delivery);
        let (old, port, load) = old_under_load(delivery);
        let _new = start(restarting(new, delivery, Turn::New, port), &good(2));
        Gate::pause(ENDED);
        assert_eq!(process(&old), None);
        let samples = load.finish();
        remove_shared_memory(port);
        none_lost(&samples);
        report(&format!(
            "{delivery:?}: {} requests, none lost",
            samples.len()
        ));
    }
}

/// A hot restart does not wait until the new Envoy is ready. Only a refused static policy stops it. With ECDS and LDS,
/// requests are denied until a good policy comes.
pub(crate) fn hot_restart_with_a_refused_policy() {
    for delivery in [Delivery::Ecds, Delivery::Lds, Delivery::Static] {
        let [_, new] = old_and_new(delivery);
        let (old, port, load) = old_under_load(delivery);
        let new = Gate::start(restarting(new, delivery, Turn::New, port), &bad());
        if delivery == Delivery::Static {
            assert!(new.is_err(), "Envoy does not start");
            Gate::pause(ENDED);
            assert!(process(&old).is_some());
            all_by(1, &load.finish());
            remove_shared_memory(port);
            continue;
        }
        let new = new.unwrap_or_else(|error| panic!("{error}"));
        Gate::pause(ENDED);
        assert_eq!(process(&old), None);
        let taken_over = load.now();
        new.push(&good(2));
        new.until("a good policy is active", |gate| {
            gate.status("/api", "ann-key") == 200
        });
        Gate::pause(Duration::from_secs(2));
        let healed = load.now();
        Gate::pause(Duration::from_secs(1));
        let samples = load.finish();
        remove_shared_memory(port);
        let refusal = if delivery == Delivery::Ecds { 500 } else { 0 };
        let mut refused = 0_usize;
        for sample in &samples {
            let denied = sample.status == refusal;
            refused = refused.saturating_add(usize::from(denied));
            let right = if sample.due.saturating_add(sample.took) < taken_over {
                denied || given_by(1, sample)
            } else {
                given_by(2, sample) || (denied && sample.due < healed)
            };
            assert!(right, "{sample:?}");
        }
        report(&format!(
            "{delivery:?}, refused policy: {refused} of {} are {refusal}",
            samples.len()
        ));
        assert!(refused > 0);
    }
}

/// A TCP proxy before the Envoys, like a Kubernetes service. It connects each new client to one of them.
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

/// The readiness probe of a rolling update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// Envoy's admin page `/ready`.
    Admin,
    /// A request through the filter.
    Filter,
}

/// The time that a rolling update waits for readiness.
const PATIENCE: Duration = Duration::from_secs(3);

#[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
fn becomes_ready(gate: &Gate, probe: Probe) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let ready = match probe {
            Probe::Admin => {
                get(gate.envoy.admin, "/ready", "").is_ok_and(|page| page.status() == 200)
            }
            Probe::Filter => gate.status("/health", "") == 200,
        };
        if ready {
            return true;
        }
        Gate::pause(Duration::from_millis(100));
    }
    false
}

/// One step of a rolling update, under load. Returns whether it continued, and the clients' answers.
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
        // As at the end of a pod, Envoy asks its clients to connect again.
        let drain = b"POST /drain_listeners?graceful&skip_exit HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let answer = exchange(old.envoy.admin, "POST", drain).expect("the admin answers");
        assert_eq!(answer.status(), 200);
        old.until("the old Envoy has no connection", |old| {
            old.stat("http.gate.downstream_cx_active") == 0
        });
        drop(old);
    }
    Gate::pause(Duration::from_secs(1));
    (ready, load.finish())
}

/// A rolling update with a good policy loses no request, with either probe.
pub(crate) fn update() {
    for (delivery, probe) in [
        (Delivery::Ecds, Probe::Admin),
        (Delivery::Ecds, Probe::Filter),
        (Delivery::Lds, Probe::Filter),
        (Delivery::Static, Probe::Admin),
    ] {
        let (ready, samples) = roll(delivery, &good(2), probe);
        assert!(ready, "{delivery:?} {probe:?}");
        none_lost(&samples);
        report(&format!(
            "{delivery:?}, probe {probe:?}: {} requests, none lost",
            samples.len()
        ));
    }
}

/// A refused policy stops the update if the probe goes through the filter, or if Envoy does not start. With Envoy's own
/// page as the probe, the update continues and every request is denied.
pub(crate) fn update_with_a_refused_policy() {
    for (delivery, probe, continues) in [
        (Delivery::Ecds, Probe::Filter, false),
        (Delivery::Lds, Probe::Filter, false),
        (Delivery::Static, Probe::Admin, false),
        (Delivery::Ecds, Probe::Admin, true),
        (Delivery::Lds, Probe::Admin, true),
    ] {
        let (ready, samples) = roll(delivery, &bad(), probe);
        assert_eq!(ready, continues, "{delivery:?} {probe:?}");
        if !ready {
            all_by(1, &samples);
            continue;
        }
        let denied = samples
            .iter()
            .filter(|sample| matches!(sample.status, 0 | 500))
            .count();
        report(&format!(
            "{delivery:?}, refused policy, probe {probe:?}: {denied} of {} denied",
            samples.len()
        ));
        assert!(denied > CONNECTIONS);
        for sample in &samples {
            let right = given_by(1, sample) || matches!(sample.status, 0 | 500);
            assert!(right, "{sample:?}");
        }
    }
}
