//! `postern token`.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::golden::{Run, compare, folder, run};

/// Runs the tool in the folder of the test keys.
fn token(arguments: &[&str], input: &str) -> Run {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    let arguments: Vec<&str> = ["token"].iter().chain(arguments).copied().collect();
    run(&keys, &arguments, input)
}

/// A token without times, made by the tool.
fn signed(key: &str, arguments: &[&str]) -> String {
    let all = [&["--sign", "--no-times", "--key", key], arguments].concat();
    let run = token(&all, "");
    assert_eq!(run.status, 0, "{run:?}");
    run.out.trim_end().to_owned()
}

const CLAIMS: &str = r#"{"iss": "https://id.example", "sub": "alice", "aud": ["api", "web"], "exp": 4102444800, "nbf": 4102444800, "iat": 1300819380.5, "auth_time": "soon", "realm_access": {"roles": ["admin"]}, "note": "a\u001b[2J\u202e", "long": "a claim that is so long that it doesn't fit into one line of eighty characters"}"#;

#[test]
fn prints_what_is_in_a_token() {
    let full = signed(
        "p256.pem",
        &[
            "--kid",
            "p256",
            "--claims",
            CLAIMS,
            "--header",
            r#"{"x": [1]}"#,
        ],
    );
    let [header, payload, _] = full.split('.').collect::<Vec<_>>()[..] else {
        panic!("{full}");
    };
    let old = signed("ed25519.pem", &["--claims", r#"{"exp": 1300819380}"#]);
    let mut failures = Vec::new();
    for (name, text) in [
        ("full", full.clone()),
        ("old", format!("Bearer {old}\n")),
        ("unsigned", format!("{header}.{payload}.")),
        ("damaged", format!("{header}.{header}x.{payload}=")),
        ("repeated", "eyJhIjoxLCJhIjoyfQ.e30.AA".to_owned()),
        ("encrypted", "a.b.c.d.e".to_owned()),
        ("key", "k-mobile".to_owned()),
    ] {
        let run = token(&["-"], &text);
        failures.extend(compare(&run, &folder("token").join(format!("{name}.out"))).err());
        let long = run.out.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{name}");
        assert_eq!(token(&[text.trim()], "").out, run.out, "{name}");
        let signature = text.trim().rsplit('.').next().unwrap_or_default();
        assert!(
            signature.is_empty() || !run.out.contains(signature),
            "{name}: the signature is printed"
        );
    }
    let json = token(&["--json", &full], "");
    failures.extend(compare(&json, &folder("token").join("json.out")).err());
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn signs_by_each_key_and_algorithm() {
    for (key, algorithm, length) in [
        ("rsa.pem", "", 256),
        ("rsa.pem", "PS384", 256),
        ("p256.pem", "", 64),
        ("p384.pem", "", 96),
        ("p521.pem", "", 132),
        ("ed25519.pem", "", 64),
        ("oct32.jwk", "", 32),
        ("oct64.jwk", "", 64),
        ("oct64.jwk", "HS256", 32),
    ] {
        let mut arguments = vec!["--claims", "{}"];
        if !algorithm.is_empty() {
            arguments.extend(["--alg", algorithm]);
        }
        let made = signed(key, &arguments);
        assert_eq!(made, signed(key, &arguments), "{key}: another token");
        let shown = token(&["--json", &made], "");
        let shown: Value = serde_json::from_str(&shown.out).unwrap();
        assert_eq!(shown["signatureBytes"], length, "{key} {algorithm}");
        let expected = Some(algorithm).filter(|name| !name.is_empty());
        let own = shown["header"]["alg"].as_str().unwrap();
        assert!(expected.is_none_or(|expected| own == expected), "{own}");
        assert_eq!(shown["claims"], serde_json::json!({}));
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tool reads the same clock")]
fn adds_the_times_that_the_claims_do_not_have() {
    let now = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_secs()
    };
    let before = now();
    let times = |arguments: &[&str]| {
        let all = [&["--sign", "--key", "oct32.jwk"], arguments].concat();
        let made = token(&all, "{\"exp\": 7}");
        let shown = token(&["--json", made.out.trim_end()], "");
        let shown: Value = serde_json::from_str(&shown.out).unwrap();
        let of = |name: &str| shown["claims"][name].as_u64().unwrap();
        (of("iat"), of("exp"))
    };
    let (issued, expires) = times(&["--claims", "{}"]);
    assert!((before..=now()).contains(&issued), "{issued}");
    assert_eq!(expires - issued, 3600);
    let (issued, expires) = times(&["--claims", "{}", "--expires-in", "2days"]);
    assert_eq!(Duration::from_secs(expires - issued).as_secs(), 172_800);
    assert_eq!(times(&["--claims", r#"{"iat": 5, "exp": 6}"#]), (5, 6));
    assert_eq!(times(&["--claims", "@-"]).1, 7);
}

#[test]
fn takes_the_algorithm_and_the_key_id_of_a_jwk() {
    let jwk = r#"{"kty": "oct", "k": "AAAA", "alg": "HS384", "kid": "of the key"}"#;
    let header = |arguments: &[&str]| {
        let all = ["--sign", "--key", "-", "--claims", "{}"];
        let made = token(&[&all, arguments].concat(), jwk);
        let shown = token(&["--json", made.out.trim_end()], "");
        let shown: Value = serde_json::from_str(&shown.out).unwrap();
        let of = |name: &str| shown["header"][name].as_str().unwrap_or("-").to_owned();
        [of("alg"), of("kid"), of("typ")]
    };
    assert_eq!(header(&[]), ["HS384", "of the key", "JWT"]);
    let others = [
        "--alg",
        "HS256",
        "--kid",
        "a",
        "--header",
        r#"{"typ": "at+jwt"}"#,
    ];
    assert_eq!(header(&others), ["HS256", "a", "at+jwt"]);
    // A header that lies is for tests of other programs.
    let lies = ["--header", r#"{"alg": "none"}"#];
    assert_eq!(header(&lies), ["none", "of the key", "JWT"]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn says_why_it_cannot_sign() {
    let secret = "c2VjcmV0IHRleHQgb2YgYSBrZXk";
    let jwk = format!(r#"{{"kty": "oct", "k": "{secret}"}}"#);
    let broken = format!(r#"{{"kty": "oct", "k": "{secret}" x}}"#);
    let set = format!(r#"{{"keys": [{jwk}]}}"#);
    for (arguments, input, says) in [
        (
            &["--key", "rsa.pem", "--claims", "[]"][..],
            "",
            "--claims isn't a JSON object",
        ),
        (&["--key", "rsa.pem", "--claims", "@none"], "", "none: "),
        (&["--key", "none.pem", "--claims", "{}"], "", "none.pem: "),
        (
            &["--key", "README.md", "--claims", "{}"],
            "",
            "holds no private key",
        ),
        (
            &["--key", "secp256k1.pem", "--claims", "{}"],
            "",
            "isn't RSA, P-256",
        ),
        (&["--key", "-", "--claims", "{}"], &broken, "it isn't JSON"),
        (&["--key", "-", "--claims", "{}"], &set, "a set of keys"),
        (
            &["--key", "-", "--claims", "{}", "--alg", "ES256"],
            &jwk,
            "can't sign by ES256",
        ),
        (
            &["--key", "-", "--claims", "{}", "--alg", "none"],
            &jwk,
            "no algorithm `none`",
        ),
        (
            &["--key", "-", "--claims", "{}", "--header", "1"],
            &jwk,
            "--header isn't",
        ),
        (
            &["--key", "-", "--claims", "{}", "--expires-in", "9000years"],
            &jwk,
            "too long",
        ),
        (
            &["--key", "-", "--claims", "{}", "--expires-in", "soon"],
            &jwk,
            "--expires-in",
        ),
        (&["--key", "rsa.pem"], "", "--claims"),
        (&["--claims", "{}"], "", "--key"),
        (
            &["--claims", "{}", "--key", "rsa.pem", "a.b.c"],
            "",
            "cannot be used with",
        ),
    ] {
        let all = [&["--sign"], arguments].concat();
        let run = token(&all, input);
        assert_eq!(run.status, 2, "{arguments:?}: {run:?}");
        assert!(run.err.contains(says), "{arguments:?}: {}", run.err);
        assert!(!run.err.contains(secret) && run.out.is_empty(), "{run:?}");
    }
}
