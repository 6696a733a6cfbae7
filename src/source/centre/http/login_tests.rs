//! Requests with the token of a login. The answers are those of oidc-provider 9.13.3, without the headers that mean nothing here.

use super::*;
use crate::http::HeaderMap;
use crate::secret::Secret;
use crate::source::client_authentication::ClientAuthentication;

const TOKEN: &str = r#"{"access_token":"t1","expires_in":60,"scope":"read","token_type":"Bearer"}"#;

struct Gate {
    protocol: HttpProtocol,
    session: HttpSession,
    now: Timestamp,
    sent: Vec<String>,
}

fn gate() -> Gate {
    let client = ClientAuthentication::Basic {
        id: "g w".into(),
        secret: Secret::new(*b"s:c+t"),
    };
    let server = Endpoint::new("id", "id.local").with_timeout(Duration::from_secs(9));
    let parameters = [("scope", "read write"), ("resource", "urn:api")];
    let login = OAuth2Client::new(server, "/token", &client, &parameters).unwrap();
    let endpoint = Endpoint::new("centre", "centre.local");
    let protocol = HttpProtocol::new(endpoint, "/all.json", Format::JSON).unwrap();
    Gate {
        protocol: protocol.with_login(login),
        session: HttpSession::default(),
        now: Timestamp::from_nanos(1_700_000_000_000_000_000),
        sent: Vec::new(),
    }
}

fn answer(status: u16, body: &str) -> Result<Reply, CalloutError> {
    let status = status.to_string();
    Ok(Reply {
        headers: HeaderMap::from_pairs(&[(":status", status.as_str()), ("etag", "\"1\"")]),
        body: body.as_bytes().to_vec(),
    })
}

fn login(token: &str, expires_in: &str) -> Result<Reply, CalloutError> {
    let body =
        format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{expires_in}}}"#);
    answer(200, &body)
}

fn document() -> Result<Reply, CalloutError> {
    answer(200, "{}")
}

impl Gate {
    fn note(&mut self, callout: &Callout) {
        let header = |name: &str| {
            let mut headers = callout.headers.iter();
            let found = headers.find(|(own, _)| **own == *name.as_bytes());
            found.map_or(String::new(), |(_, value)| value.escape_ascii().to_string())
        };
        let words = [
            callout.cluster.escape_ascii().to_string(),
            header(":method"),
            header(":path"),
            header("authorization"),
            header("if-none-match"),
            callout.body.escape_ascii().to_string(),
        ];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        self.sent.push(words.join(" "));
    }

    /// One exchange after some seconds, which gets these answers.
    fn fetch(&mut self, after: u64, answers: Vec<Result<Reply, CalloutError>>) -> String {
        self.now = self.now.after(Duration::from_secs(after));
        self.sent.clear();
        let known = validators::Validators {
            etag: Some(b"1"),
            last_modified: None,
        };
        let known = known.encode();
        let first = self.protocol.start(&mut self.session, &known, self.now);
        self.note(&first);
        let mut answers = answers.into_iter();
        loop {
            let answer = answers.next().expect("one callout more than answers");
            match self.protocol.reply(&mut self.session, answer, self.now) {
                Next::Send(callout) => self.note(&callout),
                Next::Done(status) => {
                    assert_eq!(answers.count(), 0, "fewer callouts than answers");
                    return match status {
                        DocumentStatus::Changed { .. } => "changed".into(),
                        DocumentStatus::Broken(error) => format!("{}: {error}", error.name()),
                        DocumentStatus::Same
                        | DocumentStatus::Missing
                        | DocumentStatus::Refused(_) => format!("{status:?}"),
                    };
                }
            }
        }
    }
}

const REFUSED: &str = "the server refuses the gate's own credentials";

