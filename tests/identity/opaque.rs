//! Opaque tokens: the gate asks the issuer about them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::front::{Front, Trouble};
use crate::gate::{ENOUGH, Gate, WORKERS, report};
use crate::issuer::{Issuer, new_folder};
use crate::policy::{introspection, policy, remote};
use crate::tokens::{damaged, with_kid};
use crate::wait::pause;

pub(crate) const INTROSPECTION: &str = "/token/introspection";

/// The time in which a changed answer about a token is known: `ttl`, and what a busy machine needs.
const IN_TIME: Duration = Duration::from_secs(3);

fn start(name: &str, changes: &Value) -> (Issuer, Front, Gate) {
    let issuer = Issuer::start(&new_folder(name), &["rsa-1", "ec-1"]);
    let front = Front::start();
    front.stand_before(issuer.address);
    let policy = policy(&remote(&json!({})), Some(&introspection(changes)));
    let gate = Gate::start(name, &policy, &front);
    gate.until("/jwt", &issuer.jwt("rsa-1"), "200", Duration::from_secs(20));
    front.asked();
    (issuer, front, gate)
}

#[test]
fn the_issuer_is_asked_about_each_token_once_in_its_time() {
    let (issuer, front, gate) = start("asked", &json!({"ttl": "1h", "missTtl": "1h"}));
    let (good, other, short) = (
        issuer.opaque(),
        issuer.opaque(),
        issuer.token("opaque:short"),
    );
    gate.upstreams.received();
    assert_eq!(gate.ask("/opaque", &good), "200");
    let received = gate.upstreams.received();
    let (_, request) = received.first().expect("it was forwarded");
    assert_eq!(
        request.field(b"x-client"),
        Some(&b"app"[..]),
        "the claims of the answer are the identity's"
    );
    assert_eq!(
        request.field(b"authorization"),
        None,
        "the token goes no further"
    );
    gate.check("good", "/opaque", &good, "200");
    gate.check("good", "/opaque", &other, "200");
    gate.check(
        "unknown",
        "/opaque",
        "nothing-like-a-token",
        "401 inactive_token",
    );
    let asked = front.count(INTROSPECTION);
    report(&format!(
        "{} requests with three tokens: {asked} questions",
        ENOUGH.saturating_mul(3)
    ));
    assert!(
        (3..=WORKERS.saturating_mul(3)).contains(&asked),
        "{asked} questions about three tokens"
    );
    // `exp` ends a token that is remembered for an hour.
    assert_eq!(gate.ask("/opaque", &short), "200");
    gate.until(
        "/opaque",
        &short,
        "401 inactive_token",
        Duration::from_secs(40),
    );
    gate.check("remembered", "/opaque", &good, "200");
    gate.finish();
}

#[test]
fn a_revoked_token_ends_in_its_time() {
    let (issuer, _front, gate) = start("revoked", &json!({}));
    let (token, other) = (issuer.opaque(), issuer.opaque());
    gate.check("good", "/opaque", &token, "200");
    issuer.revoke(&token);
    let took = gate.until("/opaque", &token, "401 inactive_token", IN_TIME);
    report(&format!(
        "a revoked token ended everywhere after {took:.1?}, with a ttl of 1 s"
    ));
    gate.check("another token", "/opaque", &other, "200");
    gate.finish();
}

#[test]
fn a_gate_that_the_issuer_does_not_know_says_503() {
    let (issuer, _front, gate) = start(
        "client",
        &json!({"client": {"id": "gate", "secret": "wrong"}}),
    );
    gate.check(
        "a good token",
        "/opaque",
        &issuer.opaque(),
        "503 introspection_unavailable",
    );
    gate.check(
        "a bad one",
        "/opaque",
        "nothing-like-a-token",
        "503 introspection_unavailable",
    );
    gate.finish();
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
    const UNKNOWN: &str = "503 introspection_unavailable";
    let (issuer, front, gate) = start(
        "opaque-troubles",
        &json!({"ttl": "500ms", "timeout": "800ms"}),
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
            let paths: Vec<_> = ["/opaque", "/mixed"].into_iter().cycle().take(8).collect();
            for outcome in gate.ask_at_once(&paths, token) {
                assert_eq!(outcome, UNKNOWN, "{what}");
            }
        }
        // A JWT needs no answer.
        gate.check(what, "/mixed", &issuer.jwt("ec-1"), "200");
        front.heal();
        gate.until("/opaque", &good, "200", Duration::from_secs(10));
        gate.until(
            "/opaque",
            &revoked,
            "401 inactive_token",
            Duration::from_secs(10),
        );
        report(&format!("{what}: {UNKNOWN}"));
    }
    gate.finish();
}

#[test]
fn no_jwt_is_ever_sent_to_the_issuer() {
    let (issuer, front, gate) = start("mixed", &json!({}));
    let (rsa, ec, opaque) = (issuer.jwt("rsa-1"), issuer.jwt("ec-1"), issuer.opaque());
    gate.check("RS256", "/mixed", &rsa, "200");
    gate.check("ES256", "/mixed", &ec, "200");
    gate.check("opaque", "/mixed", &opaque, "200");
    gate.check("damaged", "/mixed", &damaged(&rsa), "401 invalid_signature");
    gate.check(
        "an unknown key",
        "/mixed",
        &with_kid(&ec, "unknown"),
        "401 unknown_key",
    );
    gate.check(
        "an unknown token",
        "/mixed",
        "nothing-like-a-token",
        "401 inactive_token",
    );
    let asked: Vec<_> = front
        .asked()
        .into_iter()
        .filter(|asked| asked.path == INTROSPECTION)
        .collect();
    assert!(!asked.is_empty());
    for question in asked {
        assert!(!question.body.contains('.'), "{question:?}");
        let known = [
            format!("token={opaque}"),
            "token=nothing-like-a-token".into(),
        ];
        assert!(
            known.iter().any(|token| question.body.contains(token)),
            "{question:?}"
        );
    }
    gate.finish();
}

#[test]
fn a_jwt_that_the_issuer_will_not_introspect_is_rejected() {
    let (issuer, front, gate) = start("any", &json!({"tokens": "any"}));
    // The provider answers 400 `unsupported_token_type`.
    gate.check(
        "a JWT",
        "/opaque",
        &issuer.jwt("rsa-1"),
        "401 inactive_token",
    );
    assert!(front.count(INTROSPECTION) > 0);
    front.asked();
    // A good JWT stays here, even so.
    gate.check("a JWT", "/mixed", &issuer.jwt("ec-1"), "200");
    assert_eq!(front.count(INTROSPECTION), 0);
    gate.finish();
}
