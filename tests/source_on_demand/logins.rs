//! The login that the entries of one source share.

use std::sync::Arc;

use postern::http::{CalloutError, Endpoint, HeaderMap, Reply};
use postern::internals::secret::Secret;
use postern::internals::source::{
    ContentFormat, EntryState, EtcdKeys, EtcdProtocol, Format, Limits, OnDemand, Protocol,
    ReadResult, RequestTemplate, SourceError,
};

use super::{LIMITS, ask, at, header};

const LIMITS_OF_LOGINS: Limits = Limits {
    max_in_flight: 8,
    ..LIMITS
};

fn on_demand() -> OnDemand {
    let endpoint = Endpoint::new("etcd", "etcd.local");
    let password = Secret::new(*b"pw");
    let login = Some(("gw", &password));
    let protocol = EtcdProtocol::new(endpoint, EtcdKeys::Each("/t/${key}"), login).unwrap();
    let template =
        RequestTemplate::new(Protocol::Etcd(protocol), Format::Pairs(ContentFormat::Json));
    OnDemand::new(Arc::new(template), LIMITS_OF_LOGINS)
}

fn answer(status: &str, body: &str) -> Result<Reply, CalloutError> {
    Ok(Reply {
        headers: HeaderMap::from_pairs(&[(":status", status)]),
        body: body.as_bytes().to_vec(),
    })
}

fn token(token: &str) -> Result<Reply, CalloutError> {
    answer("200", &format!(r#"{{"token":"{token}"}}"#))
}

/// The state of a key that holds `1`, and the value.
fn state() -> Result<Reply, CalloutError> {
    answer(
        "200",
        r#"{"header":{"revision":"3"},"kvs":[{"key":"L3QvYQ==","mod_revision":"2","value":"MQ=="}],"count":"1"}"#,
    )
}

fn ended() -> Result<Reply, CalloutError> {
    answer(
        "401",
        r#"{"error":"etcdserver: invalid auth token","code":16}"#,
    )
}

/// What an entry does next: the path of its callout, and the token.
fn next(state: &EntryState) -> String {
    if let EntryState::Start(callout) = state {
        return said(callout);
    }
    super::say(state)
}

fn said(callout: &postern::http::Callout) -> String {
    let token = header(callout, "authorization").unwrap_or_default();
    format!("{} {token}", header(callout, ":path").unwrap())
}

fn sent(result: &ReadResult) -> String {
    match result {
        ReadResult::Send(callout) => said(callout),
        ReadResult::Found(document, _) => format!("found {}", document.value()),
        ReadResult::Failed(error) => format!("failed: {error}"),
        ReadResult::Missing | ReadResult::Ignored => format!("{result:?}"),
    }
}

const LOGIN: &str = "/v3/auth/authenticate ";

/// A source with a token that is `u`, since 0.
fn logged_in() -> OnDemand {
    let mut source = on_demand();
    assert_eq!(next(&ask(&mut source, b"a", at(0))), LOGIN);
    for (answer, then) in [
        (token("u"), "/v3/kv/range u"),
        (state(), "/v3/kv/range u"),
        (state(), "found 1"),
    ] {
        assert_eq!(sent(&source.fetched(b"a", answer, at(0))), then);
    }
    source
}

#[test]
fn one_entry_logs_in_for_all() {
    let mut source = on_demand();
    assert_eq!(next(&ask(&mut source, b"a", at(0))), LOGIN);
    assert_eq!(next(&ask(&mut source, b"a", at(0))), "pending");
    assert_eq!(next(&ask(&mut source, b"b", at(0))), "waits for a");
    assert_eq!(source.in_flight(), 1);
    let result = source.fetched(b"a", token("u"), at(0));
    assert_eq!(sent(&result), "/v3/kv/range u");
    // The token is there, though the first entry is not.
    assert_eq!(next(&ask(&mut source, b"b", at(0))), "/v3/kv/range u");
    assert_eq!(source.in_flight(), 2);
    assert!(!format!("{source:?}").contains("Secret([") && !format!("{source:?}").contains("/t/"));
}

#[test]
fn a_login_that_is_lost_or_given_up_is_made_by_another_entry() {
    let mut source = on_demand();
    assert_eq!(next(&ask(&mut source, b"a", at(0))), LOGIN);
    source.abandon(b"a");
    assert_eq!(next(&ask(&mut source, b"b", at(0))), LOGIN);
    assert_eq!(next(&ask(&mut source, b"c", at(2))), "waits for b");
    assert_eq!(next(&ask(&mut source, b"c", at(3))), LOGIN, "b is lost");
}

#[test]
fn a_failed_login_is_one_for_all_keys() {
    let wrong = answer(
        "400",
        r#"{"error":"etcdserver: authentication failed, invalid user ID or password","code":3}"#,
    );
    let refused = "failed: status 400: the server refuses the gate's own credentials";
    let down = Err(CalloutError::NoReply);
    let error = SourceError::Callout(CalloutError::NoReply);
    for (reply, failure) in [
        (wrong, refused.to_owned()),
        (down, format!("failed: {error}")),
    ] {
        let mut source = on_demand();
        assert_eq!(next(&ask(&mut source, b"a", at(0))), LOGIN);
        assert_eq!(sent(&source.fetched(b"a", reply, at(0))), failure);
        assert_eq!(next(&ask(&mut source, b"b", at(0))), failure);
        assert_eq!(next(&ask(&mut source, b"b", at(1))), LOGIN);
    }
}

#[test]
fn a_refused_token_is_replaced_once() {
    let mut source = logged_in();
    for key in [b"b", b"c"] {
        assert_eq!(next(&ask(&mut source, key, at(9))), "/v3/kv/range u");
    }
    let result = source.fetched(b"b", ended(), at(9));
    assert_eq!(sent(&result), LOGIN);
    assert_eq!(next(&ask(&mut source, b"d", at(9))), "waits for b");
    let result = source.fetched(b"b", token("v"), at(9));
    assert_eq!(sent(&result), "/v3/kv/range v");
    // It was sent with the token before.
    let result = source.fetched(b"c", ended(), at(9));
    assert_eq!(sent(&result), "/v3/kv/range v");
    // The new one is no better, for this key: it is no reason to log in for every key.
    let refused = "failed: status 401: the server refuses the gate's own credentials";
    let result = source.fetched(b"c", ended(), at(9));
    assert_eq!(sent(&result), refused);
    assert_eq!(next(&ask(&mut source, b"d", at(9))), "/v3/kv/range v");
    assert_eq!(sent(&source.fetched(b"d", ended(), at(9))), refused);
    assert_eq!(next(&ask(&mut source, b"e", at(14))), "/v3/kv/range v");
    assert_eq!(sent(&source.fetched(b"e", ended(), at(14))), LOGIN);
}
