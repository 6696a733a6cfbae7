//! The API server in some troubles; and a gate whose cluster speaks TLS with it and adds the token.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::centre::{Centre, DOCUMENTS, PASSWORD, good, policy};
use crate::gate::{Gate, report};
use crate::kubernetes::{Kubernetes, NAME, tls};
use crate::plan::Plan;
use crate::run::Run;
use crate::stats::{Stats, last_error};
use crate::troubles::some_troubles;
use crate::wait::{ensure, wait_for};

const IN_TIME: Duration = Duration::from_secs(10);

#[test]
fn kubernetes_in_some_troubles() {
    let mut kubernetes = Kubernetes::new("kubernetes");
    the_cluster_adds_a_token_that_rotates(&mut kubernetes);
    let mut run = Run::start("kubernetes", Box::new(kubernetes));
    some_troubles(&mut run);
    drop(run.finish());
}

/// A folder with a token, as kubelet writes it: a new token is in a new folder, and a link to it is replaced.
#[derive(Debug)]
struct Volume(PathBuf, u32);

impl Volume {
    fn put(&mut self, token: &str) {
        let Self(folder, number) = self;
        *number = number.wrapping_add(1);
        let name = format!("..{number}");
        fs::create_dir_all(folder.join(&name)).expect("a writable folder");
        fs::write(folder.join(&name).join("token"), token).expect("a writable folder");
        symlink(&name, folder.join("..new")).expect("a writable folder");
        fs::rename(folder.join("..new"), folder.join("..data")).expect("a writable folder");
        // It is there already.
        let _ = symlink("..data/token", folder.join("token"));
    }
}

const TYPES: &str = "type.googleapis.com/envoy.extensions";

/// The options of a cluster that adds the token to each request.
fn injector(secret: &Path) -> Value {
    let generic = json!({
        "@type": format!("{TYPES}.http.injected_credentials.generic.v3.Generic"),
        "header": "authorization",
        "header_value_prefix": "Bearer ",
        "credential": {"name": "token", "sds_config": {"path_config_source": {"path": secret}}},
    });
    let injector = json!({
        "@type": format!("{TYPES}.filters.http.credential_injector.v3.CredentialInjector"),
        "overwrite": true,
        "credential": {"name": "envoy.http.injected_credentials.generic", "typed_config": generic},
    });
    let codec = json!({"@type": format!("{TYPES}.filters.http.upstream_codec.v3.UpstreamCodec")});
    json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": format!("{TYPES}.upstreams.http.v3.HttpProtocolOptions"),
        "explicit_http_config": {"http2_protocol_options": {}},
        "http_filters": [
            {"name": "envoy.filters.http.credential_injector", "typed_config": injector},
            {"name": "envoy.filters.http.upstream_codec", "typed_config": codec},
        ],
    }})
}

/// The file that says where the token is.
fn secret(folder: &Path) -> PathBuf {
    let volume = folder.join("volume");
    let secret = json!({"resources": [{
        "@type": format!("{TYPES}.transport_sockets.tls.v3.Secret"),
        "name": "token",
        "generic_secret": {"secret": {
            "filename": volume.join("token"), "watched_directory": {"path": volume},
        }},
    }]});
    let path = folder.join("token.yaml");
    fs::write(&path, secret.to_string()).expect("a writable folder");
    path
}

/// Where the files of the test are. A change of a bootstrap is no closure.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("centres/kubernetes")
}

/// The log tells this error of the source, and it is counted.
fn until_told(gate: &Gate, before: &Stats, reason: &str, error: &str) {
    wait_for(IN_TIME, || {
        let counted = Stats::read(gate.envoy.admin).new_failures("main", before);
        let told = last_error(&gate.envoy.log(), "main").unwrap_or_default();
        let is_told = counted.iter().any(|it| it == reason) && told.contains(error);
        ensure(is_told, || {
            format!("{counted:?} {told}, not {reason} {error}")
        })
    });
}

/// A gate whose policy has no token.
fn gate(kubernetes: &Kubernetes) -> Gate {
    let mut policy: Value = serde_json::from_str(&policy("kubernetes", kubernetes)).expect("JSON");
    for document in DOCUMENTS {
        let own = &mut policy["sources"][document]["kubernetes"];
        own["scheme"] = json!("https");
        own["authority"] = json!(NAME);
        own.as_object_mut().expect("a record").remove("token");
    }
    Gate::start(Plan {
        name: "centres-injector".into(),
        policies: vec![("gate".into(), policy.to_string())],
        clusters: vec![("centre".into(), kubernetes.server())],
        change: |bootstrap| {
            // Envoy takes a secret from a file only if it has a name itself.
            bootstrap["node"] = json!({"id": "gate", "cluster": "gates"});
            let clusters = bootstrap["static_resources"]["clusters"].as_array_mut();
            let centre = clusters.into_iter().flatten();
            for cluster in centre.filter(|cluster| cluster["name"] == "centre") {
                cluster["transport_socket"] = tls(&folder().join("authority.pem"));
                let options = injector(&folder().join("token.yaml"));
                cluster["typed_extension_protocol_options"] = options;
            }
        },
        ..Plan::default()
    })
}

fn the_cluster_adds_a_token_that_rotates(kubernetes: &mut Kubernetes) {
    let [one, two] = ["one", "two"].map(|name| kubernetes.account(name));
    let mut volume = Volume(folder().join("volume"), 0);
    volume.put(&one);
    fs::copy(kubernetes.authority(), folder().join("authority.pem")).expect("a certificate");
    secret(&folder());
    for document in DOCUMENTS {
        kubernetes.put(document, &good("first"));
    }
    let gate = gate(kubernetes);
    let first = gate.until("/main/first", "-", "200", IN_TIME);
    gate.until("/short/first", "-", "200", IN_TIME);
    for document in DOCUMENTS {
        kubernetes.put(document, &good("second"));
    }
    let looked = gate.until("/main/second", "-", "200", IN_TIME);
    gate.until("/short/second", "-", "200", IN_TIME);

    // The account may no longer read, and then the token is that of another one.
    let before = Stats::read(gate.envoy.admin);
    kubernetes.unbind("one");
    until_told(&gate, &before, "refused", "status 403");
    kubernetes.put("main", &good("third"));
    volume.put(&two);
    let rotated = gate.until("/main/third", "-", "200", IN_TIME);

    let before = Stats::read(gate.envoy.admin);
    volume.put("no-token");
    until_told(&gate, &before, "refused", "status 401");
    gate.check("a wrong token", "/main/third", "-", "200");
    volume.put(&two);

    kubernetes.put("main", &good("fourth"));
    gate.until("/main/fourth", "-", "200", IN_TIME);
    let before = Stats::read(gate.envoy.admin);
    kubernetes.delete("main");
    until_told(&gate, &before, "missing", "there is no such document");
    kubernetes.put("main", &good("fifth"));
    let again = gate.until("/main/fifth", "-", "200", IN_TIME);
    gate.check("denied", "/main/globex", "-", "403 forbidden");
    report(&format!(
        "TLS and a token of the cluster: the first document after {first:.1?}, a change after {looked:.1?}, with a new token after {rotated:.1?}, a deleted object is back after {again:.1?}"
    ));
    let log = gate.envoy.log();
    for secret in [&*one, &*two, PASSWORD] {
        assert!(!log.contains(secret), "the log has {secret}");
    }
    gate.finish();
}
