//! The signatures are those of Apollo's own client. The answers are written after the code of its config service.

use super::*;
use crate::http::HeaderMap;
use crate::source::centre::ContentFormat;
use crate::source::{Budget, Format};

type Answered = Result<Reply, CalloutError>;

const ANSWER: &str = r#"{"appId":"app","cluster":"default","namespaceName":"application","configurations":{"limits.upload":"5","a":"\"releaseKey\":\"x\""},"releaseKey":"20170430092936-dee2d58e74515ff3"}"#;
const KEY: &str = "20170430092936-dee2d58e74515ff3";
const READ: &str = "/configs/app/default/application";
const POLL: &str = "/notifications/v2?appId=app&cluster=default&notifications=%5B%7B%22namespaceName%22%3A%22application%22%2C%22notificationId%22%3A-1%7D%5D";
const NEWS: &str = r#"[{"namespaceName":"application","notificationId":7,"messages":{"details":{"app+default+application":7}}}]"#;
const MESSAGES: &str = "%7B%22details%22%3A%7B%22app%2Bdefault%2Bapplication%22%3A7%7D%7D";

fn answer(status: u16, body: &str) -> Answered {
    Ok(Reply {
        headers: HeaderMap::from_pairs(&[(":status", &status.to_string())]),
        body: body.as_bytes().to_vec(),
    })
}

struct Gate {
    protocol: ApolloProtocol,
    session: ApolloSession,
    now: Timestamp,
    sent: Vec<String>,
}

fn named() -> ApolloNamespace<'static> {
    ApolloNamespace {
        app_id: "app",
        cluster: "default",
        namespace: "application",
        ip: None,
        label: None,
    }
}

fn of(protocol: ApolloProtocol) -> Gate {
    Gate {
        protocol,
        session: ApolloSession::default(),
        now: Timestamp::from_nanos(1_700_000_000_000_000_000),
        sent: Vec::new(),
    }
}

fn plain() -> ApolloProtocol {
    ApolloProtocol::new(Endpoint::new("apollo", "apollo.test"), &named())
}

fn polling() -> Gate {
    of(plain().with_long_poll(Some(Duration::from_secs(60))))
}

fn header(callout: &Callout, name: &str) -> String {
    let mut headers = callout.headers.iter();
    let found = headers.find(|(own, _)| **own == *name.as_bytes());
    found.map_or(String::new(), |(_, value)| value.escape_ascii().to_string())
}

impl Gate {
    /// One exchange. Each answer comes after so many seconds.
    fn fetch(&mut self, known: &str, answers: Vec<(u64, Answered)>) -> DocumentStatus {
        self.sent.clear();
        let known = Version::new(known.as_bytes());
        let mut callout = self.protocol.start(&mut self.session, &known, self.now);
        let mut answers = answers.into_iter();
        loop {
            self.sent.push(header(&callout, ":path"));
            let (held, answer) = answers.next().expect("one callout more than answers");
            self.now = self.now.after(Duration::from_secs(held));
            match self.protocol.reply(&mut self.session, answer, self.now) {
                Next::Send(next) => callout = next,
                Next::Done(status) => {
                    assert_eq!(answers.count(), 0, "fewer callouts than answers");
                    return status;
                }
            }
        }
    }

    fn pause(&self) -> u64 {
        let refresh = Duration::from_secs(5);
        self.protocol.pause(&self.session, refresh).as_secs()
    }
}

fn changed() -> DocumentStatus {
    DocumentStatus::Changed {
        body: ANSWER.as_bytes().to_vec(),
        version: Version::new(KEY.as_bytes()),
        is_older: false,
    }
}

fn read_of(key: &str) -> String {
    format!("{READ}?releaseKey={key}")
}

