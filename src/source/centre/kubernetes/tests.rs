//! The answers are those of kube-apiserver 1.34.1, without the headers that mean nothing here.

mod failures;

use super::*;
use crate::http::HeaderMap;

const UID: &str = "12f180e9-0f63-4af9-a789-d7f770caa336";
const DATA: &str = r#","data":{"app.json":"{\"limit\":5}"},"binaryData":{"bin":"AAEC"}"#;
const PATH: &str = "/api/v1/namespaces/shop/configmaps/gw";
const WATCH: &str = "/api/v1/namespaces/shop/configmaps?watch=true&fieldSelector=metadata.name%3Dgw&timeoutSeconds=5";

fn reply(status: u16, body: &str) -> Result<Reply, CalloutError> {
    Ok(Reply {
        headers: HeaderMap::from_pairs(&[
            (":status", status.to_string().as_str()),
            ("content-type", "application/json"),
        ]),
        body: body.as_bytes().to_vec(),
    })
}

/// An object of this kind in the state of this number.
fn object(kind: &str, number: u64, data: &str) -> String {
    format!(
        r#"{{"kind":"{kind}","apiVersion":"v1","metadata":{{"name":"gw","namespace":"shop","uid":"{UID}","resourceVersion":"{number}","annotations":{{"uid":"no"}},"managedFields":[{{"uid":"no","resourceVersion":"7"}}]}}{data}}}"#
    )
}

fn whole(number: u64) -> Result<Reply, CalloutError> {
    reply(200, &object("ConfigMap", number, DATA))
}

fn metadata(number: u64) -> Result<Reply, CalloutError> {
    reply(200, &object("PartialObjectMetadata", number, ""))
}

