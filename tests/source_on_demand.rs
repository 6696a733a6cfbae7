//! Sources on demand: what is asked, what is remembered, and for how long.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a simulation that panics is a failed test"
)]

#[path = "source_on_demand/logins.rs"]
mod logins;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use postern::http::{Callout, CalloutError, Endpoint, HeaderMap, Reply, Text};
use postern::internals::source::{
    Arguments, EntryAnswer, EntryState, Format, HttpProtocol, Limits, OnDemand, Protocol,
    ReadRefusal, ReadResult, RequestTemplate, SourceError,
};
use postern::time::Timestamp;
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    ttl: Duration::from_secs(60),
    miss_ttl: Duration::from_secs(5),
    stale_for: Duration::from_secs(600),
    max_in_flight: 2,
    max_key_bytes: 8,
    max_entries: 3,
    max_bytes: 10_000,
};

fn on_demand(limits: Limits) -> OnDemand {
    let endpoint = Endpoint::new("crm", "crm.local")
        .with_timeout(Duration::from_secs(2))
        .with_max_bytes(100);
    let protocol = HttpProtocol::entries(endpoint, "/profiles/${key}", Format::JSON).unwrap();
    let template = RequestTemplate::new(Protocol::Http(protocol), Format::JSON);
    OnDemand::new(Arc::new(template), limits)
}

fn ask(source: &mut OnDemand, key: &[u8], now: Timestamp) -> EntryState {
    source.ask(&Arguments::segment(key), now)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_nanos(1_700_000_000_000_000_000 + seconds * 1_000_000_000)
}

fn reply(status: &str, body: &str) -> Result<Reply, CalloutError> {
    let headers = [(":status", status), ("etag", "\"1\"")];
    Ok(Reply {
        headers: HeaderMap::from_pairs(&headers),
        body: body.as_bytes().to_vec(),
    })
}

fn header(callout: &Callout, name: &str) -> Option<String> {
    let named = |(key, _): &&(Text, Text)| **key == *name.as_bytes();
    let (_, value) = callout.headers.iter().find(named)?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// The state of an entry in a word, with the document's text.
fn say(answer: &EntryState) -> String {
    let text = |answer: &EntryAnswer| answer.value().to_string();
    match answer {
        EntryState::Fresh(document, _) => format!("fresh {}", text(document)),
        EntryState::Stale(document, None) => format!("stale {}", text(document)),
        EntryState::Stale(document, Some(callout)) => format!(
            "stale {}, ask {}",
            text(document),
            header(callout, "if-none-match").unwrap_or_default()
        ),
        EntryState::Missing => "missing".to_owned(),
        EntryState::Pending => "pending".to_owned(),
        EntryState::LoggingIn(other) => format!("waits for {}", other.escape_ascii()),
        EntryState::Start(callout) => format!("ask {}", header(callout, ":path").unwrap()),
        EntryState::Failed(error) => format!("failed: {error}"),
        EntryState::Refused(refusal) => format!("refused: {refusal:?}"),
    }
}

#[test]
#[expect(
    clippy::cognitive_complexity,
    reason = "a list of assertions is no branching"
)]
fn the_life_of_a_document() {
    let mut source = on_demand(LIMITS);
    let say_at = |source: &mut OnDemand, seconds| say(&ask(source, b"a b", at(seconds)));
    assert_eq!(say_at(&mut source, 0), "ask /profiles/a%20b");
    assert_eq!(say_at(&mut source, 0), "pending");
    let result = source.fetched(b"a b", reply("200", "1"), at(1));
    assert!(matches!(result, ReadResult::Found(document, _) if document.value() == 1));
    assert_eq!(say_at(&mut source, 61), "fresh 1");
    assert_eq!(say_at(&mut source, 62), "stale 1, ask \"1\"");
    assert_eq!(say_at(&mut source, 62), "stale 1");
    let result = source.fetched(b"a b", reply("304", ""), at(63));
    assert!(matches!(result, ReadResult::Found(document, _) if document.value() == 1));
    assert_eq!(say_at(&mut source, 123), "fresh 1");
    assert_eq!(say_at(&mut source, 124), "stale 1, ask \"1\"");
    let result = source.fetched(b"a b", Err(CalloutError::NoReply), at(124));
    assert_eq!(
        result,
        ReadResult::Failed(SourceError::Callout(CalloutError::NoReply))
    );
    assert_eq!(say_at(&mut source, 124), "stale 1");
    assert_eq!(say_at(&mut source, 125), "stale 1, ask \"1\"");
    let _ = source.fetched(b"a b", reply("200", "2"), at(125));
    assert_eq!(say_at(&mut source, 125), "fresh 2");
    assert_eq!(say_at(&mut source, 725), "stale 2, ask \"1\"");
    assert_eq!(say_at(&mut source, 726), "pending", "too old to be used");
    let _ = source.fetched(b"a b", reply("404", ""), at(726));
    assert_eq!(say_at(&mut source, 726), "missing");
    assert_eq!(source.documents(), 0);
}

