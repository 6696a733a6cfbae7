//! Every policy in `envoy/`, in the documentation and in the README compiles.

#[path = "support/project.rs"]
#[cfg(test)]
mod project;

use std::collections::BTreeMap;
use std::fs;

use project::{files, name, root};

/// Compiles a policy from YAML text.
fn compile(yaml: &str) -> Result<(), String> {
    let value: serde_json::Value =
        serde_yaml_ng::from_str(yaml).map_err(|error| format!("invalid YAML: {error}"))?;
    project::compile(&value.to_string())
}

/// The blocks of a Markdown page whose info string is `yaml policy`, each with its line.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut fence: Option<String> = None;
    let mut wanted = false;
    for (at, line) in page.lines().enumerate() {
        let bare = line.trim_start();
        match &fence {
            None if bare.starts_with("```") => {
                let info = bare.trim_start_matches('`');
                let ticks = bare.len().saturating_sub(info.len());
                fence = Some("`".repeat(ticks));
                wanted = info.trim() == "yaml policy";
                if wanted {
                    found.push((at.saturating_add(2), String::new()));
                }
            }
            Some(ticks) if bare.trim_end() == ticks => fence = None,
            Some(_) if wanted => {
                if let Some((_, block)) = found.last_mut() {
                    block.push_str(line);
                    block.push('\n');
                }
            }
            None | Some(_) => {}
        }
    }
    found
}

/// A policy with other sources.
fn with_sources(policy: &str, sources: &str) -> String {
    let read = |text: &str| -> serde_json::Value {
        serde_yaml_ng::from_str(text).unwrap_or(serde_json::Value::Null)
    };
    let (mut policy, sources) = (read(policy), read(sources));
    if let Some((policy, sources)) = policy.as_object_mut().zip(sources.get("sources")) {
        policy.insert("sources".to_owned(), sources.clone());
    }
    policy.to_string()
}

/// Every policy, by its file and line.
fn shown() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for path in files(&root().join("envoy"), &["yaml", "yml"]) {
        // The folder has configurations of Envoy, too.
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().contains("policy"))
        {
            let text = fs::read_to_string(&path).unwrap_or_default();
            all.insert(name(&path), text);
        }
    }
    // Each of these has the demo's sources in another kind of centre.
    let demo = all.get("envoy/policy.yaml").cloned().unwrap_or_default();
    for path in files(&root().join("envoy/centres"), &["yaml"]) {
        let sources = fs::read_to_string(&path).unwrap_or_default();
        all.insert(name(&path), with_sources(&demo, &sources));
    }
    let mut pages = files(&root().join("docs"), &["md"]);
    pages.extend(files(&root().join("envoy"), &["md"]));
    pages.push(root().join("README.md"));
    for path in pages {
        for (line, block) in blocks(&fs::read_to_string(&path).unwrap_or_default()) {
            all.insert(format!("{}:{line}", name(&path)), block);
        }
    }
    all
}

#[test]
fn every_shown_policy_compiles() {
    let shown = shown();
    let failures: Vec<_> = shown
        .iter()
        .filter_map(|(place, text)| Some(format!("{place}: {}", compile(text).err()?)))
        .collect();
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
    for place in ["envoy/policy.yaml", "envoy/centres/", "docs/", "README.md"] {
        let any = shown.keys().any(|found| found.starts_with(place));
        assert!(any, "no policy was found in {place}");
    }
}

#[test]
fn finds_the_policy_blocks_of_a_page() {
    let page = "a\n```yaml policy\nroutes: []\n```\n```yaml\nnot: this\n```\n  ````yaml policy\n  ```\n  ````\n";
    let found = blocks(page);
    assert_eq!(found, [(3, "routes: []\n".into()), (9, "  ```\n".into())]);
}

#[test]
fn finds_an_invalid_policy() {
    assert!(compile("routes: []").is_ok());
    assert!(compile("route: []").is_err());
    assert!(compile("routes: [{name: a}]").is_err());
    assert!(compile("a: [").is_err());
}
