//! What is no good answer.

use super::*;

#[test]
fn refusals_and_failures_are_told_apart() {
    for wait in [None, Some(5)] {
        for (status, outcome) in [
            (401, DocumentStatus::Refused(401)),
            (403, DocumentStatus::Refused(403)),
            (429, DocumentStatus::Broken(SourceError::Status(429))),
            (500, DocumentStatus::Broken(SourceError::Status(500))),
            (304, DocumentStatus::Broken(SourceError::Status(304))),
        ] {
            let mut gate = Gate::held(wait);
            assert_eq!(gate.exchange(vec![(0, reply(status, "{}"))]), outcome);
            // Nothing of it is believed.
            assert_eq!(
                gate.exchange(vec![(0, metadata(201))]),
                DocumentStatus::Same
            );
        }
    }
    let mut gate = Gate::held(None);
    for (status, broken) in [(410, 410), (504, 504)] {
        let outcome = gate.exchange(vec![(0, reply(status, ""))]);
        assert_eq!(outcome, DocumentStatus::Broken(SourceError::Status(broken)));
    }
    let lost = gate.exchange(vec![(0, Err(CalloutError::NoReply))]);
    assert_eq!(
        lost,
        DocumentStatus::Broken(SourceError::Callout(CalloutError::NoReply))
    );
    let mut gate = Gate::held(Some(5));
    let status = gate.exchange(vec![(0, reply(404, ""))]);
    assert_eq!(status, DocumentStatus::Broken(SourceError::Status(404)));
    gate.exchange(vec![(0, metadata(201))]);
    let status = gate.exchange(vec![(0, watch(&[("ERROR", 500)]))]);
    assert_eq!(status, DocumentStatus::Broken(SourceError::Status(500)));
}

#[test]
fn an_answer_that_is_none_of_kubernetes_changes_nothing() {
    let large = object(
        "ConfigMap",
        202,
        &format!(r#","data":{{"a":"{}"}}"#, "x".repeat(2000)),
    );
    for (body, says) in [
        ("", "malformed"),
        ("<html>hunter2</html>", "malformed"),
        ("[]", "no metadata"),
        ("{}", "no metadata"),
        (r#"{"data":{"hunter2":"hunter2"}}"#, "no metadata"),
        (r#"{"metadata":{}}"#, "no metadata"),
        (
            r#"{"metadata":{"uid":"","resourceVersion":"7"}}"#,
            "no metadata",
        ),
        (
            r#"{"metadata":{"uid":"u","resourceVersion":"1&hunter2"}}"#,
            "no metadata",
        ),
        (
            r#"{"metadata":{"uid":"hunter 2","resourceVersion":"1"}}"#,
            "no metadata",
        ),
        (&large, "`maxBytes`, 2000"),
    ] {
        let mut gate = Gate::new(KubernetesObject::ConfigMap("gw"), None, None);
        let DocumentStatus::Broken(error) = gate.exchange(vec![(0, reply(200, body))]) else {
            panic!("{body}");
        };
        let error = error.to_string();
        assert!(error.contains(says), "{body}: {error}");
        assert!(!error.contains("hunter"), "{error}");
    }
    for body in [
        "hunter2",
        r#"{"type":"NEW","object":{}}"#,
        r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1&a=b"}}}"#,
        r#"{"type":"BOOKMARK","object":{}}"#,
        r#"{"type":"ERROR","object":{"code":"x"}}"#,
        r#"{"object":{}}"#,
    ] {
        let mut gate = Gate::held(Some(5));
        let status = gate.exchange(vec![(5, reply(200, body))]);
        let error = SourceError::Malformed("a watch tells no event".into());
        assert_eq!(status, DocumentStatus::Broken(error), "{body}");
        assert_eq!(
            gate.exchange(vec![(0, metadata(201))]),
            DocumentStatus::Same
        );
    }
}
