//! What issuers answer.

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Callout, Endpoint, HeaderMap, Reply, Text};
use postern::internals::source::{
    DefinitionHash, FetchOutcome, JwksProtocol, LocalData, Protocol, Schedule, Tick, Watched,
};
use postern::time::Timestamp;

fn reply(headers: &[(&[u8], &[u8])], body: &[u8]) -> Reply {
    let pairs = [&[(b":status".as_slice(), b"200".as_slice())], headers].concat();
    Reply {
        headers: HeaderMap::from_pairs(&pairs),
        body: body.to_vec(),
    }
}

fn header<'a>(callout: &'a Callout, name: &[u8]) -> &'a [u8] {
    let found = callout.headers.iter().find(|(key, _)| **key == *name);
    found.map_or(b"", |(_, value)| value)
}

/// Up to the first zero byte a discovery document, then `cache-control` of the keys. The keys are read from a known cluster
/// alone, by a request that is well-formed.
pub fn issuer(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (document, said) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let clusters = vec![("keys.example".into(), Text::from("keys"))];
    let endpoint = Endpoint::new("id", "id.example");
    let protocol =
        JwksProtocol::discovered(endpoint, "/openid", "http://id.example", clusters).unwrap();
    let schedule = Schedule {
        refresh: Duration::from_secs(600),
        stale_for: Duration::from_secs(600),
    };
    let (protocol, now) = (Arc::new(Protocol::Jwks(protocol)), Timestamp::default());
    let mut watched = Watched::new(protocol, schedule, DefinitionHash([7; 32]), 1);
    let shared = &mut LocalData::default();
    assert!(matches!(watched.tick(now, shared), Tick::Fetch(_)));
    match watched.fetched(now, shared, Ok(reply(&[], document))) {
        FetchOutcome::Send(callout) => {
            assert!([&b"id"[..], b"keys"].contains(&&*callout.cluster));
            let path = header(&callout, b":path");
            assert!(path.starts_with(b"/") && path.iter().all(u8::is_ascii_graphic));
            let hosts = header(&callout, b":authority").to_ascii_lowercase();
            assert!(hosts.starts_with(b"id.example") || hosts.starts_with(b"keys.example"));
            let keys = reply(&[(b"cache-control", said)], b"{}");
            let outcome = watched.fetched(now, shared, Ok(keys));
            assert!(matches!(outcome, FetchOutcome::Arrived));
        }
        FetchOutcome::Failed(error) => assert!(error.to_string().len() < 1000),
        other @ (FetchOutcome::Arrived | FetchOutcome::Unchanged | FetchOutcome::Ignored) => {
            panic!("{other:?}")
        }
    }
}
