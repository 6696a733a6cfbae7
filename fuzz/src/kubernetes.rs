//! What the API server of Kubernetes answers.

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Callout, Endpoint, HeaderMap, Reply};
use postern::internals::source::{
    Budget, ContentFormat, DefinitionHash, FetchOutcome, Format, KubernetesObject,
    KubernetesProtocol, LocalData, Progress, Protocol, Schedule, Tick, Watched,
};
use postern::time::Timestamp;

use super::spring::same_in_slices;

/// One answer: a byte for the status, and the content.
fn reply(answer: &[u8]) -> Reply {
    let (status, body) = match answer.split_first() {
        Some((b'1', body)) => ("410", body),
        Some((b'3', body)) => ("403", body),
        Some((b'4', body)) => ("404", body),
        Some((b'5', body)) => ("504", body),
        Some((b'6', body)) => ("406", body),
        Some((_, body)) => ("200", body),
        None => ("200", answer),
    };
    Reply {
        headers: HeaderMap::from_pairs(&[(":status", status)]),
        body: body.to_vec(),
    }
}

/// What an answer says becomes a part of a path, and of nothing else.
fn check(callout: &Callout) {
    for (name, value) in &callout.headers {
        let is_path = **name == *b":path";
        assert!(value.is_ascii());
        assert!(!is_path || value.iter().all(u8::is_ascii_graphic));
        assert!(!is_path || value.iter().filter(|byte| **byte == b'&').count() <= 4);
    }
}

/// One byte for the size of a slice, and one for the kind of the object; then answers, with zero bytes between them. A document is
/// the same in slices. Where it is good, the next answers are those to questions about its state, or to watches.
pub fn kubernetes(data: &[u8]) {
    let [slice, mode, rest @ ..] = data else {
        return;
    };
    let key = (mode & 1 != 0).then_some("a.json");
    let object = match mode & 2 {
        0 => KubernetesObject::ConfigMap("gw"),
        _ => KubernetesObject::Secret("gw"),
    };
    let wait = (mode & 4 != 0).then_some(Duration::from_secs(5));
    let endpoint = Endpoint::new("kubernetes", "kubernetes");
    let protocol = KubernetesProtocol::new(endpoint, "shop", object, key).with_wait(wait);
    let format = Format::Kubernetes(key.map(|_| ContentFormat::Json));
    let schedule = Schedule {
        refresh: Duration::from_secs(600),
        stale_for: Duration::from_secs(600),
    };
    let protocol = Arc::new(Protocol::Kubernetes(protocol));
    let mut watched = Watched::new(protocol, schedule, DefinitionHash([7; 32]), 1);
    let (shared, mut now) = (&mut LocalData::default(), Timestamp::default());
    for answer in rest.split(|byte| *byte == 0) {
        if let Tick::Fetch(callout) = watched.tick(now, shared) {
            check(&callout);
        }
        // A watch ends by itself.
        now = now.after(Duration::from_secs(5));
        match watched.fetched(now, shared, Ok(reply(answer))) {
            FetchOutcome::Send(callout) => {
                check(&callout);
                continue;
            }
            FetchOutcome::Failed(error) => assert!(error.to_string().len() < 1000),
            FetchOutcome::Arrived => {
                let next = watched.advance(&mut Budget::unlimited(), now, shared);
                if let Progress::New(candidate) = next {
                    let text = candidate.text();
                    let tree = same_in_slices(format.reader(), format, *slice, text);
                    if tree.is_none() {
                        return;
                    }
                    watched.accept(candidate, now, shared);
                }
            }
            FetchOutcome::Unchanged | FetchOutcome::Ignored => {}
        }
        now = now.after(Duration::from_secs(800));
    }
}
