use super::*;
use crate::source::Format;

/// The answer of etcd 3.4.23 from `kvs` on.
const OF_ETCD: &str = r#"{"kvs":[{"key":"L2d3L2NmZw==","create_revision":"2","mod_revision":"3","version":"2","value":"eyJsaW1pdCI6Nn0="}],"count":"1"}"#;

/// What the document says, read in slices of every size.
fn read(text: &str) -> Result<String, String> {
    read_as(ContentFormat::Json, text)
}

fn read_as(format: ContentFormat, text: &str) -> Result<String, String> {
    let format = Format::Pairs(format);
    let whole = format.parse(text.as_bytes());
    let whole = whole.map(|value| value.to_string());
    let whole = whole.map_err(|error| error.to_string());
    for slice in [1, 7, 40, 1000] {
        let mut reader = format.reader();
        let pieces = loop {
            match reader.advance(text.as_bytes(), &mut Budget::of(slice)) {
                Ok(None) => {}
                Ok(Some(value)) => break Ok(value.to_string()),
                Err(error) => break Err(error.to_string()),
            }
        };
        assert_eq!(pieces, whole, "{text} {slice}");
    }
    whole
}

fn pair(key: &str, value: &[u8]) -> String {
    let key = Base64::encode_string(key.as_bytes());
    let value = Base64::encode_string(value);
    format!(r#"{{"key":"{key}","mod_revision":"3","value":"{value}"}}"#)
}

/// The document of keys below `/gw/`.
fn tree(pairs: &[(&str, &str)]) -> Result<String, String> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| pair(key, value.as_bytes()))
        .collect();
    let list = pairs.join(",");
    read(&format!(
        r#"{{"prefix":"L2d3Lw==","kvs":[{list}],"count":"1"}}"#
    ))
}

