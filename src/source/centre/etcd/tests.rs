//! The answers are those of etcd 3.4.23, without the headers that mean nothing here.

use std::time::Duration;

use super::*;
use crate::http::HeaderMap;

const HEADER: &str = r#"{"header":{"cluster_id":"12101053776118486841","member_id":"15985099378392235387","revision":"3","raft_term":"2"}"#;
const KEY: &str =
    r#""kvs":[{"key":"L2d3L2NmZw==","create_revision":"2","mod_revision":"3","version":"2""#;
const VERSION: &[u8] = b"12101053776118486841 2 3 1 3";
const STATE: &str = r#"{"key":"L2d3L2NmZw==","limit":1,"sort_order":"DESCEND","sort_target":"MOD","keys_only":true}"#;
const LOGIN: &str = r#"{"name":"gw","password":"p\"w"}"#;

/// One answer of the server.
fn answer(status: u16, body: &str) -> Result<Reply, CalloutError> {
    Ok(Reply {
        headers: HeaderMap::from_pairs(&[
            (":status", status.to_string().as_str()),
            ("content-type", "application/json"),
        ]),
        body: body.as_bytes().to_vec(),
    })
}

fn error(status: u16, message: &str, code: u8) -> Result<Reply, CalloutError> {
    let message = format!("etcdserver: {message}");
    answer(
        status,
        &format!(r#"{{"error":"{message}","message":"{message}","code":{code}}}"#),
    )
}

fn state() -> Result<Reply, CalloutError> {
    answer(200, &format!(r#"{HEADER},{KEY}}}],"count":"1"}}"#))
}

fn value() -> Result<Reply, CalloutError> {
    let body = format!(r#"{HEADER},{KEY},"value":"eyJsaW1pdCI6Nn0="}}],"count":"1"}}"#);
    answer(200, &body)
}

fn logged_in() -> Result<Reply, CalloutError> {
    answer(200, &format!(r#"{HEADER},"token":"IgYWRUqZXdWAvoog.15"}}"#))
}

fn changed() -> String {
    format!(r#"{{{KEY},"value":"eyJsaW1pdCI6Nn0="}}],"count":"1"}}"#)
}

struct Gate {
    protocol: EtcdProtocol,
    session: EtcdSession,
    now: Timestamp,
    sent: Vec<String>,
}

impl Gate {
    fn new(keys: EtcdKeys<'_>, login: bool) -> Self {
        let endpoint = Endpoint::new("etcd", "etcd.local").with_max_bytes(300);
        let password = Secret::new(*b"p\"w");
        let login = login.then_some(("gw", &password));
        Self {
            protocol: EtcdProtocol::new(endpoint, keys, login).unwrap(),
            session: EtcdSession::default(),
            now: Timestamp::from_nanos(1),
            sent: Vec::new(),
        }
    }

    fn note(&mut self, callout: &Callout) {
        let header = |name: &str| {
            let mut headers = callout.headers.iter();
            let found = headers.find(|(own, _)| **own == *name.as_bytes());
            found.map_or(String::new(), |(_, value)| value.escape_ascii().to_string())
        };
        assert_eq!(header(":method"), "POST");
        assert_eq!(header("content-type"), "application/json");
        let path = header(":path");
        let path = path.rsplit('/').next().unwrap();
        let token = header("authorization");
        let body = String::from_utf8(callout.body.to_vec()).unwrap();
        self.sent.push(format!("{path} {body} {token}"));
    }

    /// One exchange, which gets these answers.
    fn fetch(&mut self, known: &[u8], answers: Vec<Result<Reply, CalloutError>>) -> DocumentStatus {
        self.sent.clear();
        self.now = self.now.after(Duration::from_secs(10));
        let now = self.now;
        let first = self
            .protocol
            .start(&mut self.session, &Version::new(known), now);
        self.note(&first);
        let mut answers = answers.into_iter();
        loop {
            let answer = answers.next().expect("one callout more than answers");
            match self.protocol.reply(&mut self.session, answer, now) {
                Next::Send(callout) => self.note(&callout),
                Next::Done(status) => {
                    assert_eq!(answers.count(), 0, "fewer callouts than answers");
                    return status;
                }
            }
        }
    }
}

fn one() -> Gate {
    Gate::new(EtcdKeys::One("/gw/cfg"), false)
}

fn broken(error: SourceError) -> DocumentStatus {
    DocumentStatus::Broken(error)
}

fn document() -> DocumentStatus {
    DocumentStatus::Changed {
        body: changed().into_bytes(),
        version: Version::new(VERSION),
        is_older: false,
    }
}

#[test]
fn reads_a_key_in_the_state_that_it_has_asked_for() {
    let mut gate = one();
    assert_eq!(gate.fetch(b"", vec![state(), value()]), document());
    let read = r#"range {"key":"L2d3L2NmZw==","revision":"3"} "#;
    assert_eq!(gate.sent, [format!("range {STATE} "), read.to_owned()]);
    let mut all = Gate::new(EtcdKeys::Below("/gw/"), false);
    let DocumentStatus::Changed { body, .. } = all.fetch(b"", vec![state(), value()]) else {
        panic!("no document");
    };
    assert!(body.starts_with(br#"{"prefix":"L2d3Lw==","kvs":["#));
    assert!(all.sent[0].starts_with(r#"range {"key":"L2d3Lw==","range_end":"L2d3MA==","limit":1"#));
}

#[test]
fn reads_no_value_where_the_state_is_known() {
    let mut gate = one();
    assert_eq!(gate.fetch(VERSION, vec![state()]), DocumentStatus::Same);
    // Writes of other keys count in the store's revision.
    let others = b"12101053776118486841 2 3 1 2";
    assert_eq!(gate.fetch(others, vec![state()]), DocumentStatus::Same);
    // A version that isn't of this protocol, and none.
    for other in ["", "1 2 3", "a b c d e", "\u{0}"] {
        let status = gate.fetch(other.as_bytes(), vec![state(), value()]);
        assert_eq!(status, document(), "{other}");
    }
    let deleted = answer(200, &format!("{HEADER}}}"));
    assert_eq!(gate.fetch(VERSION, vec![deleted]), DocumentStatus::Missing);
}

#[test]
fn tells_an_older_state() {
    for (known, is_older) in [
        // Cluster, term, newest revision in the range, number of keys, revision of the store; the state is `2 3 1 3`.
        ("12101053776118486841 1 3 1 3", false),
        ("12101053776118486841 9 3 1 3", false),
        ("12101053776118486841 2 2 1 2", false),
        ("12101053776118486841 2 2 9 3", false),
        // Another cluster.
        ("7 2 3 1 3", true),
        // The store is at an older revision.
        ("12101053776118486841 2 9 2 9", true),
        // The newest key is an older one: it was deleted, or there never were fewer keys.
        ("12101053776118486841 2 4 2 3", false),
        ("12101053776118486841 2 4 1 3", true),
    ] {
        let status = one().fetch(known.as_bytes(), vec![state(), value()]);
        let DocumentStatus::Changed { is_older: told, .. } = status else {
            panic!("{known}: {status:?}");
        };
        assert_eq!(told, is_older, "{known}");
    }
}

#[test]
fn logs_in_once_and_again_when_the_token_has_ended() {
    let mut gate = Gate::new(EtcdKeys::One("/gw/cfg"), true);
    let status = gate.fetch(b"", vec![logged_in(), state(), value()]);
    assert_eq!(status, document());
    assert_eq!(gate.sent[0], format!("authenticate {LOGIN} "));
    assert_eq!(gate.sent[1], format!("range {STATE} IgYWRUqZXdWAvoog.15"));
    assert_eq!(gate.fetch(VERSION, vec![state()]), DocumentStatus::Same);
    for ended in [
        error(401, "invalid auth token", 16),
        error(400, "user name is empty", 3),
        error(400, "revision of auth store is old", 3),
        answer(401, ""),
    ] {
        let again = vec![ended.clone(), logged_in(), state()];
        assert_eq!(gate.fetch(VERSION, again), DocumentStatus::Same);
        // In the middle of an exchange too.
        let again = vec![state(), ended.clone(), logged_in(), state(), value()];
        assert_eq!(gate.fetch(b"", again), document());
        let refused = DocumentStatus::Refused(ended.as_ref().unwrap().status().unwrap());
        let twice = vec![ended.clone(), logged_in(), ended];
        assert_eq!(gate.fetch(VERSION, twice), refused);
    }
    assert!(!format!("{:?} {:?}", gate.protocol, gate.session).contains("p\\\"w"));
    assert!(!format!("{:?}", gate.session).contains("IgYWRUqZXdWAvoog"));
}

#[test]
fn tells_refused_credentials_from_other_failures() {
    let mut gate = Gate::new(EtcdKeys::One("/gw/cfg"), true);
    let wrong = "authentication failed, invalid user ID or password";
    let status = gate.fetch(b"", vec![error(400, wrong, 3)]);
    assert_eq!(status, DocumentStatus::Refused(400));
    let unclear = answer(400, "<html>Bad Request</html>");
    let status = gate.fetch(b"", vec![unclear]);
    assert_eq!(status, broken(SourceError::Status(400)));
    let forbidden = error(403, "permission denied", 7);
    let status = gate.fetch(b"", vec![logged_in(), forbidden]);
    assert_eq!(status, DocumentStatus::Refused(403));
    // Without a login there is nothing to try.
    let anonymous = error(400, "user name is empty", 3);
    let status = one().fetch(b"", vec![anonymous]);
    assert_eq!(status, DocumentStatus::Refused(400));
}

#[test]
fn a_server_without_users_is_read_without_a_token() {
    let none = || error(412, "authentication is not enabled", 9);
    let mut gate = Gate::new(EtcdKeys::One("/gw/cfg"), true);
    let status = gate.fetch(b"", vec![none(), state(), value()]);
    assert_eq!(status, document());
    assert_eq!(gate.fetch(VERSION, vec![state()]), DocumentStatus::Same);
    // It gets users, and loses them again.
    let anonymous = error(400, "user name is empty", 3);
    let status = gate.fetch(VERSION, vec![anonymous, logged_in(), state()]);
    assert_eq!(status, DocumentStatus::Same);
    let stale = error(401, "invalid auth token", 16);
    let status = gate.fetch(VERSION, vec![stale, none(), state()]);
    assert_eq!(status, DocumentStatus::Same);
}

#[test]
fn unusable_answers_are_broken() {
    let mut gate = one();
    let malformed =
        |what: &str| broken(SourceError::Malformed(format!("the answer has no {what}")));
    for (status, body, expected) in [
        (200, "", malformed("revision")),
        (200, "{}", malformed("revision")),
        (200, "<html>", malformed("revision")),
        (
            200,
            r#"{"header":{"revision":"x"},"count":"1"}"#,
            malformed("revision"),
        ),
        (
            200,
            r#"{"header":{"revision":"4"},"count":"1"}"#,
            malformed("revision"),
        ),
        (404, "404 page not found", broken(SourceError::Status(404))),
        (500, r#"{"kvs":[]}"#, broken(SourceError::Status(500))),
        (503, "", broken(SourceError::Status(503))),
    ] {
        assert_eq!(
            gate.fetch(b"", vec![answer(status, body)]),
            expected,
            "{body}"
        );
    }
    for (last, expected) in [
        (answer(200, "{}"), malformed("keys")),
        (
            answer(200, &format!("{HEADER},\"kvs\":[]{}}}", " ".repeat(300))),
            broken(SourceError::TooLarge { limit: 300 }),
        ),
        (
            error(400, "mvcc: required revision has been compacted", 11),
            broken(SourceError::Status(400)),
        ),
        (
            Err(CalloutError::NoReply),
            broken(SourceError::Callout(CalloutError::NoReply)),
        ),
    ] {
        assert_eq!(gate.fetch(b"", vec![state(), last]), expected);
    }
    let mut gate = Gate::new(EtcdKeys::One("/gw/cfg"), true);
    for token in [
        r#"{"token":""}"#,
        r#"{"token":"a\nb"}"#,
        r#"{"token":7}"#,
        "",
    ] {
        assert_eq!(
            gate.fetch(b"", vec![answer(200, token)]),
            malformed("token")
        );
    }
}

#[test]
fn the_entry_of_a_key_is_that_key_in_etcd() {
    let gate = Gate::new(EtcdKeys::Each("/gw/${key}"), true);
    let for_key = |key: &[u8]| gate.protocol.for_key(key);
    let entry = Gate {
        protocol: for_key(b"cfg").unwrap(),
        ..Gate::new(EtcdKeys::One("/"), false)
    };
    let mut entry = Gate {
        session: entry.protocol.lend(&gate.session),
        ..entry
    };
    assert!(gate.protocol.needs_login(&gate.session, entry.now));
    let status = entry.fetch(b"", vec![logged_in(), state(), value()]);
    assert_eq!(status, document());
    assert_eq!(entry.sent[1], format!("range {STATE} IgYWRUqZXdWAvoog.15"));
    // All entries have the login.
    assert!(!gate.protocol.needs_login(&gate.session, entry.now));
    entry.session = gate.protocol.lend(&gate.session);
    assert_eq!(entry.fetch(b"", vec![state(), value()]), document());
    for unfit in [&b""[..], b"..", b"a//b", b"a\nb"] {
        assert_eq!(for_key(unfit).err(), Some(ReadRefusal::UnfitKey));
    }
    assert!(one().protocol.for_key(b"cfg").is_err());
    let endpoint = || Endpoint::new("etcd", "etcd");
    for (key, error) in [
        ("/a", PathError::MissingKey),
        ("/${key}/${key}", PathError::RepeatedKey),
        ("/${name}", PathError::UnknownPlaceholder),
    ] {
        let protocol = EtcdProtocol::new(endpoint(), EtcdKeys::Each(key), None);
        assert_eq!(protocol.err(), Some(error), "{key}");
    }
}
