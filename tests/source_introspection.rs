//! Questions about tokens: what is asked, how the answers are read, and how long they hold.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a simulation that panics is a failed test"
)]

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Callout, CalloutError, Endpoint, HeaderMap, Reply, Text};
use postern::internals::secret::Secret;
use postern::internals::source::{
    Arguments, ClientAuthentication, EntryState, Limits, OnDemand, ReadRefusal, ReadResult,
    RequestTemplate, SourceError,
};
use postern::time::Timestamp;

const LIMITS: Limits = Limits {
    ttl: Duration::from_secs(60),
    miss_ttl: Duration::from_secs(5),
    stale_for: Duration::ZERO,
    max_in_flight: 2,
    max_key_bytes: 64,
    max_entries: 3,
    max_bytes: 10_000,
};

const NOW: u64 = 1_700_000_000;

fn basic(id: &str, secret: &str) -> ClientAuthentication {
    ClientAuthentication::Basic {
        id: id.into(),
        secret: Secret::new(secret.as_bytes()),
    }
}

fn source_of(client: &ClientAuthentication, limits: Limits) -> OnDemand {
    let endpoint = Endpoint::new("id", "id.example").with_max_bytes(200);
    let template = RequestTemplate::introspection(endpoint, "/introspect?a=b", client).unwrap();
    OnDemand::new(Arc::new(template), limits)
}

fn source(limits: Limits) -> OnDemand {
    source_of(&basic("gate", "hunter2"), limits)
}

fn ask(source: &mut OnDemand, token: &str, now: Timestamp) -> EntryState {
    source.ask(&Arguments::token(token.as_bytes()), now)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_nanos((NOW + seconds) * 1_000_000_000)
}

fn reply(status: &str, body: &str) -> Result<Reply, CalloutError> {
    Ok(Reply {
        headers: HeaderMap::from_pairs(&[(":status", status), ("etag", "\"1\"")]),
        body: body.as_bytes().to_vec(),
    })
}

