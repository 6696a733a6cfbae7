//! The cost of one slice is bounded, whatever a document holds.

use super::tests::{Events, policy};
use super::*;

/// What each slice spends, the events, and the number of consumers or the error.
fn slices(text: &[u8], policy: &Policy) -> (Vec<usize>, Vec<String>, Result<usize, String>) {
    let mut observer = Events(Vec::new());
    let mut reading = ViewBuilder::of_text(Hash([0; 32]), text.len(), policy, SourceId::new(0));
    let mut slices = Vec::new();
    let result = loop {
        let inputs = &mut ViewInputs {
            policy,
            id: SourceId::new(0),
            last: None,
            observer: &mut observer,
        };
        let mut budget = Budget::slice();
        let read = reading.advance(text, inputs, &mut budget);
        slices.push(budget.spent());
        match read {
            Ok(None) => assert!(slices.len() < 10_000, "it goes on for ever"),
            Ok(Some(view)) => break Ok(view.directories[0].len()),
            Err(error) => break Err(error.to_string()),
        }
    };
    (slices, observer.0, result)
}

const LONG: usize = 8 << 20;

/// A good record, and one with these fields beside its name.
fn with_a_long_one(more: &str) -> Vec<u8> {
    let good = r#"{"name":"a","credentials":[{"apiKey":{"provider":"keys","value":"k"}}]}"#;
    format!(r#"{{"consumers": [{good}, {{"name":"b",{more}}}, {{"name":"c"}}]}}"#).into_bytes()
}

/// A record of many megabytes is left out whatever it holds, and no slice does much more than its budget.
#[test]
fn a_long_record_is_left_out_in_slices() {
    let many = |item: &str| vec![item; LONG / item.len()].join(",");
    let fields = (0..LONG / 12).map(|at| format!(r#""unknown{at}":0"#));
    let fields: Vec<_> = fields.collect();
    let off_text = policy("");
    let of_value = policy(r#", "lookup": {"l": {"source": "s", "values": {"v": "$.x"}}}"#);
    for (what, more) in [
        ("unknown fields", fields.join(",")),
        ("a deep one", format!(r#""x":{{"y":[{}]}}"#, many("[]"))),
        ("groups", format!(r#""groups":[{}]"#, many(r#""g""#))),
        ("blanks", format!(r#""groups":[{}"g"]"#, " ".repeat(LONG))),
        ("short texts", format!(r#""x":[{}]"#, many(r#""xxxxxxxx""#))),
    ] {
        let text = with_a_long_one(&more);
        for policy in [&off_text, &of_value] {
            let is_off_text = std::ptr::eq(policy, &off_text);
            let (slices, events, result) = slices(&text, policy);
            let most = slices.iter().max().copied().unwrap_or_default();
            assert!(most < 512 << 10, "{what}: {most} at once");
            assert!(slices.len() > 20, "{what}: {} slices", slices.len());
            // A value has no blanks.
            if is_off_text || what != "blanks" {
                assert_eq!(result, Ok(2), "{what}");
                assert_eq!(events.len(), 1, "{what}");
                assert!(events[0].contains("record: \"1\""), "{what}: {events:?}");
                assert!(events[0].contains("longer than 65536 bytes"), "{events:?}");
            }
        }
    }
}

/// What can't be read in pieces has a bound of its own.
#[test]
fn a_long_text_is_refused_wherever_it_stands() {
    let long = "x".repeat(LONG);
    for text in [
        format!(r#"{{"consumers": [{{"name":"a"}}], "x": "{long}"}}"#),
        format!(r#"{{"consumers": [{{"name":"a"}}], "{long}": 1}}"#),
        format!(
            r#"{{"consumers": [{{"name":"a"}}], "x": {}}}"#,
            "1".repeat(LONG)
        ),
        format!(r#"{{"consumers": [{{"name":"a"}}, "{long}"]}}"#),
        format!(r#"{{"consumers": [{{"name":"{long}"}}]}}"#),
    ] {
        for policy in [
            policy(""),
            policy(r#", "lookup": {"l": {"source": "s", "values": {"v": "$.x"}}}"#),
        ] {
            let (_, _, result) = slices(text.as_bytes(), &policy);
            let error = result.unwrap_err();
            assert!(
                error.contains("a text longer than 1048576 bytes"),
                "{error}"
            );
        }
    }
}

#[test]
fn a_record_reports_at_most_eight_mistakes() {
    let fields: Vec<String> = (0..500).map(|at| format!(r#""f{at}":0"#)).collect();
    let text = with_a_long_one(&fields.join(","));
    for policy in [
        policy(""),
        policy(r#", "lookup": {"l": {"source": "s", "values": {"v": "$.x"}}}"#),
    ] {
        let (_, events, result) = slices(&text, &policy);
        assert_eq!(result, Ok(2));
        assert_eq!(events.len(), 8, "{events:?}");
    }
    // Mistakes that are found when the record is added are limited too.
    let key = r#"{"apiKey":{"provider":"nowhere","value":"k"}}"#;
    let keys = vec![key; 500].join(",");
    let taken = vec![key.replace("nowhere", "keys"); 500].join(",");
    for credentials in [keys, taken] {
        let text = with_a_long_one(&format!(r#""credentials":[{credentials}]"#));
        let (_, events, _) = slices(&text, &policy(""));
        assert!((1..=8).contains(&events.len()), "{events:?}");
    }
}
