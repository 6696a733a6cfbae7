//! Keys that an issuer publishes: rotation, withdrawal, keys that nobody knows, an issuer that is down.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, RequestOutcome, World};
use postern_signing::{SigningKey, compact};
use serde_json::json;

use crate::support::{NOW, answered, forwarded, get, sound};

const UNKNOWN: (u32, &str) = (401, "postern_unknown_key");
const NO_KEYS: (u32, &str) = (503, "postern_keys_unavailable");

/// A policy whose keys are at an address.
fn policy(hold: &str) -> String {
    json!({
        "providers": {"corp": {"jwt": {
            "issuer": "https://id.test",
            "audiences": ["api"],
            "keys": {"remote": {
                "cluster": "id", "path": "/jwks.json", "refresh": "10m", "staleFor": "1h", "unknownKidInterval": "30s",
                "hold": hold,
            }},
        }}},
        "routes": [{"name": "closed", "require": "corp"}],
    })
    .to_string()
}

/// One of two keys.
fn key(kid: &str) -> SigningKey {
    let pem = match kid {
        "one" => include_str!("../keys/rsa.pem"),
        _ => include_str!("../keys/p256.pem"),
    };
    SigningKey::from_pem(pem).expect("a key")
}

fn algorithm(kid: &str) -> &'static str {
    if kid == "one" { "RS256" } else { "ES256" }
}

/// A good token with this `kid`, which the key of that name has signed, or `two`.
fn token(kid: &str) -> String {
    let header = json!({"alg": algorithm(kid), "kid": kid}).to_string();
    let payload = json!({"iss": "https://id.test", "aud": "api", "exp": 1_800_000_000}).to_string();
    let (header, payload) = (header.as_bytes(), payload.as_bytes());
    compact(header, payload, &key(kid), algorithm(kid)).expect("a token")
}

/// A set of keys.
fn set(kids: &[&str]) -> String {
    let keys = kids.iter().map(|kid| {
        let mut jwk = key(kid).verifying_jwk();
        jwk["kid"] = json!(kid);
        jwk
    });
    json!({"keys": keys.collect::<Vec<_>>()}).to_string()
}

/// Several VMs of one Envoy.
struct Fleet {
    world: World,
    vms: Vec<(FakeVm, ContextId)>,
}

impl Fleet {
    fn new(count: u64, hold: &str) -> Self {
        Self::of(count, &policy(hold))
    }

    fn of(count: u64, policy: &str) -> Self {
        let world = World::at(NOW);
        let vms = (1..=count).map(|number| {
            let vm = FakeVm::new(&world, number);
            let root = vm.root();
            assert!(
                vm.configure(root, policy.as_bytes()),
                "{:?}",
                vm.host().logs
            );
            (vm, root)
        });
        let vms = vms.collect();
        Self { world, vms }
    }

    /// With these keys.
    fn with(count: u64, kids: &[&str]) -> Self {
        let fleet = Self::new(count, "0s");
        fleet.tick();
        assert_eq!(fleet.serve(200, &set(kids)), 1);
        fleet.tick();
        fleet
    }

    fn tick(&self) {
        self.world.pass(Duration::from_millis(100));
        for (vm, root) in &self.vms {
            vm.tick(*root);
        }
    }

    /// Answers all callouts. Returns how many there were.
    fn serve(&self, status: u16, body: &str) -> usize {
        let each = self.vms.iter().map(|(vm, _)| {
            let callouts = vm.callouts();
            for callout in &callouts {
                vm.reply_status(callout.token, status, body.as_bytes());
            }
            callouts.len()
        });
        each.sum()
    }

    fn send(&self, vm: usize, kid: &str) -> (ContextId, RequestOutcome) {
        self.present(vm, &token(kid))
    }

    fn present(&self, vm: usize, token: &str) -> (ContextId, RequestOutcome) {
        let (vm, root) = &self.vms[vm];
        let stream = vm.stream(*root);
        let mut headers = get("/");
        headers.push(("authorization", format!("Bearer {token}")));
        (stream, vm.request(stream, &headers))
    }

    fn sound(&self) {
        self.vms.iter().for_each(|(vm, _)| sound(vm));
    }
}

