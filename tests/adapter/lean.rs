//! A VM that isn't told of contexts: each request is decided by its own filter's policy, and none waits.

use postern::host::fake::{FakeVm, Outcome, World};
use postern::host::{ContextId, Status};
use proptest::prelude::*;

use crate::support::{NOW, ON_DEMAND, WATCHED, answered, forwarded, get, later, sound};

fn vm() -> FakeVm {
    FakeVm::lean(&World::at(NOW), 1)
}

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

/// The call by which lost roots are looked for.
const LOOK: &str = "proxy_set_effective_context";

/// How often the host was called so.
fn calls(vm: &FakeVm, call: &str) -> u32 {
    vm.host().calls.get(call).copied().unwrap_or_default()
}

fn ask(vm: &FakeVm, stream: ContextId) -> Vec<usize> {
    decided(&vm.request(stream, &get("/")))
}

#[test]
fn one_policy_asks_the_host_nothing() {
    let vm = vm();
    let root = begin(&vm, 0);
    let calls = || calls(&vm, "proxy_set_property");
    let before = calls();
    assert_ne!(before, 0);
    assert_eq!(ask(&vm, vm.stream(root)), [0]);
    assert_eq!(calls(), before);
}

#[test]
fn after_a_push_two_calls_tell_a_request_of_the_new_policy() {
    let vm = vm();
    let old = begin(&vm, 0);
    let new = begin(&vm, 1);
    let calls = || calls(&vm, "proxy_set_property");
    let before = calls();
    // The first one also shows that the host can tell.
    assert_eq!(ask(&vm, vm.stream(new)), [1]);
    assert_eq!(calls(), before + 4);
    assert_eq!(ask(&vm, vm.stream(new)), [1]);
    assert_eq!(calls(), before + 6);
    assert_eq!(ask(&vm, vm.stream(old)), [0]);
    assert_eq!(calls(), before + 10);
    // Where the old policy's requests are the more, they are the quicker.
    assert_eq!(ask(&vm, vm.stream(old)), [0]);
    assert_eq!(calls(), before + 12);
    // The old one's end is found out on the new one's tick.
    vm.delete(old);
    vm.tick(new);
    assert_eq!(ask(&vm, vm.stream(new)), [1]);
    assert_eq!(calls(), before + 12);
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

const DENIED: (u32, &str) = (503, "postern_unknown_context");

#[test]
fn where_the_host_tells_no_more_several_policies_deny_and_a_single_one_rules() {
    for status in [
        Status::INTERNAL_FAILURE,
        Status::NOT_FOUND,
        Status::BAD_ARGUMENT,
    ] {
        let vm = vm();
        let old = begin(&vm, 0);
        let new = begin(&vm, 1);
        let call = "proxy_set_property".to_owned();
        vm.script().failures.insert(call, status);
        for root in [old, new] {
            let (status, details) = answered(&vm.request(vm.stream(root), &get("/")));
            assert_eq!((status, &*details), DENIED);
        }
        vm.delete(old);
        vm.tick(new);
        assert_eq!(ask(&vm, vm.stream(new)), [1]);
        sound(&vm);
    }
}

#[test]
fn where_the_host_could_not_tell_policies_apart_a_policy_is_refused() {
    for call in ["proxy_call_foreign_function", "proxy_set_property"] {
        let vm = vm();
        vm.script().restrict(call);
        assert!(!vm.configure(vm.root(), policy(0).as_bytes()));
        let told = format!(
            "event=config_error path=policy reason=\"the lean module could not tell two policies of one VM apart: {call} "
        );
        let logs = &vm.host().logs;
        assert!(
            logs.iter().any(|(_, line)| line.starts_with(&told)),
            "{logs:?}"
        );
        sound(&vm);
        // In a VM that has one already it harms nobody but itself.
        let vm = self::vm();
        let old = begin(&vm, 0);
        vm.script().restrict(call);
        let new = vm.root();
        assert!(vm.configure(new, policy(1).as_bytes()), "it denies instead");
        vm.script().failures.clear();
        assert_eq!(ask(&vm, vm.stream(old)), [0]);
        assert!(matches!(
            vm.request(vm.stream(new), &get("/")),
            Outcome::Answered(_)
        ));
        vm.delete(new);
        vm.tick(old);
        assert_eq!(ask(&vm, vm.stream(old)), [0]);
        sound(&vm);
    }
}

#[test]
fn a_host_that_lets_nothing_be_set_twice_tells_nothing() {
    let vm = vm();
    vm.script().all_once = true;
    for root in [begin(&vm, 0), begin(&vm, 1)] {
        let (status, details) = answered(&vm.request(vm.stream(root), &get("/")));
        assert_eq!((status, &*details), DENIED);
    }
    sound(&vm);
}

#[test]
fn a_root_is_marked_once() {
    let vm = vm();
    let root = begin(&vm, 0);
    let calls = || calls(&vm, "proxy_call_foreign_function");
    let first = calls();
    assert_ne!(first, 0);
    for text in [policy(1), "{".to_owned(), policy(0)] {
        vm.configure(root, text.as_bytes());
    }
    assert_eq!(calls(), first);
    assert!(
        !vm.host()
            .logs
            .iter()
            .any(|(_, line)| line.contains("host_call_failed"))
    );
}

#[test]
fn after_a_bad_root_the_next_bad_one_is_denied_for_too() {
    let vm = vm();
    let good = begin(&vm, 0);
    let bad = vm.root();
    assert!(vm.configure(bad, b"{"));
    vm.delete(good);
    let worse = vm.root();
    assert!(
        vm.configure(worse, b"{"),
        "a no would let its requests pass"
    );
    for root in [bad, worse] {
        let (_, details) = answered(&vm.request(vm.stream(root), &get("/")));
        assert_eq!(details, "postern_no_policy");
    }
}

fn told(vm: &FakeVm) -> Vec<String> {
    let host = vm.host();
    let errors = host.logs.iter().map(|(_, line)| line);
    let errors = errors.filter(|line| line.starts_with("event=config_error"));
    errors.cloned().collect()
}

#[test]
fn a_policy_that_needs_more_of_a_stream_is_refused() {
    let edits = |part: &str| {
        format!(
            r#"{{"routes": [{{"name": "plain", "require": "none", "match": [{{"path": {{"prefix": "/p"}}}}]}},
                         {{"name": "r", "require": "none", "response": {{"headers": {part}}}}}]}}"#
        )
    };
    let [set, add, remove] = [
        r#"{"set": {"x-gate": "yes"}}"#,
        r#"{"add": {"x-gate": "yes"}}"#,
        r#"{"remove": ["server"]}"#,
    ]
    .map(edits);
    let response =
        ["path=routes[1].response reason=\"the lean module edits no responses of upstreams\""];
    let waits = "reason=\"a request would wait for it, and with the lean module none can\"";
    let waits = format!("path=routes[0].lookup.p {waits}");
    for (policy, expected) in [
        (&*set, &response[..]),
        (&add, &response),
        (&remove, &response),
        (ON_DEMAND, &[&*waits]),
        (WATCHED, &["path=routes[0].response", &waits]),
    ] {
        let vm = vm();
        assert!(!vm.configure(vm.root(), policy.as_bytes()));
        let errors = told(&vm);
        assert_eq!(errors.len(), expected.len(), "{errors:?}");
        for (error, part) in errors.iter().zip(expected) {
            assert!(error.contains(part), "{error}");
            assert!(
                error.ends_with("suggestion=\"use postern.wasm in place of postern-lean.wasm\"")
            );
        }
        // The whole one takes it.
        let whole = FakeVm::new(&World::at(NOW), 1);
        assert!(whole.configure(whole.root(), policy.as_bytes()));
    }
}

