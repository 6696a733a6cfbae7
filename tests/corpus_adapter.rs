//! The corpus through the adapter, natively: the callbacks of the module over a fake host.
#![cfg(feature = "fake-host")]

#[path = "support/adapter_gate.rs"]
#[cfg(test)]
mod adapter_gate;
#[path = "support/case.rs"]
#[cfg(test)]
mod case;
#[path = "support/compile.rs"]
#[cfg(test)]
mod compile;
#[path = "support/corpus.rs"]
#[cfg(test)]
mod corpus;
#[path = "support/lean.rs"]
#[cfg(test)]
mod lean;
#[path = "support/logged.rs"]
#[cfg(test)]
mod logged;
#[path = "support/outcome.rs"]
#[cfg(test)]
mod outcome;
#[path = "support/refused.rs"]
#[cfg(test)]
mod refused;
#[path = "support/upstream.rs"]
#[cfg(test)]
mod upstream;
#[path = "support/world.rs"]
#[cfg(test)]
mod world;

use adapter_gate::AdapterGate;
use case::{CaseFile, files};

#[test]
fn every_case() {
    corpus::run("adapter", |_| true, AdapterGate::open);
}

#[test]
fn every_case_that_suits_the_lean_module() {
    corpus::run("lean adapter", lean::suits, AdapterGate::open_lean);
    let count = |fit: fn(&CaseFile) -> bool| -> usize {
        let files = files().into_iter().filter(fit);
        files.map(|file| file.cases.len()).sum()
    };
    let (fit, all) = (count(lean::suits), count(|_| true));
    assert!(
        fit.saturating_mul(10) > all.saturating_mul(9),
        "only {fit} of {all} cases suit it, and the documentation says nine of ten"
    );
}

#[test]
fn every_bad_policy_is_refused_and_all_its_errors_are_logged() {
    refused::run("adapter", AdapterGate::refuse);
}
