//! What etcd answers.

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Endpoint, HeaderMap, Reply};
use postern::internals::source::{
    Budget, ContentFormat, DefinitionHash, Document, EtcdKeys, EtcdProtocol, FetchOutcome, Format,
    LocalData, Progress, Protocol, Schedule, Tick, Watched,
};
use postern::time::Timestamp;

fn reply(body: &[u8]) -> Reply {
    Reply {
        headers: HeaderMap::from_pairs(&[(b":status".as_slice(), b"200".as_slice())]),
        body: body.to_vec(),
    }
}

/// One byte for the size of a slice; then up to the first zero byte the answer about the state, and then the answer with the
/// values. Each ends in a document, which is the same in slices, or in a failure.
pub fn etcd(data: &[u8]) {
    let Some((&slice, rest)) = data.split_first() else {
        return;
    };
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let (state, values) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let keys = if slice & 1 == 0 {
        EtcdKeys::Below("/gw/")
    } else {
        EtcdKeys::One("/gw/cfg")
    };
    let endpoint = Endpoint::new("etcd", "etcd");
    let protocol = EtcdProtocol::new(endpoint, keys, None).unwrap();
    let schedule = Schedule {
        refresh: Duration::from_secs(600),
        stale_for: Duration::from_secs(600),
    };
    let (protocol, now) = (Arc::new(Protocol::Etcd(protocol)), Timestamp::default());
    let mut watched = Watched::new(protocol, schedule, DefinitionHash([7; 32]), 1);
    let shared = &mut LocalData::default();
    assert!(matches!(watched.tick(now, shared), Tick::Fetch(_)));
    match watched.fetched(now, shared, Ok(reply(state))) {
        FetchOutcome::Send(callout) => {
            assert!(callout.body.is_ascii());
            match watched.fetched(now, shared, Ok(reply(values))) {
                FetchOutcome::Arrived => {}
                FetchOutcome::Failed(error) => {
                    assert!(error.to_string().len() < 1000);
                    return;
                }
                other @ (FetchOutcome::Unchanged
                | FetchOutcome::Ignored
                | FetchOutcome::Send(_)) => panic!("{other:?}"),
            }
        }
        FetchOutcome::Failed(error) => {
            assert!(error.to_string().len() < 1000);
            return;
        }
        other @ (FetchOutcome::Arrived | FetchOutcome::Unchanged | FetchOutcome::Ignored) => {
            panic!("{other:?}")
        }
    }
    let Progress::New(candidate) = watched.advance(&mut Budget::unlimited(), now, shared) else {
        panic!("nothing has arrived");
    };
    let text = candidate.text();
    let whole = Document::parse(text, usize::MAX, Format::Pairs(ContentFormat::Json));
    let mut reader = Format::Pairs(ContentFormat::Json).reader();
    let sliced = loop {
        match reader.advance(text, &mut Budget::of(usize::from(slice) + 1)) {
            Ok(None) => {}
            Ok(Some(value)) => break Some(value),
            Err(_) => break None,
        }
    };
    assert_eq!(sliced.as_ref(), whole.as_ref().ok().map(|it| it.value()));
}
