//! What Nacos answers.

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Endpoint, HeaderMap, Reply};
use postern::internals::secret::Secret;
use postern::internals::source::{
    AlibabaProtocol, Budget, ContentFormat, DefinitionHash, Document, FetchOutcome, Format,
    LocalData, NacosApi, NacosProtocol, NacosServer, PartFormat, Progress, Protocol, Schedule,
    Tick, Watched, weight,
};
use postern::time::Timestamp;
use serde_json::Value;

use super::spring::same_in_slices;

/// One answer: a byte for the status, and the content.
fn reply(answer: &[u8], has_headers: bool) -> Reply {
    let (status, body) = match answer.split_first() {
        Some((b'4', body)) => ("404", body),
        Some((b'1', body)) => ("410", body),
        Some((b'3', body)) => ("403", body),
        Some((b'5', body)) => ("500", body),
        Some((_, body)) => ("200", body),
        None => ("200", answer),
    };
    let headers = [
        (":status", status),
        ("config-type", "json"),
        ("content-md5", "479cc8cf7e79e4a7675873bc08b54bba"),
    ];
    let count = if has_headers { headers.len() } else { 1 };
    Reply {
        headers: HeaderMap::from_pairs(&headers[..count]),
        body: body.to_vec(),
    }
}

/// The document in an answer of v3, by a way of its own. `None` where it can't be compared.
fn content(answer: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(answer.get(1..)?).ok()?;
    if text.matches("\"content\"").count() > 1 {
        return None;
    }
    let answer: Value = serde_json::from_str(text).ok()?;
    let content = answer.get("data")?.get("content")?.as_str()?;
    serde_json::from_str(content).ok()
}

/// The protocol and the format of one data ID, or of several.
fn protocol(server: NacosServer, is_several: bool) -> (Arc<Protocol>, Format) {
    let (protocol, format) = if is_several {
        let protocol = AlibabaProtocol::new(server, "a", &["b".to_owned()], "json");
        (
            Protocol::Alibaba(protocol),
            Format::Parts(PartFormat::Nacos(ContentFormat::Json)),
        )
    } else {
        (
            Protocol::Nacos(NacosProtocol::new(server, "a.json")),
            Format::Nacos(Some(ContentFormat::Json)),
        )
    };
    (Arc::new(protocol), format)
}

/// A server, and its API if the mode names one.
fn server(mode: u8) -> (NacosServer, Option<NacosApi>) {
    let api = match mode & 3 {
        _ if mode & 32 != 0 => Some(NacosApi::Acm),
        1 => Some(NacosApi::V1),
        2 => Some(NacosApi::V2),
        3 => Some(NacosApi::V3),
        _ => None,
    };
    let endpoint = Endpoint::new("nacos", "nacos");
    let mut server = NacosServer::new(endpoint, "/nacos", None, "G").with_api(api);
    if mode & 32 != 0 {
        let keys = [Secret::new(*b"ak"), Secret::new(*b"sk")];
        server = server.with_keys(&keys[0], &keys[1]);
        server = server.with_addresses(Endpoint::new("acm", "acm"));
    } else if mode & 4 != 0 {
        server = server.with_login("gw", &Secret::new(*b"pw"));
    }
    (server, api)
}

/// One byte for the size of a slice, one for the API (ACM with an address server, too), the login and whether there are several data IDs; then answers, with zero bytes between them. They end in a
/// document, which is the same in slices, or in a failure.
pub fn nacos(data: &[u8]) {
    let [slice, mode, rest @ ..] = data else {
        return;
    };
    let (server, api) = server(*mode);
    let schedule = Schedule {
        refresh: Duration::from_secs(600),
        stale_for: Duration::from_secs(600),
    };
    let is_several = mode & 16 != 0;
    let (protocol, format) = protocol(server, is_several);
    let (shared, now) = (&mut LocalData::default(), Timestamp::default());
    let mut watched = Watched::new(protocol, schedule, DefinitionHash([7; 32]), 1);
    assert!(matches!(watched.tick(now, shared), Tick::Fetch(_)));
    let mut answers = rest.split(|byte| *byte == 0);
    let last = loop {
        let Some(answer) = answers.next() else {
            return;
        };
        match watched.fetched(now, shared, Ok(reply(answer, mode & 8 == 0))) {
            FetchOutcome::Send(callout) => {
                assert!(callout.headers.iter().all(|(_, value)| value.is_ascii()));
            }
            FetchOutcome::Arrived => break answer,
            FetchOutcome::Failed(error) => {
                assert!(error.to_string().len() < 1000);
                return;
            }
            other @ (FetchOutcome::Unchanged | FetchOutcome::Ignored) => panic!("{other:?}"),
        }
    };
    let Progress::New(candidate) = watched.advance(&mut Budget::unlimited(), now, shared) else {
        panic!("nothing has arrived");
    };
    let text = candidate.text();
    let whole = Document::parse(text, usize::MAX, format).ok();
    let mut reader = format.reader();
    let sliced = loop {
        match reader.advance(text, &mut Budget::of(usize::from(*slice) + 1)) {
            Ok(None) => {}
            Ok(Some(value)) => break Some(value),
            Err(_) => break None,
        }
    };
    assert_eq!(sliced.as_ref(), whole.as_ref().map(|it| it.value()));
    if let Some(expected) = content(last).filter(|_| api == Some(NacosApi::V3) && !is_several) {
        assert_eq!(sliced, Some(expected));
    }
}

/// One byte for the size of a slice and the format; then contents, with zero bytes between them. The tree of all of them is the same in
/// slices, and isn't much larger than they are. So is that of the bytes themselves, which a document may be, too.
pub fn alibaba(data: &[u8]) {
    let Some((&choice, contents)) = data.split_first() else {
        return;
    };
    let format = Format::Parts(PartFormat::Nacos(match choice >> 6 {
        0 => ContentFormat::Json,
        1 => ContentFormat::Yaml,
        _ => ContentFormat::Properties,
    }));
    let mut document = Vec::new();
    for content in contents.split(|byte| *byte == 0) {
        document.extend_from_slice(format!("a {}\n=\n", content.len() + 2).as_bytes());
        document.extend_from_slice(content);
    }
    for text in [contents, &document] {
        let tree = same_in_slices(format.reader(), format, choice, text);
        // Each part of a name is a map at most: 600 bytes.
        assert!(tree.is_none_or(|tree| weight(&tree) <= text.len() * 600 + 600));
    }
}
