//! The contents of a built image.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::layout::{Layout, MANIFEST, build, digest, folder, image, module, text, untar};

/// Istio and Envoy Gateway read `plugin.wasm` from the only layer. The layer must have this media type.
#[test]
fn the_compat_form_has_the_module_as_plugin_wasm_in_one_layer() {
    let folder = folder("compat");
    let (path, said) = build(&folder, &module(1), "image.tar");
    let layout = Layout::read(&path);
    let (manifest, name) = layout.manifest("compat");
    assert!(said.contains(&format!("compat    {name}")), "{said}");
    assert_eq!(manifest["mediaType"], MANIFEST);
    assert_eq!(
        manifest["annotations"]["module.wasm.image/variant"],
        "compat"
    );
    assert_eq!(
        manifest["annotations"]["org.opencontainers.image.title"],
        "module"
    );
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1);
    assert_eq!(
        layers[0]["mediaType"],
        "application/vnd.oci.image.layer.v1.tar+gzip"
    );
    let packed = folder.join("layer.tar.gz");
    fs::write(&packed, layout.blob(&layers[0])).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let done = Command::new(program)
            .args(arguments)
            .arg(&packed)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        done.stdout
    };
    let layer = run("gzip", &["-dc"]);
    assert_eq!(
        untar(&layer),
        BTreeMap::from([("plugin.wasm".to_owned(), module(1))])
    );
    let config: Value = serde_json::from_slice(&layout.blob(&manifest["config"])).unwrap();
    assert_eq!(config["rootfs"]["diff_ids"][0], digest(&layer));
}

/// Istio and Envoy Gateway require exactly two layers here. The layer of the second type is the module itself.
#[test]
fn the_artifact_form_has_the_module_as_a_layer() {
    let (path, said) = build(&folder("artifact"), &module(1), "image.tar");
    let layout = Layout::read(&path);
    let (manifest, name) = layout.manifest("artifact");
    assert!(said.contains(&format!("artifact  {name}")), "{said}");
    assert!(
        said.contains(&format!("module    {}", digest(&module(1)))),
        "{said}"
    );
    let layers = manifest["layers"].as_array().unwrap();
    let types: Vec<_> = layers
        .iter()
        .map(|l| l["mediaType"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "application/vnd.module.wasm.config.layer.v1+json",
            "application/vnd.module.wasm.content.layer.v1+wasm"
        ]
    );
    assert_eq!(layout.blob(&layers[1]), module(1));
    layout.blob(&layers[0]);
    layout.blob(&manifest["config"]);
}

#[test]
fn a_module_always_makes_the_same_image() {
    let folder = folder("same");
    let (first, _) = build(&folder, &module(1), "first.tar");
    let (again, _) = build(&folder, &module(1), "again.tar");
    let (other, _) = build(&folder, &module(2), "other.tar");
    let read = |path: &str| fs::read(path).unwrap();
    assert_eq!(read(&first), read(&again));
    for form in ["compat", "artifact"] {
        let name = |path: &str| Layout::read(path).manifest(form).1;
        assert_ne!(name(&first), name(&other));
    }
}

#[test]
fn refuses_what_is_not_a_module_or_an_image() {
    let folder = folder("refused");
    let (from, to) = (folder.join("module.wasm"), folder.join("image.tar"));
    let [from, to] = [&from, &to].map(|path| path.to_str().unwrap().to_owned());
    let attempt = || image(&["build", "--module", &from, "--output", &to], &[]);
    assert!(!attempt().status.success());
    fs::write(&from, b"\0asm\x0d\0\x01\0 a component").unwrap();
    let done = attempt();
    assert!(
        !done.status.success() && text(&done).contains("is not a WebAssembly module"),
        "{done:?}"
    );
    assert!(!Path::new(&to).exists());
    fs::write(&to, "no tar").unwrap();
    let done = image(&["push", "--image", &to, "127.0.0.1:1/a:b"], &[]);
    assert!(
        !done.status.success() && text(&done).contains("is not an image of this script"),
        "{done:?}"
    );
    let done = image(&["push", "--image", &to, "postern:latest"], &[]);
    assert!(
        !done.status.success() && text(&done).contains("is not HOST"),
        "{done:?}"
    );
}
