//! The corpus through the adapter in a native build: the module's callbacks over a fake host.
#![cfg(feature = "fake-host")]

#[path = "support/adapter_gate.rs"]
#[cfg(test)]
mod adapter_gate;
#[path = "support/case.rs"]
#[cfg(test)]
mod case;
#[path = "support/corpus.rs"]
#[cfg(test)]
mod corpus;
#[path = "support/logged.rs"]
#[cfg(test)]
mod logged;
#[path = "support/outcome.rs"]
#[cfg(test)]
mod outcome;
#[path = "support/refused.rs"]
#[cfg(test)]
mod refused;
#[path = "support/tokens.rs"]
#[cfg(test)]
mod tokens;
#[path = "support/upstream.rs"]
#[cfg(test)]
mod upstream;
#[path = "support/world.rs"]
#[cfg(test)]
mod world;

use adapter_gate::AdapterGate;
use postern::host::fake::Driver;

#[test]
fn every_case() {
    corpus::run("adapter", |file| AdapterGate::open(file, Driver::Wasm));
}

#[test]
fn every_case_by_a_second_driver() {
    corpus::run("native driver", |file| {
        AdapterGate::open(file, Driver::Native)
    });
}

#[test]
fn every_invalid_policy_is_refused_with_all_its_errors_in_the_log() {
    refused::run("adapter", AdapterGate::refuse);
}