#[test]
fn remembers_keys_without_a_document() {
    for (reply, result, soon, last) in [
        (reply("404", ""), ReadResult::Missing, "missing", 5),
        (reply("410", ""), ReadResult::Missing, "missing", 5),
        (
            reply("503", ""),
            ReadResult::Failed(SourceError::Status(503)),
            "failed: unexpected status 503",
            0,
        ),
        (
            reply("304", ""),
            ReadResult::Failed(SourceError::Status(304)),
            "failed: unexpected status 304",
            0,
        ),
    ] {
        let mut source = on_demand(LIMITS);
        assert_eq!(say(&ask(&mut source, b"a", at(0))), "ask /profiles/a");
        assert_eq!(source.fetched(b"a", reply, at(0)), result);
        assert_eq!(say(&ask(&mut source, b"a", at(0))), soon);
        assert_eq!(say(&ask(&mut source, b"a", at(last))), soon);
        assert_eq!(say(&ask(&mut source, b"b", at(last))), "ask /profiles/b");
        assert_eq!(
            say(&ask(&mut source, b"a", at(last + 1))),
            "ask /profiles/a"
        );
    }
}

#[test]
fn a_bad_document_fails() {
    for body in ["{", "", &"1".repeat(101)] {
        let mut source = on_demand(LIMITS);
        let _ = ask(&mut source, b"a", at(0));
        let result = source.fetched(b"a", reply("200", body), at(0));
        assert!(matches!(result, ReadResult::Failed(_)), "{body}");
        assert!(
            matches!(ask(&mut source, b"a", at(0)), EntryState::Failed(_)),
            "{body}"
        );
    }
}

#[test]
fn refuses_keys_and_too_many_callouts() {
    let mut source = on_demand(LIMITS);
    for (key, refusal) in [
        (&b"123456789"[..], ReadRefusal::KeyTooLong),
        (b"", ReadRefusal::UnfitKey),
        (b"..", ReadRefusal::UnfitKey),
        (b"a/b", ReadRefusal::ReservedByte),
        (b"../b", ReadRefusal::ReservedByte),
        (b"a%2Fb", ReadRefusal::ReservedByte),
        (b"a\\b", ReadRefusal::ReservedByte),
        (b"a?b", ReadRefusal::ReservedByte),
        (b"a#b", ReadRefusal::ReservedByte),
        (b"a\n", ReadRefusal::UnfitKey),
    ] {
        assert_eq!(
            ask(&mut source, key, at(0)),
            EntryState::Refused(refusal),
            "{key:?}"
        );
    }
    assert_eq!(source.in_flight(), 0);
    let _ = ask(&mut source, b"a", at(0));
    let _ = ask(&mut source, b"b", at(0));
    let refused = EntryState::Refused(ReadRefusal::TooManyInFlight);
    assert_eq!(ask(&mut source, b"c", at(0)), refused);
    assert_eq!(ask(&mut source, b"a", at(0)), EntryState::Pending);
    source.abandon(b"a");
    assert!(matches!(
        ask(&mut source, b"c", at(0)),
        EntryState::Start(_)
    ));
    let late = source.fetched(b"a", reply("200", "1"), at(0));
    assert_eq!(late, ReadResult::Ignored);
    assert_eq!(ask(&mut source, b"a", at(2)), refused);
    assert!(
        matches!(ask(&mut source, b"a", at(3)), EntryState::Start(_)),
        "those before are lost"
    );
    assert_eq!(source.in_flight(), 1);
}

