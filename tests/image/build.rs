//! What is built.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::layout::{Layout, MANIFEST, build, digest, folder, image, module, text, untar};

/// Both pullers take `plugin.wasm` out of the only layer, whose type must be this one.
#[test]
fn the_compatible_form_is_one_layer_with_the_module_as_plugin_wasm() {
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

/// Both pullers want exactly two layers here, and take the one of this type as it is.
#[test]
fn the_artifact_form_is_the_module_itself() {
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
fn one_module_makes_one_image() {
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
fn what_is_no_module_is_refused() {
    let folder = folder("refused");
    let (from, to) = (folder.join("module.wasm"), folder.join("image.tar"));
    let [from, to] = [&from, &to].map(|path| path.to_str().unwrap().to_owned());
    let attempt = || image(&["build", "--module", &from, "--output", &to], &[]);
    assert!(!attempt().status.success());
    fs::write(&from, b"\0asm\x0d\0\x01\0 a component").unwrap();
    let done = attempt();
    assert!(
        !done.status.success() && text(&done).contains("is no WebAssembly module"),
        "{done:?}"
    );
    assert!(!Path::new(&to).exists());
    fs::write(&to, "no tar").unwrap();
    let done = image(&["push", "--image", &to, "127.0.0.1:1/a:b"], &[]);
    assert!(
        !done.status.success() && text(&done).contains("is no image of ours"),
        "{done:?}"
    );
    let done = image(&["push", "--image", &to, "postern:latest"], &[]);
    assert!(
        !done.status.success() && text(&done).contains("is not HOST"),
        "{done:?}"
    );
}
