use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::http::HeaderMap;
use crate::source::{ContentFormat, Format, PartFormat};

type Answered = Result<Reply, CalloutError>;

/// One answer of the server. Without an index it is of something else.
fn answer(status: u16, index: &str, body: &str) -> Answered {
    let status = status.to_string();
    let headers = [(":status", status.as_str()), ("x-consul-index", index)];
    let count = if index == "-" { 1 } else { 2 };
    Ok(Reply {
        headers: HeaderMap::from_pairs(&headers[..count]),
        body: body.as_bytes().to_vec(),
    })
}

fn none() -> Answered {
    answer(404, "9", "")
}

struct Gate {
    protocol: SpringConsulProtocol,
    session: SpringConsulSession,
    now: Timestamp,
    sent: Vec<String>,
}

impl Gate {
    fn new(form: SpringConsulForm, names: &[&str], wait: Option<u64>) -> Self {
        let endpoint = Endpoint::new("consul", "consul.local").with_max_bytes(600);
        let names = names.iter().map(|name| (*name).into()).collect();
        let protocol = SpringConsulProtocol::new(endpoint, form, names, "&dc=d");
        Self {
            protocol: protocol.with_wait("config", wait.map(Duration::from_secs)),
            session: SpringConsulSession::default(),
            now: Timestamp::from_nanos(1),
            sent: Vec::new(),
        }
    }

