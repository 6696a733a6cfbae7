//! Several policies in one VM: each request is decided by its own filter's.

use postern::host::fake::{FakeVm, Outcome};
use postern::host::{ContextId, Status};
use proptest::prelude::*;

use crate::support::{answered, forwarded, get, sound, vm};

/// A policy that says which it is, in a header of its own: filters of one chain each add theirs.
fn policy(number: usize) -> String {
    format!(
        r#"{{"routes": [{{"name": "all", "require": "none",
             "rewrite": {{"headers": {{"set": {{"x-policy-{number}": "yes"}}}}}}}}]}}"#
    )
}

fn begin(vm: &FakeVm, number: usize) -> ContextId {
    let root = vm.root();
    assert!(vm.configure(root, policy(number).as_bytes()));
    root
}

/// Which of the first hundred policies decided.
fn decided(outcome: &Outcome) -> Vec<usize> {
    let by = |number: &usize| !forwarded(outcome, &format!("x-policy-{number}")).is_empty();
    (0..100).filter(by).collect()
}

fn ask(vm: &FakeVm, stream: ContextId) -> Vec<usize> {
    decided(&vm.request(stream, &get("/")))
}

#[test]
fn one_policy_asks_the_host_nothing() {
    let vm = vm();
    let root = begin(&vm, 0);
    assert_eq!(ask(&vm, vm.stream(root)), [0]);
    assert!(!vm.host().calls.contains_key("proxy_set_property"));
}

#[test]
fn after_a_push_two_calls_tell_a_request_of_the_new_policy() {
    let vm = vm();
    let old = begin(&vm, 0);
    let new = begin(&vm, 1);
    let calls = || {
        let host = vm.host();
        host.calls.get("proxy_set_property").copied().unwrap_or(0)
    };
    assert_eq!(ask(&vm, vm.stream(new)), [1]);
    assert_eq!(calls(), 2);
    assert_eq!(ask(&vm, vm.stream(old)), [0]);
    assert_eq!(calls(), 6);
    // Where the old policy's requests are the more, they are the quicker.
    assert_eq!(ask(&vm, vm.stream(old)), [0]);
    assert_eq!(calls(), 8);
    vm.delete(old);
    assert_eq!(ask(&vm, vm.stream(new)), [1]);
    assert_eq!(calls(), 8);
    sound(&vm);
}

#[test]
fn filters_of_one_chain_are_told_apart_in_any_order() {
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let vm = vm();
        let roots = [0, 1, 2].map(|number| begin(&vm, number));
        let first = vm.stream(roots[order[0]]);
        let others = [1, 2].map(|at: usize| vm.stream_beside(first, roots[order[at]]));
        let streams = [first, others[0], others[1]];
        assert_eq!(
            streams.map(|stream| ask(&vm, stream)),
            order.map(|own| vec![own])
        );
        sound(&vm);
    }
}

#[test]
fn one_policy_twice_in_a_chain() {
    let vm = vm();
    let roots = [0, 1].map(|number| begin(&vm, number));
    let first = vm.stream(roots[0]);
    assert_eq!(ask(&vm, first), [0]);
    assert_eq!(ask(&vm, vm.stream_beside(first, roots[0])), [0]);
    assert_eq!(ask(&vm, vm.stream_beside(first, roots[1])), [1]);
}

#[test]
fn of_more_filters_than_can_be_told_apart_the_last_deny() {
    let vm = vm();
    let roots = [0, 1].map(|number| begin(&vm, number));
    let first = vm.stream(roots[0]);
    let mut outcomes = vec![vm.request(first, &get("/"))];
    for at in 1..20 {
        let stream = vm.stream_beside(first, roots[at % 2]);
        outcomes.push(vm.request(stream, &get("/")));
    }
    for (at, outcome) in outcomes.iter().enumerate() {
        if at < 8 {
            assert_eq!(decided(outcome), [at % 2]);
        } else if !matches!(outcome, Outcome::Forwarded(_)) {
            assert_eq!(answered(outcome).1, "postern_unknown_context");
        } else {
            assert_eq!(decided(outcome), [at % 2]);
        }
    }
    assert!(matches!(outcomes[19], Outcome::Answered(_)));
}

#[test]
fn where_the_host_does_not_tell_several_policies_deny_and_a_single_one_rules() {
    for call in ["proxy_call_foreign_function", "proxy_set_property"] {
        for status in [
            Status::INTERNAL_FAILURE,
            Status::NOT_FOUND,
            Status::BAD_ARGUMENT,
        ] {
            let vm = vm();
            vm.script().failures.insert(call.to_owned(), status);
            let old = begin(&vm, 0);
            assert_eq!(ask(&vm, vm.stream(old)), [0]);
            let new = begin(&vm, 1);
            for root in [old, new] {
                let outcome = vm.request(vm.stream(root), &get("/"));
                let denied = (503, "postern_unknown_context".to_owned());
                assert_eq!(answered(&outcome), denied);
            }
            vm.delete(old);
            assert_eq!(ask(&vm, vm.stream(new)), [1]);
            sound(&vm);
        }
    }
}

/// What happens in a VM: roots and streams come and go.
#[derive(Clone, Debug)]
enum Happening {
    Root,
    RootGone(usize),
    /// Requests through a chain of filters, each of some root.
    Request(Vec<usize>),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        1 => Just(Happening::Root),
        1 => (0..8_usize).prop_map(Happening::RootGone),
        4 => prop::collection::vec(0..8_usize, 1..6).prop_map(Happening::Request),
    ];
    prop::collection::vec(one, 1..60)
}

/// The place of one of them, whatever the number.
fn one_of<T>(all: &[T], number: usize) -> usize {
    number.checked_rem(all.len()).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_request_is_decided_by_its_filters_own_policy(happenings in happenings()) {
        let vm = vm();
        let mut numbers = 0..;
        let mut begun = || {
            let number = numbers.next().unwrap();
            (number, begin(&vm, number))
        };
        let mut roots = vec![begun()];
        for happening in happenings {
            match happening {
                Happening::Root => roots.push(begun()),
                Happening::RootGone(which) if roots.len() > 1 => {
                    let (_, root) = roots.remove(one_of(&roots, which));
                    vm.delete(root);
                }
                Happening::RootGone(_) => {}
                Happening::Request(chain) => {
                    let mut first = None;
                    for which in chain {
                        let (number, root) = roots[one_of(&roots, which)];
                        let stream = match first {
                            Some(first) => vm.stream_beside(first, root),
                            None => vm.stream(root),
                        };
                        first = first.or(Some(stream));
                        prop_assert_eq!(ask(&vm, stream), [number]);
                    }
                }
            }
        }
        sound(&vm);
    }
}
