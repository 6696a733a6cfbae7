//! Sends requests to the samples' policies.

use std::time::Duration;

use serde_json::Value;

use crate::centre::{Centre, Reply};
use crate::envoy::Envoy;
use crate::http1::{Message, exchange};
use crate::plan::Plan;
use crate::servers::Upstreams;
use crate::wait::{ensure, wait_for};
use crate::wrappers::{samples, wrapped};

const FOLDERS: [&str; 3] = [
    "k8s/istio/ingress",
    "k8s/istio/sidecar",
    "k8s/envoy-gateway",
];
/// A key whose hash is in the policy.
const KEY: &str = "x-api-key: mobile-key\r\n";

struct Gate {
    envoy: Envoy,
    upstreams: Upstreams,
}

impl Gate {
    fn start() -> Self {
        let upstreams = Upstreams::start(&["default", "blue", "green"], &[("content-length", "0")]);
        let centre = Centre::start();
        let mut clusters = upstreams.addresses.clone();
        let mut policies = Vec::new();
        for folder in FOLDERS {
            // The policy as a protobuf Struct has it, if the kind uses one.
            let all = wrapped(&samples()[folder]);
            let (_, _, found) = all
                .iter()
                .find(|(_, kind, _)| kind != "EnvoyFilter")
                .unwrap();
            let policy: Value = serde_json::from_str(&found[0]).unwrap();
            for source in policy["sources"].as_object().unwrap().values() {
                let text = |field: &str| source["http"][field].as_str().unwrap().to_owned();
                clusters.push((text("cluster"), centre.address));
                centre.set(&text("authority"), &text("path"), Reply::ok(DOCUMENT));
            }
            policies.push((folder.to_owned(), found[0].clone()));
        }
        let plan = Plan {
            name: "envoy-k8s".into(),
            policies,
            clusters,
            ..Plan::default()
        };
        let envoy = plan.start().unwrap();
        Self { envoy, upstreams }
    }

    fn send(&self, folder: &str, path: &str, fields: &str) -> Message {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: api.example.com\r\nconnection: close\r\n{fields}\r\n"
        );
        exchange(
            self.envoy.listener(folder).unwrap(),
            "GET",
            request.as_bytes(),
        )
        .unwrap()
    }

    /// Waits until a request has this status. The documents must be loaded first.
    fn until(&self, folder: &str, path: &str, fields: &str, wanted: u16) {
        wait_for(Duration::from_secs(10), || {
            let status = self.send(folder, path, fields).status();
            let error = || format!("{folder}: {path} is {status}, not {wanted}");
            ensure(status == wanted, error)
        });
    }
}

/// The document of all sources: the tenants' upstreams and the partners.
const DOCUMENT: &str = r#"{"tenants": [{"id": "acme", "upstream": "green"}, {"id": "odd", "upstream": "default"}],
        "consumers": [{"name": "shop-window", "groups": ["partner"], "credentials": [{"apiKey": {"value": "partner-key"}}]}]}"#;

/// The requests that the upstreams received, as `UPSTREAM: request line`.
fn arrived(gate: &Gate) -> Vec<String> {
    let all = gate.upstreams.received();
    let line = |(upstream, message): &(String, Message)| {
        format!("{upstream}: {}", String::from_utf8_lossy(&message.start))
    };
    all.iter().map(line).collect()
}

#[test]
fn samples_decide_as_their_page_says() {
    let gate = Gate::start();
    for folder in ["k8s/istio/ingress", "k8s/envoy-gateway"] {
        gate.until(folder, "/v1/acme/orders/0", KEY, 200);
        arrived(&gate);
        let forged = format!("{KEY}x-postern-upstream: blue\r\nx-consumer-name: root\r\n");
        assert_eq!(
            gate.send(folder, "/v1/acme/orders/7", &forged).status(),
            200
        );
        let all = gate.upstreams.received();
        let [(upstream, request)] = &all[..] else {
            panic!("{all:?}");
        };
        assert_eq!(upstream, "green");
        assert_eq!(request.start, b"GET /orders/7 HTTP/1.1");
        assert_eq!(request.field(b"x-consumer-name"), Some(&b"mobile-app"[..]));
        assert_eq!(request.field(b"x-tenant"), Some(&b"acme"[..]));
        assert_eq!(request.field(b"x-api-key"), None);
        for (path, fields, status) in [
            ("/v1/acme/orders/7", "", 401),
            ("/v1/acme/orders/7", "x-api-key: another\r\n", 401),
            ("/v1/unknown/orders/7", KEY, 404),
            // The document has an upstream that the policy does not allow.
            ("/v1/odd/orders/7", KEY, 503),
            ("/v0/acme", "", 308),
            ("/else", KEY, 404),
        ] {
            assert_eq!(
                gate.send(folder, path, fields).status(),
                status,
                "{folder}: {path}"
            );
        }
        assert_eq!(arrived(&gate), [""; 0]);
    }
    let folder = "k8s/istio/sidecar";
    gate.until(folder, "/baskets/1", "x-api-key: partner-key\r\n", 200);
    for (path, fields, status) in [
        ("/catalogue/1", "", 200),
        ("/catalogue/1", "x-api-key: another\r\n", 401),
        ("/baskets/1", "", 401),
        ("/else", "", 404),
    ] {
        assert_eq!(
            gate.send(folder, path, fields).status(),
            status,
            "{folder}: {path}"
        );
    }
    assert_eq!(
        arrived(&gate),
        [
            "default: GET /baskets/1 HTTP/1.1",
            "default: GET /catalogue/1 HTTP/1.1"
        ]
    );
    assert_eq!(gate.envoy.traps(), [""; 0]);
}