#[test]
fn a_watched_document_is_read_and_nobody_waits_for_the_first() {
    let policy = r#"{
      "sources": {"doc": {"http": {"cluster": "centre", "path": "/doc.json"}, "refresh": "5s"}},
      "routes": [{"name": "r", "require": "none",
                  "lookup": {"p": {"source": "doc", "values": {"tier": "$.tier"}}},
                  "rewrite": {"headers": {"set": {"x-tier": "${p.tier}"}}},
                  "response": {"headers": {}}}]
    }"#;
    let world = World::at(NOW);
    let vm = FakeVm::lean(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, policy.as_bytes()), "{:?}", told(&vm));
    let early = vm.request(vm.stream(root), &get("/"));
    assert_eq!(answered(&early).0, 503);
    vm.tick(root);
    let token = vm.callouts().first().unwrap().token;
    vm.reply_status(token, 200, br#"{"tier": "gold"}"#);
    later(&world, &vm, root, 1);
    let outcome = vm.request(vm.stream(root), &get("/"));
    assert_eq!(forwarded(&outcome, "x-tier"), [b"gold"]);
    sound(&vm);
}

#[test]
fn a_root_that_is_gone_is_ended_on_anothers_tick() {
    let world = World::at(NOW);
    let vm = FakeVm::lean(&world, 1);
    let old = begin(&vm, 0);
    assert_eq!(ask(&vm, vm.stream(old)), [0]);
    let new = begin(&vm, 1);
    vm.tick(new);
    let total = || {
        let stats = world.stats();
        let decisions = stats.iter().filter(|(name, _)| name.contains("decisions"));
        decisions.map(|(_, count)| count).sum::<u64>()
    };
    assert_eq!(total(), 0);
    vm.delete(old);
    later(&world, &vm, new, 1);
    assert_eq!(total(), 1, "what it had counted is handed over");
    let before = calls(&vm, LOOK);
    later(&world, &vm, new, 1);
    assert_eq!(calls(&vm, LOOK), before, "a single root looks for no other");
    sound(&vm);
}

