//! The answers are those of Nacos 3.1.0 and 2.3.1, without the headers that mean nothing here.

use serde_json::json;

use super::*;
use crate::http::HeaderMap;
use crate::secret::Secret;

const MD5: &str = "479cc8cf7e79e4a7675873bc08b54bba";
const OTHER: &str = "0cc175b9c0f1b6a831c399e269772661";
const GONE: &str = r#"{"timestamp":"2026-11-22T00:58:09.679+00:00","status":410,"error":"Gone","path":"/nacos/v1/cs/configs"}"#;
const FORBIDDEN: &str = r#"{"timestamp":"2026-11-22T00:50:04.398+00:00","status":403,"error":"Forbidden","path":"/nacos/v1/cs/configs"}"#;
const NO_RESOURCE: &str = r#"{"code":20004,"message":"resource not found","data":null}"#;
const TOKEN: &str =
    r#"{"accessToken":"eyJ.eyJ.Ml","tokenTtl":18000,"globalAdmin":false,"username":"gw"}"#;

type Answered = Result<Reply, CalloutError>;

fn answer(status: u16, body: &str) -> Answered {
    of_day(status, "22", "X", body)
}

/// A content with this MD5, written at this day of November.
fn of_day(status: u16, day: &str, md5: &str, body: &str) -> Answered {
    let status = status.to_string();
    let modified = format!("Sun, {day} Nov 2026 00:46:48 GMT");
    let pairs = [
        (":status", status.as_str()),
        ("config-type", "properties"),
        ("content-md5", md5),
        ("last-modified", &modified),
    ];
    let count = if md5 == "X" { 1 } else { pairs.len() };
    Ok(Reply {
        headers: HeaderMap::from_pairs(&pairs[..count]),
        body: body.as_bytes().to_vec(),
    })
}

fn content(md5: &str, body: &str) -> Answered {
    of_day(200, "22", md5, body)
}

fn missing() -> Answered {
    answer(404, "config data not exist")
}

/// An answer of v3.
fn enveloped(content: &str) -> Answered {
    let data = json!({"resultCode": 200, "content": content, "encryptedDataKey": "", "contentType": "yaml", "md5": MD5, "lastModified": 1_795_308_408_174_u64});
    answer(
        200,
        &json!({"code": 0, "message": "success", "data": data}).to_string(),
    )
}

struct Gate {
    protocol: AlibabaProtocol,
    session: AlibabaSession,
    sent: Vec<String>,
}

fn server() -> NacosServer {
    let endpoint = Endpoint::new("nacos", "nacos.local").with_max_bytes(1000);
    NacosServer::new(endpoint, "/nacos", None, "G")
}

/// The data IDs `app`, `app.yaml` and `app-prod.yaml`.
fn of(server: NacosServer) -> Gate {
    Gate {
        protocol: AlibabaProtocol::new(server, "app", &["prod".to_owned()], "yaml"),
        session: AlibabaSession::default(),
        sent: Vec::new(),
    }
}

impl Gate {
    fn note(&mut self, callout: &Callout) {
        let mut headers = callout.headers.iter();
        let path = headers.find(|(name, _)| **name == *b":path");
        let body = callout.body.escape_ascii().to_string();
        let sent = format!("{} {body}", path.unwrap().1.escape_ascii());
        self.sent.push(sent.trim_end().to_owned());
    }

    /// One exchange, which gets these answers.
    fn fetch(&mut self, known: &str, answers: Vec<Answered>) -> DocumentStatus {
        self.sent.clear();
        let known = Version::new(known.as_bytes());
        let now = Timestamp::from_nanos(1_700_000_000_000_000_000);
        let first = self.protocol.start(&mut self.session, &known, now);
        self.note(&first);
        let mut answers = answers.into_iter();
        loop {
            let answer = answers.next().expect("one callout more than answers");
            match self.protocol.reply(&mut self.session, answer, now) {
                Next::Send(callout) => self.note(&callout),
                Next::Done(status) => {
                    assert_eq!(answers.count(), 0, "fewer callouts than answers");
                    assert_eq!(self.session.read.count, 0);
                    return status;
                }
            }
        }
    }
}

fn changed(document: &str, version: &str) -> DocumentStatus {
    DocumentStatus::Changed {
        body: document.as_bytes().to_vec(),
        version: Version::new(version.as_bytes()),
        is_older: false,
    }
}

const READ: &str = "/nacos/v1/cs/configs?dataId=app&group=G";
const READ_2: &str = "/nacos/v1/cs/configs?dataId=app.yaml&group=G";
const READ_3: &str = "/nacos/v1/cs/configs?dataId=app-prod.yaml&group=G";
const THIRD: &str = "/nacos/v3/client/cs/config?dataId=app&groupName=G";
const THIRD_2: &str = "/nacos/v3/client/cs/config?dataId=app.yaml&groupName=G";
const THIRD_3: &str = "/nacos/v3/client/cs/config?dataId=app-prod.yaml&groupName=G";

