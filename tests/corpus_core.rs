//! The corpus through the core, without a host, a clock and a network.

#[path = "support/case.rs"]
#[cfg(test)]
mod case;
#[path = "support/compile.rs"]
#[cfg(test)]
mod compile;
#[path = "support/core_gate.rs"]
#[cfg(test)]
mod core_gate;
#[path = "support/corpus.rs"]
#[cfg(test)]
mod corpus;
#[path = "support/outcome.rs"]
#[cfg(test)]
mod outcome;
#[path = "support/refused.rs"]
#[cfg(test)]
mod refused;
#[path = "support/tokens.rs"]
#[cfg(test)]
mod tokens;
#[path = "support/upstream.rs"]
#[cfg(test)]
mod upstream;
#[path = "support/world.rs"]
#[cfg(test)]
mod world;

use case::{Expected, files};

#[test]
fn every_case() {
    corpus::run("core", core_gate::CoreGate::open);
}

#[test]
fn every_invalid_policy_is_refused_with_all_its_errors() {
    refused::run("core", |json, file| {
        let Err(errors) = compile::compile(json, &file.env) else {
            return Vec::new();
        };
        errors.iter().map(ToString::to_string).collect()
    });
}

/// The corpus has many cases, at least half of them are denials or refused policies, and few have an exception for Envoy.
#[test]
fn the_corpus_has_enough_denials_and_few_exceptions() {
    let mut files = files();
    // A recipe shows how something is done.
    files.retain(|file| !file.stem.starts_with("recipe_"));
    let cases: Vec<_> = files.iter().flat_map(|file| &file.cases).collect();
    let bad = files.iter().map(|file| file.refused.len()).sum::<usize>();
    let denials = cases
        .iter()
        .filter(|case| matches!(case.expected, Expected::Denied(_)))
        .count();
    let all = cases.len().saturating_add(bad);
    let refusals = denials.saturating_add(bad);
    assert!(all >= 150, "{all} cases");
    assert!(
        refusals.saturating_mul(2) >= all,
        "{refusals} denials and refused policies of {all}"
    );
    let started = files.iter().flat_map(|file| &file.refused);
    let started = started.filter(|refused| refused.envoy).count();
    assert!(started <= 4, "{started} starts of Envoy");
    let noted = cases.iter().filter(|case| case.envoy.is_some()).count();
    assert!(
        noted.saturating_mul(10) <= cases.len(),
        "{noted} exceptions"
    );
    let accepts = |case: &&case::Case| {
        let note = case.envoy.as_ref();
        let forwarded = |note: &case::EnvoyNote| matches!(note.instead, Expected::Forwarded(_));
        matches!(case.expected, Expected::Denied(_)) && note.is_some_and(forwarded)
    };
    assert!(
        !cases.iter().any(accepts),
        "Envoy accepts a request that the core denies"
    );
    for case in cases {
        let because = case.envoy.as_ref().map(|note| note.because.as_str());
        assert!(
            because != Some(""),
            "{} has no reason for its exception",
            case.name
        );
    }
    let mut names: Vec<_> = files
        .iter()
        .flat_map(|file| file.cases.iter().map(|case| (&file.stem, &case.name)))
        .collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "a file has two cases of one name");
}
