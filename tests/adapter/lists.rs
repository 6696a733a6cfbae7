//! Lists of documents and flags, while their documents come, change and break.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, RequestOutcome, World};

use crate::support::{NOW, answered, brief, get, running, send, sound};

/// A block list, a flag, and the same with defaults.
const POLICY: &str = r#"{
  "sources": {"s": {"http": {"cluster": "centre", "path": "/"}, "refresh": "1s", "staleFor": "1m"}},
  "flags": {"f": {"source": "s", "value": "$.f"}, "off": {"source": "s", "value": "$.f", "default": false}},
  "routes": [
    {"name": "list", "match": [{"path": {"prefix": "/list"}}], "require": "none",
     "authorize": {"not": {"value": "${header.x-user}", "in": {"source": "s", "list": "$.l[*]"}}}},
    {"name": "held", "match": [{"path": {"prefix": "/held"}}], "require": "none",
     "authorize": {"not": {"value": "${header.x-user}", "in": {"source": "s", "list": "$.l[*]", "hold": "2s"}}}},
    {"name": "open", "match": [{"path": {"prefix": "/open"}}], "require": "none",
     "authorize": {"not": {"value": "${header.x-user}", "in": {"source": "s", "list": "$.l[*]", "default": false}}}},
    {"name": "flag", "match": [{"path": {"prefix": "/flag"}}], "require": "none", "authorize": {"not": {"flag": "f"}}},
    {"name": "off", "match": [{"path": {"prefix": "/off"}}], "require": "none", "authorize": {"not": {"flag": "off"}}},
    {"name": "closed", "match": [{"path": {"prefix": "/when"}}], "require": "none", "when": {"flag": "off"}, "respond": {"status": 503}},
    {"name": "when", "match": [{"path": {"prefix": "/when"}}], "require": "none"}
  ]
}"#;

/// The status for a user, or 0 for a request that is let in.
fn status(vm: &FakeVm, root: ContextId, path: &str, user: &str) -> u32 {
    let mut headers = get(path);
    headers.push(("x-user", user.to_owned()));
    match vm.request(vm.stream(root), &headers) {
        RequestOutcome::Forwarded(_) => 0,
        outcome @ (RequestOutcome::Answered(_) | RequestOutcome::Held) => answered(&outcome).0,
    }
}

/// Lets the source answer its next question with this document, and reads it.
fn serve(world: &World, vm: &FakeVm, root: ContextId, document: &str) {
    for _ in 0..20 {
        world.pass(Duration::from_millis(500));
        vm.tick(root);
        let sent = vm.callouts();
        for callout in &sent {
            vm.reply_status(callout.token, 200, document.as_bytes());
        }
        if !sent.is_empty() {
            break;
        }
    }
    for _ in 0..400 {
        world.pass(Duration::from_millis(1));
        vm.tick(root);
    }
}

