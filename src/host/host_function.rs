//! The host's function that verifies signatures, and whether it is believed.

use std::cell::Cell;

use log::error;

use crate::crypto::{Curve, HostKey, SignatureCheck};

use super::hostcalls::Host;
use super::known_answers::{bad, good};
use super::log::EventLog;

/// What one VM knows of the function. The first signature of each kind tries it with answers that are known: a host whose
/// cryptography lacks a curve, or accepts everything, is found before it decides on a token. A VM that verifies no signature
/// does none of that.
#[derive(Debug, Default)]
pub(super) struct HostFunction {
    rsa: Cell<Belief>,
    p256: Cell<Belief>,
    p384: Cell<Belief>,
    p521: Cell<Belief>,
}

/// Whether the function is used for keys of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Belief {
    #[default]
    Untried,
    /// It knew the answers.
    Right,
    /// The host has no such function, doesn't allow it, or its answers were wrong.
    Absent,
}

impl HostFunction {
    /// Whether a signature is good; `None` where the host can't tell.
    pub(super) fn verify<H: Host>(
        &self,
        host: &H,
        log: &EventLog,
        check: &SignatureCheck<'_>,
    ) -> Option<bool> {
        let belief = self.belief(check.kind);
        if belief.get() == Belief::Untried {
            belief.set(attempt(host, log, check.kind));
        }
        if belief.get() == Belief::Absent {
            return None;
        }
        let answer = host.verify_signature(check);
        answer.map_err(|failure| log.trouble(&failure)).ok()
    }

    /// Whether the host is expected to know keys of this kind.
    pub(super) fn verifies(&self, kind: HostKey) -> bool {
        self.belief(kind).get() != Belief::Absent
    }

    const fn belief(&self, kind: HostKey) -> &Cell<Belief> {
        match kind {
            HostKey::Rsa => &self.rsa,
            HostKey::Ec(Curve::P256) => &self.p256,
            HostKey::Ec(Curve::P384) => &self.p384,
            HostKey::Ec(Curve::P521) => &self.p521,
        }
    }
}

/// Asks for the known answers.
#[cold]
fn attempt<H: Host>(host: &H, log: &EventLog, kind: HostKey) -> Belief {
    for (check, wanted) in [(good(kind), true), (bad(kind), false)] {
        match host.verify_signature(&check) {
            Ok(answer) if answer == wanted => {}
            Ok(answer) => {
                let key = match kind {
                    HostKey::Rsa => "RSA",
                    HostKey::Ec(curve) => curve.name(),
                };
                error!("event=signature_check_wrong key={key} answer={answer}");
                return Belief::Absent;
            }
            Err(failure) => {
                log.trouble(&failure);
                return Belief::Absent;
            }
        }
    }
    Belief::Right
}

#[cfg(all(test, feature = "fake-host"))]
mod tests {
    use crate::host::fake::{Driver, FakeVm, World};
    use crate::host::{Status, VmSeed};
    use crate::time::Timestamp;

    use super::*;

    const CALL: &str = "proxy_call_foreign_function";

    fn kinds() -> impl Iterator<Item = HostKey> {
        let curves = Curve::ALL.map(HostKey::Ec);
        curves.into_iter().chain([HostKey::Rsa])
    }

    fn vms() -> impl Iterator<Item = FakeVm> {
        let world = World::at(Timestamp::from_nanos(1));
        let start = move |driver| FakeVm::start(&world, driver, VmSeed::of(1, 2));
        Driver::ALL.into_iter().map(start)
    }

    fn calls(vm: &FakeVm) -> u32 {
        vm.host().calls.get(CALL).copied().unwrap_or(0)
    }

    fn logged(vm: &FakeVm, text: &str) -> usize {
        let logs = &vm.host().logs;
        logs.iter().filter(|(_, line)| line.contains(text)).count()
    }

    #[test]
    fn tries_the_function_once_for_each_kind_of_key() {
        for vm in vms() {
            let root = vm.root();
            assert_eq!(calls(&vm), 0);
            for (kind, before) in kinds().zip([0, 5, 10, 15]) {
                assert_eq!(vm.verify(root, &good(kind)), Some(true));
                assert_eq!(calls(&vm), before + 3);
                assert_eq!(vm.verify(root, &bad(kind)), Some(false));
                assert_eq!(vm.verify(root, &good(kind)), Some(true));
                assert_eq!(calls(&vm), before + 5);
            }
            assert!(vm.host().logs.is_empty());
        }
    }

    #[test]
    fn does_not_believe_a_function_that_always_answers_the_same() {
        for answer in [true, false] {
            for vm in vms() {
                let root = vm.root();
                vm.script().signature_answer = Some(answer);
                for kind in kinds() {
                    assert_eq!(vm.verify(root, &good(kind)), None);
                }
                vm.script().signature_answer = None;
                for kind in kinds() {
                    assert_eq!(vm.verify(root, &good(kind)), None);
                }
                let text = format!("event=signature_check_wrong key=P-256 answer={answer}");
                assert_eq!((logged(&vm, &text), logged(&vm, "")), (1, 4));
            }
        }
    }

    #[test]
    fn does_not_ask_again_for_a_function_that_is_not_there() {
        for status in [Status::NOT_FOUND, Status::INTERNAL_FAILURE] {
            for vm in vms() {
                let root = vm.root();
                vm.script().failures.insert(CALL.to_owned(), status);
                for _ in 0..3 {
                    assert_eq!(vm.verify(root, &good(HostKey::Rsa)), None);
                }
                assert_eq!((calls(&vm), logged(&vm, CALL)), (1, 1));
            }
        }
    }

    #[test]
    fn a_call_that_fails_later_is_no_answer() {
        for vm in vms() {
            let (root, kind) = (vm.root(), HostKey::Ec(Curve::P256));
            assert_eq!(vm.verify(root, &good(kind)), Some(true));
            let failure = Status::INTERNAL_FAILURE;
            vm.script().failures.insert(CALL.to_owned(), failure);
            assert_eq!(vm.verify(root, &good(kind)), None);
            vm.script().failures.clear();
            assert_eq!(vm.verify(root, &good(kind)), Some(true));
        }
    }
}
