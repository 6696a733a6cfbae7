//! Completions, manual pages, help.

use crate::golden::{folder, run};

#[test]
fn writes_completions_and_manual_pages() {
    let folder = folder("check");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = run(&folder, &["completions", shell], "");
        assert!(
            run.out.contains("deny-warnings") && run.out.contains("explain"),
            "{shell}"
        );
    }
    for verb in [
        "check",
        "explain",
        "schema",
        "ecds",
        "source",
        "token",
        "completions",
        "man",
    ] {
        let page = run(&folder, &["man", verb], "");
        assert!(page.out.contains(".TH") && page.status == 0, "{verb}");
        let help = run(&folder, &[verb, "--help"], "");
        assert!(
            help.out.contains("Usage: postern") && help.status == 0,
            "{verb}"
        );
        let examples = help.out.contains("Examples:");
        assert!(examples, "{verb} has no examples");
    }
    let page = run(&folder, &["man"], "");
    assert!(page.out.contains("postern\\-check"), "{}", page.out);
    assert_eq!(run(&folder, &["man", "unknown"], "").status, 2);
}
