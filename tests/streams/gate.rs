//! An Envoy whose connections stay open, and what clients send there.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use postern_signing::{SigningKey, compact};
use serde_json::{Value, json};

use crate::centre::{Answer, Centre, Reply};
use crate::envoy::Envoy;
use crate::plan::Plan;
use crate::upstream::{self, Steps};

/// How long anything may take.
pub(crate) const MOST: Duration = Duration::from_secs(10);

/// How long the config centre takes.
const SLOW: Duration = Duration::from_millis(200);

/// The listener where the upstream itself answers `Expect: 100-continue`. At the other one Envoy does.
const PROXIED: &str = "proxied";

/// The most requests whose lookups wait.
const RUNS: usize = 200;

#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) envoy: Envoy,
    pub(crate) address: SocketAddr,
    pub(crate) proxied: SocketAddr,
    /// The first segments of the routes' paths.
    pub(crate) routes: BTreeSet<String>,
    /// How many events the upstream may send.
    pub(crate) steps: Steps,
    runs: Cell<usize>,
    token: String,
}

impl Gate {
    pub(crate) fn start() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/streams/policy.yaml");
        let policy = fs::read_to_string(file).expect("the policy is there");
        let policy: Value = serde_yaml_ng::from_str(&policy).expect("it is YAML");
        let routes = policy["routes"].as_array().expect("a list");
        let routes = routes.iter().map(first_segment).collect();
        let centre = Centre::start();
        for run in 0..RUNS {
            let answer = Answer {
                status: 200,
                body: br#"{"x": "blue"}"#.to_vec(),
                delay: SLOW,
                ..Answer::default()
            };
            centre.set("centre.test", &format!("/run{run}"), Reply::Answer(answer));
        }
        let steps = Steps::default();
        let upstream = upstream::start(&steps);
        let clusters = ["default", "blue", "green"].map(|name| (name.to_owned(), upstream));
        let mut clusters = clusters.to_vec();
        clusters.push(("centre".into(), centre.address));
        let plan = Plan {
            name: "streams".into(),
            policies: ["gate", PROXIED]
                .map(|name| (name.to_owned(), policy.to_string()))
                .to_vec(),
            clusters,
            change,
            ..Plan::default()
        };
        let envoy = plan.start().unwrap_or_else(|error| panic!("{error}"));
        let address = |name| envoy.listener(name).expect("the policy compiles");
        Self {
            address: address("gate"),
            proxied: address(PROXIED),
            envoy,
            routes,
            steps,
            runs: Cell::default(),
            token: token(),
        }
    }

    /// The header fields of a client that every route accepts.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let run = self.runs.get();
        assert!(run < RUNS, "more answers of the centre are needed");
        self.runs.set(run.saturating_add(1));
        vec![
            ("x-api-key", "a-key".into()),
            ("authorization", format!("Bearer {}", self.token)),
            ("x-run", format!("run{run}")),
            ("x-old", "a".into()),
            ("x-debug-a", "a".into()),
        ]
    }
}

fn first_segment(route: &Value) -> String {
    let path = &route["match"][0]["path"];
    let written = ["prefix", "template", "regex"].map(|field| path[field].as_str());
    let path = written.into_iter().flatten().next().expect("a path");
    path.split('/').nth(1).unwrap_or_default().to_owned()
}

/// Those that no route accepts that asks for a credential.
pub(crate) fn anonymous() -> Vec<(&'static str, String)> {
    vec![("x-run", "run0".into())]
}

/// Opens a connection and sends a request head.
pub(crate) fn send(
    address: SocketAddr,
    start: &str,
    fields: &[(&str, String)],
) -> io::Result<TcpStream> {
    let mut head = format!("{start} HTTP/1.1\r\nhost: api.test\r\n");
    for (name, value) in fields {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(MOST))?;
    stream.set_nodelay(true)?;
    stream.write_all(head.as_bytes())?;
    Ok(stream)
}

fn token() -> String {
    let key = SigningKey::oct(b"a symmetric key of the tests, 32 bytes");
    let claims =
        json!({"iss": "https://id.test", "aud": "api", "azp": "mobile", "exp": 4_102_444_800_u64});
    let header = br#"{"alg":"HS256"}"#;
    let token = compact(header, claims.to_string().as_bytes(), &key, "HS256");
    token.expect("the key fits")
}

/// Upgrades are on, and upstreams are spoken to by the version of HTTP that the client has chosen.
fn change(bootstrap: &mut Value) {
    let listeners = bootstrap.pointer_mut("/static_resources/listeners");
    for listener in listeners.and_then(Value::as_array_mut).expect("a list") {
        let is_proxied = listener["name"] == PROXIED;
        let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        manager["upgrade_configs"] = json!([{"upgrade_type": "websocket"}]);
        manager["proxy_100_continue"] = json!(is_proxied);
    }
    let clusters = bootstrap.pointer_mut("/static_resources/clusters");
    for cluster in clusters.and_then(Value::as_array_mut).expect("a list") {
        if cluster["name"] != "centre" {
            cluster["typed_extension_protocol_options"] = json!({
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "use_downstream_protocol_config": {"http_protocol_options": {}, "http2_protocol_options": {}},
                },
            });
        }
    }
}
