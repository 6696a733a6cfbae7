//! Files of the project, and policies in them.

use std::fs;
use std::path::{Path, PathBuf};

use postern::config::Config;
use postern::policy::Policy;

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files in a folder and below with one of these endings, in order.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            all.extend(files(&path, endings));
        } else if ending.is_some_and(|ending| endings.contains(&ending)) {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// The path relative to the project's folder.
pub(crate) fn name(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Compiles a policy from JSON text. Every environment variable is set.
pub(crate) fn compile(json: &str) -> Result<(), String> {
    let config = Config::parse(json.as_bytes()).map_err(|errors| errors.to_string())?;
    let environment = |name: &str| Some(format!("the value of {name}"));
    Policy::compile(&config, &environment).map_err(|errors| errors.to_string())?;
    Ok(())
}
