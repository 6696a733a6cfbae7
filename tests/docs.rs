//! The pages of the documentation refer to files and sections that exist.

#[path = "docs/clusters.rs"]
#[cfg(test)]
mod clusters;
#[path = "support/project.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod project;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use project::{files, name, root};

/// Every page of the documentation.
fn pages() -> Vec<PathBuf> {
    let single = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "benches/README.md",
        "tests/cases/README.md",
        "tests/keys/README.md",
    ];
    let mut all = files(&root().join("docs"), &["md"]);
    all.extend(single.map(|page| root().join(page)));
    all
}

/// The texts between these two marks, without those that contain a space.
fn between<'p>(page: &'p str, start: &str, end: &str) -> Vec<&'p str> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((text, after)) = rest
        .split_once(start)
        .and_then(|(_, after)| after.split_once(end))
    {
        found.push(text);
        rest = after;
    }
    found.retain(|text| !text.contains(char::is_whitespace));
    found
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let mut found = BTreeSet::new();
    for line in page.lines() {
        is_code ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        if is_code || heading == line {
            continue;
        }
        let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' ');
        let anchor = heading.trim().chars().filter(kept);
        found.insert(anchor.collect::<String>().to_lowercase().replace(' ', "-"));
    }
    found
}

/// The error of a link, relative to the folder of its page.
fn check_link(page: &Path, link: &str) -> Option<String> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() {
        page.to_path_buf()
    } else {
        page.parent()?.join(path)
    };
    let wrong = |what: &str| Some(format!("{}: {link}: {what}", name(page)));
    if !target.exists() {
        return wrong("there is no such file");
    }
    let is_page = target.extension().is_some_and(|ending| ending == "md");
    if anchor.is_empty() || !is_page {
        return None;
    }
    let text = fs::read_to_string(&target).unwrap_or_default();
    if anchors(&text).contains(anchor) {
        None
    } else {
        wrong("the page has no such section")
    }
}

#[test]
fn links_lead_to_files_and_sections() {
    let mut links = 0_usize;
    let mut wrong = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("the page is there");
        for link in between(&text, "](", ")") {
            if !link.contains("://") && !link.starts_with("mailto:") {
                links = links.saturating_add(1);
                wrong.extend(check_link(&page, link));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(links > 100, "only {links} links were found");
}

/// A path is a text in backticks that begins with one of the project's folders. `KIND`, `FORMAT` and `*` stand for several
/// names.
#[test]
fn paths_in_the_pages_exist() {
    let folders = [
        "src", "tests", "scripts", "crates", "benches", "docs", "envoy", "k8s", "fuzz",
    ];
    let mut paths = 0_usize;
    let mut wrong = Vec::new();
    for page in pages() {
        // The changelog names files of earlier versions.
        if page.ends_with("CHANGELOG.md") {
            continue;
        }
        let text = fs::read_to_string(&page).expect("the page is there");
        // A fence of three backticks would pair with the wrong one.
        let text = text.replace("```", "");
        for path in between(&text, "`", "`") {
            let is_path = folders.iter().any(|folder| {
                path.strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'))
            });
            let is_pattern = path.contains(['*', '{', '<'])
                || ["KIND", "FORMAT"].iter().any(|word| path.contains(word));
            if is_path && !is_pattern {
                paths = paths.saturating_add(1);
                if !root().join(path).exists() {
                    wrong.push(format!("{}: there is no {path}", name(&page)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(paths > 50, "only {paths} paths were found");
}

#[test]
fn finds_anchors_links_and_paths() {
    let page = "# A b: `c` & D\n```sh\n# no\n```\n## x-y\n[a](b.md#c) `src/a.rs` [d]( e)\n";
    assert_eq!(
        anchors(page),
        BTreeSet::from(["a-b-c--d", "x-y"].map(str::to_owned))
    );
    assert_eq!(between(page, "](", ")"), ["b.md#c"]);
    assert_eq!(
        between("`a` b `c d` `src/e.rs`", "`", "`"),
        ["a", "src/e.rs"]
    );
    let page = root().join("README.md");
    assert!(check_link(&page, "docs/nowhere.md").is_some());
    assert!(check_link(&page, "docs/policy.md#no-such-section").is_some());
    assert_eq!(check_link(&page, "docs/policy.md"), None);
}
