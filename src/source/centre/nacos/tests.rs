//! The answers are those of Nacos 3.1.0 and 2.3.1, without the headers that mean nothing here.

mod contents;
mod logins;
mod signed;

use super::*;
use crate::http::HeaderMap;
use crate::secret::Secret;
use crate::source::centre::protocol::DocumentStatus;
use crate::source::{Budget, Format, SourceError};

const MD5: &str = "479cc8cf7e79e4a7675873bc08b54bba";
const FORBIDDEN: &str = r#"{"timestamp":"2026-11-22T00:50:04.398+00:00","status":403,"error":"Forbidden","path":"/nacos/v1/cs/configs"}"#;
const GONE: &str = r#"{"timestamp":"2026-11-22T00:58:09.679+00:00","status":410,"error":"Gone","path":"/nacos/v1/cs/configs"}"#;
const NOT_FOUND: &str = r#"{"timestamp":"2026-11-30T13:11:09.944+00:00","status":404,"error":"Not Found","path":"/nacos/v3/client/cs/config"}"#;
const WRONG_PASSWORD: &str = r#"{"timestamp":"2026-11-22T00:50:03.719+00:00","status":500,"error":"Internal Server Error","path":"/nacos/v3/auth/user/login"}"#;
const ENVELOPE: &str = r#"{"code":0,"message":"success","data":{"resultCode":200,"errorCode":0,"message":null,"requestId":null,"content":"{\"limit\":5}","encryptedDataKey":"","contentType":"json","md5":"479cc8cf7e79e4a7675873bc08b54bba","lastModified":1795308408174,"tag":null,"beta":false,"success":true}}"#;
const NO_RESOURCE: &str = r#"{"code":20004,"message":"resource not found","data":null}"#;

const READ: &str = "GET /nacos/v1/cs/configs?dataId=app.json&group=DEFAULT_GROUP";
const READ_2: &str = "GET /nacos/v2/cs/config?dataId=app.json&group=DEFAULT_GROUP";
const READ_3: &str = "GET /nacos/v3/client/cs/config?dataId=app.json&groupName=DEFAULT_GROUP";
const LISTEN: &str = "POST /nacos/v1/cs/configs/listener?dataId=app.json&group=DEFAULT_GROUP";
const LOGIN: &str = "POST /nacos/v3/auth/user/login username=gw&password=p%22w%26";
const OLD_LOGIN: &str = "POST /nacos/v1/auth/login username=gw&password=p%22w%26";

type Answered = Result<Reply, CalloutError>;

fn with(status: u16, headers: &[(&str, &str)], body: &str) -> Answered {
    let status = status.to_string();
    let pairs = [&[(":status", status.as_str())], headers].concat();
    Ok(Reply {
        headers: HeaderMap::from_pairs(&pairs),
        body: body.as_bytes().to_vec(),
    })
}

fn answer(status: u16, body: &str) -> Answered {
    with(status, &[("content-type", "application/json")], body)
}

/// The headers of v1 and v2.
fn headers() -> [(&'static str, &'static str); 4] {
    [
        ("config-type", "json"),
        ("content-md5", MD5),
        ("last-modified", "Sun, 22 Nov 2026 00:46:48 GMT"),
        ("encrypted-data-key", ""),
    ]
}

