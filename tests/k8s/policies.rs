//! Every policy in a Kubernetes object compiles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::project::compile;
use crate::wrappers::{doubles, samples, wrapped};

#[test]
fn every_policy_in_an_object_compiles() {
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

/// The samples of one folder show the same policy in several kinds of objects.
#[test]
fn the_samples_of_a_folder_have_the_same_policy() {
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
fn finds_an_invalid_policy() {
    assert!(compile(r#"{"routes": []}"#).is_ok());
    assert!(compile(r#"{"route": []}"#).is_err());
}
