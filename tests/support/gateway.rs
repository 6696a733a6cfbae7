//! An Envoy with several workers, one policy and a config centre, and requests from several clients.

use std::cell::Cell;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::centre::{Centre, Reply};
use crate::envoy::Envoy;
use crate::http1::get;
use crate::plan::Plan;
use crate::servers::Upstreams;
use crate::wait::{pause, wait_for};

/// The number of Envoy's workers.
pub(crate) const WORKERS: usize = 4;

/// The statuses that are allowed for a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// Only this status.
    Only(u16),
    /// Any status except this one.
    Not(u16),
    /// Any status.
    Any,
}

impl Expect {
    fn allows(self, status: u16) -> bool {
        match self {
            Self::Only(wanted) => status == wanted,
            Self::Not(unwanted) => status != unwanted && status != 0,
            Self::Any => status != 0,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Gateway {
    envoy: Envoy,
    centre: Centre,
    upstreams: Upstreams,
    pub(crate) address: SocketAddr,
    authority: String,
    phase: Cell<&'static str>,
}

impl Gateway {
    /// Starts Envoy with a policy and a config centre. `prepare` sets the centre's replies.
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
            clusters,
            workers: WORKERS,
            ..Plan::default()
        };
        let envoy = plan.start().unwrap_or_else(|error| panic!("{error}"));
        let address = envoy.listener("gate").expect("a listener");
        Self {
            envoy,
            centre,
            upstreams,
            address,
            authority: authority.into(),
            phase: Cell::new("the begin"),
        }
    }

    /// Names the phase of the test, for messages.
    pub(crate) fn begin(&self, phase: &'static str) {
        self.phase.set(phase);
    }

    /// Sets the centre's reply for a path.
    pub(crate) fn set_reply(&self, path: &str, reply: Reply) {
        self.centre.set(&self.authority, path, reply);
    }

    /// The paths of the requests to the centre since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.centre.asked(&self.authority)
    }

    /// Checks that no request for this path has reached the upstream since the last call.
    pub(crate) fn check_not_delivered(&self, path: &str) {
        let start = format!("GET {path} ");
        let received = self.upstreams.received();
        let mut own = received.iter().map(|(_, request)| &request.start);
        assert!(
            !own.any(|line| line.starts_with(start.as_bytes())),
            "{path} has reached the upstream"
        );
    }

    /// Sends requests for some time and checks their statuses. Each has a new connection, so that every worker gets some.
    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    pub(crate) fn flood(&self, span: Duration, paths: &[(&str, Expect)]) {
        let start = Instant::now();
        let (address, phase) = (self.address, self.phase.get());
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while start.elapsed() < span {
                        for (path, expect) in paths {
                            let status = status(address, path);
                            let at = start.elapsed();
                            assert!(
                                expect.allows(status),
                                "{phase}: {path} is {status} after {at:?}, not {expect:?}"
                            );
                        }
                    }
                });
            }
        });
    }

    /// Waits until a path has this status on every worker.
    pub(crate) fn until(&self, path: &str, wanted: u16, most: Duration) {
        wait_for(most, || {
            // Each request has a new connection, which may be on any worker.
            let mut statuses = (0..40).map(|_| status(self.address, path));
            statuses
                .find(|found| *found != wanted)
                .map_or(Ok(()), |found| {
                    Err(format!(
                        "{}: {path} is {found}, not {wanted}",
                        self.phase.get()
                    ))
                })
        });
    }

    /// Sends requests at once, each from its own thread. Returns their statuses.
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

    /// Waits until a document that one VM has just loaded is in the others.
    pub(crate) fn settle(&self) {
        pause(Duration::from_millis(500));
    }

    /// Checks that every worker has taken connections, and that there was no trap.
    pub(crate) fn check(&self) {
        let traps = self.envoy.traps();
        assert!(traps.is_empty(), "\n{}\n", traps.join("\n"));
        let connections = self.envoy.connections_by_worker();
        assert_eq!(connections.len(), WORKERS, "{connections:?}");
        assert!(
            connections.iter().all(|count| *count > 0),
            "{connections:?}"
        );
    }
}

/// The status of the response to a GET; 0 if none came.
fn status(address: SocketAddr, path: &str) -> u16 {
    get(address, path, "").map_or(0, |answer| answer.status())
}
