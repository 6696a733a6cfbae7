use super::*;
use crate::source::Format;

/// What a document says, read in slices of every size.
fn read(format: Option<ContentFormat>, text: &str) -> Result<String, String> {
    let format = Format::Kubernetes(format);
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

#[test]
fn a_map_has_all_values_that_are_text() {
    for (text, value) in [
        (
            r#"{"kind":"ConfigMap","data":{"plan":"gold\n","b":"x\ny\n","empty":""},"binaryData":{"bin":"AAEC/w==","text":"YQo="}}"#,
            r#"{"b":"x\ny","empty":"","plan":"gold","text":"a"}"#,
        ),
        (
            r#"{"kind":"Secret","data":{"a":"Z29sZAo=","store":"/wD+"},"type":"Opaque"}"#,
            r#"{"a":"gold"}"#,
        ),
        (r#"{"kind":"ConfigMap"}"#, "{}"),
        (r#"{"kind":"ConfigMap","data":null}"#, "{}"),
        (r#"{"kind":"Secret","immutable":true,"data":{}}"#, "{}"),
    ] {
        assert_eq!(read(None, text).as_deref(), Ok(value), "{text}");
    }
}

#[test]
fn a_value_is_read_in_its_format() {
    use ContentFormat::{Json, Properties, Text, Yaml};
    let of = |key: &str| {
        format!(
            r#"{{"kind":"ConfigMap","key":"{key}","data":{{"app.json":"{{\"limit\":5}}\n","app.yaml":"a: [1]\n","p":"a.b=1\n","t":"x\n"}},"binaryData":{{"bin":"eyJiIjoxfQ=="}}}}"#
        )
    };
    for (key, format, value) in [
        ("app.json", Json, r#"{"limit":5}"#),
        ("app.yaml", Yaml, r#"{"a":[1]}"#),
        ("p", Properties, r#"{"a":{"b":"1"}}"#),
        ("t", Text, r#""x""#),
        ("bin", Json, r#"{"b":1}"#),
    ] {
        assert_eq!(read(Some(format), &of(key)).as_deref(), Ok(value), "{key}");
    }
    let secret = r#"{"kind":"Secret","key":"k","data":{"k":"eyJrIjoxfQ=="},"type":"Opaque"}"#;
    assert_eq!(read(Some(Json), secret).as_deref(), Ok(r#"{"k":1}"#));
}

#[test]
fn an_object_without_the_key_is_no_document() {
    for text in [
        r#"{"kind":"ConfigMap","key":"k"}"#,
        r#"{"kind":"ConfigMap","key":"k","data":{"other":"1"}}"#,
    ] {
        let missing = SourceError::Missing.to_string();
        assert_eq!(read(Some(ContentFormat::Json), text), Err(missing));
    }
}

#[test]
fn refuses_what_is_no_object_and_shows_none_of_it() {
    let json = Some(ContentFormat::Json);
    for (format, text, says) in [
        (
            None,
            r#"{"kind":"Secret","data":{"a":"hunter2"}}"#,
            "no base64",
        ),
        (None, r#"{"kind":"ConfigMap","data":{"a":7}}"#, "no text"),
        (None, r#"{"kind":"ConfigMap","data":["hunter2"]}"#, "no map"),
        (
            None,
            r#"{"kind":"ConfigMap","data":{"a":"hunter2","a":"x"}}"#,
            "twice",
        ),
        (None, "hunter2", "expected"),
        (
            json,
            r#"{"kind":"ConfigMap","key":"k","data":{"k":"{\"hunter2\": "}}"#,
            "malformed",
        ),
        (
            json,
            r#"{"kind":"ConfigMap","key":"k","data":{"k":""}}"#,
            "malformed",
        ),
        (
            json,
            r#"{"kind":"Secret","key":"k","data":{"k":"/w=="}}"#,
            "malformed",
        ),
    ] {
        let error = read(format, text).unwrap_err();
        assert!(error.contains(says), "{text}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let reader = format!("{:?}", Format::Kubernetes(None).reader());
    assert!(!reader.contains("Map"), "{reader}");
}