/// The events of a watch.
fn watch(events: &[(&str, u64)]) -> Result<Reply, CalloutError> {
    let line = |(kind, number): &(&str, u64)| {
        let object = match *kind {
            "BOOKMARK" => format!(r#"{{"metadata":{{"resourceVersion":"{number}"}}}}"#),
            "ERROR" => format!(r#"{{"kind":"Status","status":"Failure","code":{number}}}"#),
            _ => object("PartialObjectMetadata", *number, ""),
        };
        format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
    };
    reply(200, &events.iter().map(line).collect::<String>())
}

struct Gate {
    protocol: KubernetesProtocol,
    session: KubernetesSession,
    now: Timestamp,
    held: Version,
    sent: Vec<String>,
}

const REFRESH: Duration = Duration::from_secs(2);

impl Gate {
    fn new(object: KubernetesObject<'_>, key: Option<&str>, wait: Option<u64>) -> Self {
        let endpoint = Endpoint::new("kubernetes", "kubernetes.default.svc").with_max_bytes(2000);
        let protocol = KubernetesProtocol::new(endpoint, "shop", object, key);
        Self {
            protocol: protocol.with_wait(wait.map(Duration::from_secs)),
            session: KubernetesSession::default(),
            now: Timestamp::default().after(Duration::from_secs(1_800_000_000)),
            held: Version::default(),
            sent: Vec::new(),
        }
    }

    fn held(wait: Option<u64>) -> Self {
        let mut gate = Self::new(KubernetesObject::ConfigMap("gw"), None, wait);
        let status = gate.exchange(vec![(0, metadata(201)), (0, whole(201))]);
        assert!(
            matches!(status, DocumentStatus::Changed { .. }),
            "{status:?}"
        );
        assert_eq!(gate.sent(), [format!("LOOK {PATH}"), format!("GET {PATH}")]);
        gate
    }

    fn note(&mut self, callout: &Callout) {
        let header = |name: &str| {
            let mut headers = callout.headers.iter();
            let found = headers.find(|(own, _)| **own == *name.as_bytes());
            found.map_or(String::new(), |(_, value)| value.escape_ascii().to_string())
        };
        assert_eq!(header(":method"), "GET");
        let path = header(":path");
        let what = match header("accept").as_str() {
            "application/json" => "GET",
            METADATA if path.contains('?') => "WATCH",
            METADATA => "LOOK",
            other => panic!("{other}"),
        };
        let is_long = callout.timeout == Duration::from_secs(7);
        assert_eq!(is_long, what == "WATCH");
        self.sent.push(format!("{what} {path}"));
    }

    /// One exchange, with these answers, each after so many seconds.
    fn exchange(&mut self, answers: Vec<(u64, Result<Reply, CalloutError>)>) -> DocumentStatus {
        self.sent.clear();
        let held = self.held.clone();
        let callout = self.protocol.start(&mut self.session, &held, self.now);
        self.note(&callout);
        let mut answers = answers.into_iter();
        loop {
            let (seconds, answer) = answers.next().expect("one more callout");
            self.now = self.now.after(Duration::from_secs(seconds));
            match self.protocol.reply(&mut self.session, answer, self.now) {
                Next::Send(callout) => self.note(&callout),
                Next::Done(status) => {
                    assert_eq!(answers.len(), 0, "{status:?} {:?}", self.sent);
                    if let DocumentStatus::Changed { version, .. } = &status {
                        self.held = version.clone();
                    }
                    return status;
                }
            }
        }
    }

    fn pause(&self) -> u64 {
        self.protocol.pause(&self.session, REFRESH).as_secs()
    }

    fn sent(&self) -> Vec<&str> {
        self.sent.iter().map(String::as_str).collect()
    }
}

/// The document of a change.
fn changed(status: DocumentStatus) -> (String, bool) {
    match status {
        DocumentStatus::Changed { body, is_older, .. } => {
            (String::from_utf8(body).unwrap(), is_older)
        }
        other @ (DocumentStatus::Same
        | DocumentStatus::Missing
        | DocumentStatus::Refused(_)
        | DocumentStatus::Broken(_)) => panic!("{other:?}"),
    }
}

#[test]
fn reads_an_object() {
    let config_map = KubernetesObject::ConfigMap("gw");
    let secret = KubernetesObject::Secret("gw");
    for (object_, key, kind, opening) in [
        (config_map, None, "ConfigMap", "{"),
        (
            config_map,
            Some("app.json"),
            "ConfigMap",
            r#"{"key":"app.json","#,
        ),
        (secret, Some("k"), "Secret", r#"{"key":"k","#),
    ] {
        let answer = object(kind, 201, DATA);
        let mut gate = Gate::new(object_, key, None);
        let status = gate.exchange(vec![(0, metadata(201)), (0, reply(200, &answer))]);
        assert_eq!(changed(status), (answer.replacen('{', opening, 1), false));
        assert_eq!(gate.held.token(), format!("{UID} 201").as_bytes());
        let version = gate.protocol.version_text(&gate.held);
        assert_eq!(version, "resource version 201");
        let path = format!("/api/v1/namespaces/shop/{}s/gw", kind.to_lowercase());
        assert_eq!(gate.sent(), [format!("LOOK {path}"), format!("GET {path}")]);
        assert_eq!(gate.pause(), 2);
    }
}

#[test]
fn asks_for_the_metadata_first() {
    let mut gate = Gate::held(None);
    let status = gate.exchange(vec![(0, metadata(201))]);
    assert_eq!(status, DocumentStatus::Same);
    assert_eq!(gate.sent(), [format!("LOOK {PATH}")]);
    // The object is written once more before it is read: the next look says so.
    for (number, is_older) in [(202, false), (203, false), (9, true)] {
        let status = gate.exchange(vec![(0, metadata(number)), (0, whole(203))]);
        assert_eq!(changed(status).1, is_older, "{number}");
        assert_eq!(gate.sent(), [format!("LOOK {PATH}"), format!("GET {PATH}")]);
        assert_eq!(gate.pause(), 2);
    }
}

#[test]
fn a_watch_goes_on_where_the_last_one_ended() {
    let mut gate = Gate::held(Some(5));
    assert_eq!(gate.pause(), 0, "the watch follows at once");
    for (events, from) in [
        (vec![], 201),
        (vec![("BOOKMARK", 240), ("BOOKMARK", 250)], 201),
        (vec![], 250),
        (vec![("MODIFIED", 201), ("BOOKMARK", 260)], 250),
    ] {
        assert_eq!(
            gate.exchange(vec![(5, watch(&events))]),
            DocumentStatus::Same
        );
        let path = format!("WATCH {WATCH}&allowWatchBookmarks=true&resourceVersion={from}");
        assert_eq!(gate.sent(), [path]);
        assert_eq!(gate.pause(), 0);
    }
    for events in [
        vec![("MODIFIED", 270)],
        vec![("DELETED", 280), ("ADDED", 281), ("BOOKMARK", 281)],
    ] {
        let number = events[0].1 + 5;
        let answers = vec![
            (5, watch(&events)),
            (0, metadata(number)),
            (0, whole(number)),
        ];
        changed(gate.exchange(answers));
        assert_eq!(
            gate.sent()[1..],
            [format!("LOOK {PATH}"), format!("GET {PATH}")]
        );
        let status = gate.exchange(vec![(5, watch(&[]))]);
        assert_eq!(status, DocumentStatus::Same);
        let from = format!("&resourceVersion={number}");
        assert!(gate.sent[0].ends_with(&from), "{:?}", gate.sent);
    }
    // More was told than is read.
    let long = " ".repeat(MOST_SMALL + 1);
    let status = gate.exchange(vec![(5, reply(200, &long)), (0, metadata(285))]);
    assert_eq!(status, DocumentStatus::Same);
}

#[test]
fn a_watch_that_is_not_held_is_not_repeated_at_once() {
    let mut gate = Gate::held(Some(5));
    assert_eq!(gate.exchange(vec![(2, watch(&[]))]), DocumentStatus::Same);
    assert_eq!(gate.pause(), 2);
    assert_eq!(gate.exchange(vec![(3, watch(&[]))]), DocumentStatus::Same);
    assert_eq!(gate.pause(), 0);
}

#[test]
fn the_store_itself_is_asked_now_and_then() {
    let mut gate = Gate::held(Some(5));
    for _ in 0..12 {
        assert_eq!(
            gate.exchange(vec![(5, watch(&[("BOOKMARK", 300)]))]),
            DocumentStatus::Same
        );
    }
    assert_eq!(
        gate.exchange(vec![(0, metadata(201))]),
        DocumentStatus::Same
    );
    assert_eq!(
        (gate.sent(), gate.pause()),
        (vec![&*format!("LOOK {PATH}")], 0)
    );
    assert_eq!(gate.exchange(vec![(5, watch(&[]))]), DocumentStatus::Same);
    assert!(gate.sent[0].ends_with("=300"), "{:?}", gate.sent);
    // The clock is put back.
    gate.now = Timestamp::from_nanos(1);
    assert_eq!(
        gate.exchange(vec![(0, metadata(201))]),
        DocumentStatus::Same
    );
    // Another VM has read a newer state.
    gate.held = Version::new(format!("{UID} 400").as_bytes());
    assert_eq!(
        gate.exchange(vec![(0, metadata(400))]),
        DocumentStatus::Same
    );
    assert_eq!(gate.exchange(vec![(5, watch(&[]))]), DocumentStatus::Same);
    assert!(gate.sent[0].ends_with("=400"), "{:?}", gate.sent);
}

#[test]
fn a_number_that_the_server_has_forgotten_is_asked_for_no_more() {
    for expired in [
        watch(&[("ERROR", 410)]),
        watch(&[("ERROR", 504)]),
        reply(410, ""),
        reply(504, ""),
    ] {
        let mut gate = Gate::held(Some(5));
        let status = gate.exchange(vec![(0, expired.clone()), (0, metadata(201))]);
        assert_eq!((status, gate.pause()), (DocumentStatus::Same, 2));
        // It begins by telling how the object is.
        let status = gate.exchange(vec![(5, watch(&[("ADDED", 201)]))]);
        assert_eq!((status, gate.pause()), (DocumentStatus::Same, 0));
        assert_eq!(gate.sent(), [format!("WATCH {WATCH}&resourceVersion=0")]);
        // The memory of this server is behind.
        let status = gate.exchange(vec![(5, watch(&[("ADDED", 150)])), (0, metadata(201))]);
        assert_eq!(status, DocumentStatus::Same);
        changed(gate.exchange(vec![(0, expired), (0, metadata(202)), (0, whole(202))]));
    }
}

#[test]
fn a_deleted_object_is_missing_until_it_is_there_again() {
    let mut gate = Gate::held(Some(5));
    let events = watch(&[("DELETED", 210), ("BOOKMARK", 230)]);
    let status = gate.exchange(vec![(5, events), (0, reply(404, ""))]);
    assert_eq!(status, DocumentStatus::Missing);
    // A watch from the bookmark on would not tell it again.
    assert_eq!(
        gate.exchange(vec![(0, reply(404, ""))]),
        DocumentStatus::Missing
    );
    assert_eq!(gate.sent(), [format!("LOOK {PATH}")]);
    changed(gate.exchange(vec![(0, metadata(240)), (0, whole(240))]));
    assert_eq!(gate.exchange(vec![(5, watch(&[]))]), DocumentStatus::Same);
    let mut gate = Gate::new(KubernetesObject::ConfigMap("gw"), None, None);
    assert_eq!(
        gate.exchange(vec![(0, reply(404, ""))]),
        DocumentStatus::Missing
    );
}
