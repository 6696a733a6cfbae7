//! The answers are those of Eureka 2.0.4.

use serde_json::json;

use super::*;
use crate::http::HeaderMap;

fn of_instance(id: &str, port: u16, time: u64) -> String {
    format!(
        r#"{{"instanceId":"{id}","hostName":"127.0.0.1","app":"ORDERS","ipAddr":"127.0.0.1","status":"UP","overriddenStatus":"UNKNOWN","port":{{"$":{port},"@enabled":"true"}},"securePort":{{"$":443,"@enabled":"false"}},"countryId":1,"dataCenterInfo":{{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"}},"leaseInfo":{{"renewalIntervalInSecs":30,"durationInSecs":90,"registrationTimestamp":{time},"lastRenewalTimestamp":{time},"evictionTimestamp":0,"serviceUpTimestamp":{time}}},"metadata":{{"zone":"a","weight":"10"}},"vipAddress":"orders","isCoordinatingDiscoveryServer":"false","lastUpdatedTimestamp":"{time}","lastDirtyTimestamp":"{time}","actionType":"ADDED"}}"#
    )
}

fn of_application(instances: &str) -> String {
    format!(r#"{{"application":{{"name":"ORDERS","instance":{instances}}}}}"#)
}

fn answer(status: &str, body: &str) -> Result<Reply, CalloutError> {
    Ok(Reply {
        headers: HeaderMap::from_pairs(&[(":status", status)]),
        body: body.as_bytes().to_vec(),
    })
}

fn fetch(answer: Result<Reply, CalloutError>) -> DocumentStatus {
    let endpoint = Endpoint::new("eureka", "eureka.local");
    let protocol = EurekaProtocol::new(endpoint, "/eureka/apps/orders").unwrap();
    let (session, now) = (&mut HttpSession::default(), Timestamp::default());
    let callout = protocol.start(session, &Version::new(b"x"), now);
    let header = |name: &str| {
        let mut headers = callout.headers.iter();
        let found = headers.find(|(own, _)| **own == *name.as_bytes());
        found.map(|(_, value)| value.escape_ascii().to_string())
    };
    assert_eq!(header(":path").as_deref(), Some("/eureka/apps/orders"));
    assert_eq!(header("accept").as_deref(), Some("application/json"));
    let Next::Done(status) = protocol.reply(session, answer, now) else {
        panic!("it takes one callout");
    };
    status
}

fn read(instances: &str) -> String {
    let status = fetch(answer("200", &of_application(instances)));
    let DocumentStatus::Changed { body, version, .. } = status else {
        panic!("{status:?}");
    };
    assert_eq!(version, Version::default());
    String::from_utf8(body).unwrap()
}

#[test]
fn an_application_is_a_document_of_what_matters() {
    let document = read(&format!("[{}]", of_instance("i1", 8081, 1)));
    let read: serde_json::Value = serde_json::from_str(&document).unwrap();
    let expected = json!({"application": "ORDERS", "instances": [{
        "instanceId": "i1", "hostName": "127.0.0.1", "ipAddr": "127.0.0.1", "status": "UP", "overriddenStatus": "UNKNOWN",
        "port": 8081, "countryId": 1, "dataCenterInfo": {"name": "MyOwn"}, "metadata": {"zone": "a", "weight": "10"},
        "vipAddress": "orders",
    }]});
    assert_eq!(read, expected);
}

#[test]
fn times_and_the_order_of_instances_are_no_change() {
    let [one, two] = [("i1", 8081), ("i2", 8082)];
    let instances = |first: (&str, u16), second: (&str, u16), time| {
        let [first, second] = [first, second].map(|(id, port)| of_instance(id, port, time));
        read(&format!("[{first},{second}]"))
    };
    let before = instances(one, two, 1);
    assert_eq!(instances(one, two, 1_795_308_869_747), before);
    assert_eq!(instances(two, one, 2), before);
    assert_ne!(instances(one, ("i2", 8083), 1), before);
    let down = read(&format!(
        "[{},{}]",
        of_instance("i1", 8081, 1).replace("\"UP\"", "\"DOWN\""),
        of_instance("i2", 8082, 1)
    ));
    assert_ne!(down, before);
}

#[test]
fn other_forms() {
    let list = format!("[{}]", of_instance("i1", 8081, 1));
    assert_eq!(read(&of_instance("i1", 8081, 1)), read(&list));
    assert_eq!(read("[]"), r#"{"application":"ORDERS","instances":[]}"#);
    let odd = r#"[{"port":80,"securePort":{"$":"443","@enabled":true},"metadata":{"@class":"java.util.Collections$EmptyMap"}}]"#;
    let expected =
        r#"{"application":"ORDERS","instances":[{"metadata":{},"port":80,"securePort":"443"}]}"#;
    assert_eq!(read(odd), expected);
}

#[test]
fn tells_failures_apart() {
    let missing = r#"{"timestamp":"2026-11-22","status":404,"error":"Not Found"}"#;
    assert_eq!(fetch(answer("404", missing)), DocumentStatus::Missing);
    for status in [401, 403] {
        let refused = answer(&status.to_string(), "");
        assert_eq!(fetch(refused), DocumentStatus::Refused(status));
    }
    for body in [
        "",
        "<application/>",
        "{}",
        r#"{"applications":{"application":[]}}"#,
        r#"{"application":{"name":"A"}}"#,
        r#"{"application":{"name":7,"instance":[]}}"#,
        r#"{"application":{"name":"A","instance":[7]}}"#,
        r#"{"application":{"name":"A","instance":null}}"#,
        r#"{"application":{"name":"A","name":"B","instance":[]}}"#,
    ] {
        let status = fetch(answer("200", body));
        let is_malformed = matches!(status, DocumentStatus::Broken(SourceError::Malformed(_)));
        assert!(is_malformed, "{body}: {status:?}");
    }
}

#[test]
fn the_entry_of_a_key_is_an_application() {
    let endpoint = Endpoint::new("eureka", "eureka.local");
    let protocol = EurekaProtocol::entries(endpoint, "/eureka/apps/${key}").unwrap();
    let entry = protocol.for_key(b"orders").unwrap();
    let callout = entry.start(
        &mut HttpSession::default(),
        &Version::default(),
        Timestamp::default(),
    );
    let mut headers = callout.headers.iter();
    assert!(headers.any(|(_, value)| **value == *b"/eureka/apps/orders"));
    assert_eq!(protocol.for_key(b"..").err(), Some(ReadRefusal::UnfitKey));
}
