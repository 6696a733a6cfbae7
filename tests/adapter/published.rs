//! Nothing that a VM publishes depends on the seed of its hash tables, so the seed can't be computed from it.

use std::fmt::Write as _;
use std::time::Duration;

use postern::host::VmSeed;
use postern::host::fake::{Driver, FakeVm, World};

use crate::support::{NOW, SMALL, get, sound};

const MANY: &str = r#"{
  "accessLog": {"properties": ["consumer", "route", "policy", "reason"]},
  "consumers": [{"name": "app", "credentials": [{"apiKey": {"value": "k-1"}}]}],
  "consumersFrom": [{"source": "partners", "items": "$[*]"}],
  "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}},
  "sources": {
    "partners": {"http": {"cluster": "centre", "path": "/partners"}, "refresh": "1s"},
    "a": {"http": {"cluster": "centre", "path": "/a"}, "refresh": "1s"},
    "b": {"http": {"cluster": "centre", "path": "/b"}, "refresh": "1s"},
    "c": {"http": {"cluster": "centre", "path": "/c"}, "refresh": "1s"}WAITS
  },
  "routes": [
    {"name": "closed", "match": [{"path": {"prefix": "/closed"}}], "require": "keys"},
    {"name": "looked-up", "match": [{"path": {"template": "/{who}/{rest=**}"}}], "require": "none",
     "lookup": {"a": {"source": "a", "values": {"x": "$.x"}, "onFailure": {"default": {"x": 1}}},
                "b": {"source": "b", "values": {"x": "$.x"}, "onFailure": {"default": {"x": 1}}}LOOKUPS}}
  ]
}"#;

/// Sources that are read by key, and lookups in them, for which requests wait.
const DEMAND: &str = r#",
    "p": {"http": {"cluster": "crm", "path": "/p/${key}"}, "onDemand": {"ttl": "2s"}},
    "q": {"http": {"cluster": "crm", "path": "/q/${key}"}, "onDemand": {"ttl": "2s"}}"#;
const ON_DEMAND: &str = r#",
                "p": {"source": "p", "key": "${path.who}", "values": {"x": "$.x"}},
                "q": {"source": "q", "key": "${path.who}", "values": {"x": "$.x"}}"#;

/// All that a VM with these random numbers publishes, in its order.
fn published(driver: Driver, policy: &str, seed: VmSeed) -> String {
    let world = World::at(NOW);
    let vm = FakeVm::start(&world, driver, seed);
    let mut seen = String::new();
    let mut tell = |what: &dyn std::fmt::Debug| writeln!(seen, "{what:?}").unwrap();
    let roots = [policy, SMALL, policy].map(|policy| {
        let root = vm.root();
        assert!(
            vm.configure(root, policy.as_bytes()),
            "{:?}",
            vm.host().logs
        );
        root
    });
    vm.configure(vm.root(), br#"{"routes": 5}"#);
    for turn in 0..8 {
        world.pass(Duration::from_secs(1));
        roots.iter().for_each(|root| vm.tick(*root));
        let mut streams = Vec::new();
        for who in 0..10 {
            let mut headers = get(&format!("/who-{who}/x"));
            headers.push(("x-api-key", format!("k-{who}")));
            let stream = vm.stream(roots[[0, 2][who % 2]]);
            vm.request(stream, &headers);
            streams.push(stream);
            headers[3].1 = "/closed".to_owned();
            let stream = vm.stream(roots[who % 3]);
            vm.request(stream, &headers);
            streams.push(stream);
        }
        for callout in vm.callouts() {
            tell(&callout);
            let body = match turn % 3 {
                0 => r#"{"x": 2}"#.to_owned(),
                1 => r#"[{"name": "p", "credentials": [{"apiKey": {"value": "k-2"}}]}, 5]"#
                    .to_owned(),
                _ => "no JSON".to_owned(),
            };
            vm.reply_status(callout.token, 200, body.as_bytes());
        }
        for stream in streams {
            tell(&vm.outcome(stream));
            tell(&vm.host().properties(stream));
            vm.delete(stream);
        }
    }
    vm.delete(roots[0]);
    let keys: Vec<_> = world.shared().keys().map(str::to_owned).collect();
    assert!(keys.len() > 4);
    for key in keys {
        tell(&key);
        tell(&world.shared().get(&key));
    }
    tell(&world.stats());
    tell(&vm.host().logs);
    sound(&vm);
    seen
}

#[test]
fn publishes_nothing_that_depends_on_the_seed() {
    let waiting = MANY.replace("WAITS", DEMAND).replace("LOOKUPS", ON_DEMAND);
    let prompt = MANY.replace("WAITS", "").replace("LOOKUPS", "");
    for (driver, policy) in [(Driver::Wasm, waiting), (Driver::Native, prompt)] {
        let by = |name, seed| published(driver, &policy, VmSeed::of(name, seed));
        let first = by(77, 0);
        for seed in [1, 2, 77, 0x0123_4567_89ab_cdef, u64::MAX] {
            let other = by(77, seed);
            let differs = first.lines().zip(other.lines()).find(|(a, b)| a != b);
            assert_eq!(differs, None, "seed {seed}");
            assert_eq!(first.len(), other.len());
        }
        assert!(by(78, 0) != first, "the name is published");
    }
}
