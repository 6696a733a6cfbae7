//! A load of good and bad tokens of all kinds, while the issuer rotates its keys, revokes tokens, and is down.

use std::time::Duration;

use serde_json::json;

use crate::front::{EVERYWHERE, Front, Trouble};
use crate::gate::report;
use crate::issuer::{Issuer, new_folder};
use crate::load::{Load, Rule, Verdict};
use crate::opaque::INTROSPECTION;
use crate::policy::{gate, introspection, policy, remote};
use crate::tokens::{damaged, of_another_client, unsigned, with_kid};
use crate::wait::pause;

/// The time in which every worker knows what the issuer has changed: the `ttl` of a second, and what a busy machine needs.
const IN_TIME: Duration = Duration::from_secs(3);

const CLIENTS: usize = 8;
const PACE: Duration = Duration::from_millis(10);

/// How much more memory Envoy may have after the load.
const GROWTH: u64 = 16 << 20;

/// The tokens that are bad from the begin on.
fn bad_tokens(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let impostor = Issuer::start(&new_folder("impostor"), &["rsa-1", "ec-1"]);
    let (rsa, ec) = (issuer.jwt("rsa-1"), issuer.jwt("ec-1"));
    let revoked = issuer.opaque();
    issuer.revoke(&revoked);
    let tokens = vec![
        ("bad: damaged RS256", damaged(&rsa)),
        ("bad: damaged ES256", damaged(&ec)),
        ("bad: another payload", of_another_client(&rsa)),
        ("bad: no signature", unsigned(&rsa)),
        ("bad: another issuer's RS256", impostor.jwt("rsa-1")),
        ("bad: another issuer's ES256", impostor.jwt("ec-1")),
        ("bad: ended JWT", issuer.token("rsa-1:short")),
        ("bad: ended opaque", issuer.token("opaque:short")),
        ("bad: another issuer's opaque", impostor.opaque()),
        ("bad: revoked", revoked),
    ];
    // They end after two seconds, and the leeway.
    pause(Duration::from_secs(3));
    tokens
}

#[test]
fn under_load_no_answer_is_wrong_in_either_direction() {
    let mut issuer = Issuer::start(&new_folder("load"), &["rsa-1", "ec-1"]);
    let front = Front::start();
    front.stand_before(issuer.address);
    let introspections = [("opaque", introspection(&json!({})))];
    let policy = policy(&remote(&json!({})), &introspections);
    let gate = gate("load", &policy, &front);
    let bad = bad_tokens(&issuer);
    gate.until("/jwt", &issuer.jwt("rsa-1"), "200", Duration::from_secs(20));
    front.asked();

    let load = Load::start(gate.address, CLIENTS, PACE);
    let send = |name: &str, token: &str, rule| load.send(name, "/mixed/opaque", token, rule);
    for (name, token) in &bad {
        send(name, token, Rule::Deny);
    }
    for number in 0..4 {
        let token = with_kid(&issuer.jwt("ec-1"), &format!("unknown-{number}"));
        send("bad: an unknown key", &token, Rule::Deny);
    }
    send("old RS256", &issuer.jwt("rsa-1"), Rule::Accept);
    send("opaque", &issuer.opaque(), Rule::Accept);
    load.send("ES256", "/jwt", &issuer.jwt("ec-1"), Rule::Accept);
    pause(Duration::from_secs(2));
    let before = gate.memory();
    rotation(&load, &mut issuer);
    outage(&load, &front);
    // New tokens need no more memory.
    for _ in 0..50 {
        send("new ES256", &issuer.jwt("ec-1"), Rule::Accept);
        send("new opaque", &issuer.opaque(), Rule::Accept);
    }
    pause(Duration::from_secs(3));
    let after = gate.memory();
    judge(&load.finish(), before, after);

    let questions = front.asked().into_iter();
    let questions: Vec<_> = questions
        .filter(|asked| asked.path == INTROSPECTION)
        .collect();
    assert!(questions.len() > 10, "{} questions", questions.len());
    for question in questions {
        assert!(
            !question.body.contains('.'),
            "a JWT was sent to the issuer: {question:?}"
        );
    }
    gate.finish();
}

/// The issuer publishes a new key, signs with it, withdraws the old one, and revokes a token.
fn rotation(load: &Load, issuer: &mut Issuer) {
    let (old, revoked) = ("old RS256", "opaque, revoked later");
    let token = issuer.opaque();
    load.send(revoked, "/opaque", &token, Rule::Accept);
    issuer.publish(&["rsa-1", "rsa-2", "ec-1"]);
    pause(IN_TIME);
    for _ in 0..8 {
        load.send(
            "new RS256",
            "/mixed/opaque",
            &issuer.jwt("rsa-2"),
            Rule::Accept,
        );
    }
    pause(Duration::from_secs(1));
    for name in [old, revoked] {
        load.rule(name, Rule::Changing);
    }
    issuer.publish(&["rsa-2", "ec-1"]);
    issuer.revoke(&token);
    pause(IN_TIME);
    for name in [old, revoked] {
        load.rule(name, Rule::Deny);
    }
    pause(Duration::from_secs(2));
}

/// The issuer is down for a while. What needs an answer of it may be unknown then.
fn outage(load: &Load, front: &Front) {
    let of_the_issuer = [
        "bad: ended opaque",
        "bad: another issuer's opaque",
        "bad: revoked",
        "bad: an unknown key",
        "opaque, revoked later",
    ];
    for name in of_the_issuer {
        load.rule(name, Rule::DenyOrUnknown);
    }
    load.rule("opaque", Rule::AcceptUnlessUnknown);
    front.trouble(EVERYWHERE, Trouble::Down);
    pause(Duration::from_secs(4));
    front.heal();
    pause(Duration::from_secs(2));
    for name in of_the_issuer {
        load.rule(name, Rule::Deny);
    }
    load.rule("opaque", Rule::Accept);
}

fn judge(verdict: &Verdict, before: u64, after: u64) {
    for ((name, outcome), count) in &verdict.outcomes {
        report(&format!("{name}: {outcome}: {count}"));
    }
    report(&format!(
        "{} requests: {} accepted, {} denied, {} unknown (503); wrong: {}; the longest {:.0?}; Envoy's memory {} KiB, later {} KiB",
        verdict.requests,
        verdict.accepted,
        verdict.denied,
        verdict.unknown,
        verdict.wrong.len(),
        verdict.longest,
        before >> 10,
        after >> 10,
    ));
    let first = verdict
        .wrong
        .get(..verdict.wrong.len().min(10))
        .unwrap_or_default();
    assert!(
        first.is_empty(),
        "{} wrong answers: {first:#?}",
        verdict.wrong.len()
    );
    assert!(verdict.requests > 2000, "{} requests", verdict.requests);
    assert!(
        after < before.saturating_add(GROWTH),
        "{before} bytes, then {after}"
    );
}
