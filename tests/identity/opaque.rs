//! Opaque tokens: the gate asks the issuer about them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::front::{Front, Trouble};
use crate::gate::{ENOUGH, Gate, WORKERS, report};
use crate::issuer::{Issuer, new_folder};
use crate::policy::{gate, introspection, policy, remote};
use crate::tokens::{damaged, with_kid};
use crate::wait::pause;

pub(crate) const INTROSPECTION: &str = "/token/introspection";

/// The time in which a changed answer about a token is known: `ttl`, and what a busy machine needs.
const IN_TIME: Duration = Duration::from_secs(3);

/// What no issuer knows.
const NO_TOKEN: &str = "nothing-like-a-token";

const INACTIVE: &str = "401 inactive_token";
const UNKNOWN: &str = "503 introspection_unavailable";

fn start(name: &str, introspections: &[(&str, Value)]) -> (Issuer, Front, Gate) {
    let issuer = Issuer::start(&new_folder(name), &["rsa-1", "ec-1"]);
    let front = Front::start();
    front.stand_before(issuer.address);
    let policy = policy(&remote(&json!({})), introspections);
    let gate = gate(name, &policy, &front);
    gate.until("/jwt", &issuer.jwt("rsa-1"), "200", Duration::from_secs(20));
    front.asked();
    (issuer, front, gate)
}

/// What the gate has asked since the last call.
fn questions(front: &Front) -> Vec<String> {
    let asked = front.asked().into_iter();
    let own = asked.filter(|asked| asked.path == INTROSPECTION);
    own.map(|asked| asked.body).collect()
}

#[test]
fn opaque_tokens_are_what_the_issuer_says() {
    let (issuer, front, gate) = start(
        "opaque",
        &[
            ("opaque", introspection(&json!({}))),
            (
                "patient",
                introspection(&json!({"ttl": "1h", "missTtl": "1h"})),
            ),
            ("any", introspection(&json!({"tokens": "any"}))),
            (
                "stranger",
                introspection(&json!({"client": {"id": "gate", "secret": "wrong"}})),
            ),
        ],
    );
    each_token_is_asked_about_once_in_its_time(&issuer, &front, &gate);
    a_revoked_token_ends_in_its_time(&issuer, &gate);
    no_jwt_is_sent_to_the_issuer(&issuer, &front, &gate);
    a_jwt_that_the_issuer_will_not_introspect_is_rejected(&issuer, &front, &gate);
    // The issuer refuses the gate itself, so nothing is known about tokens.
    gate.check("a good token", "/stranger", &issuer.opaque(), UNKNOWN);
    gate.check("a bad token", "/stranger", NO_TOKEN, UNKNOWN);
    gate.finish();
}

fn each_token_is_asked_about_once_in_its_time(issuer: &Issuer, front: &Front, gate: &Gate) {
    let (good, other, short) = (
        issuer.opaque(),
        issuer.opaque(),
        issuer.token("opaque:short"),
    );
    gate.upstreams.received();
    assert_eq!(gate.ask("/patient", &good), "200");
    let received = gate.upstreams.received();
    let (_, request) = received.first().expect("it was forwarded");
    // The claims of the answer are the identity's, and the token goes no further.
    assert_eq!(request.field(b"x-client"), Some(&b"app"[..]));
    assert_eq!(request.field(b"authorization"), None);
    for (token, wanted) in [(&*good, "200"), (&other, "200"), (NO_TOKEN, INACTIVE)] {
        gate.check(token, "/patient", token, wanted);
    }
    let (requests, asked) = (ENOUGH.saturating_mul(3), questions(front).len());
    report(&format!(
        "{requests} requests with three tokens: {asked} questions"
    ));
    assert!(
        (3..=WORKERS.saturating_mul(3)).contains(&asked),
        "{asked} questions"
    );
    // `exp` ends a token that is remembered for an hour.
    assert_eq!(gate.ask("/patient", &short), "200");
    gate.until("/patient", &short, INACTIVE, Duration::from_secs(5));
    questions(front);
    gate.check("remembered", "/patient", &good, "200");
    assert_eq!(questions(front), Vec::<String>::new());
}

fn a_revoked_token_ends_in_its_time(issuer: &Issuer, gate: &Gate) {
    let (token, other) = (issuer.opaque(), issuer.opaque());
    gate.check("good", "/opaque", &token, "200");
    gate.check("good", "/patient", &token, "200");
    issuer.revoke(&token);
    let took = gate.until("/opaque", &token, INACTIVE, IN_TIME);
    report(&format!(
        "a revoked token ended everywhere after {took:.1?}, with a ttl of 1 s"
    ));
    gate.check("another token", "/opaque", &other, "200");
    gate.check("a ttl of an hour", "/patient", &token, "200");
}