#[test]
fn serves_stale_documents_above_the_limit() {
    let mut source = on_demand(LIMITS);
    let _ = ask(&mut source, b"a", at(0));
    let _ = source.fetched(b"a", reply("200", "1"), at(0));
    let _ = ask(&mut source, b"b", at(100));
    let _ = ask(&mut source, b"c", at(100));
    assert_eq!(say(&ask(&mut source, b"a", at(100))), "stale 1");
}

#[test]
fn many_missing_keys_evict_no_document() {
    let mut source = on_demand(LIMITS);
    let _ = ask(&mut source, b"a", at(0));
    let _ = source.fetched(b"a", reply("200", "1"), at(0));
    for key in 0..100_u8 {
        let key = format!("no{key}");
        let _ = ask(&mut source, key.as_bytes(), at(0));
        let _ = source.fetched(key.as_bytes(), reply("404", ""), at(0));
    }
    assert_eq!(
        (source.documents(), source.negative_entries()),
        (1, LIMITS.max_entries)
    );
    assert_eq!(say(&ask(&mut source, b"a", at(0))), "fresh 1");
}

#[test]
fn confirms_a_document_that_was_evicted() {
    let mut source = on_demand(Limits {
        max_entries: 1,
        ..LIMITS
    });
    let _ = ask(&mut source, b"a", at(0));
    let _ = source.fetched(b"a", reply("200", "1"), at(0));
    assert_eq!(say(&ask(&mut source, b"a", at(61))), "stale 1, ask \"1\"");
    let _ = ask(&mut source, b"b", at(61));
    let _ = source.fetched(b"b", reply("200", "2"), at(61));
    let result = source.fetched(b"a", reply("304", ""), at(61));
    assert!(matches!(result, ReadResult::Found(document, _) if document.value() == 1));
}

#[test]
fn a_clock_put_back_prolongs_nothing() {
    let mut source = on_demand(LIMITS);
    let _ = ask(&mut source, b"a", at(10_000));
    assert_eq!(say(&ask(&mut source, b"a", at(0))), "ask /profiles/a");
    let _ = source.fetched(b"a", reply("200", "1"), at(10_000));
    assert_eq!(say(&ask(&mut source, b"a", at(0))), "fresh 1");
    assert_eq!(say(&ask(&mut source, b"a", at(61))), "stale 1, ask \"1\"");
    let _ = ask(&mut source, b"b", at(10_000));
    let _ = source.fetched(b"b", reply("404", ""), at(10_000));
    assert_eq!(say(&ask(&mut source, b"b", at(0))), "missing");
    assert_eq!(say(&ask(&mut source, b"b", at(6))), "ask /profiles/b");
}

