//! What the adapter counts, and when the host gets the counts.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, World};

use crate::support::{NOW, ON_DEMAND, SMALL, WATCHED, get, running, send, sound};

const VERSION: &str = "postern.policy.version";

fn decisions(route: &str, outcome: &str, reason: &str) -> String {
    format!("postern.decisions.route=.={route};.;outcome=.={outcome};.;reason=.={reason};.;total")
}

fn authentications(provider: &str, outcome: &str, reason: &str) -> String {
    format!(
        "postern.authentications.provider=.={provider};.;outcome=.={outcome};.;reason=.={reason};.;total"
    )
}

fn of_source(family: &str, source: &str, measure: &str) -> String {
    format!("postern.{family}.source=.={source};.;{measure}")
}

/// A VM in `world` with a root that runs `policy`.
fn started(world: &World, name: u64, policy: &str) -> (FakeVm, ContextId) {
    let vm = FakeVm::new(world, name);
    let root = vm.root();
    assert!(vm.configure(root, policy.as_bytes()));
    (vm, root)
}

/// Lets a second pass and ticks.
fn tick(world: &World, vm: &FakeVm, root: ContextId) {
    world.pass(Duration::from_secs(1));
    vm.tick(root);
}

fn stat(world: &World, name: &str) -> Option<u64> {
    world.stats().get(name).copied()
}

fn calls(vm: &FakeVm) -> u32 {
    let host = vm.host();
    // Gauges are set on every tick.
    let names = ["define", "increment"].map(|verb| format!("proxy_{verb}_metric"));
    let of = |name: &String| host.calls.get(name.as_str()).copied().unwrap_or_default();
    names.iter().map(of).sum()
}

#[test]
fn counts_decisions_and_flushes_them_on_the_tick() {
    let world = World::at(NOW);
    let (vm, root) = started(&world, 1, SMALL);
    assert_eq!(vm.host().ticks.get(&root), Some(&1000));
    let before = calls(&vm);
    for _ in 0..3 {
        send(&vm, root, "/open/1");
    }
    send(&vm, root, "/closed");
    send(&vm, root, "/nowhere");
    send(&vm, root, "/%zz");
    let (good, wrong) = (("x-api-key", "k-1".into()), ("x-api-key", "k-2".into()));
    for (key, times) in [(good, 2), (wrong, 1)] {
        for _ in 0..times {
            let mut headers = get("/closed");
            headers.push(key.clone());
            vm.request(vm.stream(root), &headers);
        }
    }
    assert_eq!(calls(&vm), before, "no host call for a stat in a request");
    tick(&world, &vm, root);
    let expected = [
        (decisions("open", "forwarded", "none"), 3),
        (decisions("closed", "denied", "missing_credential"), 1),
        (decisions("closed", "denied", "invalid_credential"), 1),
        (decisions("closed", "forwarded", "none"), 2),
        (decisions("(none)", "answered", "none"), 1),
        (decisions("(none)", "denied", "malformed_path"), 1),
        (authentications("keys", "absent", "none"), 1),
        (authentications("keys", "accepted", "none"), 2),
        (authentications("keys", "rejected", "invalid_credential"), 1),
    ];
    for (name, count) in &expected {
        assert_eq!(stat(&world, name), Some(*count), "{name}");
    }
    let counted = |name: &&String| name.ends_with("total") && !name.contains("refused");
    assert_eq!(world.stats().keys().filter(counted).count(), expected.len());
    // Without new counts nothing is flushed, and a known stat isn't defined again.
    let defined = vm.host().calls["proxy_define_metric"];
    let before = calls(&vm);
    tick(&world, &vm, root);
    assert_eq!(calls(&vm), before);
    send(&vm, root, "/open");
    tick(&world, &vm, root);
    assert_eq!(stat(&world, &expected[0].0), Some(4));
    assert_eq!(vm.host().calls["proxy_define_metric"], defined);
    sound(&vm);
}

#[test]
fn flushes_the_rest_when_the_policy_ends() {
    let world = World::at(NOW);
    let (vm, old) = started(&world, 1, SMALL);
    send(&vm, old, "/open");
    let new = vm.root();
    assert!(vm.configure(new, SMALL.as_bytes()));
    send(&vm, new, "/open");
    vm.delete(old);
    let open = decisions("open", "forwarded", "none");
    assert_eq!(stat(&world, &open), Some(1));
    tick(&world, &vm, new);
    assert_eq!(stat(&world, &open), Some(2));
    assert_ne!(stat(&world, VERSION), Some(0));
    vm.delete(new);
    drop(vm);
    assert_eq!(stat(&world, VERSION), None, "it went with the last VM");
}

/// The values of all gauges; the names of counters end in `total`.
fn gauges(world: &World) -> Vec<(String, u64)> {
    let all = world.stats().into_iter();
    all.filter(|(name, _)| !name.ends_with("total")).collect()
}

