//! Claims in conditions.

use super::{Answered, CLAIMS, run};

/// Whether a condition holds: `true` or `false`; `None` if neither it nor its negation does.
fn checked(condition: &str, claims: Option<&'static str>) -> Option<bool> {
    let is_let_in = |condition: &str| {
        let route = format!(r#""authorize": {condition}"#);
        match run(
            &route,
            claims,
            &[("x-sub", "ann"), ("x-two", "1"), ("x-two", "2")],
        ) {
            Answered::Forwarded(..) => true,
            Answered::Denied(status, ..) => {
                assert_eq!(status, 403, "{condition}");
                false
            }
        }
    };
    match (
        is_let_in(condition),
        is_let_in(&format!(r#"{{"not": {condition}}}"#)),
    ) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
        (true, true) => panic!("{condition} and its negation hold"),
    }
}

#[test]
fn conditions_that_compare_claims() {
    for (condition, holds) in [
        (r#"{"claim": "$.sub", "equals": "ann"}"#, Some(true)),
        (r#"{"claim": "$.sub", "equals": "Ann"}"#, Some(false)),
        (
            r#"{"claim": "$.sub", "equals": "${header.x-sub}"}"#,
            Some(true),
        ),
        (
            r#"{"claim": "$.sub", "equals": "a${header.x-sub}"}"#,
            Some(false),
        ),
        (
            r#"{"claim": "$.sub", "equals": "${header.x-missing}"}"#,
            None,
        ),
        (
            r#"{"claim": "$.sub", "equals": "${header.x-missing:-ann}"}"#,
            Some(true),
        ),
        (
            r#"{"claim": "$.sub", "equals": "${claims.sub}"}"#,
            Some(true),
        ),
        (r#"{"claim": "$.sub", "equals": "${claims.missing}"}"#, None),
        (r#"{"claim": "$.sub", "equals": "${claims.many}"}"#, None),
        (r#"{"claim": "$.yes", "equals": true}"#, Some(true)),
        (r#"{"claim": "$.yes", "equals": "true"}"#, Some(false)),
        (r#"{"claim": "$['a b'].c", "equals": 1}"#, Some(true)),
        (r#"{"claim": "$['a b'].c", "equals": "1"}"#, Some(false)),
        (r#"{"claim": "$.missing", "equals": "x"}"#, Some(false)),
        (r#"{"claim": "$.none", "equals": null}"#, Some(false)),
        (r#"{"claim": "$.many", "equals": ["a"]}"#, Some(true)),
        (r#"{"claim": "$.many", "equals": "a"}"#, Some(false)),
        (r#"{"claim": "$.sub", "in": ["bob", "ann"]}"#, Some(true)),
        (r#"{"claim": "$.sub", "in": ["bob", 1]}"#, Some(false)),
        (
            r#"{"claim": "$.sub", "in": ["${header.x-missing}", "ann"]}"#,
            Some(true),
        ),
        (
            r#"{"claim": "$.sub", "in": ["${header.x-missing}", "bob"]}"#,
            None,
        ),
        (
            r#"{"claim": "$.missing", "in": ["${header.x-missing}", "bob"]}"#,
            Some(false),
        ),
        (r#"{"claim": "$['a b'].c", "in": [2, 1]}"#, Some(true)),
    ] {
        assert_eq!(checked(condition, Some(CLAIMS)), holds, "{condition}");
    }
}

#[test]
fn conditions_on_lists_and_texts_of_claims() {
    for (condition, holds) in [
        (
            r#"{"claim": "$.realm.roles", "contains": "r1"}"#,
            Some(true),
        ),
        (
            r#"{"claim": "$.realm.roles", "contains": "r"}"#,
            Some(false),
        ),
        (
            r#"{"claim": "$.realm.roles[*]", "contains": "r1"}"#,
            Some(true),
        ),
        (r#"{"claim": "$.many[*]", "equals": "a"}"#, Some(true)),
        (r#"{"claim": "$.sub", "contains": "ann"}"#, Some(false)),
        (r#"{"claim": "$.sub", "exists": true}"#, Some(true)),
        (r#"{"claim": "$.none", "exists": true}"#, Some(false)),
        (r#"{"claim": "$.none", "exists": false}"#, Some(true)),
        (r#"{"claim": "$.missing", "exists": false}"#, Some(true)),
        (r#"{"claim": "$.sub", "matches": "a.+"}"#, Some(true)),
        (r#"{"claim": "$.sub", "matches": "n"}"#, Some(false)),
        (r#"{"claim": "$.sub", "matches": "a|ann"}"#, Some(true)),
        (r#"{"claim": "$.line", "matches": "a"}"#, Some(false)),
        (r#"{"claim": "$.yes", "matches": ".*"}"#, Some(false)),
        (r#"{"claim": "$.missing", "matches": ".*"}"#, Some(false)),
    ] {
        assert_eq!(checked(condition, Some(CLAIMS)), holds, "{condition}");
    }
}

#[test]
fn a_sender_without_claims_meets_no_condition_on_claims() {
    for (condition, holds) in [
        (r#"{"claim": "$.sub", "equals": "ann"}"#, Some(false)),
        (
            r#"{"claim": "$.sub", "equals": "${header.x-missing}"}"#,
            Some(false),
        ),
        (r#"{"claim": "$", "exists": true}"#, Some(false)),
        (r#"{"claim": "$.sub", "exists": false}"#, Some(true)),
        (r#"{"scopes": {"any": ["a"]}}"#, Some(false)),
        (r#"{"labels": {"tenant": "${claims.tenant-id}"}}"#, None),
        (r#"{"groups": {"any": ["g"]}}"#, Some(true)),
    ] {
        assert_eq!(checked(condition, None), holds, "{condition}");
    }
}

#[test]
fn missing_scopes_are_told_if_a_token_with_them_would_do() {
    const WORDS: &str = r#"{"scope": "a b", "sub": "ann"}"#;
    const LIST: &str = r#"{"scp": ["a", "b"], "sub": "ann"}"#;
    let insufficient = |scopes: &str| {
        let challenge = format!("Double error=insufficient_scope scope={scopes}");
        Some(("insufficient_scope".to_owned(), vec![challenge]))
    };
    let forbidden = Some(("forbidden".to_owned(), Vec::new()));
    for (condition, denial) in [
        (r#"{"scopes": {"any": ["x", "b"]}}"#, None),
        (r#"{"scopes": {"all": ["a", "b"]}}"#, None),
        (r#"{"scopes": {"all": ["b", "x"]}}"#, insufficient("b x")),
        (
            r#"{"scopes": {"any": ["A", "a b"]}}"#.replace(" b", ":b").as_str(),
            insufficient("A a:b"),
        ),
        (
            r#"{"all": [{"scopes": {"any": ["a"]}}, {"claim": "$.sub", "equals": "ann"}, {"scopes": {"any": ["x", "y"]}}]}"#,
            insufficient("a x y"),
        ),
        (
            r#"{"all": [{"scopes": {"any": ["x"]}}, {"claim": "$.sub", "equals": "bob"}]}"#,
            forbidden.clone(),
        ),
        (
            r#"{"all": [{"scopes": {"any": ["x"]}}, {"claim": "$.sub", "equals": "${query.q}"}]}"#,
            forbidden.clone(),
        ),
        (
            r#"{"any": [{"scopes": {"any": ["x"]}}]}"#,
            forbidden.clone(),
        ),
        (r#"{"not": {"scopes": {"any": ["a"]}}}"#, forbidden.clone()),
        (r#"{"groups": {"any": ["g"]}}"#, forbidden),
    ] {
        for claims in [WORDS, LIST] {
            let outcome = run(&format!(r#""authorize": {condition}"#), Some(claims), &[]);
            let told = match outcome {
                Answered::Forwarded(..) => None,
                Answered::Denied(403, reason, challenges) => Some((reason, challenges)),
                Answered::Denied(status, ..) => panic!("{status}"),
            };
            assert_eq!(told, denial, "{condition} {claims}");
        }
    }
    let outcome = run(r#""authorize": {"scopes": {"any": ["a"]}}"#, None, &[]);
    assert_eq!(
        outcome,
        Answered::Denied(403, "forbidden".into(), Vec::new())
    );
}

#[test]
fn conditions_on_claims_come_before_lookups() {
    let route = |condition: &str| {
        format!(
            r#""lookup": {{"t": {{"source": "tenants", "key": "none", "values": {{"on": "$.on"}}}}}},
            "authorize": {{"all": [{condition}, {{"lookup": "t.on", "equals": true}}]}}"#
        )
    };
    for (condition, status, reason) in [
        (r#"{"claim": "$.sub", "equals": "bob"}"#, 403, "forbidden"),
        (
            r#"{"not": {"claim": "$.sub", "exists": true}}"#,
            403,
            "forbidden",
        ),
        (r#"{"scopes": {"any": ["x"]}}"#, 403, "insufficient_scope"),
        (
            r#"{"claim": "$.sub", "equals": "ann"}"#,
            404,
            "lookup_missing",
        ),
        (
            r#"{"claim": "$.sub", "in": ["bob", "${t.on}"]}"#,
            404,
            "lookup_missing",
        ),
        (
            r#"{"claim": "$.sub", "contains": "${t.on}"}"#,
            404,
            "lookup_missing",
        ),
    ] {
        let outcome = run(&route(condition), Some(CLAIMS), &[]);
        assert!(
            matches!(&outcome, Answered::Denied(is, why, _) if *is == status && why == reason),
            "{condition}: {outcome:?}"
        );
    }
}

#[test]
fn lookups_and_claims_have_the_same_tests() {
    let is_let_in = |condition: &str| {
        let route = format!(
            r#""lookup": {{"t": {{"source": "tenants", "key": "t1", "values": {{"id": "$.id", "names": "$.names"}}}}}},
            "authorize": {condition}"#
        );
        matches!(run(&route, Some(CLAIMS), &[]), Answered::Forwarded(..))
    };
    assert!(is_let_in(
        r#"{"lookup": "t.id", "in": ["t2", "${claims.tenant-id}"]}"#
    ));
    assert!(!is_let_in(
        r#"{"lookup": "t.id", "in": ["t2", "${claims.sub}"]}"#
    ));
    assert!(is_let_in(r#"{"lookup": "t.id", "matches": "t[0-9]"}"#));
    assert!(!is_let_in(r#"{"lookup": "t.names", "matches": ".*"}"#));
    assert!(is_let_in(r#"{"claim": "$.tenant-id", "equals": "${t.id}"}"#.replace("$.tenant-id", "$['tenant-id']").as_str()));
    // The sender is no consumer.
    assert!(!is_let_in(
        r#"{"labels": {"tenant": "${claims.tenant-id}"}}"#
    ));
}
