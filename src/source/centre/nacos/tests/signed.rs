//! Signed requests, and ACM. The signatures are those of Nacos' own client, for the key `sk` at the tests' time.

use super::*;

const OF_GROUP: &str = "wpwhp7b835t4Iushl/djpoM8etU=";
const OF_TENANT: &str = "CErbIOpPJi5yX/ei3V7GO+KvP9Q=";

fn signed(namespace: Option<&str>) -> NacosServer {
    let endpoint = Endpoint::new("nacos", "nacos.local").with_max_bytes(400);
    let server = NacosServer::new(endpoint, "/nacos", namespace, "group");
    server.with_keys(&Secret::new(*b"ak"), &Secret::new(*b"sk"))
}

fn acm() -> NacosServer {
    let endpoint = Endpoint::new("acm", "acm.local").with_max_bytes(400);
    let server = NacosServer::new(endpoint, "/diamond-server", Some("tenant"), "group");
    let server = server.with_keys(&Secret::new(*b"ak"), &Secret::new(*b"sk"));
    server.with_api(Some(NacosApi::Acm))
}

fn header(callout: &Callout, name: &str) -> String {
    let mut headers = callout.headers.iter();
    let found = headers.find(|(own, _)| **own == *name.as_bytes());
    found.map_or(String::new(), |(_, value)| value.escape_ascii().to_string())
}

fn signature(callout: &Callout) -> String {
    assert_eq!(header(callout, "spas-accesskey"), "ak");
    assert_eq!(header(callout, "timestamp"), "1700000000000");
    header(callout, "spas-signature")
}

fn start(gate: &mut Gate, known: &str) -> Callout {
    let known = Version::new(known.as_bytes());
    gate.protocol.start(&mut gate.session, &known, gate.now)
}

#[test]
fn reads_are_signed_for_the_namespace_and_the_group() {
    for (namespace, expected) in [(None, OF_GROUP), (Some("tenant"), OF_TENANT)] {
        for api in [None, Some(NacosApi::V2), Some(NacosApi::V3)] {
            let mut gate = of(signed(namespace).with_api(api));
            let callout = start(&mut gate, "");
            assert_eq!(signature(&callout), expected, "{api:?}");
            assert!(format!("{:?}", gate.protocol).contains("secret_key: Secret(…)"));
        }
    }
    let callout = start(&mut of(acm()), "");
    assert_eq!(signature(&callout), OF_TENANT);
    let path = "/diamond-server/config.co?dataId=app.json&group=group&tenant=tenant";
    assert_eq!(header(&callout, ":path"), path);
}

#[test]
fn the_question_of_nacos_is_signed_for_the_time_alone() {
    let mut gate = of(signed(Some("tenant")));
    let callout = start(&mut gate, MD5);
    assert_eq!(header(&callout, ":path"), "/nacos/v1/cs/configs/listener");
    // HMAC-SHA1 of the time alone.
    assert_eq!(signature(&callout), "j6e8xo98pWxGWgrhNTYfhcWEDPQ=");
    // A server that refuses it is not asked again.
    gate.note(&callout);
    let answers = vec![answer(403, FORBIDDEN), content()];
    assert_eq!(gate.fetch(MD5, answers), DocumentStatus::Same);
    assert_eq!(gate.fetch(MD5, vec![content()]), DocumentStatus::Same);
    let refused = gate.fetch(MD5, vec![answer(403, FORBIDDEN)]);
    assert_eq!(refused, DocumentStatus::Refused(403));
}

