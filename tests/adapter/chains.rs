//! Several policies in one VM: each request is decided by its own filter's policy.

use postern::host::ContextId;
use postern::host::fake::{FakeVm, RequestOutcome, World};
use proptest::prelude::*;

use crate::support::{NOW, answered, forwarded, get, sound};

fn vm() -> FakeVm {
    FakeVm::new(&World::at(NOW), 1)
}

/// A policy that adds a header with its number: each filter of a chain adds its own.
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
fn decided(outcome: &RequestOutcome) -> Vec<usize> {
    let by = |number: &usize| !forwarded(outcome, &format!("x-policy-{number}")).is_empty();
    (0..100).filter(by).collect()
}

/// What happens in a VM: roots and streams come and go.
#[derive(Clone, Debug)]
enum Happening {
    Root,
    /// A root with a bad policy.
    BadRoot,
    /// A root is configured again, with a good or a bad policy.
    Again(usize, bool),
    RootGone(usize),
    Tick(usize),
    /// A request through a chain of filters, each of some root.
    Request(Vec<usize>),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        1 => Just(Happening::Root),
        1 => Just(Happening::BadRoot),
        1 => (0..8_usize, any::<bool>()).prop_map(|(which, good)| Happening::Again(which, good)),
        1 => (0..8_usize).prop_map(Happening::RootGone),
        1 => (0..8_usize).prop_map(Happening::Tick),
        4 => prop::collection::vec(0..8_usize, 1..6).prop_map(Happening::Request),
    ];
    prop::collection::vec(one, 1..60)
}

/// The index of one of them, whatever the number.
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
                    prop_assert!(vm.configure(root, b"{"), "a refusal would let its requests pass");
                    bad.push(root);
                }
                Happening::RootGone(which) if roots.len() > 1 => {
                    let (_, root) = roots.remove(one_of(&roots, which));
                    vm.delete(root);
                }
                Happening::Again(which, good) => {
                    let (number, root) = roots[one_of(&roots, which)];
                    let text = if good { policy(number) } else { "{".to_owned() };
                    let taken = vm.configure(root, text.as_bytes());
                    prop_assert!(taken, "a refusal would let its requests pass");
                }
                Happening::RootGone(_) => {}
                Happening::Tick(which) => {
                    vm.tick(roots[one_of(&roots, which)].1);
                    bad.iter().for_each(|root| vm.tick(*root));
                }
                Happening::Request(chain) => {
                    let mut streams: Vec<ContextId> = Vec::new();
                    for which in chain {
                        let (number, root) = roots[one_of(&roots, which)];
                        let stream = match streams.first() {
                            Some(first) => vm.stream_beside(*first, root),
                            None => vm.stream(root),
                        };
                        streams.push(stream);
                        prop_assert_eq!(decided(&vm.request(stream, &get("/"))), [number]);
                    }
                    streams.into_iter().for_each(|stream| vm.delete(stream));
                }
            }
            for root in &bad {
                let stream = vm.stream(*root);
                let outcome = vm.request(stream, &get("/"));
                prop_assert_eq!(answered(&outcome), (503, "postern_no_policy".to_owned()));
                vm.delete(stream);
            }
        }
        sound(&vm);
    }
}