#[test]
fn asks_for_a_token_and_sends_it() {
    let mut gate = gate();
    assert_eq!(
        gate.fetch(0, vec![answer(200, TOKEN), document()]),
        "changed"
    );
    let pair = crate::http::base64(b"g%20w:s%3Ac%2Bt");
    let form = "grant_type=client_credentials&scope=read%20write&resource=urn%3Aapi";
    assert_eq!(
        gate.sent,
        [
            format!("id POST /token Basic {pair} {form}"),
            "centre GET /all.json Bearer t1 1".into()
        ]
    );
    assert_eq!(gate.protocol.longest_callout(), Duration::from_secs(9));
    let shown = format!("{:?} {:?}", gate.protocol, gate.session);
    assert!(
        !shown.contains("116, 49") && !shown.contains(&pair),
        "{shown}"
    );
    // The client may stand in the form too.
    let client = ClientAuthentication::Post {
        id: "g w".into(),
        secret: Secret::new(*b"s&t"),
    };
    let login = OAuth2Client::new(Endpoint::new("id", "id"), "/token", &client, &[]).unwrap();
    gate.protocol.login = Some(Arc::new(login));
    gate.session = HttpSession::default();
    assert_eq!(
        gate.fetch(0, vec![answer(200, TOKEN), document()]),
        "changed"
    );
    let form = "grant_type=client_credentials&client_id=g%20w&client_secret=s%26t";
    assert_eq!(gate.sent[0], format!("id POST /token {form}"));
}

#[test]
fn a_token_is_used_until_shortly_before_its_end() {
    for (expires_in, last) in [
        ("60", 53),
        ("\"60\"", 53),
        ("3600", 3569),
        ("9", 7),
        ("2", 0),
        ("1", 0),
        ("0", 0),
        ("18446744073709551615", 1_000_000_000),
        ("null", 1_000_000_000),
    ] {
        let mut gate = gate();
        let first = vec![login("t", expires_in), document()];
        assert_eq!(gate.fetch(0, first), "changed");
        assert_eq!(
            gate.fetch(last, vec![document()]),
            "changed",
            "{expires_in}"
        );
        if last < 1_000_000_000 {
            let again = vec![login("u", expires_in), document()];
            assert_eq!(gate.fetch(1, again), "changed", "{expires_in}");
            assert!(gate.sent[1].contains("Bearer u"));
        }
    }
}

#[test]
fn a_refused_token_is_replaced_once() {
    let mut gate = gate();
    let first = || vec![answer(200, TOKEN), document()];
    assert_eq!(gate.fetch(0, first()), "changed");
    let again = vec![answer(401, ""), login("t2", "60"), document()];
    assert_eq!(gate.fetch(9, again), "changed");
    assert_eq!(gate.sent[2], "centre GET /all.json Bearer t2 1");
    let twice = vec![answer(401, ""), login("t3", "60"), answer(401, "")];
    assert_eq!(gate.fetch(9, twice), "Refused(401)");
    // A token that is refused when it is new isn't replaced at once, and neither is the right to read.
    assert_eq!(gate.fetch(0, vec![answer(401, "")]), "Refused(401)");
    assert_eq!(gate.fetch(9, vec![answer(403, "")]), "Refused(403)");
    gate.session = HttpSession::default();
    let new = vec![answer(200, TOKEN), answer(401, "")];
    assert_eq!(gate.fetch(9, new), "Refused(401)");
}

/// The login has failed, for the reason with this word.
fn failed(word: &str, what: &str) -> String {
    format!("{word}: the login failed: {what}")
}

fn unusable(what: &str) -> String {
    failed("unusable", &format!("unusable document: {what}"))
}

/// Each of these replies to a login is what stands behind it, and there is no second one.
fn fails(logins: impl IntoIterator<Item = (Result<Reply, CalloutError>, String)>) {
    for (reply, expected) in logins {
        let mut gate = gate();
        assert_eq!(gate.fetch(0, vec![reply]), expected);
        assert_eq!(gate.sent.len(), 1);
        assert!(gate.protocol.needs_login(&gate.session, gate.now));
    }
}