#[test]
fn acm_is_read_each_time_or_holds_the_question() {
    let mut gate = of(acm());
    let status = gate.fetch("", vec![with(200, &headers(), "{}")]);
    assert_eq!(status, changed("=json\n{}"));
    assert_eq!(gate.fetch(MD5, vec![content()]), DocumentStatus::Same);
    // ACM doesn't promise an MD5.
    let status = gate.fetch(MD5, vec![with(200, &[], "{}")]);
    let expected = DocumentStatus::Changed {
        body: b"=\n{}".to_vec(),
        version: Version::default(),
        is_older: false,
    };
    assert_eq!(status, expected);
    let mut gate = of(acm().with_long_poll(Some(Duration::from_secs(20))));
    gate.fetch("", vec![content()]);
    assert_eq!(gate.pause(), Duration::ZERO);
    let callout = start(&mut gate, MD5);
    assert_eq!(header(&callout, ":path"), "/diamond-server/config.co");
    assert_eq!(header(&callout, "longpullingtimeout"), "20000");
    assert_eq!(signature(&callout), OF_TENANT);
    let question = format!("Probe-Modify-Request=app.json%02group%02{MD5}%02tenant%01");
    assert_eq!(callout.body.escape_ascii().to_string(), question);
    gate.now = gate.now.after(Duration::from_secs(20));
    let next = gate
        .protocol
        .reply(&mut gate.session, answer(200, ""), gate.now);
    assert_eq!(next, Next::Done(DocumentStatus::Same));
    assert_eq!(gate.pause(), Duration::ZERO);
    let known = "00000000000000000000000000000000";
    let answers = vec![answer(200, "app.json%02group%02tenant%01"), content()];
    assert_eq!(gate.fetch(known, answers), changed("=json\n{\"limit\":5}"));
}

#[test]
fn acm_answers_in_another_encoding() {
    let utf8 = [("content-type", "text/plain;charset=UTF-8")];
    let gbk = [("content-type", "text/plain;charset=GBK")];
    let mut gate = of(acm());
    let status = gate.fetch("", vec![with(200, &utf8, "{\"a\":\"é\"}")]);
    assert_eq!(value(&status), serde_json::json!({"a": "é"}));
    // It would be another text.
    let status = gate.fetch("", vec![with(200, &gbk, "{\"a\":\"é\"}")]);
    let DocumentStatus::Broken(SourceError::Malformed(reason)) = status else {
        panic!("{status:?}");
    };
    assert!(reason.contains("ASCII"), "{reason}");
    let status = gate.fetch("", vec![with(200, &gbk, "{\"a\":\"e\"}")]);
    assert_eq!(value(&status), serde_json::json!({"a": "e"}));
    for (status, expected) in [
        (404, DocumentStatus::Missing),
        (401, DocumentStatus::Refused(401)),
        (403, DocumentStatus::Refused(403)),
        (400, broken(400)),
        (500, broken(500)),
    ] {
        assert_eq!(gate.fetch("", vec![answer(status, "{}")]), expected);
    }
}

#[test]
fn servers_are_those_that_the_endpoint_names() {
    let endpoint = || Endpoint::new("endpoint", "acm.example");
    let mut gate = of(acm().with_addresses(endpoint()));
    let callout = start(&mut gate, "");
    assert_eq!(header(&callout, ":path"), "/diamond-server/diamond");
    assert_eq!(*callout.cluster, *b"endpoint");
    assert_eq!(header(&callout, "spas-signature"), "");
    let addresses = || answer(200, "10.0.0.1\n10.0.0.2\n");
    let next = gate
        .protocol
        .reply(&mut gate.session, addresses(), gate.now);
    let Next::Send(callout) = next else {
        panic!("{next:?}");
    };
    assert_eq!(signature(&callout), OF_TENANT);
    let name = "x-envoy-original-dst-host";
    assert_eq!(header(&callout, name), "10.0.0.1:8080");
    // A server that fails is passed over, and the list is read again after a minute.
    let status = gate.fetch("", vec![answer(500, "")]);
    assert_eq!(status, broken(500));
    assert_eq!(header(&start(&mut gate, ""), name), "10.0.0.2:8080");
    gate.now = gate.now.after(Duration::from_secs(60));
    assert!(gate.protocol.needs_login(&gate.session, gate.now));
    gate.fetch("", vec![answer(502, ""), content()]);
    let sent = "GET /diamond-server/diamond";
    assert_eq!(gate.sent.first().unwrap(), sent);
    gate.fetch("", vec![content()]);
    gate.now = gate.now.after(Duration::from_secs(60));
    let silent = || Err(CalloutError::NoReply);
    gate.fetch("", vec![silent(), content()]);
    // Without a list there is no server.
    let mut gate = of(acm().with_addresses(endpoint()));
    assert_eq!(gate.fetch("", vec![answer(403, "")]), broken(403));
    let status = gate.fetch("", vec![answer(200, "<html>")]);
    let reason = "the endpoint's answer has no address";
    let expected = SourceError::Malformed(reason.into());
    assert_eq!(status, DocumentStatus::Broken(expected));
}
