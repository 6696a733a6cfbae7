//! The compliance suite of JSONPath (RFC 9535): see `tests/jsonpath/README.md`.

use std::collections::BTreeMap;

use postern::internals::source::JsonPath;
use serde_json::Value;

/// Queries of the suite that are refused, and a part of the error. All others must have the result of the suite.
const REFUSED: [(&str, &str); 4] = [
    (
        "functions, match, filter, match function, unicode char class, uppercase",
        "Unicode character classes",
    ),
    (
        "functions, match, filter, match function, unicode char class negated, uppercase",
        "Unicode character classes",
    ),
    (
        "functions, search, filter, search function, unicode char class, uppercase",
        "Unicode character classes",
    ),
    (
        "functions, search, filter, search function, unicode char class negated, uppercase",
        "Unicode character classes",
    ),
];

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    selector: String,
    #[serde(default)]
    invalid_selector: bool,
    #[serde(default)]
    document: Value,
    result: Option<Value>,
    results: Option<Vec<Value>>,
}

impl Case {
    /// The difference from the expected result.
    fn fault(&self) -> Option<String> {
        let path = match JsonPath::compile(&self.selector) {
            Ok(_) if self.invalid_selector => return Some("taken".to_owned()),
            Err(_) if self.invalid_selector => return None,
            Err(error) => return Some(format!("refused: {error}")),
            Ok(path) => path,
        };
        let selected = path.select(&self.document).into_vec();
        let selected = Value::from_iter(selected.into_iter().cloned());
        let mut good = self.results.iter().flatten().chain(&self.result);
        (!good.any(|good| *good == selected)).then(|| format!("selects {selected}"))
    }
}

#[test]
fn every_case_of_the_suite() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("jsonpath/cts.json")).unwrap();
    assert_eq!(cases.len(), 703);
    let found = cases
        .iter()
        .filter_map(|case| Some((&*case.name, case.fault()?)));
    let mut faults: BTreeMap<&str, String> = found.collect();
    for (name, reason) in REFUSED {
        let told = faults.remove(name).unwrap_or_default();
        assert!(
            told.starts_with("refused: ") && told.contains(reason),
            "{name}: {told}"
        );
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
