//! What Apollo answers.

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Endpoint, HeaderMap, Reply};
use postern::internals::secret::Secret;
use postern::internals::source::{
    ApolloNamespace, ApolloProtocol, ContentFormat, DefinitionHash, FetchOutcome, Format,
    LocalData, Progress, Protocol, Schedule, Tick, Watched, weight,
};
use postern::internals::source::{Budget, Document};
use postern::time::Timestamp;

/// One answer: a byte for the status, and the content.
fn reply(answer: &[u8]) -> Reply {
    let (status, body) = match answer.split_first() {
        Some((b'3', body)) => ("304", body),
        Some((b'4', body)) => ("404", body),
        Some((b'1', body)) => ("401", body),
        Some((b'5', body)) => ("500", body),
        Some((_, body)) => ("200", body),
        None => ("200", answer),
    };
    Reply {
        headers: HeaderMap::from_pairs(&[(":status", status)]),
        body: body.to_vec(),
    }
}

fn protocol(mode: u8) -> Protocol {
    let named = ApolloNamespace {
        app_id: "gw",
        cluster: "default",
        namespace: "a.json",
        ip: None,
        label: None,
    };
    let secret = (mode & 4 != 0).then(|| Secret::new(*b"s3cret"));
    let protocol = ApolloProtocol::new(Endpoint::new("apollo", "apollo"), &named);
    let protocol = protocol.with_secret(secret);
    Protocol::Apollo(protocol.with_long_poll(Some(Duration::from_secs(60))))
}

/// One byte for the size of a slice, one for the format and the signature; then answers, with zero bytes between them: those to reads and
/// to questions for notifications. A document is the same in slices, and isn't much larger than its answer.
pub fn apollo(data: &[u8]) {
    let [slice, mode, rest @ ..] = data else {
        return;
    };
    let format = Format::Apollo(match mode & 3 {
        0 => ContentFormat::Json,
        1 => ContentFormat::Yaml,
        2 => ContentFormat::Text,
        _ => ContentFormat::Properties,
    });
    let schedule = Schedule {
        refresh: Duration::from_secs(5),
        stale_for: Duration::from_secs(600),
    };
    let (shared, mut now) = (&mut LocalData::default(), Timestamp::default());
    let mut watched = Watched::new(
        Arc::new(protocol(*mode)),
        schedule,
        DefinitionHash([7; 32]),
        1,
    );
    assert!(matches!(watched.tick(now, shared), Tick::Fetch(_)));
    for answer in rest.split(|byte| *byte == 0).take(20) {
        now = now.after(Duration::from_millis(10));
        match watched.fetched(now, shared, Ok(reply(answer))) {
            FetchOutcome::Send(callout) => {
                assert!(callout.headers.iter().all(|(_, value)| value.is_ascii()));
                continue;
            }
            FetchOutcome::Arrived => {
                let progress = watched.advance(&mut Budget::unlimited(), now, shared);
                if let Progress::New(candidate) = progress {
                    same(format, *slice, candidate.text());
                    return;
                }
            }
            FetchOutcome::Failed(error) => assert!(error.to_string().len() < 1000),
            FetchOutcome::Unchanged | FetchOutcome::Ignored => {}
        }
        // The next question.
        for _ in 0..100 {
            now = now.after(Duration::from_secs(10));
            if matches!(watched.tick(now, shared), Tick::Fetch(_)) {
                break;
            }
        }
    }
}

fn same(format: Format, slice: u8, text: &[u8]) {
    let whole = Document::parse(text, usize::MAX, format).ok();
    let mut reader = format.reader();
    let sliced = loop {
        match reader.advance(text, &mut Budget::of(usize::from(slice) + 1)) {
            Ok(None) => {}
            Ok(Some(value)) => break Some(value),
            Err(_) => break None,
        }
    };
    assert_eq!(sliced.as_ref(), whole.as_ref().map(|it| it.value()));
    // Each part of a name is a map at most: 600 bytes.
    assert!(sliced.is_none_or(|tree| weight(&tree) <= text.len() * 600 + 600));
}