#[test]
fn reads_a_namespace_and_then_names_the_release() {
    let mut gate = of(plain());
    assert_eq!(gate.fetch("", vec![(0, answer(200, ANSWER))]), changed());
    assert_eq!(gate.sent, [READ]);
    let same = gate.fetch(KEY, vec![(0, answer(304, ""))]);
    assert_eq!((same, gate.pause()), (DocumentStatus::Same, 5));
    assert_eq!(gate.sent, [read_of(KEY)]);
    for (status, expected) in [
        (404, DocumentStatus::Missing),
        (401, DocumentStatus::Refused(401)),
        (403, DocumentStatus::Refused(403)),
        (500, DocumentStatus::Broken(SourceError::Status(500))),
    ] {
        assert_eq!(gate.fetch(KEY, vec![(0, answer(status, ANSWER))]), expected);
    }
    let nothing = gate.fetch("", vec![(0, answer(304, ""))]);
    assert_eq!(nothing, DocumentStatus::Broken(SourceError::Status(304)));
    let silent = gate.fetch("", vec![(0, Err(CalloutError::NoReply))]);
    let expected = SourceError::Callout(CalloutError::NoReply);
    assert_eq!(silent, DocumentStatus::Broken(expected));
    // A namespace that is of a public one has the keys of both.
    gate.fetch("a+b", vec![(0, answer(304, ""))]);
    assert_eq!(gate.sent, [read_of("a%2Bb")]);
}

#[test]
fn signatures_are_those_of_the_client() {
    let secret = || Some(Secret::new(*b"s3cret"));
    let mut gate = of(plain().with_secret(secret()));
    let known = Version::default();
    let callout = gate.protocol.start(&mut gate.session, &known, gate.now);
    assert_eq!(
        header(&callout, "authorization"),
        "Apollo app:koTf/6qZ2w5nnrXpeTytNOxobw8="
    );
    assert_eq!(header(&callout, "timestamp"), "1700000000000");
    assert!(!format!("{:?} {callout:?}", gate.protocol).contains("115, 51"));
    let named = ApolloNamespace {
        ip: Some("1.2.3.4"),
        ..named()
    };
    let endpoint = Endpoint::new("apollo", "apollo.test");
    let mut gate = of(ApolloProtocol::new(endpoint, &named).with_secret(secret()));
    let known = Version::new(b"K");
    let callout = gate.protocol.start(&mut gate.session, &known, gate.now);
    assert_eq!(
        header(&callout, "authorization"),
        "Apollo app:JERgU/igqOCp6LY7NBNjDsmVKh8="
    );
    let long = Some(Duration::from_secs(60));
    let mut gate = of(plain().with_secret(secret()).with_long_poll(long));
    gate.fetch("", vec![(0, answer(200, ANSWER))]);
    let known = Version::new(KEY.as_bytes());
    let callout = gate.protocol.start(&mut gate.session, &known, gate.now);
    assert_eq!(header(&callout, ":path"), POLL);
    assert_eq!(
        header(&callout, "authorization"),
        "Apollo app:bxM5XzXw9qUlJh0sQ2LTvHVY3O4="
    );
    assert_eq!(callout.timeout, Duration::from_secs(62));
}

#[test]
fn what_is_sent_is_encoded() {
    let named = ApolloNamespace {
        ip: Some("1.2.3.4"),
        label: Some("a b&c"),
        ..named()
    };
    let endpoint = Endpoint::new("apollo", "apollo.test");
    let mut gate = of(ApolloProtocol::new(endpoint, &named));
    gate.fetch("", vec![(0, answer(200, ANSWER))]);
    assert_eq!(gate.sent, [format!("{READ}?ip=1.2.3.4&label=a%20b%26c")]);
}

#[test]
fn polls_follow_each_other_while_the_server_holds_them() {
    let mut gate = polling();
    assert_eq!(gate.fetch("", vec![(0, answer(200, ANSWER))]), changed());
    assert_eq!(gate.pause(), 0);
    // The first poll tells the number of the last notification.
    let answers = vec![(0, answer(200, NEWS)), (0, answer(304, ""))];
    assert_eq!(gate.fetch(KEY, answers), DocumentStatus::Same);
    let read = format!("{}&messages={MESSAGES}", read_of(KEY));
    assert_eq!(gate.sent, [POLL, &read]);
    assert_eq!(gate.pause(), 0);
    let poll = POLL.replace("-1", "7");
    for (held, pause) in [(60, 0), (5, 0), (4, 5)] {
        let same = gate.fetch(KEY, vec![(held, answer(304, ""))]);
        assert_eq!((same, gate.pause()), (DocumentStatus::Same, pause));
        assert_eq!(gate.sent, [poll.as_str()]);
    }
    // A release.
    let news = NEWS.replace(":7", ":9");
    let answers = vec![(3, answer(200, &news)), (0, answer(200, ANSWER))];
    assert_eq!(gate.fetch(KEY, answers), changed());
    assert_eq!(gate.pause(), 0);
    // Notifications that change nothing are no reason to hurry, nor is the same one again.
    for news in [NEWS.replace(":7", ":10"), NEWS.replace(":7", ":10")] {
        let answers = vec![(0, answer(200, &news)), (0, answer(304, ""))];
        assert_eq!(gate.fetch(KEY, answers), DocumentStatus::Same);
        assert_eq!(gate.pause(), 5);
    }
}