#[test]
fn a_login_without_a_good_status_says_so() {
    let error = |status, error: &str| {
        let body = format!(r#"{{"error":"{error}","error_description":"x"}}"#);
        answer(status, &body)
    };
    let refused = |status: u16| failed("refused", &format!("status {status}: {REFUSED}"));
    let status = |status: u16| failed("status", &format!("unexpected status {status}"));
    fails([
        (error(401, "invalid_client"), refused(401)),
        (answer(401, ""), refused(401)),
        (answer(403, "<html>"), refused(403)),
        (error(400, "invalid_client"), refused(400)),
        (error(400, "unauthorized_client"), refused(400)),
        (error(400, "invalid_grant"), refused(400)),
        (
            error(400, "invalid_scope"),
            unusable("the server says `invalid_scope`"),
        ),
        (error(400, "no word\\u0007"), status(400)),
        (answer(400, "<html>"), status(400)),
        (answer(404, ""), status(404)),
        (answer(302, ""), status(302)),
        (answer(304, ""), status(304)),
        (answer(503, TOKEN), status(503)),
        (
            Err(CalloutError::NoReply),
            failed("no_reply", &CalloutError::NoReply.to_string()),
        ),
    ]);
}

#[test]
fn a_login_that_is_no_object_says_so() {
    let malformed = failed(
        "malformed",
        "malformed document: it is no strict JSON object",
    );
    fails([
        (answer(200, ""), malformed.clone()),
        (answer(200, "<html>"), malformed.clone()),
        (answer(200, TOKEN.trim_end_matches('}')), malformed.clone()),
        (
            answer(
                200,
                r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#,
            ),
            malformed,
        ),
    ]);
}

#[test]
fn a_login_without_a_good_token_says_so() {
    fails([
        (answer(200, "{}"), unusable("`token_type` isn't `Bearer`")),
        (
            answer(200, r#"{"access_token":"a","token_type":"DPoP"}"#),
            unusable("`token_type` isn't `Bearer`"),
        ),
        (
            answer(200, r#"{"access_token":"a","token_type":"mac"}"#),
            unusable("`token_type` isn't `Bearer`"),
        ),
        (login("", "1"), unusable("`access_token` can't be sent")),
        (login("a b", "1"), unusable("`access_token` can't be sent")),
        (
            login("a\\r\\nx: y", "1"),
            unusable("`access_token` can't be sent"),
        ),
        (login("é", "1"), unusable("`access_token` can't be sent")),
        (
            login(&"a".repeat((16 << 10) + 1), "1"),
            unusable("`access_token` can't be sent"),
        ),
        (
            answer(200, r#"{"access_token":7,"token_type":"Bearer"}"#),
            unusable("`access_token` can't be sent"),
        ),
        (
            login("t", "-1"),
            unusable("`expires_in` is no number of seconds"),
        ),
        (
            login("t", "\"soon\""),
            unusable("`expires_in` is no number of seconds"),
        ),
        (
            answer(200, &" ".repeat((64 << 10) + 1)),
            failed(
                "too_large",
                "the document is longer than `maxBytes`, 65536 bytes",
            ),
        ),
    ]);
}

#[test]
fn the_entries_share_the_login() {
    let mut gate = gate();
    assert!(gate.protocol.needs_login(&gate.session, gate.now));
    assert_eq!(
        gate.fetch(0, vec![answer(200, TOKEN), document()]),
        "changed"
    );
    let mut entry = Gate {
        session: gate.protocol.lend(&gate.session),
        protocol: gate.protocol.for_key(b"k").unwrap(),
        ..self::gate()
    };
    assert_eq!(entry.fetch(9, vec![document()]), "changed");
    let again = vec![answer(401, ""), login("t2", "60"), document()];
    assert_eq!(entry.fetch(9, again), "changed");
    assert_eq!(gate.fetch(9, vec![document()]), "changed");
    assert!(gate.sent[0].contains("Bearer t2"));
}

#[test]
fn a_post_has_content_and_no_condition() {
    let endpoint = Endpoint::new("centre", "centre.local");
    let protocol = HttpProtocol::new(endpoint, "/query", Format::JSON).unwrap();
    let mut gate = Gate {
        protocol: protocol.posting(HttpContent::new("{\"all\": true}")),
        ..gate()
    };
    assert_eq!(gate.fetch(0, vec![document()]), "changed");
    assert_eq!(gate.sent, [r#"centre POST /query {\"all\": true}"#]);
    let status = gate.fetch(0, vec![answer(304, "")]);
    assert_eq!(status, "status: unexpected status 304");
    assert_eq!(gate.fetch(0, vec![answer(401, "")]), "Refused(401)");
}
