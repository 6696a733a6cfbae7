//! Runs the tool and compares its output with a file. `POSTERN_BLESS=1` writes the files: review the difference.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder of `tests/golden`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// The output and the exit status of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: i32,
}

/// Runs the tool in `folder`.
pub(crate) fn run(folder: &Path, arguments: &[&str], input: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_postern"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The tool can end before it reads its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap(),
    }
}

/// Compares a run with the file `expected`. Returns the difference.
pub(crate) fn compare(run: &Run, expected: &Path) -> Result<(), String> {
    let text = format!("{}{}exit {}\n", run.out, run.err, run.status);
    if std::env::var_os("POSTERN_BLESS").is_some() {
        fs::write(expected, &text).unwrap();
    }
    let wanted = fs::read_to_string(expected).unwrap_or_default();
    if wanted == text {
        return Ok(());
    }
    Err(format!(
        "{}:\n{wanted}\n--- is now\n{text}",
        expected.display()
    ))
}

/// The files of `folder` with one of these endings, sorted.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.retain(|path| {
        path.extension()
            .is_some_and(|own| endings.iter().any(|ending| own == *ending))
    });
    all.sort();
    all
}
