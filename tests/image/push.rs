//! Pushes images to registries.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::layout::{Layout, build, folder, image, module, text};
use crate::registry::{Mode, Registry};
use crate::wait::{ensure, wait_for};

#[test]
fn a_push_stores_a_whole_image_once() {
    let (path, _) = build(&folder("push"), &module(1), "image.tar");
    let layout = Layout::read(&path);
    let registry = Registry::start(Mode::Open);
    for (form, blobs) in [("compat", 2), ("artifact", 5)] {
        let (manifest, name) = layout.manifest(form);
        let done = registry.push(&path, form, &[]);
        assert!(done.status.success(), "{done:?}");
        assert!(
            text(&done).contains(&name.replace(':', ": ")),
            "{}",
            text(&done)
        );
        let mut stored = registry.stored.write().unwrap();
        let tagged: Value = serde_json::from_slice(&stored.manifests["v1"]).unwrap();
        assert_eq!(tagged, manifest);
        assert_eq!(stored.blobs.len(), blobs);
        for part in manifest["layers"]
            .as_array()
            .unwrap()
            .iter()
            .chain([&manifest["config"]])
        {
            assert!(stored.blobs.contains_key(part["digest"].as_str().unwrap()));
        }
        stored.log.clear();
        drop(stored);
        assert!(registry.push(&path, form, &[]).status.success());
        let log = registry.stored.write().unwrap().log.join("\n");
        assert!(!log.contains("POST"), "{log}");
    }
}

#[test]
fn a_push_authenticates_with_a_token() {
    let (path, _) = build(&folder("token"), &module(1), "image.tar");
    let registry = Registry::start(Mode::Token);
    for environment in [
        &[][..],
        &[
            ("REGISTRY_USER", "ann"),
            ("REGISTRY_PASSWORD", "wrong-word"),
        ],
    ] {
        let done = registry.push(&path, "compat", environment);
        assert!(!done.status.success());
        assert!(!text(&done).contains("wrong-word"), "{}", text(&done));
    }
    assert!(registry.stored.write().unwrap().blobs.is_empty());
    let known = [("REGISTRY_USER", "ann"), ("REGISTRY_PASSWORD", "secret")];
    let done = registry.push(&path, "compat", &known);
    assert!(done.status.success(), "{done:?}");
    assert!(
        registry
            .stored
            .write()
            .unwrap()
            .manifests
            .contains_key("v1")
    );
}

#[test]
fn a_push_that_the_registry_changes_fails() {
    let (path, _) = build(&folder("other-manifest"), &module(1), "image.tar");
    let done = Registry::start(Mode::OtherManifest).push(&path, "compat", &[]);
    assert!(
        !done.status.success() && text(&done).contains("another manifest"),
        "{done:?}"
    );
    // A damaged image is not pushed.
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len().midpoint(0);
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let registry = Registry::start(Mode::Open);
    let damaged = ["compat", "artifact"].map(|form| registry.push(&path, form, &[]));
    let refused = damaged.iter().find(|done| !done.status.success()).unwrap();
    assert!(text(refused).contains("damaged"), "{refused:?}");
}

/// Ends the process when it is dropped.
struct RunningRegistry(Child);

impl Drop for RunningRegistry {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_real_registry_accepts_both_forms() {
    let folder = folder("registry");
    let (path, _) = build(&folder, &module(1), "image.tar");
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let config = folder.join("registry.yaml");
    let data = folder.join("data");
    let yaml = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {data:?}}}}}\nhttp: {{addr: \"{address}\"}}\n"
    );
    fs::write(&config, yaml).unwrap();
    let started = Command::new("docker-registry")
        .arg("serve")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = started else {
        let why = "skipped: docker-registry is not installed (a Debian package)";
        let _ = writeln!(std::io::stderr(), "{why}");
        return;
    };
    let _registry = RunningRegistry(child);
    wait_for(Duration::from_secs(5), || {
        ensure(TcpStream::connect(address).is_ok(), || {
            "the registry does not listen".into()
        })
    });
    for form in ["compat", "artifact"] {
        // The script reads the manifest back, by tag and by digest.
        let reference = format!("{address}/team/postern:{form}");
        let done = image(&["push", "--form", form, "--image", &path, &reference], &[]);
        assert!(done.status.success(), "{done:?}");
        let (_, name) = Layout::read(&path).manifest(form);
        assert!(
            text(&done).contains(name.trim_start_matches("sha256:")),
            "{}",
            text(&done)
        );
    }
}
