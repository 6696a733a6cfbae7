//! What arrives at a registry.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::layout::{Layout, build, folder, image, module, text};
use crate::registry::{Door, Registry};

#[test]
fn a_push_brings_all_of_an_image_and_only_once() {
    let (path, _) = build(&folder("push"), &module(1), "image.tar");
    let layout = Layout::read(&path);
    let registry = Registry::start(Door::Open);
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
fn a_registry_that_asks_who_pushes_is_told() {
    let (path, _) = build(&folder("token"), &module(1), "image.tar");
    let registry = Registry::start(Door::Token);
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
fn a_push_that_does_not_arrive_as_it_was_fails() {
    let (path, _) = build(&folder("liar"), &module(1), "image.tar");
    let done = Registry::start(Door::Liar).push(&path, "compat", &[]);
    assert!(
        !done.status.success() && text(&done).contains("another manifest"),
        "{done:?}"
    );
    // A damaged image isn't pushed at all.
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len().midpoint(0);
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let registry = Registry::start(Door::Open);
    let damaged = ["compat", "artifact"].map(|form| registry.push(&path, form, &[]));
    let refused = damaged.iter().find(|done| !done.status.success()).unwrap();
    assert!(text(refused).contains("damaged"), "{refused:?}");
}

struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a process starts in real time")]
fn a_real_registry_takes_both_forms() {
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
        let why = "skipped: docker-registry isn't installed (Debian's package of that name)";
        let _ = writeln!(std::io::stderr(), "{why}");
        return;
    };
    let _ends = Ends(child);
    for _ in 0..100 {
        if TcpStream::connect(address).is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    for form in ["compat", "artifact"] {
        // The script itself reads the manifest back, by tag and by digest.
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
