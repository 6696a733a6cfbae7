//! What the filter may do, and what happens when it can't.

use std::fs;

use crate::wrappers::{files, name, names_after, root};

/// Of a list that lacks one, the filter breaks, or opens the gate: the list that the documentation shows is whole.
#[test]
fn the_documented_capabilities_are_all_that_the_filter_needs() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let calls = names_after(&read("src/host/abi/import.rs"), "fn ", "proxy_");
    let callbacks = names_after(&read("crates/postlink/src/table.rs"), "\"", "proxy_on_");
    assert!(calls.len() > 10 && callbacks.len() > 5);
    let page = read("docs/operations.md");
    let section = page.split("\n## Capabilities\n").nth(1).unwrap();
    // The second table shows what happens without one.
    let section = section.split("\nWhat was seen").next().unwrap();
    let shown = names_after(section, "`", "proxy_");
    let missing: Vec<_> = calls
        .union(&callbacks)
        // Where the host puts bytes; Envoy calls it whatever the list says.
        .filter(|name| *name != "proxy_on_memory_allocate" && !shown.contains(*name))
        .collect();
    assert!(missing.is_empty(), "docs/operations.md lacks {missing:?}");
}

#[test]
fn no_sample_opens_the_gate_when_the_filter_fails() {
    for path in files(&root().join("k8s"), "yaml") {
        let text = fs::read_to_string(&path).unwrap();
        let place = name(&path);
        for word in ["FAIL_OPEN", "failOpen: true", "fail_open: true"] {
            assert!(!text.contains(word), "{place}: {word}");
        }
    }
}