#[test]
fn reads_all_contents_and_then_asks_once_whether_one_has_changed() {
    let mut gate = of(server());
    let read = || vec![missing(), content(MD5, "a: 1"), content(OTHER, "b: 2")];
    let document = "app.yaml 16\n=properties\na: 1app-prod.yaml 16\n=properties\nb: 2";
    let version = format!(",{MD5}d2026k2200:46:48,{OTHER}d2026k2200:46:48");
    assert_eq!(gate.fetch("", read()), changed(document, &version));
    assert_eq!(gate.sent, [READ, READ_2, READ_3]);
    let text = gate
        .protocol
        .version_text(&Version::new(version.as_bytes()));
    assert_eq!(text, format!("md5 none, {MD5}, {OTHER}"));

    assert_eq!(
        gate.fetch(&version, vec![answer(200, "")]),
        DocumentStatus::Same
    );
    let question = "/nacos/v1/cs/configs/listener?dataId=app&group=G Listening-Configs=";
    let records = format!("app%02G%02%01app.yaml%02G%02{MD5}%01app-prod.yaml%02G%02{OTHER}%01");
    assert_eq!(gate.sent, [format!("{question}{records}")]);

    // The order of the records in the answer isn't fixed: all contents are read.
    let listed = || answer(200, "app-prod.yaml%02G%01app%02G%01\n");
    let answers = vec![
        listed(),
        content(OTHER, "c: 3"),
        content(MD5, "a: 1"),
        missing(),
    ];
    let document = "app 16\n=properties\nc: 3app.yaml 16\n=properties\na: 1";
    let next = format!("{OTHER}d2026k2200:46:48,{MD5}d2026k2200:46:48,");
    assert_eq!(gate.fetch(&version, answers), changed(document, &next));
    assert_eq!(gate.sent.len(), 4);
    // The listener compares something else: the contents are the same.
    let answers = vec![
        listed(),
        missing(),
        content(MD5, "a: 1"),
        of_day(200, "23", OTHER, "b: 2"),
    ];
    assert_eq!(gate.fetch(&version, answers), DocumentStatus::Same);
    // A version of other data IDs.
    assert!(matches!(
        gate.fetch(MD5, read()),
        DocumentStatus::Changed { .. }
    ));
    assert_eq!(gate.sent, [READ, READ_2, READ_3]);
}

#[test]
fn one_login_and_one_api_serve_all_contents() {
    let mut gate = of(server().with_login("gw", &Secret::new(*b"pw")));
    let answers = vec![
        answer(200, TOKEN),
        answer(410, GONE),
        answer(200, NO_RESOURCE),
        enveloped("a: 1"),
        answer(200, NO_RESOURCE),
    ];
    let version = format!(",{MD5}m1795308408174,");
    let status = gate.fetch("", answers);
    assert_eq!(status, changed("app.yaml 10\n\"yaml\na: 1", &version));
    let login = "/nacos/v3/auth/user/login username=gw&password=pw";
    assert_eq!(gate.sent, [login, READ, THIRD, THIRD_2, THIRD_3]);
    // There is no listener: the contents are read, and compared by their MD5.
    let answers = vec![
        answer(200, NO_RESOURCE),
        enveloped("a: 1"),
        answer(200, NO_RESOURCE),
    ];
    assert_eq!(gate.fetch(&version, answers), DocumentStatus::Same);
    assert_eq!(gate.sent, [THIRD, THIRD_2, THIRD_3]);
}

#[test]
fn what_is_refused_or_broken_makes_no_document() {
    let first = || content(MD5, "a: 1");
    let mut gate = of(server());
    for (answers, expected) in [
        (
            vec![missing(), missing(), missing()],
            DocumentStatus::Missing,
        ),
        (vec![answer(403, FORBIDDEN)], DocumentStatus::Refused(403)),
        (
            vec![first(), missing(), answer(403, FORBIDDEN)],
            DocumentStatus::Refused(403),
        ),
        (
            vec![first(), answer(503, "")],
            DocumentStatus::Broken(SourceError::Status(503)),
        ),
        (
            vec![first(), Err(CalloutError::NoReply)],
            DocumentStatus::Broken(SourceError::Callout(CalloutError::NoReply)),
        ),
        // Each fits, and all together don't.
        (
            vec![
                first(),
                content(MD5, &"x".repeat(600)),
                content(MD5, &"y".repeat(600)),
            ],
            DocumentStatus::Broken(SourceError::TooLarge { limit: 1000 }),
        ),
    ] {
        assert_eq!(gate.fetch("", answers), expected);
    }
    // Neither a page nor an encrypted content.
    for other in [answer(200, "<html>"), {
        let mut reply = content(MD5, "x").unwrap();
        let pairs = [
            (":status", "200"),
            ("content-md5", MD5),
            ("encrypted-data-key", "k"),
        ];
        reply.headers = HeaderMap::from_pairs(&pairs);
        Ok(reply)
    }] {
        let status = gate.fetch("", vec![first(), other]);
        assert!(matches!(status, DocumentStatus::Broken(_)), "{status:?}");
    }
    assert!(!format!("{:?}", gate.session).contains("a: 1"));
}

#[test]
fn tells_older_states_and_contents_without_a_version() {
    let mut gate = of(server());
    let known = format!(",{MD5}d2026k2200:46:48,{MD5}d2026k2200:46:48");
    for (days, expected) in [
        (["22", "23"], false),
        (["21", "23"], true),
        (["22", "21"], true),
    ] {
        let [one, two] = days.map(|day| of_day(200, day, OTHER, "a: 1"));
        let answers = vec![answer(200, "app%02G%01\n"), missing(), one, two];
        let DocumentStatus::Changed { is_older, .. } = gate.fetch(&known, answers) else {
            panic!("{days:?}");
        };
        assert_eq!(is_older, expected, "{days:?}");
    }
    // An MD5 of another form: the document has no version, so it is never taken for the same.
    let odd = MD5.to_uppercase();
    let answers = || vec![missing(), content(MD5, "a: 1"), content(&odd, "b: 2")];
    for _ in 0..2 {
        let DocumentStatus::Changed { version, .. } = gate.fetch("", answers()) else {
            panic!("it has no version");
        };
        assert_eq!(version, Version::default());
    }
}
