//! Invalid configs and their errors.

use postern::config::{Config, ConfigErrors, Consumer};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{around, whole_text};

const REFUSED: &str = include_str!("refused.yaml");

fn refused(text: &str) -> ConfigErrors {
    Config::parse(text.as_bytes()).expect_err(text)
}

fn check(what: &str, errors: &ConfigErrors, expected: &[(&str, &str, &str)]) {
    let told: Vec<_> = errors.iter().collect();
    assert_eq!(told.len(), expected.len(), "{what}\n{errors}");
    for (error, (path, reason, suggestion)) in told.iter().zip(expected) {
        assert_eq!(&error.path, path, "{what}\n{errors}");
        assert!(error.reason.contains(reason), "{what}\n{errors}");
        let told = error.suggestion.as_deref();
        assert_eq!(told.is_none(), suggestion.is_empty(), "{what}\n{errors}");
        assert!(told.unwrap_or("").contains(suggestion), "{what}\n{errors}");
    }
}

#[test]
fn refuses_invalid_values() {
    let table: Vec<serde_yaml_ng::Mapping> = serde_yaml_ng::from_str(REFUSED).unwrap();
    for case in &table {
        let (kind, written) = case.iter().next().unwrap();
        let text = around(kind.as_str().unwrap(), written);
        let expected: Vec<(String, String, String)> =
            serde_yaml_ng::from_value(case["errors"].clone()).unwrap();
        let expected: Vec<_> = expected
            .iter()
            .map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str()))
            .collect();
        check(&text, &refused(&text), &expected);
    }
}

pub(super) const MUCH_IS_WRONG: &str = r#"{
        "routes": [
            {"name": "a", "hosts": "x", "require": "none", "matches": []},
            {"name": "a", "require": {"any": []}, "respond": {"status": 1000, "body": 5, "status": 200}}
        ],
        "paths": {"backslash": 1, "backslash": "keep"},
        "consumers": [{"groups": [1, "ok", null]}],
        "routes": [],
        "unmatched": {"pass": {}, "pass": {}}
    }"#;

#[test]
fn reports_errors_in_the_order_of_the_document() {
    let text = MUCH_IS_WRONG;
    let expected = [
        ("routes[0].hosts", "expected a list", ""),
        ("routes[0].matches", "unknown field", "`match`"),
        ("routes[1].require.any", "must not be empty", ""),
        ("routes[1].respond.status", "from 200 to 599", ""),
        ("routes[1].respond.body", "expected text", "quotes"),
        ("routes[1].respond.status", "duplicate key", ""),
        ("routes[1].name", "another one has this name", "`routes[0]`"),
        ("paths.backslash", "expected `reject`", ""),
        ("paths.backslash", "duplicate key", ""),
        ("consumers[0].groups[0]", "expected text", "quotes"),
        ("consumers[0].groups[2]", "expected text", "leave it out"),
        ("consumers[0].name", "required", ""),
        ("routes", "duplicate key", ""),
        ("unmatched.pass", "duplicate key", ""),
    ];
    check(text, &refused(text), &expected);
}

#[test]
fn refuses_duplicate_keys() {
    let text = r#"{"sources": {"s": {"inline": {"a": {"b": 1, "b": 2}}}, "s": {"inline": 1}}}"#;
    let expected = [
        ("sources.s.inline.a.b", "duplicate key", ""),
        ("sources.s", "duplicate key", ""),
    ];
    check(text, &refused(text), &expected);
}

