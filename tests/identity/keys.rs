//! The keys of an issuer, through all troubles of the issuer.

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::front::{EVERYWHERE, Front, Trouble};
use crate::gate::{Gate, report};
use crate::http1::get;
use crate::issuer::{Issuer, new_folder};
use crate::policy::{discovery, gate, policy, remote};
use crate::tokens::{damaged, of_another_client, unsigned, with_kid};
use crate::wait::pause;

/// The time in which every worker has the keys that the issuer publishes: the refresh, and the ticks of the VM that fetches
/// and of the others.
const IN_TIME: Duration = Duration::from_secs(2);

const REFRESH: Duration = Duration::from_millis(300);

const JWKS: &str = "/jwks";

/// An issuer with two keys, behind a front.
fn issuer(name: &str) -> (Issuer, Front) {
    let issuer = Issuer::start(&new_folder(name), &["rsa-1", "ec-1"]);
    let front = Front::start();
    front.stand_before(issuer.address);
    (issuer, front)
}

/// The set that a provider publishes.
fn published(issuer: &Issuer) -> Vec<u8> {
    get(issuer.address, JWKS, "")
        .expect("the provider answers")
        .body
}

#[test]
fn without_a_first_key_set_no_token_is_judged() {
    let (issuer, front) = issuer("first");
    let (good, bad) = (
        issuer.jwt("rsa-1"),
        with_kid(&issuer.jwt("rsa-1"), "unknown"),
    );
    front.trouble(EVERYWHERE, Trouble::Down);
    let gate = gate("first", &policy(&remote(&json!({})), &[]), &front);
    for (what, trouble) in troubles(b"{}") {
        front.trouble(EVERYWHERE, trouble);
        for token in [&good, &bad] {
            gate.check(what, "/jwt", token, "503 keys_unavailable");
        }
    }
    gate.check("no token", "/jwt", "", "401 missing_credential");
    front.heal();
    let took = gate.until("/jwt", &good, "200", Duration::from_secs(20));
    report(&format!("a first key set after the troubles: {took:.1?}"));
    gate.check("an unknown key", "/jwt", &bad, "401 unknown_key");
    gate.finish();
}

