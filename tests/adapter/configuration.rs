//! Pushes of good and bad policies.

use postern::host::Status;
use postern::host::fake::{FakeVm, World};

use crate::support::{NOW, SMALL, answered, get, later, running, send, sound, vm};

#[test]
fn refuses_a_bad_configuration_with_the_reason_in_the_log() {
    let struct_wire = b"\x0a\x10\x0a\x06routes\x12\x06\x32\x04\x0a\x02\x18\x01".to_vec();
    let huge = format!("{{\"routes\": \"{}", "x".repeat(10 << 20)).into_bytes();
    for (configuration, word) in [
        (Vec::new(), "empty"),
        (b" \n\t ".to_vec(), "empty"),
        (struct_wire, "StringValue"),
        (b"[]".to_vec(), "StringValue"),
        (b"routes: []".to_vec(), "StringValue"),
        (vec![0xff; 1 << 20], "StringValue"),
        (vec![b'{'; 17 << 20], "limit"),
        (b"{".to_vec(), "config_error"),
        (b"{\"routes\": \"\xff\xfe\"}".to_vec(), "config_error"),
        (vec![b'{'; 1 << 16], "config_error"),
        (huge, "config_error"),
        (br#"{"routs": []}"#.to_vec(), "routs"),
    ] {
        let vm = vm();
        let root = vm.root();
        assert!(!vm.configure(root, &configuration), "{word}");
        let told = vm.host().logs.clone();
        assert!(
            told.iter()
                .any(|(level, line)| *level == 4 && line.contains(word)),
            "{word}: {told:?}"
        );
        assert!(
            told.iter().all(|(_, line)| line.len() < 4096),
            "{word}: a line as long as the configuration"
        );
        // There was no policy before, so requests are denied.
        let (_, outcome) = send(&vm, root, "/open");
        assert_eq!(answered(&outcome), (503, "postern_no_policy".to_owned()));
        sound(&vm);
    }
}

#[test]
fn keeps_the_policy_after_a_bad_push_to_a_root() {
    let (vm, root) = running(SMALL);
    vm.configure(root, b"{\"routes\": 5}");
    let (_, outcome) = send(&vm, root, "/open");
    assert!(!matches!(
        outcome,
        postern::host::fake::RequestOutcome::Answered(_)
    ));
    sound(&vm);
}

/// Envoy would let every request pass where a worker's VM refuses a configuration that its trial accepted.
#[test]
fn accepts_a_bad_policy_in_a_vm_with_a_policy_and_denies() {
    let (vm, old) = running(SMALL);
    let new = vm.root();
    assert!(vm.configure(new, b"{\"routes\": 5}"));
    let told = vm.host().logs.clone();
    assert!(told.iter().any(|(_, line)| line.contains("policy_refused")));
    let (_, outcome) = send(&vm, new, "/open");
    assert_eq!(answered(&outcome), (503, "postern_no_policy".to_owned()));
    let (_, outcome) = send(&vm, old, "/open");
    assert!(matches!(
        outcome,
        postern::host::fake::RequestOutcome::Forwarded(_)
    ));
    sound(&vm);
}

#[test]
fn replaces_the_policy_after_a_good_push_to_a_root() {
    let (vm, root) = running(SMALL);
    for _ in 0..3 {
        assert!(vm.configure(root, SMALL.as_bytes()));
        send(&vm, root, "/open");
    }
    sound(&vm);
}

#[test]
fn a_root_may_begin_again() {
    let (vm, root) = running(SMALL);
    vm.vm().on_context_create(root, postern::host::ContextId(0));
    let (_, outcome) = send(&vm, root, "/open");
    assert!(matches!(
        outcome,
        postern::host::fake::RequestOutcome::Forwarded(_)
    ));
}

#[test]
fn keeps_two_policies_of_one_vm_apart() {
    let (vm, old) = running(SMALL);
    let held = vm.stream(old);
    let new = vm.root();
    // Before its configuration a root has no policy, even where other roots have one.
    let (_, outcome) = send(&vm, new, "/open");
    assert_eq!(answered(&outcome), (503, "postern_no_policy".to_owned()));
    assert!(vm.configure(new, SMALL.as_bytes()));
    assert!(matches!(
        vm.request(held, &get("/open")),
        postern::host::fake::RequestOutcome::Forwarded(_)
    ));
    vm.delete(held);
    let orphan = vm.stream(old);
    vm.delete(old);
    let (_, outcome) = send(&vm, new, "/open");
    assert!(matches!(
        outcome,
        postern::host::fake::RequestOutcome::Forwarded(_)
    ));
    // Envoy keeps a root until its last stream ends. If it didn't, the stream would be denied.
    let outcome = vm.request(orphan, &get("/open"));
    assert_eq!(answered(&outcome), (503, "postern_no_policy".to_owned()));
    vm.delete(orphan);
    sound(&vm);
}

/// A VM that refuses there lets every request pass. The trial's VM has one root.
#[test]
fn accepts_a_second_bad_policy_and_denies() {
    let (vm, good) = running(SMALL);
    let bad = vm.root();
    assert!(vm.configure(bad, b"{"));
    vm.delete(good);
    let worse = vm.root();
    assert!(vm.configure(worse, b"{"));
    for root in [bad, worse] {
        let (_, outcome) = send(&vm, root, "/open");
        assert_eq!(answered(&outcome), (503, "postern_no_policy".to_owned()));
    }
    sound(&vm);
}

#[test]
fn reads_a_large_configuration_in_pieces() {
    let route = |at: usize| {
        let path = format!(r#"[{{"path": {{"exact": "/r{at}"}}}}]"#);
        format!(r#"{{"name": "r{at}", "match": {path}, "require": "none", "respond": {{}}}}"#)
    };
    let routes: Vec<String> = (0..1000).map(route).collect();
    let good = format!(r#"{{"routes": [{}]}}"#, routes.join(", "));
    let (vm, root) = running(&good);
    assert!(vm.host().calls["proxy_get_buffer_bytes"] > 3);
    for path in ["/r0", "/r500", "/r999"] {
        let (_, outcome) = send(&vm, root, path);
        assert_eq!(answered(&outcome).0, 200, "{path}");
    }
    sound(&vm);
    // An error at its end is logged as if it had been read at once.
    let vm = self::vm();
    let root = vm.root();
    assert!(!vm.configure(root, good.replace("r999", "r998").as_bytes()));
    let told = vm.host().logs.clone();
    let path = "path=routes[999].name";
    assert!(told.iter().any(|(_, line)| line.contains(path)), "{told:?}");
}

#[test]
fn refuses_a_configuration_that_cannot_be_read() {
    let vm = vm();
    let root = vm.root();
    for status in [
        Status::NOT_FOUND,
        Status::BAD_ARGUMENT,
        Status::INTERNAL_FAILURE,
        Status(4_294_967_295),
    ] {
        vm.script()
            .failures
            .insert("proxy_get_buffer_bytes".to_owned(), status);
        assert!(!vm.configure(root, SMALL.as_bytes()));
    }
    let (_, outcome) = send(&vm, root, "/open");
    assert_eq!(answered(&outcome).0, 503);
}

#[test]
fn ignores_a_tick_before_the_first_configuration() {
    let vm = vm();
    let root = vm.root();
    vm.tick(root);
    assert_eq!(vm.vm().ignored().contexts, 0);
    assert!(vm.configure(root, SMALL.as_bytes()));
    vm.tick(root);
    sound(&vm);
}

#[test]
fn logs_what_is_used_in_another_form_than_written() {
    let world = World::at(NOW);
    world.set_variable("KEY", "k-line\r\n");
    world.set_variable("AUTH", "Bearer k-auth\n");
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    let policy = r#"{
  "consumers": [{"name": "a", "credentials": [{"apiKey": {"env": "KEY"}}, {"apiKey": {"value": "k-twice"}}, {"apiKey": {"value": "k-twice"}}]}],
  "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}},
  "sources": {"s": {"http": {"cluster": "centre", "path": "/", "headers": {"authorization": {"env": "AUTH"}}}}},
  "routes": [{"name": "r", "require": "keys", "lookup": {"l": {"source": "s", "values": {"x": "$.x"}}}}]
}"#;
    assert!(vm.configure(root, policy.as_bytes()));
    let logs = vm.host().logs.clone();
    let told: Vec<_> = logs
        .iter()
        .filter_map(|(level, line)| {
            Some((*level, line.split_once("event=config_warning path=")?.1))
        })
        .collect();
    let expected = [
        "sources.s.http.headers.authorization reason=\"the value of the environment variable `AUTH` ends with a line end",
        "consumers[0].credentials[0].apiKey.env reason=\"the value of the environment variable `KEY` ends with a line end",
        "consumers[0].credentials[2] reason=\"is found by the same value as `consumers[0].credentials[1]`",
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((level, line), expected) in told.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}");
        assert_eq!(*level, 3, "a warning");
        assert!(!line.contains("k-"), "{line}");
    }
    later(&world, &vm, root, 1);
    let callout = vm.callouts().pop().unwrap();
    let sent = callout
        .headers
        .iter()
        .find(|(name, _)| name == b"authorization");
    assert_eq!(sent.unwrap().1, b"Bearer k-auth");
}