fn no_jwt_is_sent_to_the_issuer(issuer: &Issuer, front: &Front, gate: &Gate) {
    let (rsa, ec, opaque) = (issuer.jwt("rsa-1"), issuer.jwt("ec-1"), issuer.opaque());
    questions(front);
    for (what, token, wanted) in [
        ("RS256", &*rsa, "200"),
        ("ES256", &ec, "200"),
        ("opaque", &opaque, "200"),
        ("damaged", &damaged(&rsa), "401 invalid_signature"),
        (
            "an unknown key",
            &with_kid(&ec, "unknown"),
            "401 unknown_key",
        ),
        ("an unknown token", NO_TOKEN, INACTIVE),
    ] {
        gate.check(what, "/mixed/opaque", token, wanted);
    }
    let questions = questions(front);
    assert!(!questions.is_empty());
    for question in questions {
        let known = [&*opaque, NO_TOKEN].map(|token| format!("token={token}"));
        assert!(!question.contains('.'), "{question}");
        assert!(
            known.iter().any(|token| question.contains(token)),
            "{question}"
        );
    }
}

fn a_jwt_that_the_issuer_will_not_introspect_is_rejected(
    issuer: &Issuer,
    front: &Front,
    gate: &Gate,
) {
    // The provider answers 400 `unsupported_token_type`.
    gate.check("a JWT", "/any", &issuer.jwt("rsa-1"), INACTIVE);
    assert!(!questions(front).is_empty());
    // A good JWT stays here, even so.
    gate.check("a JWT", "/mixed/any", &issuer.jwt("ec-1"), "200");
    assert_eq!(questions(front), Vec::<String>::new());
}

/// Troubles at the endpoint. Each could be read as "active".
fn troubles() -> Vec<(&'static str, Trouble)> {
    let json = "application/json";
    let instead = |status, kind, body: &[u8]| Trouble::Instead(status, kind, body.to_vec());
    let active = br#"{"active": true, "iss": "http://id.test", "client_id": "admin"}"#;
    let large = [&active[..], &[b' '; 70_000]].concat();
    vec![
        ("down", Trouble::Down),
        ("slow", Trouble::Slow(Duration::from_millis(1200))),
        ("silent", Trouble::Silent),
        (
            "HTML with 200",
            instead(200, "text/html", b"<html><body>Sign in</body></html>"),
        ),
        ("garbage", instead(200, json, b"\x00\xff{]")),
        ("an empty body", instead(200, json, b"")),
        (
            "no answer to the question",
            instead(200, json, br#"{"client_id": "app"}"#),
        ),
        (
            "`active` as text",
            instead(200, json, br#"{"active": "true"}"#),
        ),
        (
            "`active` twice",
            instead(200, json, br#"{"active": false, "active": true}"#),
        ),
        ("an answer too large", instead(200, json, &large)),
        ("a failure with an answer", instead(500, json, active)),
        (
            "our client is refused",
            instead(401, json, br#"{"error": "invalid_client"}"#),
        ),
        ("our client is forbidden", instead(403, json, active)),
        ("not found", instead(404, json, active)),
    ]
}

#[test]
fn no_trouble_of_the_issuer_lets_a_token_in_or_calls_it_bad() {
    let (issuer, front, gate) = start(
        "opaque-troubles",
        &[(
            "opaque",
            introspection(&json!({"ttl": "500ms", "timeout": "800ms"})),
        )],
    );
    for (what, trouble) in troubles() {
        front.heal();
        let (good, revoked) = (issuer.opaque(), issuer.opaque());
        gate.until("/opaque", &good, "200", Duration::from_secs(10));
        issuer.revoke(&revoked);
        front.trouble(INTROSPECTION, trouble);
        // What was learnt is over.
        pause(Duration::from_millis(700));
        for token in [&good, &revoked] {
            let paths: Vec<_> = ["/opaque", "/mixed/opaque"]
                .into_iter()
                .cycle()
                .take(8)
                .collect();
            for outcome in gate.ask_at_once(&paths, token) {
                assert_eq!(outcome, UNKNOWN, "{what}");
            }
        }
        // A JWT needs no answer.
        gate.check(what, "/mixed/opaque", &issuer.jwt("ec-1"), "200");
        front.heal();
        gate.until("/opaque", &good, "200", Duration::from_secs(10));
        gate.until("/opaque", &revoked, INACTIVE, Duration::from_secs(10));
        report(&format!("{what}: {UNKNOWN}"));
    }
    gate.finish();
}
