//! What Consul and Eureka answer.

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Endpoint, HeaderMap, Reply};
use postern::internals::source::{
    Budget, ConsulKeys, ConsulProtocol, ContentFormat, DefinitionHash, EurekaProtocol,
    FetchOutcome, Format, LocalData, PartFormat, Progress, Protocol, Schedule, SpringConsulForm,
    SpringConsulProtocol, Tick, Watched,
};
use postern::time::Timestamp;

use super::spring::same_in_slices;

/// One answer: a byte for the status and the index, and the content.
fn reply(answer: &[u8]) -> Reply {
    let (status, index, body) = match answer.split_first() {
        Some((b'4', body)) => ("404", "7", body),
        Some((b'3', body)) => ("403", "7", body),
        Some((b'0', body)) => ("200", "0", body),
        Some((_, body)) => ("200", "12", body),
        None => ("200", "x", answer),
    };
    Reply {
        headers: HeaderMap::from_pairs(&[(":status", status), ("x-consul-index", index)]),
        body: body.to_vec(),
    }
}

fn protocol(mode: u8) -> (Protocol, Format) {
    let endpoint = Endpoint::new("c", "c");
    let names = || vec!["config/a/".into(), "config/b/".into()];
    let wait = (mode & 8 != 0).then(|| Duration::from_secs(30));
    match mode & 7 {
        0 => {
            let consul = ConsulProtocol::new(endpoint, ConsulKeys::One, "a", "").unwrap();
            let format = Format::Content(ContentFormat::Json);
            (Protocol::Consul(consul.with_wait(wait)), format)
        }
        1 => {
            let consul = ConsulProtocol::new(endpoint, ConsulKeys::Below, "a/", "").unwrap();
            let consul = consul.with_prefix("a/").with_wait(wait);
            (Protocol::Consul(consul), Format::Pairs(ContentFormat::Json))
        }
        2 | 3 => {
            let form = SpringConsulForm::Folders;
            let spring = SpringConsulProtocol::new(endpoint, form, names(), "");
            let protocol = Protocol::SpringConsul(spring.with_wait("config", wait));
            (protocol, Format::Parts(PartFormat::Pairs))
        }
        4 | 5 => {
            let form = SpringConsulForm::Files;
            let spring = SpringConsulProtocol::new(endpoint, form, names(), "");
            let protocol = Protocol::SpringConsul(spring.with_wait("config", wait));
            let format = PartFormat::File(ContentFormat::Yaml);
            (protocol, Format::Parts(format))
        }
        _ => {
            let eureka = EurekaProtocol::new(endpoint, "/eureka/apps/a").unwrap();
            (Protocol::Eureka(eureka), Format::JSON)
        }
    }
}

/// One byte for the kind, one for the size of a slice; then answers, with zero bytes between them. They end in a document, which is the same in slices, or in a
/// failure.
pub fn consul(data: &[u8]) {
    let [mode, slice, rest @ ..] = data else {
        return;
    };
    let (protocol, format) = protocol(*mode);
    let schedule = Schedule {
        refresh: Duration::from_secs(600),
        stale_for: Duration::from_secs(600),
    };
    let (shared, now) = (&mut LocalData::default(), Timestamp::default());
    let mut watched = Watched::new(Arc::new(protocol), schedule, DefinitionHash([7; 32]), 1);
    assert!(matches!(watched.tick(now, shared), Tick::Fetch(_)));
    for answer in rest.split(|byte| *byte == 0) {
        match watched.fetched(now, shared, Ok(reply(answer))) {
            FetchOutcome::Send(callout) => {
                assert!(callout.headers.iter().all(|(_, value)| value.is_ascii()));
            }
            FetchOutcome::Arrived => {
                let progress = watched.advance(&mut Budget::unlimited(), now, shared);
                let Progress::New(candidate) = progress else {
                    panic!("nothing has arrived");
                };
                same_in_slices(format.reader(), format, *slice, candidate.text());
                return;
            }
            FetchOutcome::Failed(error) => {
                assert!(error.to_string().len() < 1000);
                return;
            }
            other @ (FetchOutcome::Unchanged | FetchOutcome::Ignored) => panic!("{other:?}"),
        }
    }
}