#[test]
fn a_value_is_text_where_that_is_the_format() {
    let text = format!(r#"{{"kvs":[{}]}}"#, pair("k", b"{\"a\": 1}\n"));
    let value = read_as(ContentFormat::Text, &text);
    assert_eq!(value, Ok(r#""{\"a\": 1}""#.to_owned()));
    let text = format!(
        r#"{{"prefix":"L2d3Lw==","kvs":[{},{}]}}"#,
        pair("/gw/a", b"7"),
        pair("/gw/b", b"{}")
    );
    let value = read_as(ContentFormat::Text, &text);
    assert_eq!(value, Ok(r#"{"a":"7","b":"{}"}"#.to_owned()));
    let broken = format!(r#"{{"kvs":[{}]}}"#, pair("k", b"\xff"));
    assert!(read_as(ContentFormat::Text, &broken).is_err());
}

#[test]
fn the_value_of_a_key_is_the_document() {
    assert_eq!(read(OF_ETCD), Ok(r#"{"limit":6}"#.to_owned()));
    let long = format!("[\"{}\", 1]", "x".repeat(70_000));
    let text = format!(
        r#"{{"kvs": [{}], "count": "1"}}"#,
        pair("k", long.as_bytes())
    );
    assert_eq!(read(&text), Ok(long.replace(", ", ",")));
    // A member of another list is nothing.
    let nested =
        r#"{"x":[{"key":"","value":7}],"kvs":[{"value":"Nw==","x":[{"value":8}],"key":"YQ=="}]}"#;
    assert_eq!(read(nested), Ok("7".to_owned()));
    for (text, says) in [
        ("", "ends"),
        ("[]", "there is no key"),
        ("{}", "there is no key"),
        (r#"{"kvs":[]}"#, "there is no key"),
        (r#"{"kvs":[{"key":"YQ=="}]}"#, "ends"),
        (r#"{"kvs":[{"value":"eA=="}]}"#, "expected value"),
        (r#"{"kvs":[{"value":"Nw=="},{"value":"Nw=="}]}"#, "two keys"),
        (r#"{"kvs":[{"value":7}]}"#, "no text"),
        (r#"{"kvs":[{"value":"N"}]}"#, "no base64"),
        (r#"{"kvs":[{"value":"Nw"}]}"#, "no base64"),
        (r#"{"kvs":[{"value":"Nw=\u003d"}]}"#, "no base64"),
        (r#"{"kvs":[{"value":"Nw==Nw=="}]}"#, "no base64"),
        (r#"{"kvs":[{"value":"Nw=="#, "no base64"),
        (r#"{"kvs":[{"value":"Nw=="}]"#, "ends"),
        (r#"{"kvs":[{"value":"Nw=="}]} x"#, "trailing"),
    ] {
        let told = read(text).unwrap_err();
        assert!(told.contains(says), "{text}: {told}");
    }
}

#[test]
fn keys_below_a_prefix_are_a_tree() {
    assert_eq!(
        tree(&[
            ("/gw/", ""),
            ("/gw/a", "1"),
            ("/gw/b/", ""),
            ("/gw/b//d", "blue"),
            ("/gw/b/c", r#"{"x": [true]}"#),
            ("/gw/b/c/y", "007"),
            ("/gw/d", ""),
            ("/gw/e", "\"7\""),
        ]),
        Ok(r#"{"a":1,"b":{"":{"d":"blue"},"c":{"x":[true],"y":"007"}},"d":"","e":"7"}"#.to_owned())
    );
    assert_eq!(tree(&[("/gw/", "x"), ("/gw/b/", "x")]), Ok("{}".to_owned()));
    let deep = format!("/gw/{}x", "a/".repeat(31));
    assert!(tree(&[(&deep, "1")]).is_ok());
    let (open, close) = ("[".repeat(95), "]".repeat(95));
    assert!(tree(&[(&deep, &format!("{open}{close}"))]).is_ok());
    let half = "x".repeat(40_000);
    for (pairs, says) in [
        (&[("/gw/a", "{1")][..], "malformed document"),
        (&[("/gw/a", " [1 ")], "malformed document"),
        (&[("/gw/a", "\"x")], "malformed document"),
        (&[("/gw/a", "1"), ("/gw/a/b", "2")], "one place"),
        (&[("/gw/a/b", "1"), ("/gw/a", "2")], "one place"),
        (&[("/gw/a", r#"{"b":1}"#), ("/gw/a/b", "2")], "one place"),
        (&[("/gw/a", "1"), ("/gw/a", "1")], "one place"),
        (&[("/g/a", "1")], "prefix"),
        (
            &[(&format!("/gw/{}x", "a/".repeat(32)), "1")],
            "32 segments",
        ),
        (&[(&deep, &format!("[{open}{close}]"))], "recursion limit"),
        (
            &[(&deep, &format!("[{open}[\"{half}\"]{close}]"))],
            "recursion limit",
        ),
    ] {
        let told = tree(pairs).unwrap_err();
        assert!(told.contains(says), "{pairs:.60?}: {told}");
        assert!(!told.contains("gw"), "{told}");
    }
    for (key, value) in [("L2d3L/8=", "Nw=="), ("L2d3L2E=", "/w==")] {
        let text =
            format!(r#"{{"prefix":"L2d3Lw==","kvs":[{{"key":"{key}","value":"{value}"}}]}}"#);
        assert!(read(&text).unwrap_err().contains("no UTF-8"), "{key}");
    }
}

/// No slice does much more than its budget, in one long value and in many short ones.
#[test]
fn large_documents_are_read_in_slices() {
    let long = pair(
        "/gw/a",
        format!("[{}0]", "1234567,".repeat(180_000)).as_bytes(),
    );
    let many: Vec<_> = (0..30_000)
        .map(|at| pair(&format!("/gw/{:05}", at), b"{\"a\": 1}"))
        .collect();
    for list in [long, many.join(",")] {
        let text = format!(r#"{{"prefix":"L2d3Lw==","kvs":[{list}],"count":"1"}}"#);
        assert!(text.len() > 1_900_000);
        let mut reader = Format::Pairs(ContentFormat::Json).reader();
        let mut slices = 0;
        loop {
            let mut budget = Budget::of(64 << 10);
            let done = reader.advance(text.as_bytes(), &mut budget).unwrap();
            assert!(budget.spent() < (64 << 10) + 80_000, "{}", budget.spent());
            slices += 1;
            if done.is_some() {
                break;
            }
        }
        assert!(slices > 30, "{slices}");
    }
}

/// A pair of Consul 1.12.9.
fn of_consul(key: &str, value: &str) -> String {
    format!(
        r#"{{"LockIndex":0,"Key":"{key}","Flags":0,"Value":{value},"CreateIndex":10,"ModifyIndex":10}}"#
    )
}

fn tree_of_consul(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| of_consul(key, value))
        .collect();
    format!(r#"{{"prefix":"Z3cv","kvs":[{}]}}"#, pairs.join(","))
}

#[test]
fn pairs_of_consul() {
    let pairs = tree_of_consul(&[
        ("gw/", "null"),
        ("gw/a", r#""eyJsaW1pdCI6NX0=""#),
        (r#"gw/b/\u00e9\""#, r#""eA==""#),
        ("gw/empty", "null"),
        ("gw/folder/", r#""eA==""#),
    ]);
    let value = r#"{"a":{"limit":5},"b":{"é\"":"x"},"empty":""}"#;
    assert_eq!(read(&pairs).as_deref(), Ok(value));
    for bad in [
        tree_of_consul(&[("other/a", r#""eA==""#)]),
        tree_of_consul(&[("gw/a", "7")]),
        tree_of_consul(&[("gw/a", r#""%""#)]),
        tree_of_consul(&[("gw/a", r#""eA==""#), ("gw/a/b", r#""eA==""#)]),
        tree_of_consul(&[(r"gw/a\x", r#""eA==""#)]),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
}
