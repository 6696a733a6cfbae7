//! The filter's capabilities, and the samples' settings for its failure.

use std::fs;

use crate::project::{files, name, root};
use crate::wrappers::names_after;

/// With a capability missing, the filter fails or lets requests through, so the documented list must be complete.
#[test]
fn the_documented_capabilities_are_complete() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let calls = names_after(&read("src/host/wasm/abi/import.rs"), "fn ", "proxy_");
    let callbacks = names_after(&read("crates/postlink/src/table.rs"), "\"", "proxy_on_");
    assert!(calls.len() > 10 && callbacks.len() > 5);
    let page = read("docs/operations.md");
    let section = page.split("\n## Capabilities\n").nth(1).unwrap();
    // The second table shows the effects of a missing capability.
    let section = section.split("\nWhat was seen").next().unwrap();
    let shown = names_after(section, "`", "proxy_");
    let missing: Vec<_> = calls
        .union(&callbacks)
        // Envoy calls the allocator even if the list does not name it.
        .filter(|name| *name != "proxy_on_memory_allocate" && !shown.contains(*name))
        .collect();
    assert!(missing.is_empty(), "docs/operations.md lacks {missing:?}");
}

#[test]
fn no_sample_lets_requests_through_when_the_filter_fails() {
    for path in files(&root().join("k8s"), &["yaml"]) {
        let text = fs::read_to_string(&path).unwrap();
        let place = name(&path);
        for word in ["FAIL_OPEN", "failOpen: true", "fail_open: true"] {
            assert!(!text.contains(word), "{place}: {word}");
        }
    }
}