/// A release can be refused when it is read. Then the older one is held, and a poll says nothing of that.
#[test]
fn a_poll_does_not_confirm_a_release_that_was_refused() {
    let mut gate = polling();
    assert_eq!(gate.fetch("", vec![(0, answer(200, ANSWER))]), changed());
    assert_eq!(
        gate.fetch("older", vec![(0, answer(200, ANSWER))]),
        changed()
    );
    assert_eq!(gate.sent, [read_of("older")]);
}

#[test]
fn a_poll_confirms_only_what_the_last_exchange_has_read() {
    let mut gate = polling();
    gate.fetch("", vec![(0, answer(200, ANSWER))]);
    let missing = vec![(0, answer(200, NEWS)), (0, answer(404, ""))];
    assert_eq!(gate.fetch(KEY, missing), DocumentStatus::Missing);
    let missing = gate.fetch(KEY, vec![(0, answer(404, ""))]);
    assert_eq!(missing, DocumentStatus::Missing);
    assert_eq!(gate.pause(), 5);
    assert_eq!(gate.fetch(KEY, vec![(0, answer(200, ANSWER))]), changed());
    // It is read again after a while, whatever the polls say.
    for held in [60, 60, 60, 60, 60] {
        gate.fetch(KEY, vec![(held, answer(304, ""))]);
        assert!(gate.sent[0].starts_with("/notifications"));
    }
    gate.fetch(KEY, vec![(0, answer(304, ""))]);
    assert_eq!(gate.sent.len(), 1);
    assert!(gate.sent[0].starts_with("/configs"));
    assert_eq!(gate.pause(), 0);
}

#[test]
fn where_polls_fail_the_namespace_is_read() {
    for answered in [
        answer(404, ""),
        answer(500, NEWS),
        answer(200, "<html>"),
        answer(200, "[]"),
        answer(200, &" ".repeat(MOST_SMALL + 1)),
        Err(CalloutError::NoReply),
    ] {
        let mut gate = polling();
        gate.fetch("", vec![(0, answer(200, ANSWER))]);
        let answers = vec![(0, answered), (0, answer(304, ""))];
        assert_eq!(gate.fetch(KEY, answers), DocumentStatus::Same);
        assert_eq!(gate.sent, [POLL, &read_of(KEY)]);
        assert_eq!(gate.pause(), 5);
    }
    let mut gate = polling();
    gate.fetch("", vec![(0, answer(200, ANSWER))]);
    let refused = gate.fetch(KEY, vec![(0, answer(401, ""))]);
    assert_eq!(refused, DocumentStatus::Refused(401));
}

const CHANGES: &str = r#"{"appId":"app","cluster":"default","namespaceName":"application","releaseKey":"20270430092936-dee2d58e74515ff3","configSyncType":"IncrementalSync","configurationChanges":[{"key":"limits.upload","newValue":"6","configurationChangeType":"MODIFIED"}]}"#;

/// With `config-service.incremental.change.enabled` the changes alone are answered if a release is named.
#[test]
fn where_only_changes_are_told_all_is_read() {
    let mut gate = of(plain());
    let answers = || vec![(0, answer(200, CHANGES)), (0, answer(200, ANSWER))];
    assert_eq!(gate.fetch("older", answers()), changed());
    assert_eq!(gate.sent, [&read_of("older"), READ]);
    // The next question names the release again.
    let same = gate.fetch(KEY, vec![(0, answer(304, ""))]);
    assert_eq!(same, DocumentStatus::Same);
    assert_eq!(gate.sent, [read_of(KEY)]);
    for (status, expected) in [
        (404, DocumentStatus::Missing),
        (304, DocumentStatus::Broken(SourceError::Status(304))),
        (500, DocumentStatus::Broken(SourceError::Status(500))),
    ] {
        let answers = vec![(0, answer(200, CHANGES)), (0, answer(status, ANSWER))];
        assert_eq!(gate.fetch(KEY, answers), expected);
    }
    // It asks only once, and not where it has named no release.
    let mut again = answers();
    again[1] = (0, answer(200, CHANGES));
    for (known, answers) in [(KEY, again), ("", vec![(0, answer(200, CHANGES))])] {
        let DocumentStatus::Changed { body, .. } = gate.fetch(known, answers) else {
            panic!("it is to be read");
        };
        let body = String::from_utf8(body).unwrap();
        assert!(read(ContentFormat::Properties, &body).is_err());
    }
    // After a poll, the caches of other servers are told of too.
    let mut gate = polling();
    gate.fetch("", vec![(0, answer(200, ANSWER))]);
    let mut polled = vec![(0, answer(200, NEWS))];
    polled.extend(answers());
    assert_eq!(gate.fetch(KEY, polled), changed());
    assert_eq!(gate.sent[2], format!("{READ}?messages={MESSAGES}"));
}

