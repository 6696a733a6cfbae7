//! Answers of Apollo, Nacos and etcd.

use super::targets;
use super::tests::{JSON, run};

#[test]
fn answers_of_apollo() {
    let items = r#"2{"appId":"gw","cluster":"default","namespaceName":"a","configurations":{"a.b[0]":"1","a.c":"\u00e9","content":"{\"limit\": 5}"},"releaseKey":"20170430092936-dee2d58e74515ff3"}"#;
    let news =
        r#"2[{"namespaceName":"a","notificationId":7,"messages":{"details":{"gw+default+a":7}}}]"#;
    let seeds = [
        format!("0\x00{items}"),
        format!("0\x01{items}"),
        format!("0\x03{items}"),
        format!("0\x074\x00{items}"),
        format!("0\x031\x005\x00{items}"),
        format!("0\x072{{\x00{news}\x00{items}"),
        format!("0\x07{news}\x003\x00{news}\x00{items}"),
    ];
    let members = [
        b"\"releaseKey\":\"".as_slice(),
        b"\"configurations\":{",
        b"\"content\":\"",
        b"\"notificationId\":-1",
        b"\"messages\":{}",
        b"a[1].b",
        b"\0",
    ];
    let pieces = [JSON, &members].concat();
    run(
        targets::apollo,
        15_000,
        &seeds.map(String::into_bytes),
        &pieces,
    );
}

#[test]
fn answers_of_nacos() {
    let envelope = r#"2{"code":0,"message":"success","data":{"resultCode":200,"errorCode":0,"message":null,"requestId":null,"content":"{\"limit\":5,\"a\":\"\\u00e9\ud83d\ude00\"\n}","encryptedDataKey":"","contentType":"json","md5":"479cc8cf7e79e4a7675873bc08b54bba","lastModified":1795308408174,"tag":null,"beta":false,"success":true}}"#;
    let login = "2{\"accessToken\":\"eyJ.eyJ.Ml\",\"tokenTtl\":18000,\"globalAdmin\":false}";
    let seeds = [
        format!("0\x0b{envelope}"),
        "01{\"limit\":5}".to_owned(),
        "02\u{1}2{\"limit\":5}".to_owned(),
        "0\u{2}2{\"code\":0,\"message\":\"success\",\"data\":\"{\\\"limit\\\":5}\"}".to_owned(),
        format!("0\u{8}1\0{envelope}"),
        format!("0\u{4}{login}\x002{{\"limit\":5}}"),
        format!("0\u{4}4\0{login}\x003\0{login}\x001\0{envelope}"),
        format!("0\x13{envelope}\x002{{\"code\":20004,\"data\":null}}\0{envelope}"),
        "0\x104config data not exist\x002{\"a\":1}\x002{\"a\":2}".to_owned(),
        "0\x202127.0.0.1\n10.0.0.1:80\n\x002{\"limit\":5}".to_owned(),
        "0\x282127.0.0.1\x002limit: 5".to_owned(),
        "0\u{0}1\x002{\"code\":20004,\"message\":\"resource not found\",\"data\":null}".to_owned(),
    ];
    let seeds = seeds.map(String::into_bytes);
    let members = [
        b"\"content\":\"".as_slice(),
        b"\",\"",
        b"\\\"",
        b"\\u0022",
        b"\\ud83d",
        b"\"encryptedDataKey\":\"x\",",
        b"\"code\":0,",
        b"\"}}",
        b"\0",
        b"config data not exist",
    ];
    run(targets::nacos, 20_000, &seeds, &[JSON, &members].concat());
}

#[test]
fn answers_of_etcd() {
    let state =
        "{\"header\":{\"revision\":\"3\"},\"kvs\":[{\"mod_revision\":\"3\"}],\"count\":\"1\"}\0";
    let seeds = [
        r#"{"header":{},"kvs":[{"key":"L2d3L2NmZw==","version":"2","value":"eyJsaW1pdCI6Nn0="}],"count":"1"}"#,
        r#"{"kvs":[{"key":"L2d3L2E=","value":"MQ=="},{"key":"L2d3L2EvYg=="},{"key":"L2d3L2I=","value":"Ymx1ZQ=="}]}"#,
    ];
    let seeds = seeds.map(|values| format!("0{state}{values}").into_bytes());
    let members = [
        b"\"prefix\":\"L2d3Lw==\",".as_slice(),
        b"\"kvs\":[",
        b"{\"key\":\"",
        b"L2d3L2MvZA==",
        b"\"value\":\"",
        b"e30=",
        b"=",
        b"\0",
    ];
    run(targets::etcd, 12_000, &seeds, &[JSON, &members].concat());
}