fn content() -> Answered {
    with(200, &headers(), r#"{"limit":5}"#)
}

fn is_listed() -> Answered {
    answer(200, "app.json%02DEFAULT_GROUP%01\n")
}

fn logged_in(lasts: u64) -> Answered {
    let body = format!(
        r#"{{"accessToken":"eyJhbGciOiJIUzM4NCJ9.eyJ.Ml","tokenTtl":{lasts},"globalAdmin":false,"username":"gw"}}"#
    );
    answer(200, &body)
}

struct Gate {
    protocol: NacosProtocol,
    session: NacosSession,
    sent: Vec<String>,
    now: Timestamp,
}

fn server() -> NacosServer {
    let endpoint = Endpoint::new("nacos", "nacos.local").with_max_bytes(400);
    NacosServer::new(endpoint, "/nacos", None, "DEFAULT_GROUP")
}

fn of(server: NacosServer) -> Gate {
    Gate {
        protocol: NacosProtocol::new(server, "app.json"),
        session: NacosSession::default(),
        sent: Vec::new(),
        now: Timestamp::from_nanos(1_700_000_000_000_000_000),
    }
}

fn with_login() -> Gate {
    of(server().with_login("gw", &Secret::new(*b"p\"w&")))
}

impl Gate {
    fn note(&mut self, callout: &Callout) {
        let header = |name: &str| {
            let mut headers = callout.headers.iter();
            let found = headers.find(|(own, _)| **own == *name.as_bytes());
            found.map_or(String::new(), |(_, value)| value.escape_ascii().to_string())
        };
        let body = String::from_utf8(callout.body.to_vec()).unwrap();
        let form = header("content-type") == "application/x-www-form-urlencoded";
        assert_eq!(form, !body.is_empty());
        let mut sent = format!("{} {}", header(":method"), header(":path"));
        for more in [body, header("accesstoken")] {
            if !more.is_empty() {
                sent = sent + " " + &more;
            }
        }
        self.sent.push(sent);
    }

    /// One exchange, which gets these answers.
    fn fetch(&mut self, known: &str, answers: Vec<Answered>) -> DocumentStatus {
        self.sent.clear();
        let known = Version::new(known.as_bytes());
        let first = self.protocol.start(&mut self.session, &known, self.now);
        self.note(&first);
        let mut answers = answers.into_iter();
        loop {
            let answer = answers.next().expect("one callout more than answers");
            match self.protocol.reply(&mut self.session, answer, self.now) {
                Next::Send(callout) => self.note(&callout),
                Next::Done(status) => {
                    assert_eq!(answers.count(), 0, "fewer callouts than answers");
                    return status;
                }
            }
        }
    }

    fn pause(&self) -> Duration {
        let refresh = Duration::from_secs(5);
        self.protocol.pause(&self.session, refresh)
    }
}

/// The document of v1 and v2.
fn changed(document: &str) -> DocumentStatus {
    let version = format!("{MD5}d2026k2200:46:48");
    DocumentStatus::Changed {
        body: document.as_bytes().to_vec(),
        version: Version::new(version.as_bytes()),
        is_older: false,
    }
}

/// The same document by v3.
fn changed_in_v3(version: &str) -> DocumentStatus {
    let version = format!("{MD5}{version}");
    DocumentStatus::Changed {
        body: b"\"json\n{\\\"limit\\\":5}".to_vec(),
        version: Version::new(version.as_bytes()),
        is_older: false,
    }
}

fn broken(status: u16) -> DocumentStatus {
    DocumentStatus::Broken(SourceError::Status(status))
}

/// What the document says.
fn value(status: &DocumentStatus) -> serde_json::Value {
    let DocumentStatus::Changed { body, .. } = status else {
        panic!("{status:?}");
    };
    let mut reader = Format::Nacos(None).reader();
    let value = reader.advance(body, &mut Budget::unlimited());
    value.unwrap().unwrap()
}

#[test]
fn reads_a_content_and_then_asks_whether_it_has_changed() {
    let mut gate = of(server());
    assert_eq!(
        gate.fetch("", vec![content()]),
        changed("=json\n{\"limit\":5}")
    );
    assert_eq!(gate.sent, [READ]);
    let question = format!("{LISTEN} Listening-Configs=app.json%02DEFAULT_GROUP%02{MD5}%01");
    assert_eq!(gate.fetch(MD5, vec![answer(200, "")]), DocumentStatus::Same);
    assert_eq!(gate.sent, [question.as_str()]);
    let known = "00000000000000000000000000000000";
    let status = gate.fetch(known, vec![is_listed(), content()]);
    assert_eq!(status, changed("=json\n{\"limit\":5}"));
    assert_eq!(gate.sent, [question.replace(MD5, known).as_str(), READ]);
    assert_eq!(gate.pause(), Duration::from_secs(5));
    // The listener compares something else: the content is the same.
    assert_eq!(
        gate.fetch(MD5, vec![is_listed(), content()]),
        DocumentStatus::Same
    );
    let missing = answer(404, "config data not exist\n");
    assert_eq!(
        gate.fetch(MD5, vec![is_listed(), missing]),
        DocumentStatus::Missing
    );
}

#[test]
fn names_stand_in_each_api() {
    let endpoint = || Endpoint::new("nacos", "nacos.local");
    let server = || NacosServer::new(endpoint(), "", Some("ns1"), "G");
    for (api, path) in [
        (
            NacosApi::V1,
            "GET /v1/cs/configs?dataId=app.json&group=G&tenant=ns1",
        ),
        (
            NacosApi::V2,
            "GET /v2/cs/config?dataId=app.json&group=G&namespaceId=ns1&tenant=ns1",
        ),
        (
            NacosApi::V3,
            "GET /v3/client/cs/config?dataId=app.json&groupName=G&namespaceId=ns1",
        ),
    ] {
        let mut gate = of(server().with_api(Some(api)));
        assert_eq!(gate.fetch("", vec![answer(410, GONE)]), broken(410));
        assert_eq!(gate.sent, [path]);
    }
    let mut gate = of(server());
    assert_eq!(
        gate.fetch(MD5, vec![answer(200, "\n")]),
        DocumentStatus::Same
    );
    let question = "POST /v1/cs/configs/listener?dataId=app.json&group=G&tenant=ns1";
    let record = format!("Listening-Configs=app.json%02G%02{MD5}%02ns1%01");
    assert_eq!(gate.sent, [format!("{question} {record}")]);
}

#[test]
fn finds_out_the_api_and_stays_with_it() {
    let mut found = of(server());
    let status = found.fetch("", vec![answer(410, GONE), answer(200, ENVELOPE)]);
    assert_eq!(status, changed_in_v3("m1795308408174"));
    assert_eq!(value(&status), serde_json::json!({"limit": 5}));
    assert_eq!(found.sent, [READ, READ_3]);
    // Only the text around the content differs.
    let other = ENVELOPE.replace(r#""encryptedDataKey":"""#, r#""encryptedDataKey":null"#);
    let other = other.replace("1795308408174", "1795308408175");
    assert_eq!(
        found.fetch(MD5, vec![answer(200, &other)]),
        DocumentStatus::Same
    );
    assert_eq!(found.sent, [READ_3]);
    let status = found.fetch("", vec![answer(200, &other)]);
    assert_eq!(status, changed_in_v3("m1795308408175"));
    assert_eq!(
        found.fetch(MD5, vec![answer(200, NO_RESOURCE)]),
        DocumentStatus::Missing
    );
    // The listener is gone.
    let mut gate = of(server());
    let answers = vec![answer(410, GONE), answer(200, ENVELOPE)];
    assert_eq!(gate.fetch(MD5, answers), DocumentStatus::Same);
}

#[test]
fn finds_out_another_api_where_the_server_is_another_one() {
    let mut found = of(server());
    found.fetch("", vec![answer(410, GONE), answer(200, ENVELOPE)]);
    let answers = vec![
        answer(404, NOT_FOUND),
        with(
            200,
            &headers(),
            r#"{"code":0,"message":"success","data":"{\"limit\":5}"}"#,
        ),
    ];
    assert_eq!(found.fetch("", answers), changed_in_v3("d2026k2200:46:48"));
    assert_eq!(found.sent, [READ_3, READ_2]);
    let no_data = r#"{"code":20004,"message":"resource not found","data":"config data not exist"}"#;
    assert_eq!(
        found.fetch("", vec![answer(404, no_data)]),
        DocumentStatus::Missing
    );
    // A path that leads nowhere.
    let mut nowhere = of(server());
    let answers = || vec![answer(404, "<html>"); 4];
    assert_eq!(nowhere.fetch("", answers()), broken(404));
    assert_eq!(nowhere.sent, [READ, READ_3, READ_2, READ]);
    assert_eq!(nowhere.fetch("", answers()), broken(404));
    assert_eq!(nowhere.sent, [READ, READ_3, READ_2, READ]);
}

#[test]
fn polls_long_where_the_server_holds_the_question() {
    let mut gate = of(server().with_long_poll(Some(Duration::from_secs(20))));
    assert_eq!(gate.protocol.longest_callout(), Duration::from_secs(22));
    assert_eq!(
        gate.fetch("", vec![content()]),
        changed("=json\n{\"limit\":5}")
    );
    assert_eq!(gate.pause(), Duration::ZERO);
    let known = Version::new(MD5.as_bytes());
    for (held, pause) in [(19_500, 0), (5000, 0), (4999, 5)] {
        let callout = gate.protocol.start(&mut gate.session, &known, gate.now);
        assert_eq!(callout.timeout, Duration::from_secs(22));
        let named = |name: &str| {
            callout
                .headers
                .iter()
                .find(|(own, _)| **own == *name.as_bytes())
        };
        assert_eq!(*named("long-pulling-timeout").unwrap().1, *b"20000");
        assert!(named("long-pulling-timeout-no-hangup").is_none());
        gate.now = gate.now.after(Duration::from_millis(held));
        let next = gate
            .protocol
            .reply(&mut gate.session, answer(200, ""), gate.now);
        assert_eq!(next, Next::Done(DocumentStatus::Same));
        assert_eq!(gate.pause(), Duration::from_secs(pause), "{held}");
    }
    // The content is the same, whatever the listener says: no hurry.
    assert_eq!(
        gate.fetch(MD5, vec![is_listed(), content()]),
        DocumentStatus::Same
    );
    assert_eq!(gate.pause(), Duration::from_secs(5));
    assert_eq!(
        gate.fetch("", vec![answer(410, GONE), answer(200, ENVELOPE)]),
        changed_in_v3("m1795308408174")
    );
    assert_eq!(gate.pause(), Duration::from_secs(5));
    // Without an MD5 nothing can be held.
    let mut other = of(server().with_long_poll(Some(Duration::from_secs(20))));
    other.fetch(
        "",
        vec![with(
            200,
            &[("config-type", "json"), ("content-md5", "X")],
            "{}",
        )],
    );
    assert_eq!(other.pause(), Duration::from_secs(5));
}
