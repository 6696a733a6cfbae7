//! The samples configure Istio's proxies with all labels of the stats and with the demo's access log.

use serde_json::Value;

use crate::project::root;
use crate::wrappers::{documents, list, samples};

fn shown() -> Value {
    let bootstrap = std::fs::read_to_string(root().join("envoy/bootstrap.yaml")).unwrap();
    documents(&bootstrap).unwrap().remove(0)
}

/// The proxy configurations in the samples.
fn proxies() -> Vec<Value> {
    let annotation = "/spec/template/metadata/annotations/proxy.istio.io~1config";
    let all = samples()["k8s/istio/stats"].clone();
    all.iter()
        .filter_map(|(_, sample)| {
            let mesh = sample.pointer("/meshConfig/defaultConfig").cloned();
            let pod = sample.pointer(annotation).and_then(Value::as_str);
            mesh.or_else(|| pod.map(|pod| documents(pod).unwrap().remove(0)))
        })
        .collect()
}

#[test]
fn istio_has_a_tag_for_each_label() {
    let shown = shown();
    let rules = list(&shown["stats_config"]["stats_tags"]);
    let labels: Vec<_> = rules.map(|rule| rule["tag_name"].clone()).collect();
    let proxies = proxies();
    assert_eq!(proxies.len(), 2);
    for proxy in proxies {
        assert_eq!(proxy["extraStatTags"], Value::from(labels.clone()));
    }
}

#[test]
fn istio_logs_in_the_demos_format() {
    let shown = shown();
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let log = &shown.pointer(manager).unwrap()["access_log"][0]["typed_config"];
    let format = &log["log_format"]["text_format_source"]["inline_string"];
    let all = samples()["k8s/istio/stats"].clone();
    let meshes = all.iter().map(|(_, sample)| &sample["meshConfig"]);
    let formats: Vec<_> = meshes
        .filter_map(|mesh| mesh.get("accessLogFormat"))
        .collect();
    assert_eq!(formats, [format]);
}
