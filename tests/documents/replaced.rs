//! A large document is replaced by another one, under requests.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::centre::{Centre, Reply};
use crate::envoy::Envoy;
use crate::http1::{get, read};
use crate::kinds::{Kind, kinds, parts};
use crate::plan::Plan;
use crate::servers::Upstreams;
use crate::wait::{ensure, wait_for};

/// The longest wait for a slice of a document.
const MOST: Duration = Duration::from_millis(20);

/// How often the document is replaced. The machine itself delays some requests, so the best of these counts.
const REPLACED: usize = 5;

#[test]
#[expect(clippy::print_stdout, reason = "the figures are for people")]
fn no_request_waits_for_a_large_document() {
    let mut slow = Vec::new();
    for kind in kinds() {
        let waits = replaced(&kind);
        let best = waits.iter().min().copied().unwrap_or_default();
        println!("{:32} longest waits {waits:.1?}", kind.name);
        if best > MOST {
            slow.push(format!("{}: {best:?}", kind.name));
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}

/// The longest wait of a request while each new document was read.
#[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
fn replaced(kind: &Kind) -> Vec<Duration> {
    let centre = Centre::start();
    let set = |number: usize| {
        for (path, body) in (kind.replies)(number) {
            centre.set("centre.test", &path, Reply::ok(body));
        }
    };
    set(0);
    let (address, envoy, _upstreams) = start(kind, &centre);
    let patience = Duration::from_secs(60);
    wait_for(patience, || {
        let status = get(address, "/state", "").map_or(0, |answer| answer.status());
        ensure(status == 200, || format!("{}: {status}", kind.name))
    });
    let mut waits = Vec::new();
    for number in 1..=REPLACED {
        set(number);
        let wanted = if number % 2 == 0 { 200 } else { 403 };
        let mut client = Client::new(address);
        let began = Instant::now();
        let mut longest = Duration::ZERO;
        while client.status("/state") != wanted {
            for _ in 0..20 {
                longest = longest.max(client.wait("/always"));
            }
            let took = began.elapsed();
            assert!(
                took < patience,
                "{}: no new state after {took:?}",
                kind.name
            );
        }
        waits.push(longest);
    }
    assert_eq!(envoy.traps(), Vec::<String>::new());
    waits
}

fn start(kind: &Kind, centre: &Centre) -> (SocketAddr, Envoy, Upstreams) {
    let upstreams = Upstreams::start(&["default"], &[("content-length", "0")]);
    let mut clusters = upstreams.addresses.clone();
    clusters.push(("centre".into(), centre.address));
    let mut sources = json!({"large": kind.source});
    for (name, part) in parts(&kind.source) {
        sources[name] = part;
    }
    let policy = json!({
        "sources": sources,
        "routes": [
            {"name": "always", "match": [{"path": {"exact": "/always"}}], "require": "none", "respond": {"status": 204}},
            {"name": "state", "match": [{"path": {"exact": "/state"}}], "require": "none",
             "lookup": {"s": {"source": "large", "values": {"state": "$.state"}}},
             "authorize": {"lookup": "s.state", "equals": "even"}},
        ],
    });
    let plan = Plan {
        name: "envoy-large-documents".into(),
        policies: vec![("gate".into(), policy.to_string())],
        clusters,
        ..Plan::default()
    };
    let envoy = plan.start().unwrap_or_else(|error| panic!("{error}"));
    let address = envoy.listener("gate").expect("a listener");
    (address, envoy, upstreams)
}

/// One connection.
struct Client(BufReader<TcpStream>);

impl Client {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("Envoy listens");
        stream.set_nodelay(true).expect("a socket");
        Self(BufReader::new(stream))
    }

    fn status(&mut self, path: &str) -> u16 {
        let request = format!("GET {path} HTTP/1.1\r\nhost: api.test\r\n\r\n");
        let sent = self.0.get_mut().write_all(request.as_bytes());
        sent.expect("Envoy reads");
        read(&mut self.0, true).expect("an answer").status()
    }

    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    fn wait(&mut self, path: &str) -> Duration {
        let began = Instant::now();
        assert_eq!(self.status(path), 204);
        began.elapsed()
    }
}
