//! Which failures are logged, and how often.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, World};

use crate::support::{NOW, SMALL, running, send, sound};

/// Two routes with lookups of the name of the source that one of them reads.
const SAME_NAMES: &str = r#"{
  "sources": {
    "doc": {"http": {"cluster": "centre", "authority": "centre.local", "path": "/doc.json"}, "refresh": "5s"},
    "other": {"http": {"cluster": "centre", "authority": "centre.local", "path": "/other.json"}, "refresh": "5s"}
  },
  "routes": [
    {"name": "a", "match": [{"path": {"prefix": "/a"}}], "require": "none",
     "lookup": {"doc": {"source": "doc", "values": {"tier": "$.tier"}, "onFailure": {"default": {"tier": 1}}}}},
    {"name": "b", "match": [{"path": {"prefix": "/b"}}], "require": "none",
     "lookup": {"doc": {"source": "other", "values": {"tier": "$.tier"}, "onFailure": {"default": {"tier": 1}}}}}
  ]
}"#;

fn lines(vm: &FakeVm, start: &str) -> Vec<String> {
    let host = vm.host();
    let all = host.logs.iter().map(|(_, line)| line);
    all.filter(|line| line.starts_with(start))
        .cloned()
        .collect()
}

/// Lets so many seconds pass, with a tick and what `then` does in each.
fn seconds(world: &World, vm: &FakeVm, root: ContextId, number: u64, mut then: impl FnMut()) {
    for _ in 0..number {
        world.pass(Duration::from_secs(1));
        vm.tick(root);
        then();
    }
}

#[test]
fn limits_lines_of_a_lookup_and_a_source_of_one_name_separately() {
    let (vm, root) = running(SAME_NAMES);
    seconds(&vm.world(), &vm, root, 600, || {
        for callout in vm.callouts() {
            vm.reply_status(callout.token, 500, b"");
        }
        send(&vm, root, "/a");
        send(&vm, root, "/b");
    });
    for start in [
        "event=source_failed source=doc ",
        "event=source_failed source=other ",
        "event=fell_back route=a ",
        "event=fell_back route=b ",
    ] {
        let told = lines(&vm, start).len();
        assert!((9..=11).contains(&told), "{start}: {told}");
    }
    sound(&vm);
}

#[test]
fn limits_lines_of_two_policies_separately() {
    let (vm, down) = running(SAME_NAMES);
    let up = vm.root();
    let changed = SAME_NAMES.replace("centre", "good");
    assert!(vm.configure(up, changed.as_bytes()));
    let mut body = 0;
    seconds(&vm.world(), &vm, down, 600, || {
        vm.tick(up);
        body += 1;
        for callout in vm.callouts() {
            if callout.cluster == "good" {
                let body = format!(r#"{{"tier": {body}}}"#);
                vm.reply_status(callout.token, 200, body.as_bytes());
            } else {
                vm.reply_status(callout.token, 500, b"");
            }
        }
    });
    assert!(lines(&vm, "event=source_loaded source=doc ").len() > 100);
    let told = lines(&vm, "event=source_failed source=doc ").len();
    assert!((9..=11).contains(&told), "{told}");
}

#[test]
fn logs_ten_records_of_each_document() {
    let policy = r#"{
      "consumersFrom": [{"source": "one", "items": "$[*]"}, {"source": "two", "items": "$[*]"}],
      "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}},
      "sources": {"one": {"http": {"cluster": "centre", "path": "/one"}, "refresh": "1h"},
                  "two": {"http": {"cluster": "centre", "path": "/two"}, "refresh": "1h"}},
      "routes": [{"name": "all", "require": "keys"}]
    }"#;
    let (vm, root) = running(policy);
    let bad = vec![r#"{"nom": 5}"#; 50_000].join(",");
    seconds(&vm.world(), &vm, root, 1, || {});
    for (number, callout) in vm.callouts().into_iter().enumerate() {
        let good = format!(
            r#"{{"name": "c{number}", "credentials": [{{"apiKey": {{"value": "k-{number}"}}}}]}}"#
        );
        let body = format!("[{good},{bad}]");
        vm.reply_status(callout.token, 200, body.as_bytes());
    }
    seconds(&vm.world(), &vm, root, 2000, || {});
    for source in ["one", "two"] {
        let of = |event| lines(&vm, &format!("event={event} source={source}")).len();
        assert_eq!(of("source_loaded"), 1);
        assert_eq!(
            [of("record_left_out"), of("more_records_left_out")],
            [10, 1]
        );
    }
}

/// Lines that clients cause don't suppress lines on the adapter itself.
#[test]
fn limits_lines_of_denials_and_refusals_separately() {
    let (vm, root) = running(SMALL);
    let orphan = vm.root();
    for _ in 0..100 {
        send(&vm, root, "/closed");
    }
    send(&vm, orphan, "/open");
    assert_eq!(lines(&vm, "event=denied").len(), 10);
    assert_eq!(lines(&vm, "event=refused").len(), 1);
}

#[test]
fn logs_again_as_time_passes() {
    let (vm, root) = running(SAME_NAMES);
    let world = vm.world();
    assert!(world.now() >= NOW);
    vm.script().restrict("proxy_get_shared_data");
    seconds(&world, &vm, root, 121, || {});
    let told = lines(&vm, "event=host_call_failed call=proxy_get_shared_data").len();
    assert!((2..=3).contains(&told), "{told}");
}
