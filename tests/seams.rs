//! The seams: a new way to authenticate and a new config centre need only the files that CONTRIBUTING.md lists.
//!
//! `tests/seams/NAME/` is an overlay over a copy of the crate: `new/` has whole files, `edits.toml` has lines to insert into
//! existing ones. The copy stands in `target/seams/NAME` and is built there, and its own tests run.

#[path = "seams/overlay.rs"]
#[cfg(test)]
mod overlay;

use overlay::Seam;

/// A toy scheme: a shared word in a header.
#[test]
fn a_way_to_authenticate_touches_only_the_listed_files() {
    Seam {
        overlay: "scheme",
        section: "Add a way to authenticate",
        names: &[("KIND", "word")],
        most_files: 8,
        untouched: "src/engine/",
        tests: &["--test", "corpus_core", "every_"],
        cases: "word: ",
    }
    .check();
}

/// A toy protocol: a login, a long poll, and then a text in base64, which has a format of its own.
#[test]
fn a_config_centre_touches_only_the_listed_files() {
    Seam {
        overlay: "protocol",
        section: "Add a config centre",
        names: &[("KIND", "long_poll"), ("FORMAT", "base64")],
        most_files: 7,
        untouched: "src/engine/",
        tests: &["--lib", "long_poll"],
        cases: "",
    }
    .check();
}
