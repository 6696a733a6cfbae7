//! What is read quickly means what the whole language says, places included.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{Json, Trees, read};
use crate::tree::{Tree, Value};
use crate::yaml;

/// Whether the text was read quickly; if so, it was read rightly.
fn quick(text: &str) -> bool {
    let mut trees = Trees::new(text);
    if read(text, &mut trees).is_none() {
        return false;
    }
    let trees = trees.documents();
    let theirs = yaml::read(text);
    assert!(
        theirs.as_ref() == Ok(&trees),
        "{text:?}\n{theirs:?}\n{trees:?}"
    );
    let mut json = Json::default();
    assert_eq!(read(text, &mut json), Some(()), "{text}");
    let whole: Vec<String> = trees.iter().map(Tree::to_json).collect();
    let one = (whole.len() == 1).then(|| whole.concat());
    assert_eq!(json.one(), one, "{text}");
    true
}

#[test]
fn what_is_plain() {
    for text in [
        "",
        "\n# nothing\n",
        "a: 1",
        "# c\n\na: 1 # c\n\n  # c\nb: x y  \n",
        "---\na: 1\n",
        "a: 1\n---\nb: 2\n---\n\n---\n- c\n",
        "a:\n  b:\n    c: 1\n  d: 2\ne: 3",
        "a: # c\n  - 1\n  - b: 2\n    c: 3\n  - - 4\n    - 5\n  -\n    d: 6\nf:\n- 7\n- 8\ng: 9\n",
        "-   a: 1\n    b: 2\n-\n  - 3\n",
        "a: [1, 'b', \"c\", d e, {f: g, h: [i]}, [], {}]  # c\n",
        "a: {b: [\n    c, # c\n\n    d,\n  ], e: f}\nb: 1\n",
        "a: {b:\n   c}\n",
        "'a b': \"c: d\"\n\"e\": 'it''s'\n",
        "a: \"\\\"\\\\\\n\\t\\/\\u00e9\"\n",
        "a : b\n'c' : d\nnull: 1\n1.0: 2\n",
        "a: ${b}/{c=**}#d\nb: -1\nc: http://x:80/y\nd: a, b]\n",
        "é: ü # ö\nb: {é: [ü, z]}\n",
        "a: 1\na: 2\n",
        "a: yes\nb: ~\nc: null\nd: 0x1F\ne: 1e3\nf: 007\n",
    ] {
        assert!(quick(text), "{text}");
    }
}

#[test]
fn what_is_left_to_the_whole_language() {
    for text in [
        "a",
        "[1]",
        "{a: 1}",
        "a:\n",
        "a:\nb: 1\n",
        "- \n- 1\n",
        "a: b\n  c\n",
        "a: |\n  b\n",
        "a: >-\n  b\n",
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "? a\n: b\n",
        "a: \"b\n  c\"\n",
        "a: \"\\ud83d\\ude00\"\n",
        "a: \"\\x41\"\n",
        "a: [b\n  c]\n",
        "a: [b: c]\n",
        "a: {b}\n",
        "a: {b: , c: 1}\n",
        "a: b: c\n",
        "a: - b\n",
        "a: 'b' c\n",
        "a: 1\n b: 2\n",
        "a:\n    b: 1\n  c: 2\n",
        "a: [1,\nb]\n",
        "a: 1\n...\n",
        "--- a: 1\n",
        "%YAML 1.2\n---\na: 1\n",
        "a:\tb\n",
        "a: 1\r\nb: 2\r\n",
        "a: \u{85}\n",
        "\u{feff}a: 1\n",
        "a: 1\nb\n",
        "a: @b\n",
    ] {
        assert!(!quick(text), "{text}");
    }
    let deep = format!("a: {}", "[".repeat(100_000));
    assert!(!quick(&deep));
    assert!(!quick(&"- ".repeat(100_000)));
    assert!(!quick(&format!("{}: 1\n", "k".repeat(1100))));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            all.push(path);
        }
    }
    all
}

/// The YAML files of the project.
fn shown() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["envoy", "k8s", "tests/golden", "tests/config"];
    let paths = folders.iter().flat_map(|folder| files(&root.join(folder)));
    paths
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.display().to_string(), text)
        })
        .collect()
}

#[test]
fn the_files_that_the_project_shows() {
    let shown = shown();
    let read = shown.iter().filter(|(_, text)| quick(text)).count();
    let policy = shown
        .iter()
        .find(|(name, _)| name.ends_with("envoy/policy.yaml"));
    assert!(policy.is_some_and(|(_, text)| quick(text)));
    assert!(read > 5, "{read} of {}", shown.len());
}

/// What YAML is made of.
const PIECES: [&str; 43] = [
    "a",
    "b1",
    "é",
    " ",
    " ",
    "  ",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n- ",
    "- ",
    "-",
    ": ",
    ": ",
    ":",
    ",",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "'",
    "''",
    "\"",
    "\\",
    "\\n",
    "\\u00e9",
    "#",
    " # c",
    "1",
    "-1",
    "null",
    "~",
    "---",
    "\n---\n",
    "...",
    "&",
    "*",
    "|",
    "?",
    "key: ",
    "x-y.z/${q}",
];

fn pieces(most: usize) -> impl Strategy<Value = String> {
    let piece = prop::sample::select(&PIECES[..]);
    prop::collection::vec(piece, 0..most).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn anything(text in pieces(24)) {
        quick(&text);
    }

    #[test]
    fn anything_in_brackets(inner in pieces(12), outer in pieces(6)) {
        quick(&format!("k: [{inner}]\n{outer}"));
        quick(&format!("k:\n  - {{{inner}}}\n{outer}"));
    }

    #[test]
    fn a_policy_with_a_mistake(
        at in any::<prop::sample::Index>(), cut in 0_usize..4, piece in pieces(3),
    ) {
        let text = "# c\nproviders: {keys: {apiKey: {from: [{header: x-api-key}]}}}\n\
            routes:\n  - name: 'a b'\n    match:\n      - path: {prefix: \"/é\"}\n    require: keys\n\
            \n  # c\n  - name: b # c\n    hosts: [a.test,\n      b.test]\n    lookup:\n      t: {source: s, values: {v: '$.v'}}\n";
        let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let start = at.index(bounds.len());
        let end = start.saturating_add(cut).min(bounds.len().saturating_sub(1));
        let (front, _) = text.split_at(bounds[start]);
        let (_, back) = text.split_at(bounds[end]);
        quick(&format!("{front}{piece}{back}"));
    }
}

#[test]
fn a_document_of_nothing_is_none() {
    assert!(quick("---\n# c\n---\n"));
    assert!(matches!(yaml::read("~"), Ok(documents) if documents.is_empty()));
    assert!(!matches!(
        yaml::read("a: ~").as_deref(),
        Ok([Tree {
            value: Value::Literal(_),
            ..
        }])
    ));
}
