//! Other versions of Envoy than the project's own.

use std::fs;
use std::path::PathBuf;

use crate::envoy::variable;

/// The path of an Envoy of this version, which `make test-long` has fetched.
pub(crate) fn envoy_of(version: &str) -> PathBuf {
    let folder = PathBuf::from(variable("POSTERN_ENVOYS"));
    let all = fs::read_dir(folder).expect("a folder of Envoys").flatten();
    let own = all.map(|entry| entry.path()).find(|path| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        name.starts_with(version)
    });
    own.expect("`make test-long` fetches this version")
        .join("envoy")
}
