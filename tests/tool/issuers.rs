//! The sources that providers add for themselves: keys of issuers.

use crate::golden::{compare, folder, run};
use crate::token_policy::signed_by;

const KEYS: [&str; 4] = [
    "--document",
    "providers.remote.keys=jwks.json",
    "--document",
    "providers.discovered.keys=jwks.json",
];

const DOWN: [&str; 4] = [
    "--document",
    "providers.remote.keys=503",
    "--document",
    "providers.discovered.keys=no-keys.json",
];

fn signed(issuer: &str, key: &str) -> String {
    signed_by(issuer, key, r#""aud": "api""#)
}

#[test]
fn a_token_is_verified_by_keys_from_files() {
    let first = signed("https://id.example", "p256");
    let second = signed("https://id.example/", "ed25519");
    let unknown = signed("https://id.example", "p384");
    let mut failures = Vec::new();
    for (name, text, arguments) in [
        ("issuer-remote", &first, &KEYS[..]),
        ("issuer-discovered", &second, &KEYS[..]),
        ("issuer-unknown-key", &unknown, &KEYS[..]),
        ("issuer-without-keys", &first, &[]),
    ] {
        let arguments = [
            &["token", text.as_str(), "--policy", "issuers.yaml"],
            arguments,
        ];
        let run = run(&folder("token"), &arguments.concat(), "");
        failures.extend(compare(&run, &folder("token").join(format!("{name}.out"))).err());
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn a_request_is_explained_by_keys_from_files() {
    let first = signed("https://id.example", "p256");
    let second = signed("https://id.example/", "ed25519");
    let unknown = signed("https://id.example", "p384");
    let mut failures = Vec::new();
    for (name, token, arguments) in [
        ("issuer-explained", &second, &KEYS[..]),
        ("issuer-explained-unknown-key", &unknown, &KEYS[..]),
        ("issuer-explained-without-keys", &first, &[]),
        ("issuer-explained-down", &second, &DOWN[..]),
    ] {
        let header = format!("authorization: Bearer {token}");
        let arguments = [
            &["explain", "issuers.yaml", "/a", "-H", header.as_str()],
            arguments,
        ];
        let run = run(&folder("token"), &arguments.concat(), "");
        failures.extend(compare(&run, &folder("token").join(format!("{name}.out"))).err());
        let signature = token.rsplit('.').next().unwrap();
        assert!(
            !run.out.contains(signature),
            "{name}: the signature is printed"
        );
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn a_request_is_explained_by_answers_about_its_token() {
    const TOKEN: &str = "c2VjcmV0-_~+/token==";
    let mut failures = Vec::new();
    for (name, answer) in [
        ("opaque-active", Some("active.json")),
        ("opaque-inactive", Some("inactive.json")),
        ("opaque-broken", Some("503")),
        ("opaque-down", None),
    ] {
        let header = format!("authorization: Bearer {TOKEN}");
        let mut arguments = vec!["explain", "opaque.yaml", "/a", "-H", &header];
        let reply = answer.map(|file| format!("providers.opaque.introspection:{TOKEN}={file}"));
        if let Some(reply) = &reply {
            arguments.extend(["--reply", reply]);
        }
        let run = run(&folder("token"), &arguments, "");
        failures.extend(compare(&run, &folder("token").join(format!("{name}.out"))).err());
        let is_shown = run.out.replace('\n', "").contains(TOKEN);
        assert!(!is_shown, "{name}: the token is printed");
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}
