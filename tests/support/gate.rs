//! An Envoy with four workers before which clients stand, and a server behind it.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::envoy::Envoy;
use crate::http1::{Message, get};
use crate::plan::Plan;
use crate::servers::Upstreams;
use crate::wait::{ensure, wait_for};

/// The number of Envoy's workers.
pub(crate) const WORKERS: usize = 4;

/// Requests on so many new connections reach every worker.
pub(crate) const ENOUGH: usize = 40;

/// The answer to a request: `200`, or the status and the reason of a denial, as in `401 unknown_key`.
pub(crate) fn outcome(answer: &Message) -> String {
    let status = answer.status();
    let details = answer
        .field(crate::plan::DETAILS.as_bytes())
        .unwrap_or_default();
    let details = String::from_utf8_lossy(details);
    match details.strip_prefix("postern_") {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// Prints a measured result. Where several tests run at once, each line begins with the name of the test.
pub(crate) fn report(text: &str) {
    let thread = thread::current();
    // A test that runs alone has the thread `main`.
    let test = thread.name().filter(|name| *name != "main");
    let test = test.map_or(String::new(), |name| format!("{name}: "));
    let lines = text.lines().map(|line| format!("    {test}{line}\n"));
    let _ = io::stderr().write_all(lines.collect::<String>().as_bytes());
}

#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) envoy: Envoy,
    pub(crate) upstreams: Upstreams,
    pub(crate) address: SocketAddr,
}

impl Gate {
    /// Starts Envoy with the plan's one policy, whose listener is `gate`.
    pub(crate) fn start(mut plan: Plan) -> Self {
        let upstreams = Upstreams::start(&["default"], &[("content-length", "0")]);
        plan.clusters.extend(upstreams.addresses.clone());
        plan.workers = WORKERS;
        let envoy = plan.start().unwrap_or_else(|error| panic!("{error}"));
        let address = envoy.listener("gate").expect("the policy compiles");
        Self {
            envoy,
            upstreams,
            address,
        }
    }

    /// Sends a request with a token on a new connection.
    pub(crate) fn ask(&self, path: &str, token: &str) -> String {
        ask(self.address, path, token)
    }

    /// Sends requests with a token at once, each from its own thread.
    pub(crate) fn ask_at_once(&self, paths: &[&str], token: &str) -> Vec<String> {
        let address = self.address;
        thread::scope(|scope| {
            let spawn = |path| scope.spawn(move || ask(address, path, token));
            let threads: Vec<_> = paths.iter().copied().map(spawn).collect();
            let outcomes = threads.into_iter().map(|thread| thread.join());
            outcomes
                .map(|outcome| outcome.expect("clients don't panic"))
                .collect()
        })
    }

    /// Waits until the answer is this one on every worker. Returns how long that took.
    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    pub(crate) fn until(&self, path: &str, token: &str, wanted: &str, most: Duration) -> Duration {
        let start = Instant::now();
        wait_for(most, || {
            let mut outcomes = (0..ENOUGH).map(|_| self.ask(path, token));
            let other = outcomes.find(|found| found != wanted);
            ensure(other.is_none(), || {
                format!("{path} is {}, not {wanted}", other.unwrap_or_default())
            })
        });
        start.elapsed()
    }

    /// Checks that the answer is this one on every worker.
    pub(crate) fn check(&self, what: &str, path: &str, token: &str, wanted: &str) {
        for _ in 0..ENOUGH {
            assert_eq!(self.ask(path, token), wanted, "{what}: {path}");
        }
    }

    /// Checks that every worker has taken connections, and that there was no trap.
    pub(crate) fn finish(&self) {
        let traps = self.envoy.traps();
        assert!(traps.is_empty(), "\n{}\n", traps.join("\n"));
        let connections = self.envoy.connections_by_worker();
        assert_eq!(connections.len(), WORKERS, "{connections:?}");
        assert!(
            connections.iter().all(|count| *count > 0),
            "{connections:?}"
        );
    }

    /// The memory that Envoy's process has now, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let bootstrap = self.envoy.folder.join("bootstrap.json");
        let bootstrap = bootstrap.to_string_lossy();
        let is_own = |process: &PathBuf| {
            let read = |file| fs::read_to_string(process.join(file)).unwrap_or_default();
            read("comm").trim_end() == "envoy" && read("cmdline").contains(&*bootstrap)
        };
        let all = fs::read_dir("/proc").expect("this is Linux").flatten();
        let process = all.map(|entry| entry.path()).find(is_own);
        let process = process.expect("Envoy runs");
        let pages = fs::read_to_string(process.join("statm")).unwrap_or_default();
        let resident = pages
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse::<u64>().ok());
        resident.expect("Envoy runs").saturating_mul(4096)
    }
}

/// Sends a request with a token on a new connection.
pub(crate) fn ask(address: SocketAddr, path: &str, token: &str) -> String {
    let field = format!("authorization: Bearer {token}\r\n");
    get(address, path, &field).map_or_else(|error| error.to_string(), |answer| outcome(&answer))
}