    fn note(&mut self, callout: &Callout) {
        let mut headers = callout.headers.iter();
        let path = headers.find(|(name, _)| **name == *b":path").unwrap();
        self.sent.push(path.1.escape_ascii().to_string());
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
}

fn files(wait: Option<u64>) -> Gate {
    let names = ["config/application/data", "config/app,prod/data"];
    Gate::new(SpringConsulForm::Files, &names, wait)
}

fn read(format: PartFormat, status: DocumentStatus) -> (Value, String) {
    let DocumentStatus::Changed { body, version, .. } = status else {
        panic!("{status:?}");
    };
    let value = Format::Parts(format).parse(&body).unwrap();
    (value, version.token().escape_ascii().to_string())
}

#[test]
fn reads_all_files_and_the_last_one_counts() {
    let mut gate = files(None);
    let (shared, own) = ("a: {b: 1, c: 2}\n", "a: {b: 3}\nlist: [x]\n");
    let answers = vec![answer(200, "12", shared), answer(200, "15", own)];
    let (value, version) = read(
        PartFormat::File(ContentFormat::Yaml),
        gate.fetch("", answers),
    );
    let merged = serde_json::json!({"a": {"b": 3, "c": 2}, "list": ["x"]});
    assert_eq!((value, version), (merged, String::new()));
    let sent = ["config/application/data", "config/app,prod/data"];
    assert_eq!(
        gate.sent,
        sent.map(|name| format!("/v1/kv/{name}?raw&dc=d"))
    );
    // One that isn't there, or has no value, is empty.
    for nothing in [none(), answer(200, "15", "")] {
        let answers = vec![answer(200, "12", shared), nothing];
        let (value, _) = read(
            PartFormat::File(ContentFormat::Yaml),
            gate.fetch("", answers),
        );
        assert_eq!(value, serde_json::json!({"a": {"b": 1, "c": 2}}));
    }
    let nothing = vec![none(), answer(200, "15", "")];
    assert_eq!(gate.fetch("", nothing), DocumentStatus::Missing);
}

#[test]
fn keys_below_a_folder_are_properties() {
    let names = ["config/application/", "config/app%3A%3Aprod/"];
    let mut gate = Gate::new(SpringConsulForm::Folders, &names, None);
    let shared = r#"[{"Key":"config/application/","Value":null},{"Key":"config/application/a/b","Value":"MQ=="},{"Key":"config/application/x.y","Value":"Mg=="}]"#;
    let own = r#"[{"Key":"config/app::prod/A/b","Value":"Mw=="},{"Key":"config/app::prod/x/y","Value":null},{"Key":"config/app::prod/l[0]","Value":"Mw=="}]"#;
    let answers = vec![answer(200, "12", shared), answer(200, "15", own)];
    let (value, _) = read(PartFormat::Pairs, gate.fetch("", answers));
    let merged = serde_json::json!({"a": {"b": "3"}, "x": {"y": "2"}, "l": ["3"]});
    assert_eq!(value, merged);
    assert_eq!(gate.sent[1], "/v1/kv/config/app%3A%3Aprod/?recurse&dc=d");
}

#[test]
fn the_extension_of_a_file_tells_its_format() {
    let names = ["config/app.yml", "config/app.properties"];
    let mut gate = Gate::new(SpringConsulForm::Files, &names, None);
    let answers = vec![
        answer(200, "12", "a: {b: 1}\n"),
        answer(200, "15", "a.b=2\nc=3\n"),
    ];
    let (value, _) = read(PartFormat::Named, gate.fetch("", answers));
    let merged = serde_json::json!({"a": {"b": "2"}, "c": "3"});
    assert_eq!(value, merged);
}

#[test]
fn one_question_is_held_until_anything_changes_below_the_prefix() {
    let question = "/v1/kv/config/?keys&separator=%2F&dc=d";
    let mut gate = files(Some(32));
    let answers = |question| vec![question, answer(200, "12", "a: 1\n"), none()];
    let names = || answer(200, "20", r#"["config/app/"]"#);
    let format = PartFormat::File(ContentFormat::Yaml);
    let (_, version) = read(format, gate.fetch("", answers(names())));
    assert_eq!(
        (gate.sent[0].as_str(), version.as_str()),
        (question, "20"),
        "nothing is known yet"
    );
    assert_eq!(gate.sent.len(), 3);
    read(format, gate.fetch("20", answers(names())));
    let held = format!("{question}&index=20&wait=32000ms");
    assert_eq!(gate.sent[0], held);
    assert_eq!(gate.protocol.longest_callout(), Duration::from_secs(36));
    // The token may not read all names, or there is none.
    read(format, gate.fetch("20", answers(answer(404, "21", ""))));
    // Older data.
    let status = gate.fetch("20", answers(answer(200, "3", "[]")));
    assert!(matches!(
        status,
        DocumentStatus::Changed { is_older: true, .. }
    ));
    read(format, gate.fetch("20", answers(names())));
    assert_eq!(gate.sent[0], question);
}

#[test]
fn one_bad_answer_is_the_end() {
    let broken = |error| DocumentStatus::Broken(error);
    for (bad, status) in [
        (
            answer(403, "-", "ACL not found"),
            DocumentStatus::Refused(403),
        ),
        (answer(500, "-", ""), broken(SourceError::Status(500))),
        (answer(404, "-", ""), broken(SourceError::Status(404))),
        (
            Err(CalloutError::NoReply),
            broken(SourceError::Callout(CalloutError::NoReply)),
        ),
        (
            answer(200, "12", &"# ".repeat(300)),
            broken(SourceError::TooLarge { limit: 600 }),
        ),
    ] {
        let answers = vec![answer(200, "12", "a: 1\n"), bad.clone()];
        let mut gate = files(None);
        assert_eq!(gate.fetch("", answers), status);
        // The next exchange begins anew.
        let answers = vec![answer(200, "12", "a: 1\n"), none()];
        let format = PartFormat::File(ContentFormat::Yaml);
        let (value, _) = read(format, gate.fetch("", answers));
        assert_eq!(value, serde_json::json!({"a": 1}));
        if status != broken(SourceError::TooLarge { limit: 600 }) {
            assert_eq!(files(Some(30)).fetch("", vec![bad]), status);
        }
    }
    let mut gate = files(None);
    gate.fetch(
        "",
        vec![answer(200, "12", "secret: 1\n"), Err(CalloutError::NoReply)],
    );
    assert!(!format!("{:?}", gate.session).contains("115"));
}