#[track_caller]
fn denied(outcome: &RequestOutcome, expected: (u32, &str)) {
    let (status, details) = answered(outcome);
    assert_eq!((status, details.as_str()), expected);
}

#[test]
fn a_withdrawn_key_ends_the_tokens_that_it_signed() {
    let fleet = Fleet::with(2, &["one", "two"]);
    for kid in ["one", "two"] {
        for vm in [0, 1] {
            forwarded(&fleet.send(vm, kid).1, ":path");
        }
    }
    fleet.world.pass(Duration::from_secs(700));
    fleet.tick();
    assert_eq!(fleet.serve(200, &set(&["two"])), 1);
    fleet.tick();
    // It is unknown now, so the set is fetched again, which brings nothing.
    let (stream, outcome) = fleet.send(0, "one");
    assert_eq!(outcome, RequestOutcome::Held);
    fleet.tick();
    assert_eq!(fleet.serve(200, &set(&["two"])), 1);
    fleet.tick();
    denied(&fleet.vms[0].0.outcome(stream), UNKNOWN);
    denied(&fleet.send(1, "one").1, UNKNOWN);
    for vm in [0, 1] {
        forwarded(&fleet.send(vm, "two").1, ":path");
    }
    fleet.sound();
}

#[test]
fn an_unknown_key_is_fetched_once_for_all() {
    let fleet = Fleet::with(4, &["one"]);
    let mut waiting = Vec::new();
    for round in 0..3 {
        for vm in 0..4 {
            let (stream, outcome) = fleet.send(vm, "two");
            assert_eq!(outcome, RequestOutcome::Held, "{round}");
            waiting.push((vm, stream));
        }
        // A good token does not wait.
        forwarded(&fleet.send(round, "one").1, ":path");
    }
    fleet.tick();
    assert_eq!(fleet.serve(200, &set(&["one", "two"])), 1, "one for all");
    fleet.tick();
    for (vm, stream) in waiting {
        forwarded(&fleet.vms[vm].0.outcome(stream), ":path");
    }
    forwarded(&fleet.send(3, "two").1, ":path");
    fleet.sound();
}

#[test]
fn unknown_keys_cause_one_fetch_in_an_interval() {
    let fleet = Fleet::with(4, &["one"]);
    let mut fetches = 0;
    let mut held = 0;
    let nobodys = token("nobodys");
    for _ in 0..600 {
        for vm in 0..4 {
            match fleet.present(vm, &nobodys) {
                (_, RequestOutcome::Held) => held += 1,
                (_, outcome) => denied(&outcome, UNKNOWN),
            }
        }
        fleet.tick();
        fetches += fleet.serve(200, &set(&["one"]));
    }
    // A minute: at once, after 30 s, after 60 s.
    assert!((2..=3).contains(&fetches), "{fetches} fetches");
    assert!(held <= 40, "{held} of 2400 waited");
    fleet.sound();
}

#[test]
fn a_token_that_another_provider_accepts_waits_for_no_keys() {
    let mut policy: serde_json::Value = serde_json::from_str(&policy("5s")).expect("JSON");
    let mut here = policy["providers"]["corp"].clone();
    let keys: serde_json::Value = serde_json::from_str(&set(&["one"])).expect("JSON");
    here["jwt"]["keys"] = json!({"inline": keys});
    policy["providers"]["here"] = here;
    policy["routes"][0]["require"] = json!({"any": ["here", "corp"]});
    let fleet = Fleet::of(1, &policy.to_string());
    forwarded(&fleet.send(0, "one").1, ":path");
    // Before and after the other provider has keys.
    let (waiting, outcome) = fleet.send(0, "two");
    assert_eq!(outcome, RequestOutcome::Held);
    fleet.tick();
    assert_eq!(fleet.serve(200, &set(&["two"])), 1);
    fleet.tick();
    forwarded(&fleet.vms[0].0.outcome(waiting), ":path");
    forwarded(&fleet.present(0, &token("one")).1, ":path");
    fleet.tick();
    assert_eq!(fleet.serve(200, &set(&["two"])), 0, "nothing was wanted");
    fleet.sound();
}

