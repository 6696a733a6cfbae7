//! Answers of services on demand: which headers are kept, and which answers are remembered.

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Endpoint, HeaderMap, Reply};
use postern::internals::source::{
    Arguments, ContentFormat, EntryState, Format, HttpProtocol, Limits, OnDemand, Protocol,
    ReadResult, RequestTemplate,
};
use postern::time::Timestamp;

/// The first line is `cache-control`, the second one a header that is read, and the rest is the content. An answer with `no-store` is
/// never remembered, one without the word always, and the header is what was sent.
pub fn answer(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (control, plan, body) = (next(), next(), next());
    let format = Format::Content(ContentFormat::Json);
    let endpoint = Endpoint::new("crm", "crm.example");
    let protocol = HttpProtocol::entries(endpoint, "/${key}", format).unwrap();
    let mut template = RequestTemplate::new(Protocol::Http(protocol), format);
    assert!(template.keep_header("x-plan") && !template.keep_header("x-plan"));
    let limits = Limits {
        ttl: Duration::from_secs(60),
        miss_ttl: Duration::from_secs(60),
        stale_for: Duration::from_secs(60),
        max_in_flight: 1,
        max_key_bytes: 9,
        max_entries: 9,
        max_bytes: 1 << 20,
    };
    let mut source = OnDemand::new(Arc::new(template), limits);
    let now = Timestamp::from_nanos(1_700_000_000_000_000_000);
    let key = Arguments::segment(b"k");
    assert!(matches!(source.ask(&key, now), EntryState::Start(_)));
    let reply = Reply {
        headers: HeaderMap::from_pairs(&[
            (&b":status"[..], &b"200"[..]),
            (b"x-secret", b"s"),
            (b"cache-control", control),
            (b"x-plan", plan),
        ]),
        body: body.to_vec(),
    };
    let forbids = |word: &[u8]| word.trim_ascii().eq_ignore_ascii_case(b"no-store");
    let is_forbidden = control.split(|byte| *byte == b',').any(forbids);
    let lower = control.to_ascii_lowercase();
    let has_word = lower.windows(8).any(|part| part == b"no-store");
    match source.fetched(b"k", Ok(reply), now) {
        ReadResult::Found(document, _) => {
            let value = document.headers().get("x-plan");
            assert_eq!(
                value.and_then(|value| value.as_str()),
                std::str::from_utf8(plan).ok()
            );
            assert_eq!(document.headers().get("x-secret"), None);
            let remembered = source.documents();
            assert!(!is_forbidden || remembered == 0);
            assert!(has_word || remembered == 1);
            let asks = matches!(source.ask(&key, now), EntryState::Start(_));
            assert_eq!(asks, remembered == 0);
        }
        ReadResult::Failed(_) => assert_eq!(source.documents(), 0),
        ReadResult::Missing | ReadResult::Send(_) | ReadResult::Ignored => {
            panic!("an answer with status 200")
        }
    }
}
