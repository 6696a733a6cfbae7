//! Eureka: instances come, change and go, and the server is in trouble.

use std::net::SocketAddr;
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use serde_json::json;

use crate::centre::{OTHER_PASSWORD, PASSWORD, send};
use crate::front::{EVERYWHERE, Front, Trouble};
use crate::gate::{Gate, report};
use crate::http1::get;
use crate::plan::Plan;
use crate::process::{Process, free_address, java, new_folder, programs};
use crate::stats::Stats;
use crate::wait::{ensure, pause, wait_for};

/// The server answers from a cache of a second.
const IN_TIME: Duration = Duration::from_secs(8);

fn basic() -> String {
    Base64::encode_string(format!("gate:{PASSWORD}").as_bytes())
}

struct Eureka {
    address: SocketAddr,
    _process: Process,
}

impl Eureka {
    fn start() -> Self {
        let (address, folder) = (free_address(), new_folder("eureka"));
        let mut command = java(&programs().join("eureka"), &[]);
        command
            .current_dir(&folder)
            .arg("Server")
            .args([
                "--server.address=127.0.0.1",
                "--eureka.client.register-with-eureka=false",
                "--eureka.client.fetch-registry=false",
                "--eureka.server.enable-self-preservation=false",
                "--eureka.server.wait-time-in-ms-when-sync-empty=0",
                "--eureka.server.response-cache-update-interval-ms=1000",
                "--eureka.dashboard.enabled=false",
                "--spring.security.user.name=gate",
            ])
            .arg(format!("--server.port={}", address.port()))
            .arg(format!("--spring.security.user.password={PASSWORD}"));
        let ready = || {
            let fields = format!("authorization: Basic {}\r\n", basic());
            let answer = get(address, "/eureka/apps", &fields);
            let status = answer.map_or(0, |answer| answer.status());
            ensure(status == 200, || format!("Eureka: {status}"))
        };
        Self {
            address,
            _process: Process::start(command, &folder.join("server.log"), ready),
        }
    }

    fn call(&self, method: &str, path: &str, body: &str) {
        let fields = format!(
            "authorization: Basic {}\r\ncontent-type: application/json\r\n",
            basic()
        );
        let path = format!("/eureka/apps/GATE{path}");
        let answer = send(self.address, method, &path, &fields, body);
        let status = answer.expect("Eureka answers").status();
        assert!((200..300).contains(&status), "{method} {path}: {status}");
    }

    fn register(&self, id: &str, status: &str) {
        let instance = json!({"instance": {
            "instanceId": id, "hostName": "127.0.0.1", "app": "GATE", "ipAddr": "127.0.0.1", "status": status,
            "port": {"$": 8081, "@enabled": "true"}, "vipAddress": "gate", "metadata": {"zone": "a"},
            "dataCenterInfo": {"@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", "name": "MyOwn"},
        }});
        self.call("POST", "", &instance.to_string());
    }
}

/// `/ID` is open while the instance is up.
fn policy() -> String {
    let source = json!({
        "eureka": {
            "cluster": "centre", "authority": "centre.test", "application": "gate", "timeout": "2s",
            "basic": {"username": "gate", "password": PASSWORD},
        },
        "refresh": "200ms", "staleFor": "1h", "index": {"items": "$.instances[*]", "by": "$.instanceId"},
    });
    let route = json!({
        "name": "live", "match": [{"path": {"template": "/{id}"}}], "require": "none",
        "lookup": {"i": {"source": "live", "key": "${path.id}", "values": {"status": "$.status"}}},
        "authorize": {"lookup": "i.status", "equals": "UP"},
    });
    json!({"sources": {"live": source}, "routes": [route]}).to_string()
}

/// How often a document was read, and the version of the one in use.
fn read(gate: &Gate) -> (usize, u64) {
    let loaded = gate.envoy.log().matches("event=source_loaded").count();
    let version = Stats::read(gate.envoy.admin).of("live", "version");
    (loaded, version.to_bits())
}

/// Waits until the trouble is counted as this, while the last good document serves.
fn counted(gate: &Gate, before: &Stats, reason: &str) {
    wait_for(IN_TIME, || {
        let reasons = Stats::read(gate.envoy.admin).new_failures("live", before);
        ensure(reasons.iter().any(|found| found == reason), || {
            format!("counted as {reasons:?}, not as {reason}")
        })
    });
    gate.check(reason, "/i1", "-", "200");
    gate.check(reason, "/i3", "-", "403 forbidden");
}

#[test]
fn eureka_in_trouble() {
    let (eureka, front) = (Eureka::start(), Front::start());
    front.stand_before(eureka.address);
    eureka.register("i1", "UP");
    eureka.register("i2", "DOWN");
    eureka.register("i3", "DOWN");
    let gate = Gate::start(Plan {
        name: "centres-eureka".into(),
        policies: vec![("gate".into(), policy())],
        clusters: vec![("centre".into(), front.address)],
        ..Plan::default()
    });
    gate.until("/i1", "-", "200", IN_TIME.saturating_mul(2));
    gate.until("/i3", "-", "403 forbidden", IN_TIME);

    // Nothing that matters changes, although all times do.
    pause(Duration::from_millis(2500));
    let before = read(&gate);
    eureka.call("PUT", "/i1?status=UP", "");
    eureka.register("i1", "UP");
    eureka.register("i2", "DOWN");
    pause(Duration::from_millis(3500));
    assert_eq!(read(&gate), before, "an unchanged document was read again");
    eureka.call("PUT", "/i2/status?value=UP", "");
    gate.until("/i2", "-", "200", IN_TIME);
    assert_ne!(read(&gate), before);

    let garbage = Trouble::Instead(200, "application/json", b"\x00\xff{]".to_vec());
    for (trouble, reason) in [
        (
            Trouble::WrongCredentials(PASSWORD, OTHER_PASSWORD),
            "refused",
        ),
        (garbage, "malformed"),
        (Trouble::Status(500), "status"),
        (Trouble::Cut, "no_reply"),
    ] {
        let before = Stats::read(gate.envoy.admin);
        front.trouble(EVERYWHERE, trouble);
        counted(&gate, &before, reason);
        front.heal();
    }
    let before = Stats::read(gate.envoy.admin);
    front.go_down();
    counted(&gate, &before, "unreached");
    front.heal();

    // The application has no instance any more.
    let before = Stats::read(gate.envoy.admin);
    for id in ["i1", "i2", "i3"] {
        eureka.call("DELETE", &format!("/{id}"), "");
    }
    counted(&gate, &before, "missing");
    eureka.register("i4", "UP");
    gate.until("/i4", "-", "200", IN_TIME);
    gate.until("/i1", "-", "404 lookup_missing", IN_TIME);
    let log = gate.envoy.log();
    assert!(!log.contains(&basic()) && !log.contains(PASSWORD));
    report(
        "Eureka: heartbeats and registrations were no change; six troubles, and the last good document served in each",
    );
    gate.finish();
}