#[test]
fn policies_that_are_replaced_faster_than_any_tick_do_not_gather() {
    let vm = vm();
    let looked = || calls(&vm, LOOK);
    let mut old = begin(&vm, 0);
    for number in 1..20 {
        let bad = vm.root();
        let before = looked();
        assert!(vm.configure(bad, b"{"), "a no would let its requests pass");
        assert_eq!(looked(), before, "a bad policy looks for none");
        let new = begin(&vm, number);
        vm.delete(old);
        vm.delete(bad);
        old = new;
    }
    let before = looked();
    begin(&vm, 20);
    assert_eq!(
        looked(),
        before + 4,
        "two good ones, a bad one, and back to the newest"
    );
    sound(&vm);
}

#[test]
fn where_roots_cannot_be_looked_for_none_is_ended() {
    for status in [
        Status::INTERNAL_FAILURE,
        Status::NOT_FOUND,
        Status::BAD_ARGUMENT,
    ] {
        let vm = vm();
        let [old, _, new] = [0, 2, 1].map(|number| begin(&vm, number));
        vm.script().failures.insert(LOOK.to_owned(), status);
        let before = calls(&vm, LOOK);
        vm.tick(new);
        let made = calls(&vm, LOOK) - before;
        assert!(
            made == 2 || status == Status::BAD_ARGUMENT,
            "one look tells that it is no use: {made}"
        );
        assert_eq!(ask(&vm, vm.stream(old)), [0]);
        assert_eq!(ask(&vm, vm.stream(new)), [1]);
    }
}

/// What happens in a VM: roots and streams come and go.
#[derive(Clone, Debug)]
enum Happening {
    Root,
    /// One whose policy is bad.
    BadRoot,
    /// A root is configured again, well or badly.
    Again(usize, bool),
    RootGone(usize),
    Tick(usize),
    /// Requests through a chain of filters, each of some root.
    Request(Vec<usize>),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        1 => Just(Happening::Root),
        1 => Just(Happening::BadRoot),
        1 => (0..8_usize, any::<bool>()).prop_map(|(which, well)| Happening::Again(which, well)),
        1 => (0..8_usize).prop_map(Happening::RootGone),
        1 => (0..8_usize).prop_map(Happening::Tick),
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
        let mut bad = Vec::new();
        for happening in happenings {
            match happening {
                Happening::Root => roots.push(begun()),
                Happening::BadRoot => {
                    let root = vm.root();
                    prop_assert!(vm.configure(root, b"{"), "a no would let its requests pass");
                    bad.push(root);
                }
                Happening::RootGone(which) if roots.len() > 1 => {
                    let (_, root) = roots.remove(one_of(&roots, which));
                    vm.delete(root);
                }
                Happening::Again(which, well) => {
                    let (number, root) = roots[one_of(&roots, which)];
                    let text = if well { policy(number) } else { "{".to_owned() };
                    let taken = vm.configure(root, text.as_bytes());
                    prop_assert!(taken, "a no would let its requests pass");
                }
                Happening::RootGone(_) => {}
                Happening::Tick(which) => {
                    vm.tick(roots[one_of(&roots, which)].1);
                    bad.iter().for_each(|root| vm.tick(*root));
                }
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
            for root in &bad {
                let outcome = vm.request(vm.stream(*root), &get("/"));
                prop_assert_eq!(answered(&outcome), (503, "postern_no_policy".to_owned()));
            }
        }
        sound(&vm);
    }
}
