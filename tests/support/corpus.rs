//! Runs the whole corpus through a gate.

use std::io::Write as _;
use std::time::Duration;

use crate::case::{Case, CaseFile, Request, files};
use crate::outcome::{Exchange, differences};

/// Something that decides requests: the core, the adapter, or a real Envoy with the filter.
pub(crate) trait Gate {
    /// Sends one request, and waits for the result and for this number of callouts.
    fn exchange(&mut self, request: &Request, callouts: usize) -> Result<Exchange, String>;

    /// Lets time pass.
    fn pass(&mut self, span: Duration);

    /// Whether Envoy's codec reads the request first.
    const BEHIND_ENVOY: bool = false;

    /// Whether the host itself adds or changes this header.
    fn passes_over(&self, _name: &[u8]) -> bool {
        false
    }
}

/// Runs every case of every file through the gate that `open` makes for the file. Fails with a list of all differences.
///
/// `POSTERN_CASES` limits the run to cases whose `file: name` contains its text.
pub(crate) fn run<G: Gate>(runner: &str, mut open: impl FnMut(&CaseFile) -> Result<G, String>) {
    let only = std::env::var_os("POSTERN_CASES").unwrap_or_default();
    let only = only.to_string_lossy();
    let mut failures = Vec::new();
    let mut ran = 0_usize;
    for file in files().iter().filter(|file| !file.cases.is_empty()) {
        let titled = |case: &Case| format!("{}: {}", file.stem, case.name);
        if !file.cases.iter().any(|case| titled(case).contains(&*only)) {
            continue;
        }
        let mut gate = match open(file) {
            Ok(gate) => gate,
            Err(error) => {
                failures.push(format!(
                    "{} ({} cases): {error}",
                    file.stem,
                    file.cases.len()
                ));
                continue;
            }
        };
        for case in file
            .cases
            .iter()
            .filter(|case| titled(case).contains(&*only))
        {
            ran = ran.saturating_add(1);
            let found = check(&mut gate, case);
            if !found.is_empty() {
                let because = case.envoy.as_ref().map(|note| note.because.as_str());
                let title = match because {
                    Some(because) => format!("{} (Envoy: {because})", titled(case)),
                    None => titled(case),
                };
                failures.push(format!("{title}\n    {}", found.join("\n    ")));
            }
        }
    }
    say(&format!(
        "{runner}: {ran} cases, {} failures",
        failures.len()
    ));
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
    assert!(ran > 0, "no case was run");
}

fn check<G: Gate>(gate: &mut G, case: &Case) -> Vec<String> {
    gate.pass(Duration::from_millis(case.after));
    let exchange = match gate.exchange(&case.request, case.callouts.len()) {
        Ok(exchange) => exchange,
        Err(error) => return vec![error],
    };
    let expected = match &case.envoy {
        Some(note) if G::BEHIND_ENVOY => &note.instead,
        Some(_) | None => &case.expected,
    };
    let over = |name: &[u8]| gate.passes_over(name);
    let mut found = differences(expected, &case.request, &exchange.outcome, &over);
    let (mut sent, mut expected) = (exchange.callouts, case.callouts.clone());
    if G::BEHIND_ENVOY {
        // Callouts of one moment reach the config centre in any order.
        sent.sort();
        expected.sort();
    }
    if sent != expected {
        found.push(format!("callouts are {sent:?}, not {expected:?}"));
    }
    found
}

/// Prints a line on stderr.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
