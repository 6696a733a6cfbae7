//! An Envoy with several workers and one policy, and requests in floods.

use std::cell::Cell;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::centre::{Centre, Deed};
use crate::envoy::Envoy;
use crate::http1::get;
use crate::plan::Plan;
use crate::servers::Upstreams;

/// How many workers Envoy has.
pub(crate) const WORKERS: usize = 4;

/// What the answers to one path must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// Nothing but this status.
    Only(u16),
    /// Whatever, but this.
    Not(u16),
    /// Whatever.
    Any,
}

impl Expect {
    fn fits(self, status: u16) -> bool {
        match self {
            Self::Only(wanted) => status == wanted,
            Self::Not(unwanted) => status != unwanted && status != 0,
            Self::Any => status != 0,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Stage {
    envoy: Envoy,
    centre: Centre,
    upstreams: Upstreams,
    pub(crate) address: SocketAddr,
    authority: String,
    during: Cell<&'static str>,
}

impl Stage {
    /// Starts Envoy with `policy` and a centre that `prepare` has told what to do.
    pub(crate) fn start(
        name: &str,
        policy: &str,
        authority: &str,
        prepare: impl FnOnce(&Centre),
    ) -> Self {
        let upstreams = Upstreams::start(&["default"], &[("content-length", "0")]);
        let centre = Centre::start();
        prepare(&centre);
        let mut clusters = upstreams.addresses.clone();
        clusters.push(("centre".into(), centre.address));
        let plan = Plan {
            name: name.into(),
            policies: vec![("gate".into(), policy.into())],
            environment: [].into(),
            clusters,
            workers: WORKERS,
            capabilities: Vec::new(),
        };
        let envoy = match plan.start() {
            Ok(envoy) => envoy,
            Err(error) => panic!("{error}"),
        };
        let address = envoy.listener("gate").expect("a listener");
        Self {
            envoy,
            centre,
            upstreams,
            address,
            authority: authority.into(),
            during: Cell::new("the beginning"),
        }
    }

    /// What is going on now, for messages.
    pub(crate) fn during(&self, what: &'static str) {
        self.during.set(what);
    }

    /// From now on the centre does this for a path.
    pub(crate) fn tell(&self, path: &str, deed: Deed) {
        self.centre.set(&self.authority, path, deed);
    }

    /// What the centre was asked for since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.centre.asked(&self.authority)
    }

    /// Nothing of this path has reached the upstream, whatever its client was told.
    pub(crate) fn never_delivered(&self, path: &str) {
        let start = format!("GET {path} ");
        let received = self.upstreams.received();
        let mut own = received.iter().map(|(_, request)| &request.start);
        assert!(
            !own.any(|line| line.starts_with(start.as_bytes())),
            "{path} has reached the upstream"
        );
    }

    /// Sends requests for a while, each on a connection of its own, so that every worker gets some.
    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    pub(crate) fn flood(&self, span: Duration, paths: &[(&str, Expect)]) {
        let start = Instant::now();
        let (address, during) = (self.address, self.during.get());
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while start.elapsed() < span {
                        for (path, expect) in paths {
                            let status = status(address, path);
                            let at = start.elapsed();
                            assert!(
                                expect.fits(status),
                                "{during}: {path} is {status} after {at:?}, not {expect:?}"
                            );
                        }
                    }
                });
            }
        });
    }

    /// Waits until a path's status is this on every worker.
    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    pub(crate) fn until(&self, path: &str, wanted: u16, most: Duration) {
        let start = Instant::now();
        let mut in_a_row = 0_u32;
        while in_a_row < 40 {
            let found = status(self.address, path);
            in_a_row = if found == wanted {
                in_a_row.saturating_add(1)
            } else {
                0
            };
            assert!(
                start.elapsed() < most,
                "{}: {path} is {found}, not {wanted}, after {most:?}",
                self.during.get()
            );
        }
    }

    /// Sends these at once, each from a thread of its own: their statuses.
    pub(crate) fn at_once(&self, paths: &[String]) -> Vec<u16> {
        let address = self.address;
        thread::scope(|scope| {
            let spawn = |path: &String| {
                let path = path.clone();
                scope.spawn(move || status(address, &path))
            };
            let threads: Vec<_> = paths.iter().map(spawn).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, u16>| thread.join().unwrap_or(0);
            threads.into_iter().map(join).collect()
        })
    }

    /// Lets a document that was just loaded by one VM reach the others.
    pub(crate) fn settle(&self) {
        self.pause(Duration::from_millis(500));
    }

    /// Lets time pass.
    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    pub(crate) fn pause(&self, span: Duration) {
        thread::sleep(span);
    }

    /// How many connections each worker has taken at its one listener.
    fn connections_by_worker(&self) -> Vec<u64> {
        let path = "/stats?format=json&filter=worker_.*downstream_cx_total";
        let page = get(self.envoy.admin, path, "")
            .map(|page| page.body)
            .unwrap_or_default();
        let page: Value = serde_json::from_slice(&page).unwrap_or_default();
        let stats = page["stats"].as_array().cloned().unwrap_or_default();
        stats
            .iter()
            .filter_map(|stat| stat["value"].as_u64())
            .collect()
    }

    /// Every worker took part, and none trapped.
    pub(crate) fn check(&self) {
        let traps = self.envoy.traps();
        assert!(traps.is_empty(), "\n{}\n", traps.join("\n"));
        let connections = self.connections_by_worker();
        assert_eq!(connections.len(), WORKERS, "{connections:?}");
        assert!(
            connections.iter().all(|count| *count > 0),
            "{connections:?}"
        );
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if thread::panicking() {
            self.envoy.show_log();
        }
    }
}

/// The status of the answer to a GET; 0 where none came.
fn status(address: SocketAddr, path: &str) -> u16 {
    get(address, path, "").map_or(0, |answer| answer.status())
}
