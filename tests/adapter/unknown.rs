//! Unknown contexts and tokens.

use postern::host::fake::RequestOutcome;
use postern::host::{CallToken, ContextId};

use crate::support::{SMALL, WATCHED, answered, get, running, send, sound, vm};

#[test]
fn ignores_and_counts_unknown_contexts() {
    for known in [false, true] {
        let vm = if known { running(SMALL).0 } else { vm() };
        for number in [0, 77, u32::MAX] {
            let unknown = ContextId(number);
            vm.tick(unknown);
            vm.response(unknown, &[(":status", "200")]);
            vm.vm().on_delete(unknown);
        }
        assert_eq!(vm.vm().ignored().contexts, 3);
        sound(&vm);
    }
}

#[test]
fn denies_a_request_of_an_unknown_context() {
    let (vm, _) = running(SMALL);
    let unknown = ContextId(77);
    let outcome = vm.request(unknown, &get("/open"));
    assert_eq!(
        answered(&outcome),
        (503, "postern_unknown_context".to_owned())
    );
    assert_eq!(vm.vm().ignored().contexts, 1);
}

#[test]
fn denies_a_stream_of_an_unknown_root() {
    let (vm, _) = running(SMALL);
    let stream = vm.stream(ContextId(99));
    let outcome = vm.request(stream, &get("/open"));
    assert_eq!(answered(&outcome), (503, "postern_no_policy".to_owned()));
}

#[test]
fn ignores_and_counts_unknown_tokens() {
    let (vm, root) = running(SMALL);
    let (stream, _) = send(&vm, root, "/open");
    for number in [0, 1, u32::MAX] {
        vm.reply_status(CallToken(number), 200, b"{}");
        vm.fail(CallToken(number));
        vm.raw_reply(CallToken(number), 9, vec![255; 9], b"");
    }
    assert_eq!(vm.vm().ignored().replies, 9);
    assert!(matches!(vm.outcome(stream), RequestOutcome::Forwarded(_)));
    sound(&vm);
}

#[test]
fn ignores_callbacks_after_the_end() {
    let (vm, root) = running(SMALL);
    let (stream, _) = send(&vm, root, "/open");
    vm.delete(stream);
    vm.vm().on_delete(stream);
    vm.response(stream, &[(":status", "200")]);
    vm.delete(root);
    vm.tick(root);
    vm.vm().on_delete(root);
    sound(&vm);
}

/// Envoy would go on with the ticks, with one timer for each policy that was ever pushed.
#[test]
fn ends_the_ticks_with_the_root() {
    let vm = vm();
    for text in [SMALL, WATCHED] {
        let root = vm.root();
        assert!(vm.configure(root, text.as_bytes()));
        assert_ne!(vm.host().ticks[&root], 0);
        let (stream, _) = send(&vm, root, "/open");
        vm.delete(stream);
        assert_ne!(vm.host().ticks[&root], 0);
        vm.delete(root);
        assert_eq!(vm.host().ticks[&root], 0);
    }
    sound(&vm);
}

/// As where the host may not call `proxy_on_context_create`: the roots of its streams are unknown.
#[test]
fn denies_streams_of_a_root_that_was_never_created() {
    let vm = vm();
    let root = ContextId(5);
    assert!(vm.configure(root, SMALL.as_bytes()));
    vm.tick(root);
    let outcome = vm.request(ContextId(6), &get("/open"));
    let denied = (503, "postern_unknown_context".to_owned());
    assert_eq!(answered(&outcome), denied);
    sound(&vm);
}
