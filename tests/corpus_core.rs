//! The corpus through the core: no host, no clock, no network.

#[path = "support/case.rs"]
#[cfg(test)]
mod case;
#[path = "support/core_gate.rs"]
#[cfg(test)]
mod core_gate;
#[path = "support/corpus.rs"]
#[cfg(test)]
mod corpus;
#[path = "support/outcome.rs"]
#[cfg(test)]
mod outcome;

use case::{CaseFile, Expected, Refused, files, json_of};

#[test]
fn every_case() {
    corpus::run("core", core_gate::CoreGate::open);
}

#[test]
fn every_bad_policy_is_refused_with_all_its_errors() {
    let mut failures = Vec::new();
    let mut count = 0_usize;
    for file in files() {
        for refused in &file.refused {
            count = count.saturating_add(1);
            if let Err(error) = check(&file, refused) {
                failures.push(format!("{}: {}\n    {error}", file.stem, refused.name));
            }
        }
    }
    corpus::say(&format!("core: {count} bad policies, {} failures", failures.len()));
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

fn check(file: &CaseFile, refused: &Refused) -> Result<(), String> {
    let json = match (&refused.policy, &refused.json) {
        (Some(yaml), None) => json_of(yaml)?,
        (None, Some(json)) => json.clone(),
        _ => return Err("one of `policy` and `json`, please".into()),
    };
    let Err(errors) = core_gate::compile(&json, &file.env) else {
        return Err("it compiles".into());
    };
    let all = errors.to_string();
    for expected in &refused.errors {
        let fits = |error: &postern::config::ConfigError| {
            error.path == expected.path && error.to_string().contains(&expected.says)
        };
        if !errors.iter().any(fits) {
            let says = &expected.says;
            return Err(format!("no error at {:?} says {says:?}, but:\n{all}", expected.path));
        }
        if let Some(secret) = expected.never.as_ref().filter(|secret| all.contains(*secret)) {
            return Err(format!("{secret:?} was printed: {all}"));
        }
    }
    if errors.iter().count() == refused.errors.len() {
        Ok(())
    } else {
        Err(format!("other errors than expected:\n{all}"))
    }
}

/// What the corpus promises of itself.
#[test]
fn enough_cases_half_of_them_refusals_and_few_exceptions() {
    let files = files();
    let cases: Vec<_> = files.iter().flat_map(|file| &file.cases).collect();
    let bad = files.iter().map(|file| file.refused.len()).sum::<usize>();
    let denials = cases
        .iter()
        .filter(|case| matches!(case.expected, Expected::Denied(_)))
        .count();
    let all = cases.len().saturating_add(bad);
    let refusals = denials.saturating_add(bad);
    assert!(all >= 150, "{all} cases");
    assert!(refusals.saturating_mul(2) >= all, "{refusals} refusals of {all}");
    let noted = cases.iter().filter(|case| case.envoy.is_some()).count();
    assert!(noted.saturating_mul(10) <= cases.len(), "{noted} exceptions");
    for case in cases {
        let because = case.envoy.as_ref().map(|note| note.because.as_str());
        assert!(because != Some(""), "{}: because?", case.name);
    }
    let mut names: Vec<_> = files
        .iter()
        .flat_map(|file| file.cases.iter().map(|case| (&file.stem, &case.name)))
        .collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "two cases of one name in a file");
}
