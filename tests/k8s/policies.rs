//! Every policy in a wrapper compiles.

use std::collections::{BTreeMap, BTreeSet};

use postern::config::Config;
use postern::policy::{Environment, Policy};
use serde_json::Value;

use crate::wrappers::{doubles, samples, wrapped};

/// What shown policies read from the environment: each variable is set.
struct EverythingSet;

impl Environment for EverythingSet {
    fn variable(&self, name: &str) -> Option<String> {
        Some(format!("the value of {name}"))
    }
}

fn compile(json: &str) -> Result<(), String> {
    let config = Config::parse(json.as_bytes()).map_err(|errors| errors.to_string())?;
    Policy::compile(&config, &EverythingSet).map_err(|errors| errors.to_string())?;
    Ok(())
}

#[test]
fn every_policy_in_a_wrapper_compiles() {
    let mut failures = Vec::new();
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (folder, samples) in samples() {
        for (place, kind, policies) in wrapped(&samples) {
            for policy in policies {
                failures.extend(compile(&policy).err().map(|e| format!("{place}: {e}")));
            }
            kinds.entry(folder.clone()).or_default().insert(kind);
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
    let istio = BTreeSet::from(["EnvoyFilter", "TrafficExtension", "WasmPlugin"].map(String::from));
    assert_eq!(kinds["k8s/istio/ingress"], istio);
    assert_eq!(kinds["k8s/istio/sidecar"], istio);
    assert!(kinds["k8s/envoy-gateway"].contains("EnvoyExtensionPolicy"));
}

/// Whoever goes from one kind of object to another keeps the policy.
#[test]
fn the_samples_of_a_folder_hold_one_policy() {
    for (folder, samples) in samples() {
        if !folder.starts_with("k8s/") {
            continue;
        }
        let mut first: Option<Value> = None;
        for (place, _, policies) in wrapped(&samples) {
            for policy in policies {
                let policy = doubles(&serde_json::from_str(&policy).unwrap());
                assert_eq!(first.get_or_insert(policy.clone()), &policy, "{place}");
            }
        }
    }
}

#[test]
fn a_bad_policy_is_found() {
    assert!(compile(r#"{"routes": []}"#).is_ok());
    assert!(compile(r#"{"route": []}"#).is_err());
}
