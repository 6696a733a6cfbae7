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
    let none = SourceError::Malformed("it is no answer of Kubernetes".into());
    for body in [
        "",
        "<html>hunter2</html>",
        "[]",
        "{}",
        r#"{"data":{"hunter2":"hunter2"}}"#,
        r#"{"metadata":{}}"#,
        r#"{"metadata":{"uid":"u","resourceVersion":7}}"#,
        r#"{"metadata":{"uid":"u","resourceVersion":"1&hunter2"}}"#,
        r#"{"metadata":{"uid":"hunter 2","resourceVersion":"1"}}"#,
        r#"{"metadata":{"uid":"","resourceVersion":"1"}}"#,
    ] {
        let mut gate = Gate::new(KubernetesObject::ConfigMap("gw"), None, None);
        let status = gate.exchange(vec![(0, reply(200, body))]);
        assert_eq!(status, DocumentStatus::Broken(none.clone()), "{body}");
    }
    for (body, error) in [
        (String::new(), none.clone()),
        ("[1]".to_owned(), none.clone()),
        ("x".repeat(2001), SourceError::TooLarge { limit: 2000 }),
    ] {
        let mut gate = Gate::new(KubernetesObject::ConfigMap("gw"), None, None);
        let status = gate.exchange(vec![(0, metadata(1)), (0, reply(200, &body))]);
        assert_eq!(status, DocumentStatus::Broken(error), "{body}");
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
        assert_eq!(status, DocumentStatus::Broken(none.clone()), "{body}");
        let status = gate.exchange(vec![(0, metadata(201))]);
        assert_eq!(status, DocumentStatus::Same);
    }
}
