//! Runs `scripts/image`, and reads the image layout that it writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("image-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A module that takes more than one stored block of a gzip stream, and not a whole number of blocks.
pub(crate) fn module(last: u8) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    bytes.extend((0..200_001_u32).map(|n| n.to_le_bytes()[usize::try_from(n % 3).unwrap()]));
    bytes.push(last);
    bytes
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    format!("sha256:{hex}")
}

pub(crate) fn image(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/image"))
        .args(arguments)
        .env_remove("REGISTRY_USER")
        .env_remove("REGISTRY_PASSWORD")
        .env("no_proxy", "*")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Builds an image of a module in a folder. Returns the image's path and the script's output.
pub(crate) fn build(folder: &Path, module: &[u8], name: &str) -> (String, String) {
    let (from, to) = (folder.join("module.wasm"), folder.join(name));
    fs::write(&from, module).unwrap();
    let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap().to_owned());
    let done = image(&["build", "--module", from, "--output", &to], &[]);
    assert!(done.status.success(), "{done:?}");
    (to, String::from_utf8(done.stdout).unwrap())
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// The files of an uncompressed tar.
pub(crate) fn untar(tar: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut rest = tar;
    while rest.len() >= 512 && rest[0] != 0 {
        let (head, tail) = rest.split_at(512);
        let field = |from: usize, to: usize| {
            let raw = String::from_utf8(head[from..to].to_vec()).unwrap();
            raw.trim_matches(['\0', ' ']).to_owned()
        };
        let size = usize::from_str_radix(&field(124, 136), 8).unwrap();
        files.insert(field(0, 100), tail[..size].to_vec());
        rest = &tail[size.next_multiple_of(512)..];
    }
    files
}

pub(crate) struct Layout(BTreeMap<String, Vec<u8>>);

impl Layout {
    pub(crate) fn read(path: &str) -> Self {
        let layout = Self(untar(&fs::read(path).unwrap()));
        assert_eq!(layout.0["oci-layout"], br#"{"imageLayoutVersion":"1.0.0"}"#);
        layout
    }

    pub(crate) fn blob(&self, descriptor: &Value) -> Vec<u8> {
        let name = descriptor["digest"].as_str().unwrap();
        let blob = &self.0[&format!("blobs/{}", name.replace(':', "/"))];
        assert_eq!(digest(blob), name);
        assert_eq!(descriptor["size"], blob.len());
        blob.clone()
    }

    /// The manifest of one form (`compat` or `artifact`), and its digest.
    pub(crate) fn manifest(&self, form: &str) -> (Value, String) {
        let index: Value = serde_json::from_slice(&self.0["index.json"]).unwrap();
        let all = index["manifests"].as_array().unwrap();
        let named =
            |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == form;
        let entry = all.iter().find(named).unwrap();
        assert_eq!(entry["mediaType"], MANIFEST);
        let manifest = serde_json::from_slice(&self.blob(entry)).unwrap();
        (manifest, entry["digest"].as_str().unwrap().to_owned())
    }
}