/// Troubles of the issuer, each with a set that must not be used.
fn troubles(poison: &[u8]) -> Vec<(&'static str, Trouble)> {
    let set = "application/jwk-set+json";
    let large = [poison, &[b' '; 9000]].concat();
    let cut = poison
        .get(..poison.len().saturating_sub(1))
        .unwrap_or_default();
    let instead = |status, kind, body: &[u8]| Trouble::Instead(status, kind, body.to_vec());
    vec![
        ("down", Trouble::Down),
        ("HTML with 200", instead(200, "text/html", b"<html><body>Sign in</body></html>")),
        ("garbage", instead(200, set, b"\x00\xff{]")),
        ("a set that is cut off", instead(200, set, cut)),
        ("an empty set", instead(200, set, br#"{"keys": []}"#)),
        ("no set", instead(200, set, br#"{"error": "server_error"}"#)),
        ("an empty body", instead(200, set, b"")),
        ("a secret key", instead(200, set, br#"{"keys": [{"kty": "oct", "kid": "rsa-evil", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0"}]}"#)),
        ("keys of unknown types", instead(200, set, br#"{"keys": [{"kty": "AKP", "kid": "rsa-evil", "alg": "ML-DSA-44", "pub": "AAAA"}]}"#)),
        ("a set too large", instead(200, set, &large)),
        ("a failure with a set", instead(500, set, poison)),
        ("not found with a set", instead(404, set, poison)),
        ("slow", Trouble::Slow(Duration::from_millis(1200))),
        ("silent", Trouble::Silent),
    ]
}

#[test]
fn the_last_good_keys_outlive_every_trouble() {
    let (mut issuer, front) = issuer("troubles");
    let evil = Issuer::start(&new_folder("evil"), &["rsa-evil"]);
    let poison = published(&evil);
    let gate = gate("troubles", &policy(&remote(&json!({})), &[]), &front);
    let (rsa, ec, bad) = (
        issuer.jwt("rsa-1"),
        issuer.jwt("ec-1"),
        evil.jwt("rsa-evil"),
    );
    gate.until("/jwt", &rsa, "200", Duration::from_secs(20));
    gate.check("RS256", "/jwt", &rsa, "200");
    gate.check("ES256", "/jwt", &ec, "200");
    let mut last = None;
    for (number, (what, trouble)) in troubles(&poison).into_iter().enumerate() {
        front.asked();
        front.trouble(JWKS, trouble);
        pause(REFRESH.saturating_mul(4));
        gate.check(what, "/jwt", &rsa, "200");
        gate.check(what, "/jwt", &ec, "200");
        // Tokens that no worker remembers.
        gate.check(what, "/jwt", &issuer.jwt("rsa-1"), "200");
        gate.check(what, "/jwt", &damaged(&rsa), "401 invalid_signature");
        let unknown = gate.ask("/jwt", &bad);
        assert!(
            ["401 unknown_key", "503 keys_unavailable"].contains(&unknown.as_str()),
            "{what}: {unknown}"
        );
        assert!(front.count(JWKS) > 0, "{what}: nobody asked for the keys");
        front.heal();
        // The issuer works again, and its new keys are used.
        let new = format!("rsa-{}", number.saturating_add(2));
        issuer.publish(&["rsa-1", "ec-1", &new]);
        let token = issuer.jwt(&new);
        let took = gate.until("/jwt", &token, "200", Duration::from_secs(20));
        if let Some(last) = last.replace(token) {
            gate.until("/jwt", &last, "401 unknown_key", IN_TIME);
        }
        report(&format!(
            "{what}: good tokens passed, an unknown key was {unknown}, new keys worked after {took:.1?}"
        ));
    }
    gate.finish();
}

#[test]
fn tokens_follow_the_keys_that_the_issuer_publishes() {
    let (mut issuer, front) = issuer("rotation");
    let gate = gate("rotation", &policy(&remote(&json!({})), &[]), &front);
    bad_tokens_are_refused(&issuer, &gate);
    keys_rotate(&mut issuer, &gate);
    the_issuer_starts_again_with_other_keys_of_the_same_names(issuer, &front, &gate);
    gate.finish();
}

fn bad_tokens_are_refused(issuer: &Issuer, gate: &Gate) {
    let (old, ec) = (issuer.jwt("rsa-1"), issuer.jwt("ec-1"));
    gate.until("/jwt", &old, "200", Duration::from_secs(20));
    for (what, token, wanted) in [
        ("damaged", damaged(&old), "401 invalid_signature"),
        ("damaged", damaged(&ec), "401 invalid_signature"),
        (
            "another payload",
            of_another_client(&old),
            "401 invalid_signature",
        ),
        (
            "another key's name",
            with_kid(&old, "ec-1"),
            "401 unknown_key",
        ),
        ("no signature", unsigned(&old), "401 malformed_token"),
    ] {
        gate.check(what, "/jwt", &token, wanted);
    }
}

fn keys_rotate(issuer: &mut Issuer, gate: &Gate) {
    let (old, ec) = (issuer.jwt("rsa-1"), issuer.jwt("ec-1"));
    for token in [&old, &ec] {
        gate.check("before", "/jwt", token, "200");
    }
    // Both keys are published.
    issuer.publish(&["rsa-2", "rsa-1", "ec-1"]);
    let new = issuer.jwt("rsa-2");
    let first = gate.ask("/jwt", &new);
    assert_eq!(first, "200", "the first token of a new key");
    for token in [&old, &new, &ec] {
        gate.until("/jwt", token, "200", IN_TIME);
    }
    pause(IN_TIME);
    for token in [&old, &new, &ec] {
        gate.check("both keys are published", "/jwt", token, "200");
    }

    // The old key is withdrawn. The workers have remembered its token.
    issuer.publish(&["rsa-2", "ec-1"]);
    let took = gate.until("/jwt", &old, "401 unknown_key", IN_TIME);
    report(&format!(
        "a key that was withdrawn ended its tokens everywhere after {took:.1?}"
    ));
    gate.check("the new key", "/jwt", &new, "200");
    gate.check("the other type", "/jwt", &ec, "200");
}

fn the_issuer_starts_again_with_other_keys_of_the_same_names(
    issuer: Issuer,
    front: &Front,
    gate: &Gate,
) {
    let keys = ["rsa-2", "ec-1"];
    let old = keys.map(|key| issuer.jwt(key));
    let folder = issuer.folder.clone();
    drop(issuer);
    pause(REFRESH.saturating_mul(2));
    for token in &old {
        gate.check("the issuer is down", "/jwt", token, "200");
    }
    for key in keys {
        fs::remove_file(folder.join(format!("{key}.jwk"))).expect("the issuer made it");
    }
    let issuer = Issuer::start(&folder, &keys);
    front.stand_before(issuer.address);
    for (key, old) in keys.iter().zip(&old) {
        gate.until("/jwt", &issuer.jwt(key), "200", IN_TIME);
        gate.until("/jwt", old, "401 invalid_signature", IN_TIME);
    }
}

/// Metadata of the issuer, by what is in them. The last ones are good.
fn metadata() -> Vec<(&'static str, Trouble)> {
    let instead =
        |kind, body: &str| Trouble::Instead(200, kind, body.replace('\'', "\"").into_bytes());
    let json = "application/json";
    vec![
        (
            "another issuer",
            instead(
                json,
                "{'issuer': 'http://id.test/', 'jwks_uri': 'http://id.test/jwks'}",
            ),
        ),
        (
            "keys at a host without a cluster",
            instead(
                json,
                "{'issuer': 'http://id.test', 'jwks_uri': 'http://evil.test/jwks'}",
            ),
        ),
        ("no keys", instead(json, "{'issuer': 'http://id.test'}")),
        ("HTML with 200", instead("text/html", "<html/>")),
        (
            "keys at another host with a cluster",
            instead(
                json,
                "{'issuer': 'http://id.test', 'jwks_uri': 'http://keys.id.test/jwks'}",
            ),
        ),
    ]
}

#[test]
fn discovery_finds_the_keys_where_the_issuer_says() {
    let (mut issuer, front) = issuer("discovery");
    let keys = discovery(&json!({"clusters": {"keys.id.test": "id"}}));
    let gate = gate("discovery", &policy(&keys, &[]), &front);
    let old = issuer.jwt("rsa-1");
    gate.until("/jwt", &old, "200", Duration::from_secs(20));
    let mut last = issuer.jwt("ec-1");
    for (number, (what, trouble)) in metadata().into_iter().enumerate() {
        front.trouble("/.well-known/openid-configuration", trouble);
        // What was read before is no longer on its way.
        pause(REFRESH.saturating_mul(3));
        let key = format!("rsa-{}", number.saturating_add(2));
        issuer.publish(&["rsa-1", &key]);
        pause(REFRESH.saturating_mul(3));
        last = issuer.jwt(&key);
        if what.ends_with("with a cluster") {
            gate.until("/jwt", &last, "200", Duration::from_secs(20));
        } else {
            let outcome = gate.ask("/jwt", &last);
            let unknown = ["401 unknown_key", "503 keys_unavailable"];
            assert!(unknown.contains(&outcome.as_str()), "{what}: {outcome}");
        }
        gate.check(what, "/jwt", &old, "200");
    }
    front.heal();
    issuer.publish(&["rsa-9"]);
    gate.until("/jwt", &issuer.jwt("rsa-9"), "200", IN_TIME);
    for token in [&old, &last] {
        gate.until("/jwt", token, "401 unknown_key", IN_TIME);
    }
    gate.finish();
}