#[test]
fn errors_have_no_secrets() {
    const PLANTED: &str = "hunter2-planted";
    let credential = |body: &str| {
        let body = body.replace('?', PLANTED);
        format!(r#"{{"consumers": [{{"name": "a", "credentials": [{body}]}}]}}"#)
    };
    let header = |body: &str| {
        let body = body.replace('?', PLANTED);
        let http = format!(r#"{{"cluster": "c", "path": "/", "headers": {{"a": {body}}}}}"#);
        format!(r#"{{"sources": {{"s": {{"http": {http}}}}}}}"#)
    };
    for text in [
        credential(r#""?""#),
        credential(r#"{"apiKey": "?"}"#),
        credential(r#"{"apiKey": {"?": null}}"#),
        credential(r#"{"apiKey": {"sha256": "?"}}"#),
        credential(r#"{"apiKey": {"value": "?\n"}}"#),
        credential(r#"{"apiKey": {"value": ["?"]}}"#),
        credential(r#"{"apiKey": {"value": {"?": 1}}}"#),
        credential(r#"{"apiKey": {"value": "?", "env": "A"}}"#),
        credential(r#"{"apiKey": {"value": "?", "value": "?"}}"#),
        credential(r#"{"apiKey": {"value": "?"#),
        credential(r#"{"apiKey": {"value": ?}}"#),
        header(r#"{"Bearer ?": null}"#),
        header(r#"["?"]"#),
        header(r#""?\r\n""#),
    ] {
        let errors = refused(&text);
        let told = format!("{errors}\n{errors:?}");
        assert!(!told.contains(PLANTED), "{told}");
    }
    let sound = credential(r#"{"apiKey": {"value": "?"}}"#);
    let config = Config::parse(sound.as_bytes()).unwrap();
    assert!(!format!("{config:?}").contains(PLANTED));
}

fn nested(depth: usize) -> String {
    let open = r#"{"not": "#.repeat(depth);
    let close = "}".repeat(depth);
    let condition = format!(r#"{open}{{"provider": "p"}}{close}"#);
    format!(r#"{{"routes": [{{"name": "a", "require": "none", "authorize": {condition}}}]}}"#)
}

#[test]
fn refuses_invalid_json() {
    let texts: [&[u8]; 12] = [
        b"",
        b"nonsense",
        b"{",
        br#"{"routes": NaN}"#,
        br#"{"routes": 1e999}"#,
        br#"{"\ud800": 1}"#,
        br#"{"consumers": [{"name": "\udfff"}]}"#,
        b"{} {}",
        b"{\"a\": \"\xff\"}",
        b"\xef\xbb\xbf{}",
        &b"[".repeat(1_000_000),
        nested(10_000).leak().as_bytes(),
    ];
    for text in texts {
        let errors = Config::parse(text).unwrap_err();
        let told: Vec<_> = errors.iter().collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].reason.starts_with("not JSON"), "{errors}");
    }
}

#[test]
fn the_maximum_depth_causes_no_stack_overflow() {
    assert!(Config::parse(nested(120).as_bytes()).is_ok());
}

#[test]
fn reads_records_of_a_document() {
    let good = json!({"name": "a", "groups": ["b"], "credentials": [{"apiKey": {"value": "k"}}]});
    assert_eq!(Consumer::from_document(&good).unwrap().0.name, "a");
    let refused = |record: Value, expected: &[(&str, &str, &str)]| {
        let errors = Consumer::from_document(&record).unwrap_err();
        check(&record.to_string(), &errors, expected);
    };
    refused(json!([]), &[("", "expected a map", "")]);
    refused(json!({}), &[("name", "required", "")]);
    let unknown = json!({"name": "a", "group": []});
    refused(unknown, &[("group", "unknown field", "`groups`")]);
    let environment = json!({"credentials": [
        {"apiKey": {"env": "A"}},
        {"apiKey": {"value": {"env": "A"}}},
        {"apiKey": {"value": "k"}},
    ]});
    let reason = "can't be read from a document";
    let expected = [
        ("name", "required", ""),
        ("credentials[0].apiKey.env", reason, "sha256"),
        ("credentials[1].apiKey.value.env", reason, "sha256"),
    ];
    refused(environment, &expected);
    let bad = json!({"name": "a", "credentials": [null, {"apiKey": {"value": 7}}]});
    let expected = [
        ("credentials[0]", "expected a map", "leave it out"),
        ("credentials[1].apiKey.value", "expected text", "quotes"),
    ];
    refused(bad, &expected);
    refused(json!({"name": null}), &[("name", "required", "")]);
    let large = json!({"name": 1e16, "groups": [null]});
    let expected = [
        ("groups[0]", "expected text", "leave it out"),
        ("name", "expected text", "quotes"),
    ];
    refused(large, &expected);
    // The policy itself is decoded strictly.
    let strict = r#"{"consumers": [{"name": 7, "groups": null, "labels": {"a": 1}}]}"#;
    assert_eq!(
        Config::parse(strict.as_bytes()).unwrap_err().iter().count(),
        3
    );
}

#[test]
fn reads_records_that_programs_write() {
    let record = json!({
        "name": 7, "groups": [true, 1.0, "g"], "labels": {"a": null, "b": 1e3, "c": false, "d": -0.5},
        "credentials": [
            {"apiKey": {"provider": null, "id": 12, "sha256": null, "value": "k"}},
            {"apiKey": {"value": ""}},
            {"apiKey": null},
        ],
    });
    let (consumer, left_out) = Consumer::from_document(&record).unwrap();
    assert_eq!(
        (consumer.name.as_str(), consumer.groups),
        ("7", vec!["true".to_owned(), "1".to_owned(), "g".to_owned()])
    );
    let labels: Vec<_> = consumer
        .labels
        .iter()
        .map(|label| (label.name.as_str(), label.value.as_str()))
        .collect();
    assert_eq!(labels, [("b", "1000"), ("c", "false"), ("d", "-0.5")]);
    let key = consumer.credentials[0].api_key().unwrap();
    assert_eq!(
        (key.provider.as_deref(), key.id.as_deref()),
        (None, Some("12"))
    );
    assert_eq!(consumer.credentials.len(), 1);
    let expected = [
        ("credentials[1].apiKey.value", "must not be empty", ""),
        (
            "credentials[2]",
            "one of `apiKey`, `jwt` or `opaque` is required",
            "",
        ),
    ];
    check(&record.to_string(), &left_out, &expected);
    let nothing = json!({"name": "a", "groups": null, "labels": null, "credentials": null});
    let (consumer, left_out) = Consumer::from_document(&nothing).unwrap();
    assert!(
        consumer.groups.is_empty()
            && consumer.labels.is_empty()
            && consumer.credentials.is_empty()
            && left_out.is_empty()
    );
}

proptest! {
    #[test]
    fn nothing_traps(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(errors) = Config::parse(&bytes) {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn a_damaged_policy_is_read_or_refused(at in 0_usize..4000, byte in any::<u8>()) {
        let mut text = whole_text().into_bytes();
        if let Some(place) = text.get_mut(at) {
            *place = byte;
        }
        if let Err(errors) = Config::parse(&text) {
            prop_assert!(!errors.is_empty());
        }
    }
}
