//! The login.

use super::*;

#[test]
fn logs_in_and_renews_the_token_before_it_ends() {
    let mut gate = with_login();
    let read = format!("{READ} eyJhbGciOiJIUzM4NCJ9.eyJ.Ml");
    gate.fetch("", vec![logged_in(100), content()]);
    assert_eq!(gate.sent, [LOGIN, read.as_str()]);
    assert!(!format!("{:?} {:?}", gate.protocol, gate.session).contains("eyJ"));
    gate.now = gate.now.after(Duration::from_secs(89));
    gate.fetch("", vec![content()]);
    assert_eq!(gate.sent, [read.as_str()]);
    gate.now = gate.now.after(Duration::from_secs(1));
    gate.fetch(MD5, vec![logged_in(0), answer(200, "")]);
    let question = format!("{LISTEN} Listening-Configs=app.json%02DEFAULT_GROUP%02{MD5}%01");
    let question = question + " eyJhbGciOiJIUzM4NCJ9.eyJ.Ml";
    assert_eq!(gate.sent, [LOGIN, question.as_str()]);
    // As Nacos 2.3.1 answers without accounts: the time is none.
    let open = r#"{"accessToken":"AUTH_DISABLED","tokenTtl":1796062269,"globalAdmin":true,"username":"nacos"}"#;
    gate.fetch("", vec![answer(200, open), content()]);
    gate.now = gate.now.after(Duration::from_secs(1_000_000));
    gate.fetch("", vec![content()]);
    assert_eq!(gate.sent, [format!("{READ} AUTH_DISABLED")]);
}

#[test]
fn logs_in_where_the_server_has_only_the_old_login() {
    let mut gate = with_login();
    let status = gate.fetch("", vec![answer(404, NOT_FOUND), logged_in(9), content()]);
    assert_eq!(status, changed("=json\n{\"limit\":5}"));
    assert_eq!(gate.sent.get(..2).unwrap(), [LOGIN, OLD_LOGIN]);
    gate.now = gate.now.after(Duration::from_secs(9));
    gate.fetch("", vec![logged_in(9), content()]);
    assert_eq!(gate.sent.first().unwrap(), OLD_LOGIN);
    // It has been brought up to date.
    gate.now = gate.now.after(Duration::from_secs(9));
    let answers = vec![
        answer(410, GONE),
        logged_in(9),
        answer(410, GONE),
        answer(200, ENVELOPE),
    ];
    assert_eq!(gate.fetch(MD5, answers), DocumentStatus::Same);
    let mut gate = with_login();
    assert_eq!(gate.fetch("", vec![answer(404, "<html>"); 4]), broken(404));
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let mut gate = with_login();
    gate.fetch("", vec![logged_in(9000), content()]);
    gate.now = gate.now.after(Duration::from_secs(5));
    let answers = vec![answer(403, FORBIDDEN), logged_in(9000), answer(200, "")];
    assert_eq!(gate.fetch(MD5, answers), DocumentStatus::Same);
    let denied = r#"{"code":10001,"message":"access denied","data":null}"#;
    let refused = DocumentStatus::Refused(403);
    for answers in [
        vec![
            answer(403, FORBIDDEN),
            logged_in(9000),
            answer(403, FORBIDDEN),
        ],
        vec![answer(403, FORBIDDEN), answer(403, FORBIDDEN)],
        vec![
            answer(410, GONE),
            answer(200, denied),
            logged_in(9000),
            answer(403, FORBIDDEN),
        ],
    ] {
        gate.session = NacosSession::default();
        gate.fetch("", vec![logged_in(9000), content()]);
        gate.now = gate.now.after(Duration::from_secs(5));
        assert_eq!(gate.fetch(MD5, answers), refused);
    }
    let mut gate = of(server());
    assert_eq!(gate.fetch("", vec![answer(403, FORBIDDEN)]), refused);
    assert_eq!(
        gate.fetch("", vec![answer(401, "")]),
        DocumentStatus::Refused(401)
    );
}

#[test]
fn logins_that_fail() {
    let malformed = "malformed document: the answer has no `accessToken`";
    for (answered, expected) in [
        (answer(403, FORBIDDEN), Ok(403)),
        (answer(401, ""), Ok(401)),
        (answer(500, WRONG_PASSWORD), Ok(500)),
        (answer(500, ""), Err("unexpected status 500")),
        (answer(500, "<html>"), Err("unexpected status 500")),
        (answer(502, WRONG_PASSWORD), Err("unexpected status 502")),
        (answer(200, ""), Err(malformed)),
        (answer(200, r#"{"accessToken":""}"#), Err(malformed)),
        (
            answer(200, r#"{"accessToken":"a\r\nb: c"}"#),
            Err(malformed),
        ),
        (answer(200, r#"{"accessToken":7}"#), Err(malformed)),
        (
            answer(200, &" ".repeat(16 << 11)),
            Err("the document is longer than `maxBytes`, 16384 bytes"),
        ),
        (
            with(200, &[("content-encoding", "gzip")], ""),
            Err("the answer is compressed (`content-encoding: gzip`)"),
        ),
    ] {
        let status = with_login().fetch("", vec![answered]);
        let found = match status {
            DocumentStatus::Refused(status) => Ok(status),
            DocumentStatus::Broken(error) => Err(error.to_string()),
            other @ (DocumentStatus::Changed { .. }
            | DocumentStatus::Same
            | DocumentStatus::Missing) => panic!("{other:?}"),
        };
        assert_eq!(
            found.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|it| *it)
        );
    }
    let down = CalloutError::Unsendable;
    let status = with_login().fetch("", vec![Err(down.clone())]);
    assert_eq!(status, DocumentStatus::Broken(SourceError::Callout(down)));
}
