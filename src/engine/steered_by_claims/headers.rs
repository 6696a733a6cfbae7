//! Headers that tell claims.

use super::{Answered, run_by};
use crate::policy::Double;

/// A provider that accepts `guest`, with these claims.
fn double(claims: &'static str, headers: &'static [(&'static str, &'static str)]) -> Double {
    Double {
        guest: b"guest",
        claims: Some(claims),
        headers,
        ..Double::default()
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// The headers that the upstream gets.
fn told(claims: &'static str, headers: &'static [(&'static str, &'static str)]) -> Answered {
    let doubles = [("corp", double(claims, headers))];
    let route = r#""rewrite": {"headers": {"set": {"x-v": "${claims.sub:-}"}}}"#;
    run_by(&doubles, "\"corp\"", route, &[("x-token", "guest")])
}

#[test]
fn headers_tell_claims() {
    const HEADERS: &[(&str, &str)] = &[
        ("x-user", "$.sub"),
        ("x-roles", "$.realm.roles"),
        ("x-all", "$.realm.roles[*]"),
        ("x-none", "$.none"),
        ("x-missing", "$.missing"),
        ("x-empty", "$.empty"),
        ("x-mixed", "$.mixed"),
        ("x-jwt", "payload"),
    ];
    const CLAIMS: &str = r#"{"sub":"a, b","realm":{"roles":["r0","r1 x"]},"none":null,"empty":[],"mixed":[1.0,true,""]}"#;
    let Answered::Forwarded(mut set, _) = told(CLAIMS, HEADERS) else {
        panic!("denied");
    };
    set.sort();
    let expected = [
        ("x-all", "r0,r1 x"),
        ("x-jwt", CLAIMS),
        ("x-mixed", "1,true,"),
        ("x-roles", "r0,r1 x"),
        ("x-user", "a, b"),
        ("x-v", "a, b"),
    ];
    assert_eq!(set, pairs(&expected));
}

#[test]
fn a_claim_that_is_no_header_value_is_a_denial() {
    const HEADERS: &[(&str, &str)] = &[("x-user", "$.sub")];
    for claims in [
        r#"{"sub": {"a": "b"}}"#,
        r#"{"sub": ["a", "b,c"]}"#,
        r#"{"sub": ["a", ["b"]]}"#,
        r#"{"sub": ["a", null]}"#,
        r#"{"sub": [{}]}"#,
        r#"{"sub": ["a", "b\r\nx: y"]}"#,
    ] {
        let doubles = [("corp", double(claims, HEADERS))];
        let route = r#""rewrite": {"path": "/x"}"#;
        let answered = run_by(&doubles, "\"corp\"", route, &[("x-token", "guest")]);
        let challenge = "Double error=invalid_claims".to_owned();
        let denied = Answered::Denied(401, "invalid_claims".into(), vec![challenge]);
        assert_eq!(answered, denied, "{claims}");
    }
    let denied = |claims| matches!(told(claims, HEADERS), Answered::Denied(401, ..));
    for claims in [
        r#"{"sub": "a\nb"}"#,
        r#"{"sub": "a\u0000"}"#,
        r#"{"sub": "\u007f"}"#,
    ] {
        assert!(denied(claims), "{claims}");
    }
}

/// A mixture of two senders would be one that nobody is.
#[test]
fn the_first_provider_that_writes_a_header_decides_what_is_in_it() {
    const HEADERS: &[(&str, &str)] = &[("x-user", "$.sub"), ("x-mail", "$.mail")];
    const OTHERS: &[(&str, &str)] = &[
        ("x-mail", "$.mail"),
        ("x_user", "$.sub"),
        ("x-other", "$.sub"),
    ];
    let run = |required: &str| {
        let doubles = [
            ("corp", double(r#"{"sub": "ann"}"#, HEADERS)),
            ("keys", double(r#"{"sub": "bob", "mail": "b@c"}"#, OTHERS)),
        ];
        let headers = [("x-token", "guest"), ("x-key", "guest")];
        match run_by(&doubles, required, r#""rewrite": {"path": "/x"}"#, &headers) {
            Answered::Forwarded(set, _) => set,
            Answered::Denied(_, reason, _) => panic!("{reason}"),
        }
    };
    assert_eq!(
        run(r#"{"all": ["corp", "keys"]}"#),
        pairs(&[("x-user", "ann"), ("x-other", "bob")])
    );
    assert_eq!(
        run(r#"{"any": ["corp", "keys"]}"#),
        pairs(&[("x-user", "ann")])
    );
    assert_eq!(
        run(r#"{"all": ["keys", "corp"]}"#),
        pairs(&[("x-mail", "b@c"), ("x_user", "bob"), ("x-other", "bob")])
    );
}
