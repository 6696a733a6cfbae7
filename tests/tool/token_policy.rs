//! `postern token --policy`.

use std::path::Path;

use serde_json::Value;

use crate::golden::{Run, compare, folder, run};

/// Runs the tool in the folder of the expected outputs.
fn token(arguments: &[&str], input: &str) -> Run {
    let arguments: Vec<&str> = ["token"].iter().chain(arguments).copied().collect();
    run(&folder("token"), &arguments, input)
}

/// A token of the issuer that the policy trusts, valid until 2100.
fn signed(key: &str, claims: &str) -> String {
    signed_by("https://id.example", key, claims)
}

/// A token of this issuer, valid until 2100.
pub(crate) fn signed_by(issuer: &str, key: &str, claims: &str) -> String {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    let file = keys.join(format!("{key}.pem"));
    let claims = format!(r#"{{"iss": "{issuer}", "exp": 4102444800, {claims}}}"#);
    let file = file.to_str().unwrap();
    let sign = ["--sign", "--no-times", "--key", file, "--kid", key];
    let run = token(&[&sign[..], &["--claims", &claims]].concat(), "");
    assert_eq!(run.status, 0, "{run:?}");
    run.out.trim_end().to_owned()
}

#[test]
fn says_which_provider_accepts_a_token_and_why_the_others_do_not() {
    let mobile = signed("p256", r#""aud": ["api", "web"], "azp": "mobile""#);
    let repeated = signed("p256", r#""aud": "api", "iss": "https://else.example""#);
    let (input, signature) = mobile.rsplit_once('.').unwrap();
    let mut failures = Vec::new();
    for (name, text, arguments) in [
        ("accepted", mobile.clone(), &[][..]),
        ("no-consumer", signed("ed25519", r#""aud": "api""#), &[]),
        (
            "by-document",
            signed("p256", r#""aud": "orders", "azp": "acme""#),
            &["--document", "partners=partners.json"],
        ),
        (
            "no-document",
            signed("p256", r#""aud": "orders", "azp": "acme""#),
            &[],
        ),
        (
            "too-late",
            mobile.clone(),
            &["--at", "2100-01-01T00:00:31Z"],
        ),
        ("another-key", signed("p384", r#""aud": "api""#), &[]),
        ("unsigned-here", format!("{input}."), &[]),
        ("cut", format!("{input}.{}", signature.split_at(40).0), &[]),
        ("repeated-claim", repeated, &[]),
    ] {
        let arguments = [&["-", "--policy", "policy.yaml"], arguments].concat();
        let run = token(&arguments, &text);
        failures.extend(compare(&run, &folder("token").join(format!("{name}.out"))).err());
        let long = run.out.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{name}");
        let signature = text.rsplit('.').next().unwrap();
        let is_shown = !signature.is_empty() && run.out.contains(signature);
        assert!(!is_shown, "{name}: the signature is printed");
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn writes_verdicts_as_json() {
    let text = signed("p256", r#""aud": "api", "azp": "mobile""#);
    let run = token(&["--json", "--policy", "policy.yaml", &text], "");
    let shown: Value = serde_json::from_str(&run.out).unwrap();
    let providers = shown["providers"].as_array().unwrap();
    let verdicts: Vec<_> = providers
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["verdict"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        verdicts,
        [
            ("corp", "accepted"),
            ("strict", "rejected"),
            ("other-key", "rejected"),
            ("partner", "absent"),
        ]
    );
    assert_eq!(providers[0]["consumer"], "mobile-app");
    assert_eq!(providers[1]["reason"], "wrong_audience");
}

#[test]
fn needs_a_policy_with_a_provider_of_tokens() {
    let text = signed("p256", r#""aud": "api""#);
    let policy = r#"{"routes": [{"name": "a", "require": "none", "respond": {"body": "ok"}}]}"#;
    let without = token(&[&text, "--policy", "-"], policy);
    assert_eq!(without.status, 2);
    assert!(
        without.err.contains("no provider of the kind `jwt`"),
        "{without:?}"
    );
    let missing = token(&[&text, "--policy", "none.yaml"], "");
    assert_eq!(missing.status, 2);
    assert!(missing.err.contains("none.yaml: "), "{missing:?}");
    let wrong = token(&["--policy", "policy.yaml", "key"], "");
    assert_eq!(wrong.status, 2);
}

#[test]
fn explains_requests_with_tokens() {
    let mobile = signed("p256", r#""aud": "api", "azp": "mobile""#);
    let orders = signed("p256", r#""aud": "orders", "azp": "acme""#);
    let mut failures = Vec::new();
    for (name, url, header) in [
        ("explained", "/a", format!("authorization: Bearer {mobile}")),
        (
            "explained-query",
            &*format!("/a?b=1&access+token={orders}"),
            "x-a: 1".to_owned(),
        ),
    ] {
        let arguments = ["explain", "policy.yaml", url, "-H", &header];
        let documents = ["--document", "partners=partners.json"];
        let arguments = [&arguments[..], &documents].concat();
        let run = run(&folder("token"), &arguments, "");
        failures.extend(compare(&run, &folder("token").join(format!("{name}.out"))).err());
        for token in [&mobile, &orders] {
            let signature = token.rsplit('.').next().unwrap();
            let is_shown = run.out.replace('\n', "").contains(signature);
            assert!(!is_shown, "{name}: the signature is printed");
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}