#[test]
fn a_list_changes_with_its_document_and_stays_when_it_breaks() {
    let (vm, root) = running(POLICY);
    let world = vm.world();
    assert_eq!(status(&vm, root, "/list", "eve"), 503);
    serve(&world, &vm, root, r#"{"l": ["eve"], "f": false}"#);
    assert_eq!(status(&vm, root, "/list", "eve"), 403);
    assert_eq!(status(&vm, root, "/list", "ann"), 0);
    assert_eq!(status(&vm, root, "/flag", "ann"), 0);
    serve(&world, &vm, root, r#"{"l": ["ann"], "f": true}"#);
    assert_eq!(status(&vm, root, "/list", "eve"), 0);
    assert_eq!(status(&vm, root, "/list", "ann"), 403);
    assert_eq!(status(&vm, root, "/flag", "ann"), 403);
    let many: Vec<_> = (0..200_001).map(|at| at.to_string()).collect();
    let many = format!(r#"{{"l": [{}], "f": false}}"#, many.join(","));
    for broken in [
        "{}",
        "null",
        r#"{"l": "ann", "f": false}"#,
        r#"{"l": [true], "f": false}"#,
        r#"{"l": [["ann"]], "f": false}"#,
        &many,
    ] {
        serve(&world, &vm, root, broken);
        assert_eq!(status(&vm, root, "/list", "ann"), 403, "{broken:.40}");
        assert_eq!(status(&vm, root, "/flag", "ann"), 403, "{broken:.40}");
    }
    // A flag that is missing takes no list away.
    serve(&world, &vm, root, r#"{"l": null}"#);
    assert_eq!(status(&vm, root, "/list", "ann"), 0);
    assert_eq!(status(&vm, root, "/flag", "ann"), 503);
    assert_eq!(status(&vm, root, "/off", "ann"), 0);
    sound(&vm);
}

#[test]
fn a_stale_list_is_no_list() {
    let (vm, root) = running(POLICY);
    let world = vm.world();
    serve(&world, &vm, root, r#"{"l": ["eve"], "f": true}"#);
    assert_eq!(status(&vm, root, "/list", "ann"), 0);
    for _ in 0..90 {
        world.pass(Duration::from_secs(1));
        vm.tick(root);
        for callout in vm.callouts() {
            vm.reply_status(callout.token, 500, b"");
        }
    }
    assert_eq!(status(&vm, root, "/list", "ann"), 503);
    assert_eq!(status(&vm, root, "/flag", "ann"), 503);
    assert_eq!(status(&vm, root, "/open", "eve"), 0);
    sound(&vm);
}

#[test]
fn a_request_waits_for_the_first_list() {
    let (vm, root) = running(POLICY);
    let world = vm.world();
    vm.tick(root);
    let sent = vm.callouts();
    let held = |user: &str| {
        let stream = vm.stream(root);
        let mut headers = get("/held");
        headers.push(("x-user", user.to_owned()));
        assert_eq!(vm.request(stream, &headers), RequestOutcome::Held);
        stream
    };
    let (eve, ann) = (held("eve"), held("ann"));
    vm.reply_status(sent[0].token, 200, br#"{"l": ["eve"]}"#);
    for _ in 0..10 {
        world.pass(Duration::from_millis(100));
        vm.tick(root);
    }
    assert_eq!(answered(&vm.outcome(eve)).0, 403);
    let outcome = vm.outcome(ann);
    assert!(
        matches!(outcome, RequestOutcome::Forwarded(_)),
        "{}",
        brief(&outcome)
    );
    sound(&vm);
}

#[test]
fn what_is_let_in_by_a_default_is_logged_and_counted() {
    let (vm, root) = running(POLICY);
    assert_eq!(status(&vm, root, "/open", "eve"), 0);
    assert_eq!(status(&vm, root, "/off", "eve"), 0);
    assert_eq!(status(&vm, root, "/when", "eve"), 0);
    assert_eq!(status(&vm, root, "/list", "eve"), 503);
    vm.tick(root);
    let host = vm.host();
    let told: Vec<_> = host.logs.iter().map(|(_, line)| line.as_str()).collect();
    let fell: Vec<_> = told
        .iter()
        .filter(|line| line.starts_with("event=fell_back"))
        .collect();
    assert_eq!(fell.len(), 3, "{told:?}");
    assert!(fell[0].starts_with("event=fell_back route=open lookup=s "));
    assert!(fell[1].starts_with("event=fell_back route=off lookup=off "));
    assert!(fell[2].starts_with("event=fell_back route=closed lookup=off "));
}

/// A hundred thousand entries are read in many turns, between which requests have the list before.
#[test]
fn a_long_list_is_read_in_slices() {
    let (vm, root) = running(POLICY);
    let world = vm.world();
    serve(&world, &vm, root, r#"{"l": ["eve"], "f": false}"#);
    let entries: Vec<_> = (0..100_000).map(|at| format!("\"user-{at}\"")).collect();
    let long = format!(r#"{{"l": [{}], "f": false}}"#, entries.join(","));
    world.pass(Duration::from_secs(2));
    vm.tick(root);
    for callout in vm.callouts() {
        vm.reply_status(callout.token, 200, long.as_bytes());
    }
    let mut turns = 0;
    while status(&vm, root, "/list", "eve") == 403 {
        turns += 1;
        assert!(turns < 1000, "it is never read");
        world.pass(Duration::from_millis(1));
        vm.tick(root);
    }
    assert!(turns > 20, "{turns}");
    assert_eq!(status(&vm, root, "/list", "user-99999"), 403);
    assert_eq!(status(&vm, root, "/list", "user-100000"), 0);
    sound(&vm);
}

/// Policies that read the same lists share a document, whatever the order of their routes.
#[test]
fn a_push_that_moves_routes_keeps_the_document() {
    let route = |name: &str, list: &str| {
        format!(
            r#"{{"name": "{name}", "match": [{{"path": {{"prefix": "/{name}"}}}}], "require": "none",
            "authorize": {{"not": {{"value": "${{header.x-user}}", "in": {{"source": "s", "list": "{list}"}}}}}}}}"#
        )
    };
    let policy = |routes: &[String]| {
        format!(
            r#"{{"sources": {{"s": {{"http": {{"cluster": "centre", "path": "/"}}, "refresh": "1s"}}}}, "routes": [{}]}}"#,
            routes.join(",")
        )
    };
    let (a, b) = (route("a", "$.a[*]"), route("b", "$.b[*]"));
    let vm = FakeVm::new(&World::at(NOW), 1);
    let root = vm.root();
    let world = vm.world();
    assert!(vm.configure(root, policy(&[a.clone(), b.clone()]).as_bytes()));
    serve(&world, &vm, root, r#"{"a": ["x"], "b": ["y"]}"#);
    let next = vm.root();
    assert!(vm.configure(next, policy(&[b, a.clone()]).as_bytes()));
    for (path, user, expected) in [
        ("/a", "x", 403),
        ("/a", "y", 0),
        ("/b", "x", 0),
        ("/b", "y", 403),
    ] {
        assert_eq!(status(&vm, next, path, user), expected, "{path} {user}");
    }
    // Another list is read from another document.
    let other = vm.root();
    assert!(vm.configure(other, policy(&[a]).as_bytes()));
    assert_eq!(answered(&send(&vm, other, "/a").1).0, 503);
    sound(&vm);
}