/// Twelve objects in 97 bytes, and as much text that is one string.
#[test]
fn the_bound_is_the_memory_of_documents() {
    let small = format!("\"{}\"", "x".repeat(95));
    let large = format!("[{}]", [r#"{"a":1}"#; 12].join(","));
    for (body, remembered) in [(small, 3), (large, 1)] {
        let mut source = on_demand(LIMITS);
        for key in [&b"a"[..], b"b", b"c"] {
            let _ = ask(&mut source, key, at(0));
            let result = source.fetched(key, reply("200", &body), at(0));
            assert!(matches!(result, ReadResult::Found(..)), "{result:?}");
        }
        assert_eq!(source.documents(), remembered, "{body}");
        // A confirmed document has the same weight.
        assert!(matches!(
            ask(&mut source, b"c", at(61)),
            EntryState::Stale(_, Some(_))
        ));
        let _ = source.fetched(b"c", reply("304", ""), at(61));
        assert_eq!(source.documents(), remembered, "{body}");
    }
    // Keys without a document take memory as well.
    let limits = Limits {
        max_entries: 1000,
        max_key_bytes: 1000,
        ..LIMITS
    };
    let mut source = on_demand(limits);
    for number in 0..100 {
        let key = format!("{number:0>900}").into_bytes();
        let _ = ask(&mut source, &key, at(0));
        let _ = source.fetched(&key, reply("404", ""), at(0));
    }
    assert_eq!(source.negative_entries(), 2);
}

#[derive(Clone, Debug)]
enum Act {
    Ask(u8),
    Reply(u8, &'static str),
    Abandon(u8),
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let status = prop::sample::select(vec!["200", "304", "404", "500"]);
    prop_oneof![
        6 => (0..6_u8).prop_map(Act::Ask),
        4 => (0..6_u8, status).prop_map(|(key, status)| Act::Reply(key, status)),
        1 => (0..6_u8).prop_map(Act::Abandon),
        2 => (0..100_u64).prop_map(Act::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// After any events: the bounds hold, each key has at most one callout, and an answer is never another key's
    /// document nor one that is too old.
    #[test]
    fn bounded_and_right(acts in prop::collection::vec(act(), 0..200)) {
        let mut source = on_demand(LIMITS);
        let mut now = 0;
        let mut confirmed = HashMap::new();
        let mut flights = HashMap::new();
        for act in acts {
            match act {
                Act::Pass(seconds) => now += seconds,
                Act::Abandon(key) => source.abandon(&[b'a' + key]),
                Act::Ask(key) => match ask(&mut source, &[b'a' + key], at(now)) {
                    EntryState::Fresh(document, _) => {
                        prop_assert_eq!(document.value(), key);
                        prop_assert!(confirmed[&key] + 60 >= now);
                    }
                    EntryState::Stale(document, callout) => {
                        prop_assert_eq!(document.value(), key);
                        prop_assert!(confirmed[&key] + 600 >= now && confirmed[&key] + 60 < now);
                        if callout.is_some() {
                            flights.insert(key, now);
                        }
                    }
                    EntryState::Start(_) => {
                        flights.insert(key, now);
                    }
                    EntryState::Pending => prop_assert!(flights[&key] + 3 > now),
                    EntryState::LoggingIn(_) => prop_assert!(false, "there is no login"),
                    EntryState::Missing | EntryState::Failed(_) => {}
                    EntryState::Refused(refusal) => {
                        prop_assert_eq!(refusal, ReadRefusal::TooManyInFlight);
                        let under_way = flights.values().filter(|since| *since + 3 > now);
                        prop_assert!(under_way.count() >= LIMITS.max_in_flight);
                    }
                },
                Act::Reply(key, status) => {
                    match source.fetched(&[b'a' + key], reply(status, &key.to_string()), at(now)) {
                        ReadResult::Found(document, _) => {
                            prop_assert_eq!(document.value(), key);
                            confirmed.insert(key, now);
                        }
                        ReadResult::Send(_) => prop_assert!(false, "one callout is all"),
                        ReadResult::Missing | ReadResult::Failed(_) | ReadResult::Ignored => {}
                    }
                }
            }
            prop_assert!(source.in_flight() <= LIMITS.max_in_flight);
            prop_assert!(source.documents() <= LIMITS.max_entries);
            prop_assert!(source.negative_entries() <= LIMITS.max_entries);
        }
    }
}
