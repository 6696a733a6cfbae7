//! Answers of the API server of Kubernetes.

use super::targets;
use super::tests::run;

/// Pieces of objects and events that are difficult for a reader.
const PIECES: &[&[u8]] = &[
    b"\"metadata\":{",
    b"\"uid\":",
    b"\"resourceVersion\":",
    b"\"data\":{",
    b"\"binaryData\":{",
    b"\"key\":\"a.json\",",
    b"\"kind\":\"Secret\",",
    b"\"a.json\":\"",
    b"YWJj",
    b"\\\"",
    b"\\u0026",
    b"&",
    b"18446744073709551616",
    b"\"type\":\"DELETED\"",
    b"{",
    b"}",
    b"[",
    b",",
    b"\"",
    b"\n",
    b"\0",
    b"\xff",
];

#[test]
fn answers_of_kubernetes() {
    let object = |number: u8, data: &str| {
        format!(
            r#"0{{"kind":"K","metadata":{{"name":"gw","uid":"u-1","resourceVersion":"{number}"}}{data}}}"#
        )
    };
    let event = |kind: &str, object: &str| format!(r#"{{"type":"{kind}","object":{object}}}"#);
    let first = object(
        7,
        r#","data":{"a.json":"{\"b\":\"\\n\"}","c":"x\n"},"binaryData":{"d":"AAEC","e":"YQ=="}"#,
    );
    let secret = object(
        7,
        r#","data":{"a.json":"eyJiIjoxfQ==","c":"/w=="},"type":"Opaque""#,
    );
    let bookmark = event("BOOKMARK", r#"{"metadata":{"resourceVersion":"9"}}"#);
    let changed = event(
        "MODIFIED",
        r#"{"metadata":{"uid":"u-1","resourceVersion":"8"}}"#,
    );
    let expired = event("ERROR", r#"{"kind":"Status","code":410}"#);
    let seeds = [
        format!("00{first}\0{}\0{}", object(7, ""), object(8, "")),
        format!("01{first}\x000{}\x004", object(9, "")),
        format!("72{secret}\x000{}", object(6, "")),
        format!("73{secret}\x006\0{secret}"),
        format!(
            "04{first}\x000{bookmark}\n\x000{changed}\n{bookmark}\n\0{}",
            object(8, "")
        ),
        format!(
            "05{first}\x000{expired}\n\0{}\x000{changed}\n\0{first}",
            object(7, "")
        ),
        format!("05{first}\x001\x004\0{}\x005", object(8, "")),
    ];
    let seeds = seeds.map(String::into_bytes);
    run(targets::kubernetes, 12_000, &seeds, PIECES);
}
