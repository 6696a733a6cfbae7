//! A flood of bad tokens: the time for verifications is bounded, the rest is refused and counted, and others don't notice.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, World};
use postern_signing::{SigningKey, compact};
use serde_json::json;

use crate::support::{NOW, answered, brief, forwarded, get, sound};

/// How many ES512 tokens may be verified at one moment after a pause: until 25 ms are spent, of which each costs 18.5 ms.
const AT_ONCE: usize = 2;

const OVERLOADED: (u32, &str) = (503, "postern_verification_overloaded");
const REJECTED: (u32, &str) = (401, "postern_invalid_signature");

fn key() -> SigningKey {
    SigningKey::from_pem(include_str!("../keys/p521.pem")).expect("a key")
}

/// A policy that accepts tokens and keys.
fn policy() -> String {
    json!({
        "consumers": [{"name": "app", "credentials": [{"apiKey": {"value": "k-1"}}]}],
        "providers": {
            "keys": {"apiKey": {"from": [{"header": "x-api-key"}]}},
            "corp": {"jwt": {
                "issuer": "https://id.test",
                "audiences": ["api"],
                "keys": {"inline": {"keys": [key().verifying_jwk()]}},
            }},
        },
        "routes": [{
            "name": "closed",
            "match": [{"path": {"prefix": "/"}}],
            "require": {"any": ["keys", "corp"]},
        }],
    })
    .to_string()
}

/// A good token. Another number is another token.
fn token(number: usize) -> String {
    let payload = json!({
        "iss": "https://id.test", "aud": "api", "jti": number.to_string(), "exp": 1_767_230_000,
    });
    compact(
        br#"{"alg":"ES512"}"#,
        payload.to_string().as_bytes(),
        &key(),
        "ES512",
    )
    .expect("a token")
}

/// The token with the signature of another.
fn bad(number: usize) -> String {
    let (good, other) = (token(number), token(number.saturating_add(1)));
    let (input, _) = good.rsplit_once('.').expect("a signature");
    let (_, signature) = other.rsplit_once('.').expect("a signature");
    format!("{input}.{signature}")
}

/// The status and details of an answer; 0 if the request was forwarded.
fn ask(vm: &FakeVm, root: ContextId, header: &'static str, value: String) -> (u32, String) {
    let mut headers = get("/");
    headers.push((header, value));
    let outcome = vm.request(vm.stream(root), &headers);
    if brief(&outcome).starts_with("forwarded") {
        assert!(forwarded(&outcome, "authorization").is_empty());
        return (0, String::new());
    }
    answered(&outcome)
}

fn ask_token(vm: &FakeVm, root: ContextId, token: &str) -> (u32, String) {
    ask(vm, root, "authorization", format!("Bearer {token}"))
}

/// Sends bad tokens. Returns how many were rejected, and how many weren't verified.
fn flood(vm: &FakeVm, root: ContextId, count: usize) -> (usize, usize) {
    let bad = bad(1);
    let answers: Vec<_> = (0..count).map(|_| ask_token(vm, root, &bad)).collect();
    let of = |(status, details): (u32, &str)| {
        let own = |answer: &&(u32, String)| answer.0 == status && answer.1 == details;
        answers.iter().filter(own).count()
    };
    let (rejected, overloaded) = (of(REJECTED), of(OVERLOADED));
    assert_eq!(rejected.saturating_add(overloaded), count, "{answers:?}");
    (rejected, overloaded)
}

#[test]
fn a_flood_of_bad_tokens_is_refused_and_counted_while_others_are_served() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(
        vm.configure(root, policy().as_bytes()),
        "{:?}",
        vm.host().logs
    );
    let seen = token(0);
    assert_eq!(ask_token(&vm, root, &seen).0, 0);
    assert_eq!(flood(&vm, root, 40), (AT_ONCE - 1, 41 - AT_ONCE));
    // What was seen before, and what needs no signature, is served.
    assert_eq!(ask_token(&vm, root, &seen).0, 0);
    assert_eq!(ask(&vm, root, "x-api-key", "k-1".to_owned()).0, 0);
    // A good token that is new waits for its turn like the bad ones.
    let new = token(2);
    assert_eq!(ask_token(&vm, root, &new).0, 503);
    // A quarter of the time comes back: 60 ms are 15 ms.
    world.pass(Duration::from_millis(60));
    assert_eq!(ask_token(&vm, root, &new).0, 0);
    assert_eq!(flood(&vm, root, 5), (0, 5));
    world.pass(Duration::from_secs(1));
    assert_eq!(flood(&vm, root, 20), (AT_ONCE, 20 - AT_ONCE));
    vm.tick(root);
    let overloaded = (41 - AT_ONCE) + 1 + 5 + (20 - AT_ONCE);
    for name in [
        "decisions.route=.=closed;.;outcome=.=denied;.;reason=.=verification_overloaded;.;total",
        "authentications.provider=.=corp;.;outcome=.=unavailable;.;reason=.=verification_overloaded;.;total",
    ] {
        let counted = world.stats().get(&format!("postern.{name}")).copied();
        assert_eq!(counted, Some(overloaded as u64), "{name}");
    }
    sound(&vm);
}

/// A token of another issuer that is full of small objects. To read it takes longer than most signatures.
fn crowded() -> String {
    let objects = vec![r#"{"":0}"#; 1700].join(",");
    let payload = format!(r#"{{"iss":"https://other.test","a":[{objects}]}}"#);
    compact(br#"{"alg":"ES512"}"#, payload.as_bytes(), &key(), "ES512").expect("a token")
}

#[test]
fn a_flood_of_texts_that_take_long_to_read_is_bounded_too() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, policy().as_bytes()));
    let seen = token(0);
    assert_eq!(ask_token(&vm, root, &seen).0, 0);
    let crowded = crowded();
    let answers: Vec<_> = (0..30).map(|_| ask_token(&vm, root, &crowded).0).collect();
    let read = answers.iter().filter(|status| **status == 401).count();
    assert!((1..10).contains(&read), "{answers:?}");
    assert!(answers.iter().skip(read).all(|status| *status == 503));
    // What was seen before is served, and usual tokens of another issuer use up nothing.
    assert_eq!(ask_token(&vm, root, &seen).0, 0);
    world.pass(Duration::from_secs(1));
    let payload = br#"{"iss":"https://other.test"}"#;
    let foreign = compact(br#"{"alg":"ES512"}"#, payload, &key(), "ES512").expect("a token");
    let refused = (0..2000).find(|_| ask_token(&vm, root, &foreign).0 != 401);
    assert_eq!(refused, None);
    sound(&vm);
}
