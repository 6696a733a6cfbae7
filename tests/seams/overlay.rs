//! Builds a copy of the crate with an overlay, and runs tests of the copy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// One overlay, and what must hold of it.
pub(crate) struct Seam {
    /// The overlay's folder in `tests/seams`.
    pub(crate) overlay: &'static str,
    /// The section of CONTRIBUTING.md that lists the files.
    pub(crate) section: &'static str,
    /// What stands for a word such as `KIND` in that list.
    pub(crate) names: &'static [(&'static str, &'static str)],
    /// The most files that the overlay may touch.
    pub(crate) most_files: usize,
    /// The folder in which it touches none.
    pub(crate) untouched: &'static str,
    /// The arguments of `cargo test` in the copy.
    pub(crate) tests: &'static [&'static str],
    /// Which cases of the corpus run there: see `POSTERN_CASES`.
    pub(crate) cases: &'static str,
}

/// Lines to insert into a file.
#[derive(Deserialize)]
struct Edit {
    file: String,
    /// A part of exactly one line of the file.
    after: String,
    /// What follows that line.
    insert: String,
}

#[derive(Deserialize)]
struct Edits {
    edit: Vec<Edit>,
}

/// The parts of the project that the copy needs.
const COPIED: [&str; 7] = [
    "Cargo.lock",
    "crates/signing",
    "src",
    "benches",
    "tests",
    "docs",
    "fuzz/seeds",
];

/// What the tests of the copy need beside the crate's own dependencies. Without the others the copy builds sooner.
const NEEDED: [&str; 4] = ["postern-signing", "proptest", "serde_yaml_ng", "toml"];

impl Seam {
    pub(crate) fn check(&self) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let own = root.join("tests/seams").join(self.overlay);
        let mut files = new_files(&own.join("new"));
        let edits = fs::read_to_string(own.join("edits.toml")).unwrap();
        let edits: Edits = toml::from_str(&edits).unwrap();
        for edit in &edits.edit {
            let known = files.remove(&edit.file);
            let text = known.unwrap_or_else(|| fs::read_to_string(root.join(&edit.file)).unwrap());
            files.insert(edit.file.clone(), edited(&text, edit));
        }
        let touched: BTreeSet<String> = files.keys().cloned().collect();
        self.check_list(root, &touched);
        let copy = root.join("target/seams").join(self.overlay);
        for part in COPIED {
            mirror(root, Path::new(part), &copy, &files);
        }
        for (path, text) in &files {
            write(&copy.join(path), text.as_bytes());
        }
        write(&copy.join("Cargo.toml"), manifest(root).as_bytes());
        self.run(&copy);
    }

    /// Compares the files of the overlay with the list in CONTRIBUTING.md.
    fn check_list(&self, root: &Path, touched: &BTreeSet<String>) {
        let page = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
        let section = page.split(&format!("## {}\n", self.section)).nth(1);
        let section = section.unwrap_or_else(|| panic!("no section `{}`", self.section));
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        let listed: BTreeSet<String> = rows
            .map(|row| self.named(row.split('`').nth(1).unwrap()))
            .collect();
        assert_eq!(*touched, listed, "touched and listed files differ");
        assert!(touched.len() <= self.most_files, "{touched:?}");
        let untouched = |path: &String| !path.starts_with(self.untouched);
        assert!(touched.iter().all(untouched), "{touched:?}");
    }

    fn named(&self, path: &str) -> String {
        let names = self.names.iter();
        names.fold(path.to_owned(), |path, (word, name)| {
            path.replace(word, name)
        })
    }

    fn run(&self, copy: &Path) {
        let done = Command::new(env!("CARGO"))
            .args(["test", "--offline", "--quiet"])
            .args(self.tests)
            .current_dir(copy)
            .env("CARGO_TARGET_DIR", copy.with_file_name("build"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_INCREMENTAL", "0")
            .env("POSTERN_CASES", self.cases)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}\n{errors}");
        let passed = said
            .lines()
            .find(|line| line.starts_with("test result: ok."));
        let passed = passed.unwrap_or_else(|| panic!("no test ran: {said}\n{errors}"));
        assert!(!passed.contains(" 0 passed"), "{passed}");
    }
}

/// The files of an overlay that are new, by their paths in the project.
fn new_files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for path in entries(&next) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                found.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn edited(text: &str, edit: &Edit) -> String {
    let at: Vec<usize> = text.match_indices(&edit.after).map(|(at, _)| at).collect();
    let [at] = at.as_slice() else {
        panic!(
            "{}: `{}` stands there {} times",
            edit.file,
            edit.after,
            at.len()
        );
    };
    let (before, behind) = text.split_at(*at);
    let (line, rest) = behind.split_once('\n').unwrap();
    format!("{before}{line}\n{}\n{rest}", edit.insert.trim_end())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Copies a file or a folder, but for what the overlay has, and removes from the copy what is no longer there.
fn mirror(root: &Path, path: &Path, copy: &Path, overlay: &BTreeMap<String, String>) {
    let from = root.join(path);
    if !from.is_dir() {
        if !overlay.contains_key(path.to_str().unwrap()) {
            if let Ok(content) = fs::read(&from) {
                write(&copy.join(path), &content);
            }
        }
        return;
    }
    let mut names = BTreeSet::new();
    for entry in entries(&from) {
        let name = path.join(entry.file_name().unwrap());
        mirror(root, &name, copy, overlay);
        names.insert(name);
    }
    for entry in entries(&copy.join(path)) {
        let name = path.join(entry.file_name().unwrap());
        let is_of_overlay = overlay
            .keys()
            .any(|known| Path::new(known).starts_with(&name));
        if !names.contains(&name) && !is_of_overlay {
            if entry.is_dir() {
                fs::remove_dir_all(entry).unwrap();
            } else {
                fs::remove_file(entry).unwrap();
            }
        }
    }
}

/// Writes a file only where it changes: cargo goes by its time.
fn write(path: &Path, content: &[u8]) {
    match fs::read(path) {
        Ok(known) if known == content => return,
        Err(error) if error.kind() != ErrorKind::NotFound => panic!("{}: {error}", path.display()),
        Ok(_) | Err(_) => {}
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// The manifest of the copy: without the workspace's other members, and with few dependencies of tests.
fn manifest(root: &Path) -> String {
    let text = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut manifest: toml::Table = text.parse().unwrap();
    let workspace = manifest
        .get_mut("workspace")
        .unwrap()
        .as_table_mut()
        .unwrap();
    workspace.insert("members".to_owned(), vec![".".to_owned()].into());
    let of_tests = manifest.get_mut("dev-dependencies").unwrap();
    of_tests
        .as_table_mut()
        .unwrap()
        .retain(|name, _| NEEDED.contains(&name));
    manifest.remove("bench");
    manifest.to_string()
}
