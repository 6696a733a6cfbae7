//! Claims in templates.

use super::{Answered, CLAIMS, run};

/// The value of the header `x-v` that a template makes.
fn made(template: &str, claims: Option<&'static str>) -> Result<Option<String>, (u16, String)> {
    let template = template.replace('"', "\\\"");
    let route = format!(r#""rewrite": {{"headers": {{"set": {{"x-v": "{template}"}}}}}}"#);
    match run(&route, claims, &[]) {
        Answered::Forwarded(set, _) => {
            let mut own = set.into_iter().filter(|(name, _)| name == "x-v");
            Ok(own.next().map(|(_, value)| value))
        }
        Answered::Denied(status, reason, challenges) => {
            assert_eq!(challenges, [format!("Double error={reason}")]);
            Err((status, reason))
        }
    }
}

#[test]
fn templates_hold_claims() {
    for (template, value) in [
        ("${claims.sub}", Some("ann")),
        ("<${claims.sub}>", Some("<ann>")),
        ("${claims['a b'].c}", Some("1")),
        ("${claims.yes}", Some("true")),
        ("${claims.empty}", Some("")),
        ("${claims.tenant-id}", Some("t1")),
        ("${claims.0.1}", Some("n")),
        ("${claims['https://id.example/t']}", Some("url")),
        ("${claims.realm.roles[0]}", Some("r0")),
        ("${claims.realm.roles[-1]}", Some("r1")),
        ("${claims.umlaut}", Some("ü")),
        ("${claims.realm.roles[2]}", None),
        ("${claims.none}", None),
        ("${claims.missing}", None),
        ("${claims.sub.x}", None),
        ("${claims.missing:-x${claims.sub}}", Some("xann")),
        ("${claims.none:-}", Some("")),
        ("a${claims.missing}", None),
    ] {
        let value = Ok(value.map(str::to_owned));
        assert_eq!(made(template, Some(CLAIMS)), value, "{template}");
    }
}

#[test]
fn a_claim_that_is_no_text_or_no_header_value_is_a_denial() {
    for claim in ["line", "nul", "many", "object", "realm"] {
        let denied = Err((401, "invalid_claims".to_owned()));
        for template in [
            format!("${{claims.{claim}}}"),
            format!("a${{claims.{claim}:-b}}"),
        ] {
            assert_eq!(made(&template, Some(CLAIMS)), denied, "{template}");
        }
    }
}

#[test]
fn a_sender_without_claims_has_none() {
    assert_eq!(made("${claims.sub}", None), Ok(None));
    assert_eq!(made("${claims.sub:-x}", None), Ok(Some("x".into())));
}

#[test]
fn claims_make_one_segment_and_one_parameter() {
    let path = |claim: &str| {
        let route = format!(
            r#""rewrite": {{"path": "/x/${{claims.{claim}}}", "query": {{"set": {{"q": "${{claims.{claim}}}"}}}}}}"#
        );
        match run(&route, Some(CLAIMS), &[]) {
            Answered::Forwarded(_, path) => path,
            Answered::Denied(status, reason, _) => format!("{status} {reason}"),
        }
    };
    assert_eq!(path("sub"), "/x/ann?q=ann");
    assert_eq!(path("path"), "/x/a%2Fb%3Fc?q=a%2Fb%3Fc");
    for claim in ["dots", "empty", "missing", "line", "many"] {
        assert_eq!(path(claim), "401 invalid_claims", "{claim}");
    }
}

#[test]
fn a_claim_is_the_key_of_a_lookup() {
    let route = |claim: &str| {
        format!(
            r#""lookup": {{"t": {{"source": "tenants", "key": "${{claims.{claim}}}", "values": {{"on": "$.on"}}}}}},
            "authorize": {{"lookup": "t.on", "equals": true}}"#
        )
    };
    let is_let_in = |claim| {
        matches!(
            run(&route(claim), Some(CLAIMS), &[]),
            Answered::Forwarded(..)
        )
    };
    assert!(is_let_in("tenant-id"));
    for (claim, status) in [("sub", 404), ("missing", 404), ("many", 401), ("line", 401)] {
        let outcome = run(&route(claim), Some(CLAIMS), &[]);
        assert!(
            matches!(outcome, Answered::Denied(is, ..) if is == status),
            "{claim}: {outcome:?}"
        );
    }
}