#[test]
fn an_item_does_not_say_that_only_changes_are_told() {
    assert!(is_of_changes(CHANGES.as_bytes()));
    let member = r#""configSyncType":"IncrementalSync""#;
    for whole in [
        ANSWER.to_owned(),
        String::new(),
        "{}".to_owned(),
        format!(r#"{{"configurations":{{{member}}},"releaseKey":"k"}}"#),
        format!(r#"{{"configurations":{{"a":"b"}},{member}}}"#),
        CHANGES.replace("IncrementalSync", "FullSync"),
    ] {
        assert!(!is_of_changes(whole.as_bytes()), "{whole}");
    }
}

#[test]
fn takes_no_key_that_it_could_not_send_back() {
    for (body, key) in [
        (ANSWER, Some(KEY)),
        ("{}", None),
        (r#"{"releaseKey":""}"#, None),
        (r#"{"releaseKey":"a\"b"}"#, None),
        (r#"{"releaseKey":"a b"}"#, None),
        (r#"{"releaseKey":"a"#, None),
        (
            r#"{"configurations":{"releaseKey":"x"},"releaseKey":"y"}"#,
            Some("y"),
        ),
    ] {
        assert_eq!(
            release_key(body.as_bytes()),
            key.map(str::as_bytes),
            "{body}"
        );
    }
    let long = format!(r#"{{"releaseKey":"{}"}}"#, "k".repeat(257));
    assert_eq!(release_key(long.as_bytes()), None);
    let far = format!(r#"{{"releaseKey":"k"{}}}"#, " ".repeat(MOST_SMALL));
    assert_eq!(release_key(far.as_bytes()), None);
    let large = NEWS.replace("app+", &"x".repeat(3000));
    assert_eq!(notification(large.as_bytes()), Some((7, String::new())));
}

fn read(format: ContentFormat, answer: &str) -> Result<serde_json::Value, SourceError> {
    let mut reader = Format::Apollo(format).reader();
    let value = reader.advance(answer.as_bytes(), &mut Budget::unlimited());
    value.map(|value| value.expect("all of it is read"))
}

#[test]
fn items_are_a_tree_and_a_file_is_read_in_its_format() {
    let tree = read(ContentFormat::Properties, ANSWER).unwrap();
    assert_eq!(
        tree,
        serde_json::json!({"limits": {"upload": "5"}, "a": "\"releaseKey\":\"x\""})
    );
    let file = r#"{"configurations":{"content":"{\"a\": [1]}"},"releaseKey":"k"}"#;
    assert_eq!(
        read(ContentFormat::Json, file).unwrap(),
        serde_json::json!({"a": [1]})
    );
    assert_eq!(read(ContentFormat::Text, file).unwrap(), "{\"a\": [1]}");
    for (format, answer, says) in [
        (ContentFormat::Properties, "{}", "configurations"),
        (ContentFormat::Properties, "[]", "configurations"),
        (
            ContentFormat::Properties,
            r#"{"configurations":{}}"#,
            "empty",
        ),
        (ContentFormat::Json, r#"{"configurations":{}}"#, "content"),
        (
            ContentFormat::Json,
            r#"{"configurations":{"content":1}}"#,
            "content",
        ),
        (
            ContentFormat::Json,
            r#"{"configurations":{"content":"{hunter2"}}"#,
            "byte 0",
        ),
        (ContentFormat::Json, "<html>", ""),
    ] {
        let error = read(format, answer).unwrap_err().to_string();
        assert!(error.contains(says) && !error.contains("hunter"), "{error}");
    }
}