fn header(callout: &Callout, name: &str) -> Option<String> {
    let named = |(key, _): &&(Text, Text)| **key == *name.as_bytes();
    let (_, value) = callout.headers.iter().find(named)?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn start(source: &mut OnDemand, token: &str) -> Callout {
    let state = ask(source, token, at(0));
    let EntryState::Start(callout) = state else {
        panic!("{state:?}");
    };
    callout
}

fn say(state: &EntryState) -> String {
    match state {
        EntryState::Fresh(_, until) => {
            format!("fresh until {}", until.as_nanos() / 1_000_000_000 - NOW)
        }
        EntryState::Stale(..) => "stale".into(),
        EntryState::Missing => "missing".into(),
        EntryState::Pending => "pending".into(),
        EntryState::LoggingIn(_) => "waits for a login".into(),
        EntryState::Start(_) => "ask".into(),
        EntryState::Failed(error) => format!("failed: {error}"),
        EntryState::Refused(refusal) => format!("refused: {refusal:?}"),
    }
}

/// What a source says of a token at once, and after some seconds, when its question is answered so.
fn said(limits: Limits, answer: Result<Reply, CalloutError>, later: &[u64]) -> Vec<String> {
    let mut source = source(limits);
    let _ = start(&mut source, "t");
    let _ = source.fetched(b"t", answer, at(0));
    later
        .iter()
        .map(|seconds| {
            let state = ask(&mut source, "t", at(*seconds));
            source.abandon(b"t");
            say(&state)
        })
        .collect()
}

#[test]
fn asks_with_the_token_in_a_form() {
    let callout = start(&mut source(LIMITS), "a-b.c_d~e+f/g==");
    for (name, value) in [
        (":method", Some("POST")),
        (":path", Some("/introspect?a=b")),
        (":authority", Some("id.example")),
        ("content-type", Some("application/x-www-form-urlencoded")),
        ("accept", Some("application/json")),
        ("accept-encoding", Some("identity")),
        ("authorization", Some("Basic Z2F0ZTpodW50ZXIy")),
        ("if-none-match", None),
    ] {
        assert_eq!(header(&callout, name).as_deref(), value, "{name}");
    }
    assert_eq!(
        &*callout.body,
        b"token=a-b.c_d%7Ee%2Bf%2Fg%3D%3D&token_type_hint=access_token"
    );
}

#[test]
fn the_client_says_who_it_is() {
    let hint = "token=t&token_type_hint=access_token";
    for (client, authorization, rest) in [
        (basic("g", ""), Some("Basic Zzo="), ""),
        // RFC 6749 §2.3.1: both are encoded before they are joined by a colon.
        (
            basic("a:b", "c d%é"),
            Some("Basic YSUzQWI6YyUyMGQlMjUlQzMlQTk="),
            "",
        ),
        (
            ClientAuthentication::Post {
                id: "a&b".into(),
                secret: Secret::new(*b"c=d+"),
            },
            None,
            "&client_id=a%26b&client_secret=c%3Dd%2B",
        ),
        (
            ClientAuthentication::Bearer(Secret::new(*b"abc")),
            Some("Bearer abc"),
            "",
        ),
    ] {
        let callout = start(&mut source_of(&client, LIMITS), "t");
        assert_eq!(header(&callout, "authorization").as_deref(), authorization);
        assert_eq!(*callout.body, *format!("{hint}{rest}").as_bytes());
    }
}

#[test]
fn shows_neither_tokens_nor_the_secret() {
    for client in [
        basic("gate", "hunter2"),
        ClientAuthentication::Bearer(Secret::new(*b"hunter2")),
        ClientAuthentication::Post {
            id: "gate".into(),
            secret: Secret::new(*b"hunter2"),
        },
    ] {
        let mut source = source_of(&client, LIMITS);
        let callout = start(&mut source, "tok-1");
        let pending = format!("{source:?} {callout:?} {client:?}");
        let answer = reply("200", r#"{"active": true, "sub": "tok-2"}"#);
        let result = source.fetched(b"tok-1", answer, at(0));
        let _ = start(&mut source, "tok-3");
        let _ = source.fetched(b"tok-3", reply("200", r#"{"active": "tok-4"}"#), at(0));
        let state = ask(&mut source, "tok-3", at(0));
        let arguments = Arguments::token(b"tok-5");
        let all = format!("{pending} {source:?} {result:?} {state:?} {arguments:?}");
        for secret in ["tok-", "116, 111, 107", "hunter2", "Z2F0ZTpodW50ZXIy"] {
            assert!(!all.contains(secret), "{secret}: {all}");
        }
    }
}

#[test]
fn an_active_token_is_fresh_until_ttl_or_exp() {
    for (answer, seconds, expected) in [
        (
            r#"{"active": true}"#.to_owned(),
            [0, 60, 61],
            ["fresh until 60", "fresh until 60", "ask"],
        ),
        (
            format!(r#"{{"active": true, "exp": {}}}"#, NOW + 10),
            [0, 9, 10],
            ["fresh until 10", "fresh until 10", "ask"],
        ),
        (
            format!(r#"{{"active": true, "exp": {}}}"#, NOW + 100),
            [0, 60, 61],
            ["fresh until 60", "fresh until 60", "ask"],
        ),
        (
            format!(r#"{{"active": true, "exp": {}.5}}"#, NOW + 1),
            [0, 1, 2],
            ["fresh until 1", "fresh until 1", "ask"],
        ),
    ] {
        assert_eq!(
            said(LIMITS, reply("200", &answer), &seconds),
            expected,
            "{answer}"
        );
    }
}

#[test]
fn an_answer_without_a_good_token_is_remembered_for_the_time_of_misses() {
    let over = format!(r#"{{"active": true, "exp": {NOW}}}"#);
    for (status, body) in [
        ("200", r#"{"active": false}"#),
        ("200", r#"{"active": false, "exp": "x", "sub": "a"}"#),
        ("200", &over),
        ("200", r#"{"active": true, "exp": 0}"#),
        ("400", r#"{"error": "unsupported_token_type"}"#),
        (
            "400",
            r#"{"error": "unsupported_token_type", "error_description": "x"}"#,
        ),
    ] {
        assert_eq!(
            said(LIMITS, reply(status, body), &[0, 5, 6]),
            ["missing", "missing", "ask"],
            "{status} {body}"
        );
    }
}

#[test]
fn a_broken_answer_says_nothing_of_the_token() {
    let long = format!(r#"{{"active": true, "x": "{}"}}"#, "x".repeat(200));
    for (status, body) in [
        ("200", ""),
        ("200", "{}"),
        ("200", "true"),
        ("200", "[]"),
        ("200", "<html>active</html>"),
        ("200", r#"{"active": "true"}"#),
        ("200", r#"{"active": "false"}"#),
        ("200", r#"{"active": 1}"#),
        ("200", r#"{"active": null}"#),
        ("200", r#"{"Active": true}"#),
        ("200", r#"[{"active": true}]"#),
        ("200", r#"{"active": true} "#.trim_end_matches("} ")),
        ("200", r#"{"active": true}{"active": false}"#),
        ("200", r#"{"active": false, "active": true}"#),
        ("200", r#"{"active": true, "active": false}"#),
        ("200", r#"{"active": true, "exp": "1800000000"}"#),
        ("200", r#"{"active": true, "exp": null}"#),
        ("200", r#"{"active": true, "exp": -1}"#),
        ("200", r#"{"active": true, "exp": 1800000000000}"#),
        ("200", "\u{feff}{\"active\": true}"),
        ("200", &long),
        ("201", r#"{"active": true}"#),
        ("204", ""),
        ("301", r#"{"active": true}"#),
        ("302", r#"{"active": false}"#),
        ("304", ""),
        ("400", r#"{"error": "invalid_request"}"#),
        ("400", r#"{"active": false}"#),
        ("400", "unsupported_token_type"),
        (
            "400",
            r#"{"error": "unsupported_token_type", "error": "x"}"#,
        ),
        ("401", r#"{"error": "invalid_client"}"#),
        ("401", r#"{"error": "unsupported_token_type"}"#),
        ("403", r#"{"active": false}"#),
        ("404", r#"{"active": false}"#),
        ("410", ""),
        ("429", ""),
        ("500", r#"{"active": false}"#),
        ("503", r#"{"active": true}"#),
        ("", ""),
    ] {
        let said = said(LIMITS, reply(status, body), &[0, 1]);
        assert!(said[0].starts_with("failed: "), "{status} {body}: {said:?}");
        assert_eq!(said[1], "ask", "{status} {body}");
    }
}

#[test]
fn no_answer_says_nothing_of_the_token() {
    for error in [CalloutError::NoReply, CalloutError::UnknownCluster] {
        let said = said(LIMITS, Err(error), &[0, 1]);
        assert!(said[0].starts_with("failed: "), "{said:?}");
        assert_eq!(said[1], "ask");
    }
    let headers = [(":status", "200"), ("content-encoding", "gzip")];
    let compressed = Reply {
        headers: HeaderMap::from_pairs(&headers),
        body: br#"{"active": true}"#.to_vec(),
    };
    let said = said(LIMITS, Ok(compressed), &[0]);
    assert!(said[0].starts_with("failed: "), "{said:?}");
}

#[test]
fn an_error_does_not_quote_the_answer() {
    for body in [r#"{"sub": "hunter2""#, r#"{"active": "hunter2"}"#] {
        let mut source = source(LIMITS);
        let _ = start(&mut source, "t");
        let ReadResult::Failed(error) = source.fetched(b"t", reply("200", body), at(0)) else {
            panic!("{body}");
        };
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn one_question_is_asked_for_all_who_ask_about_one_token() {
    let mut source = source(LIMITS);
    let _ = start(&mut source, "a");
    assert_eq!(say(&ask(&mut source, "a", at(0))), "pending");
    let _ = start(&mut source, "b");
    assert_eq!(
        ask(&mut source, "c", at(0)),
        EntryState::Refused(ReadRefusal::TooManyInFlight)
    );
    let long = "x".repeat(65);
    assert_eq!(
        ask(&mut source, &long, at(0)),
        EntryState::Refused(ReadRefusal::KeyTooLong)
    );
    // Bytes that a path could not hold are no obstacle.
    let _ = source.fetched(b"a", reply("200", r#"{"active": false}"#), at(0));
    assert_eq!(say(&ask(&mut source, "../%2f\r\n?#", at(0))), "ask");
}

#[test]
fn tokens_are_compared_as_a_whole() {
    let mut source = source(LIMITS);
    let _ = start(&mut source, "abc");
    let _ = source.fetched(b"abc", reply("200", r#"{"active": true}"#), at(0));
    for other in ["ab", "abcd", "ABC", "abc ", ""] {
        assert_eq!(say(&ask(&mut source, other, at(0))), "ask", "{other}");
        source.abandon(other.as_bytes());
    }
}

#[test]
fn a_stale_answer_is_for_failures_alone() {
    let mut source = source(Limits {
        stale_for: Duration::from_secs(600),
        ..LIMITS
    });
    let exp = NOW + 500;
    let active = format!(r#"{{"active": true, "exp": {exp}}}"#);
    let resort = |source: &mut OnDemand, seconds| {
        let (_, until) = source.last_resort(b"t", at(seconds))?;
        Some(until.as_nanos() / 1_000_000_000 - NOW)
    };
    let _ = start(&mut source, "t");
    assert_eq!(resort(&mut source, 0), None);
    let _ = source.fetched(b"t", reply("200", &active), at(0));
    // It is asked anew, and not used meanwhile.
    assert_eq!(say(&ask(&mut source, "t", at(61))), "ask");
    assert_eq!(say(&ask(&mut source, "t", at(61))), "pending");
    let failed = source.fetched(b"t", reply("503", ""), at(61));
    assert_eq!(failed, ReadResult::Failed(SourceError::Status(503)));
    assert!(say(&ask(&mut source, "t", at(61))).starts_with("failed"));
    assert_eq!(resort(&mut source, 61), Some(62));
    // Never beyond `exp`.
    assert_eq!(resort(&mut source, 499), Some(500));
    assert_eq!(resort(&mut source, 500), None);
    // An answer ends it.
    assert_eq!(say(&ask(&mut source, "t", at(70))), "ask");
    let _ = source.fetched(b"t", reply("200", r#"{"active": false}"#), at(70));
    assert_eq!(resort(&mut source, 70), None);
}

#[test]
fn a_stale_answer_is_used_where_the_policy_says_so() {
    let mut source = source(LIMITS);
    let _ = start(&mut source, "t");
    let _ = source.fetched(b"t", reply("200", r#"{"active": true}"#), at(0));
    let _ = ask(&mut source, "t", at(61));
    let _ = source.fetched(b"t", Err(CalloutError::NoReply), at(61));
    assert_eq!(source.last_resort(b"t", at(61)), None);
    source.set_limits(Limits {
        stale_for: Duration::from_secs(100),
        ..LIMITS
    });
    assert!(source.last_resort(b"t", at(100)).is_some());
    assert!(source.last_resort(b"t", at(101)).is_none());
}