/// A fetch takes longer than the interval, so that there is always one under way.
#[test]
fn nobody_waits_for_all_the_fetches_that_others_cause() {
    let fleet = Fleet::of(1, &policy("0s").replace("30s", "1s"));
    fleet.tick();
    assert_eq!(fleet.serve(200, &set(&["one"])), 1);
    fleet.tick();
    let nobodys = token("nobodys");
    let (first, outcome) = fleet.present(0, &nobodys);
    assert_eq!(outcome, RequestOutcome::Held);
    for tick in 1..=48 {
        fleet.present(0, &nobodys);
        fleet.tick();
        if tick % 16 == 0 {
            assert_eq!(fleet.serve(200, &set(&["one"])), 1);
        }
    }
    denied(&fleet.vms[0].0.outcome(first), UNKNOWN);
    fleet.sound();
}

#[test]
fn a_fetch_that_fails_leaves_the_keys() {
    let fleet = Fleet::with(2, &["one"]);
    let (stream, outcome) = fleet.send(0, "two");
    assert_eq!(outcome, RequestOutcome::Held);
    fleet.tick();
    assert_eq!(fleet.serve(500, "{}"), 1);
    fleet.tick();
    denied(&fleet.vms[0].0.outcome(stream), UNKNOWN);
    denied(&fleet.send(1, "two").1, UNKNOWN);
    forwarded(&fleet.send(1, "one").1, ":path");
    fleet.sound();
}

#[test]
fn a_set_that_is_broken_never_replaces_a_good_one() {
    let fleet = Fleet::with(2, &["one"]);
    let large = format!("{{\"keys\": [], \"x\": \"{}\"}}", "x".repeat(300 << 10));
    for (status, body) in [
        (200, "<html>"),
        (200, ""),
        (200, r#"{"keys": []}"#),
        (200, r#"{"keys": [{"kty": "oct", "k": "AAAA"}]}"#),
        (200, r#"{"keys": {}}"#),
        (200, large.as_str()),
        (204, ""),
        (302, ""),
        (404, ""),
        (401, ""),
        (503, &set(&["two"])),
    ] {
        let mut fetched = 0;
        for _ in 0..70 {
            fleet.world.pass(Duration::from_secs(10));
            fleet.tick();
            fetched += fleet.serve(status, body);
            if fetched > 0 {
                break;
            }
        }
        assert_eq!(fetched, 1, "{status} {body:.20}");
        fleet.tick();
        for vm in [0, 1] {
            forwarded(&fleet.send(vm, "one").1, ":path");
        }
        // A good answer, so that the next one is at the usual time.
        fleet.world.pass(Duration::from_secs(700));
        fleet.tick();
        assert_eq!(fleet.serve(200, &set(&["one"])), 1);
        fleet.tick();
    }
    fleet.sound();
}

#[test]
fn the_last_good_set_is_used_for_as_long_as_the_policy_says() {
    let fleet = Fleet::with(2, &["one"]);
    forwarded(&fleet.send(0, "one").1, ":path");
    for _ in 0..59 {
        fleet.world.pass(Duration::from_secs(60));
        fleet.tick();
        fleet.serve(503, "");
        forwarded(&fleet.send(0, "one").1, ":path");
    }
    fleet.world.pass(Duration::from_secs(120));
    fleet.tick();
    fleet.serve(503, "");
    // A token that was remembered as well as a new one.
    for vm in [0, 1] {
        denied(&fleet.send(vm, "one").1, NO_KEYS);
    }
    fleet.sound();
}

#[test]
fn before_the_first_set_requests_wait_or_are_denied() {
    let fleet = Fleet::new(1, "0s");
    denied(&fleet.send(0, "one").1, NO_KEYS);
    let fleet = Fleet::new(1, "5s");
    let (stream, outcome) = fleet.send(0, "one");
    assert_eq!(outcome, RequestOutcome::Held);
    fleet.tick();
    assert_eq!(fleet.serve(200, &set(&["one"])), 1);
    fleet.tick();
    forwarded(&fleet.vms[0].0.outcome(stream), ":path");
    let fleet = Fleet::new(1, "5s");
    let (stream, _) = fleet.send(0, "one");
    fleet.tick();
    fleet.world.pass(Duration::from_secs(6));
    fleet.tick();
    denied(&fleet.vms[0].0.outcome(stream), NO_KEYS);
    fleet.sound();
}
