//! What servers say of tokens.

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Endpoint, HeaderMap, Reply};
use postern::internals::secret::Secret;
use postern::internals::source::{
    Arguments, ClientAuthentication, Limits, OnDemand, ReadResult, RequestTemplate,
};
use postern::time::Timestamp;

/// The first byte selects the status, and the rest is the answer. A token is active only if the answer says so and no other
/// reader of JSON could read something else.
pub fn introspection(data: &[u8]) {
    let Some((&choice, body)) = data.split_first() else {
        return;
    };
    let status = if choice % 2 == 0 { "200" } else { "400" };
    let client = ClientAuthentication::Bearer(Secret::new(*b"s"));
    let endpoint = Endpoint::new("id", "id.example");
    let template = RequestTemplate::introspection(endpoint, "/introspect", &client).unwrap();
    let limits = Limits {
        ttl: Duration::from_secs(60),
        miss_ttl: Duration::ZERO,
        stale_for: Duration::ZERO,
        max_in_flight: 1,
        max_key_bytes: 9,
        max_entries: 9,
        max_bytes: 1 << 20,
    };
    let mut source = OnDemand::new(Arc::new(template), limits);
    let now = Timestamp::from_nanos(1_700_000_000_000_000_000);
    let _ = source.ask(&Arguments::token(b"t"), now);
    let reply = Reply {
        headers: HeaderMap::from_pairs(&[(":status", status)]),
        body: body.to_vec(),
    };
    let loosely: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let said = |name: &str| {
        loosely
            .as_ref()
            .and_then(|answer| answer.get(name).cloned())
    };
    match source.fetched(b"t", Ok(reply), now) {
        ReadResult::Found(document, lifetime) => {
            let until = lifetime.until(limits.ttl);
            assert_eq!(status, "200");
            assert_eq!(said("active"), Some(true.into()));
            assert_eq!(Some(document.value()), loosely.as_ref());
            assert!(now < until && until <= now.after(limits.ttl));
        }
        ReadResult::Missing if status == "200" => assert!(
            said("active") == Some(false.into()) || said("exp").is_some_and(|exp| exp.is_number())
        ),
        ReadResult::Missing => {
            assert_eq!(said("error"), Some("unsupported_token_type".into()));
        }
        ReadResult::Failed(_) => {}
        ReadResult::Send(_) | ReadResult::Ignored => panic!("one callout is all"),
    }
}