/// A VM with a watched source and its document.
fn watching(world: &World, name: u64) -> (FakeVm, ContextId) {
    let (vm, root) = started(world, name, WATCHED);
    tick(world, &vm, root);
    if let Some(callout) = vm.callouts().pop() {
        vm.reply_status(callout.token, 200, br#"{"tier": 1}"#);
    }
    tick(world, &vm, root);
    (vm, root)
}

#[test]
fn retracts_no_gauge_that_another_vm_sets() {
    let world = World::at(NOW);
    let (first, root) = watching(&world, 1);
    let (second, other) = watching(&world, 2);
    first.tick(root);
    let before = gauges(&world);
    assert!(before.len() >= 8, "{before:?}");
    second.delete(other);
    drop(second);
    assert_eq!(gauges(&world), before);
    first.delete(root);
    drop(first);
    assert_eq!(gauges(&world), [], "no policy is left");
}

#[test]
fn sets_every_gauge_on_every_tick() {
    let world = World::at(NOW);
    let (first, root) = watching(&world, 1);
    let before = gauges(&world);
    let version = stat(&world, VERSION);
    // The VM of another filter sets the same gauges.
    let changed = WATCHED.replace("/doc.json", "/other.json");
    let second = FakeVm::new(&world, 2);
    second.script().plugin = "other".to_owned();
    let other = second.root();
    assert!(second.configure(other, changed.as_bytes()));
    tick(&world, &second, other);
    let usable = of_source("source", "doc", "usable");
    assert_eq!(stat(&world, &usable), Some(0), "it has no document yet");
    assert_ne!(stat(&world, VERSION), version);
    second.delete(other);
    drop(second);
    first.tick(root);
    let age = of_source("source", "doc", "age_seconds");
    let but_age = |all: Vec<(String, u64)>| -> Vec<_> {
        all.into_iter().filter(|(name, _)| *name != age).collect()
    };
    assert_eq!(but_age(gauges(&world)), but_age(before));
}

#[test]
fn restores_the_gauges_of_the_policy_before() {
    let world = World::at(NOW);
    let (vm, old) = watching(&world, 1);
    let before = gauges(&world);
    let new = vm.root();
    assert!(vm.configure(new, SMALL.as_bytes()));
    assert_ne!(gauges(&world), before);
    vm.delete(new);
    assert_eq!(gauges(&world), before);
    vm.tick(old);
    assert_eq!(gauges(&world), before);
}

#[test]
fn keeps_the_gauges_of_a_source_that_other_vms_read() {
    let world = World::at(NOW);
    let (first, root) = watching(&world, 1);
    let (second, old) = watching(&world, 2);
    let new = second.root();
    assert!(second.configure(new, SMALL.as_bytes()));
    second.delete(old);
    tick(&world, &first, root);
    let configured = of_source("source", "doc", "configured");
    assert_eq!(stat(&world, &configured), Some(1));
    let last = first.root();
    assert!(first.configure(last, SMALL.as_bytes()));
    first.delete(root);
    tick(&world, &first, last);
    tick(&world, &second, new);
    assert_eq!(stat(&world, &configured), Some(0));
}

#[test]
fn leaves_only_its_part_of_sums_after_a_trap() {
    let world = World::at(NOW);
    let both: Vec<_> = [1, 2].map(|name| started(&world, name, ON_DEMAND)).into();
    for (vm, root) in &both {
        send(vm, *root, "/ann/1");
        let callout = vm.callouts().pop().unwrap();
        vm.reply_status(callout.token, 200, br#"{"tier": "gold"}"#);
        tick(&world, vm, *root);
    }
    let remembered = of_source("source", "profile", "remembered_documents");
    assert_eq!(stat(&world, &remembered), Some(2));
    let version = stat(&world, VERSION);
    let mut both = both.into_iter();
    let (first, root) = both.next().unwrap();
    // It ends without a callback.
    drop(both);
    tick(&world, &first, root);
    assert_eq!(stat(&world, &remembered), Some(2));
    assert_eq!(stat(&world, VERSION), version);
    first.delete(root);
    assert_eq!(stat(&world, &remembered), Some(1));
}

#[test]
fn adds_the_counts_of_all_vms_to_one_stat() {
    let world = World::at(NOW);
    let first = started(&world, 1, SMALL);
    let second = started(&world, 2, SMALL);
    for (vm, root) in [&first, &second, &first] {
        send(vm, *root, "/open");
    }
    world.pass(Duration::from_secs(1));
    first.0.tick(first.1);
    second.0.tick(second.1);
    let open = decisions("open", "forwarded", "none");
    assert_eq!(stat(&world, &open), Some(3));
}

#[test]
fn reports_refused_pushes_and_the_version() {
    let world = World::at(NOW);
    let (vm, root) = started(&world, 1, SMALL);
    let refused = "postern.policy.refused.total";
    assert_eq!(stat(&world, refused), Some(0));
    let version = stat(&world, VERSION);
    assert!(version.is_some_and(|version| version > 0 && version < 1 << 48));
    let info = world
        .stats()
        .into_iter()
        .find(|(name, _)| name.ends_with("info"));
    assert!(info.is_some_and(|(name, value)| {
        value == 1 && name.starts_with("postern.build.version=.=0.") && name.contains(";.;build=.=")
    }));
    let next = vm.root();
    vm.configure(next, br#"{"routes": 5}"#);
    vm.configure(next, br#"{"minVersion": "99.0"}"#);
    let told = |line: &(u32, String)| line.1.contains("minVersion") && line.1.contains("older");
    assert!(vm.host().logs.iter().any(told));
    assert_eq!(stat(&world, refused), Some(2));
    assert_eq!(stat(&world, VERSION), version);
    assert!(vm.configure(root, br#"{"minVersion": "0.1"}"#));
    assert_ne!(stat(&world, VERSION), version);
}

#[test]
fn reports_a_watched_source() {
    let world = World::at(NOW);
    let (vm, root) = started(&world, 1, WATCHED);
    let source = |measure| stat(&world, &of_source("source", "doc", measure));
    tick(&world, &vm, root);
    assert_eq!((source("configured"), source("usable")), (Some(1), Some(0)));
    assert_eq!(source("age_seconds"), None, "no document yet");
    let callout = vm.callouts().pop().unwrap();
    vm.reply_status(callout.token, 500, b"");
    world.pass(Duration::from_secs(60));
    vm.tick(root);
    let callout = vm.callouts().pop().unwrap();
    vm.reply_status(callout.token, 200, br#"{"tier": 1}"#);
    tick(&world, &vm, root);
    assert_eq!((source("usable"), source("bytes")), (Some(1), Some(11)));
    assert_eq!(
        (source("age_seconds"), source("consumers")),
        (Some(1), Some(0))
    );
    assert!(source("version").is_some_and(|version| version > 0));
    tick(&world, &vm, root);
    assert_eq!(source("age_seconds"), Some(2));
    let total = |family| stat(&world, &of_source(family, "doc", "total"));
    assert_eq!(total("source_fetches"), Some(2));
    let failures = "postern.source_failures.source=.=doc;.;reason=.=status;.;total";
    assert_eq!(stat(&world, failures), Some(1));
    let callouts = "postern.callouts.cluster=.=centre;.;outcome=.=answered;.;total";
    assert_eq!(stat(&world, callouts), Some(2));
    // A policy without the source follows, so no policy sets its gauges.
    let new = vm.root();
    assert!(vm.configure(new, SMALL.as_bytes()));
    vm.delete(root);
    assert_eq!((source("configured"), source("usable")), (Some(0), Some(0)));
}

#[test]
fn sets_the_gauges_of_the_newer_policy() {
    let world = World::at(NOW);
    let (vm, old) = started(&world, 1, WATCHED);
    tick(&world, &vm, old);
    let new = vm.root();
    assert!(vm.configure(new, WATCHED.as_bytes()));
    vm.delete(old);
    let configured = of_source("source", "doc", "configured");
    assert_eq!(stat(&world, &configured), Some(1), "there was no gap");
}

#[test]
fn reports_remembered_answers() {
    let world = World::at(NOW);
    let first = started(&world, 1, ON_DEMAND);
    let second = started(&world, 2, ON_DEMAND);
    for (vm, root) in [&first, &second] {
        send(vm, *root, "/ann/1");
        let callout = vm.callouts().pop().unwrap();
        vm.reply_status(callout.token, 200, br#"{"tier": "gold"}"#);
        send(vm, *root, "/ann/2");
        send(vm, *root, "/ann/3");
    }
    let (vm, root) = &first;
    send(vm, *root, "/bob/1");
    vm.fail(vm.callouts().pop().unwrap().token);
    world.pass(Duration::from_secs(1));
    first.0.tick(first.1);
    second.0.tick(second.1);
    let answers = |outcome| {
        let name = format!("source_answers.source=.=profile;.;outcome=.={outcome};.;total");
        stat(&world, &format!("postern.{name}"))
    };
    assert_eq!((answers("hit"), answers("miss")), (Some(4), Some(3)));
    let source = |measure| stat(&world, &of_source("source", "profile", measure));
    assert_eq!(source("remembered_documents"), Some(2), "one in each VM");
    assert_eq!(source("remembered_lacks"), Some(1));
    assert_eq!(source("in_flight"), Some(0));
    let decided = decisions("r", "forwarded", "none");
    assert_eq!(stat(&world, &decided), Some(6), "a wait is no decision");
    second.0.delete(second.1);
    assert_eq!(source("remembered_documents"), Some(1));
}

#[test]
fn keeps_counts_that_cannot_be_flushed() {
    let world = World::at(NOW);
    let (vm, root) = started(&world, 1, SMALL);
    let open = decisions("open", "forwarded", "none");
    for call in ["proxy_define_metric", "proxy_increment_metric"] {
        send(&vm, root, "/open");
        send(&vm, root, "/closed");
        vm.script().restrict(call);
        let before = calls(&vm);
        tick(&world, &vm, root);
        assert!(
            calls(&vm).saturating_sub(before) <= 3,
            "it is not tried again and again"
        );
        vm.script().failures.clear();
    }
    tick(&world, &vm, root);
    assert_eq!(stat(&world, &open), Some(2));
    let closed = decisions("closed", "denied", "missing_credential");
    assert_eq!(stat(&world, &closed), Some(2));
    let failed = "postern.failed_host_calls.call=.=proxy_define_metric;.;total";
    assert_eq!(stat(&world, failed), Some(1));
    sound(&vm);
}

#[test]
fn escapes_names_of_the_policy() {
    let policy = SMALL.replace(r#""open""#, r#""a b;.;reason=.=(none)""#);
    let (vm, root) = running(&policy);
    send(&vm, root, "/open");
    vm.delete(root);
    let name = decisions("a_b_._reason_.__none_", "forwarded", "none");
    let host = vm.host();
    assert!(host.calls.contains_key("proxy_define_metric"));
    drop(host);
    assert!(
        vm.world().stats().contains_key(&name),
        "{:?}",
        vm.world().stats()
    );
}

#[test]
fn counts_ignored_callbacks_and_refusals() {
    let world = World::at(NOW);
    let (vm, root) = started(&world, 1, SMALL);
    vm.vm().on_request_headers(ContextId(77));
    let orphan = vm.root();
    send(&vm, orphan, "/open");
    tick(&world, &vm, root);
    let ignored = "postern.ignored_callbacks.kind=.=context;.;total";
    assert_eq!(stat(&world, ignored), Some(1));
    let refused = |reason| {
        let name = format!("postern.refusals.reason=.={reason};.;total");
        stat(&world, &name)
    };
    assert_eq!(refused("unknown_context"), Some(1));
    assert_eq!(refused("no_policy"), Some(1));
}

#[test]
fn sets_the_access_log_properties_that_the_policy_asks_for() {
    let asking = SMALL.replacen(
        '{',
        r#"{"accessLog": {"properties": ["consumer", "route", "reason", "policy"]}, "#,
        1,
    );
    let (vm, root) = running(&asking);
    let mut good = get("/closed");
    good.push(("x-api-key", "k-1".into()));
    for (headers, expected) in [
        (good.clone(), [Some("app"), Some("closed"), None]),
        (
            get("/closed"),
            [None, Some("closed"), Some("missing_credential")],
        ),
        (get("/nowhere"), [None, None, None]),
        (get("/%zz"), [None, None, Some("malformed_path")]),
    ] {
        let stream = vm.stream(root);
        vm.request(stream, &headers);
        let properties = vm.host().properties(stream);
        let names = ["postern_consumer", "postern_route", "postern_reason"];
        assert_eq!(
            names.map(|name| properties.get(name).map(String::as_str)),
            expected
        );
        let policy = &properties["postern_policy"];
        assert!(policy.len() == 12 && policy.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    // Where the host refuses properties, requests are accepted all the same.
    vm.script().restrict("proxy_set_property");
    let (_, outcome) = send(&vm, root, "/open");
    assert!(matches!(
        outcome,
        postern::host::fake::RequestOutcome::Forwarded(_)
    ));
    sound(&vm);
    // A policy that doesn't ask for properties makes no such calls.
    let (vm, root) = running(SMALL);
    vm.request(vm.stream(root), &good);
    assert_eq!(vm.host().calls.get("proxy_set_property"), None);
}

#[test]
fn sets_access_log_properties_after_a_wait() {
    let asking = ON_DEMAND.replacen('{', r#"{"accessLog": {"properties": ["route"]}, "#, 1);
    let (vm, root) = running(&asking);
    let (stream, _) = send(&vm, root, "/ann/1");
    assert!(vm.host().properties(stream).is_empty());
    let callout = vm.callouts().pop().unwrap();
    vm.reply_status(callout.token, 200, br#"{"tier": "gold"}"#);
    assert_eq!(vm.host().properties(stream)["postern_route"], "r");
    sound(&vm);
}

#[test]
fn limits_the_log_lines_that_clients_cause() {
    let (vm, root) = running(SMALL);
    vm.script().logs.clear();
    for _ in 0..1000 {
        send(&vm, root, "/closed");
    }
    let lines = vm.host().logs.len();
    assert!((1..20).contains(&lines), "{lines}");
}
