//! The requests and the replies of plain HTTP.

use super::validators::{MAX_VALIDATOR, Validators};
use super::*;
use crate::http::HeaderMap;

fn endpoint() -> Endpoint {
    Endpoint::new("centre", "centre.local")
}

fn header<'a>(callout: &'a Callout, name: &str) -> Vec<&'a [u8]> {
    let named = |(key, _): &&(Text, Text)| **key == *name.as_bytes();
    let headers = callout.headers.iter().filter(named);
    headers.map(|(_, value)| &**value).collect()
}

fn reply(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let pairs = [&[(":status", status)], headers].concat();
    Reply {
        headers: HeaderMap::from_pairs(&pairs),
        body: body.to_vec(),
    }
}

fn version(etag: Option<&str>, last_modified: Option<&str>) -> Version {
    let validators = Validators {
        etag: etag.map(str::as_bytes),
        last_modified: last_modified.map(str::as_bytes),
    };
    validators.encode()
}

fn read_status(reply: Reply) -> DocumentStatus {
    read(Ok(reply), &endpoint())
}

#[test]
fn a_callout_is_conditional_where_a_version_is_known() {
    let http = HttpProtocol::new(endpoint(), "/a?b", Format::JSON).unwrap();
    let start =
        |known: &Version| http.start(&mut HttpSession::default(), known, Timestamp::default());
    let callout = start(&Version::default());
    assert_eq!(header(&callout, ":path"), [b"/a?b"]);
    assert_eq!(header(&callout, "accept"), [b"application/json"]);
    assert!(header(&callout, "if-none-match").is_empty());
    assert!(header(&callout, "if-modified-since").is_empty());
    let callout = start(&version(Some("\"1\""), None));
    assert_eq!(header(&callout, "if-none-match"), [b"\"1\""]);
    assert!(header(&callout, "if-modified-since").is_empty());
    let callout = start(&version(None, Some("then")));
    assert!(header(&callout, "if-none-match").is_empty());
    assert_eq!(header(&callout, "if-modified-since"), [b"then"]);
    // A token that another protocol made asks without a condition.
    let callout = start(&Version::new(b"index 7"));
    assert!(header(&callout, "if-none-match").is_empty());
    assert_eq!(
        HttpProtocol::new(endpoint(), "/${key}", Format::JSON).err(),
        Some(PathError::UnknownPlaceholder)
    );
}

#[test]
fn replies() {
    let broken = |status| DocumentStatus::Broken(SourceError::Status(status));
    for (status, expected) in [
        ("304", DocumentStatus::Same),
        ("404", DocumentStatus::Missing),
        ("410", DocumentStatus::Missing),
        ("204", broken(204)),
        ("206", broken(206)),
        ("301", broken(301)),
        ("401", DocumentStatus::Refused(401)),
        ("403", DocumentStatus::Refused(403)),
        ("503", broken(503)),
        ("x", broken(0)),
    ] {
        assert_eq!(read_status(reply(status, &[], b"{}")), expected, "{status}");
    }
    let nothing = Reply {
        headers: HeaderMap::default(),
        body: Vec::new(),
    };
    assert_eq!(read_status(nothing), broken(0));
    assert_eq!(
        read(
            Ok(reply("200", &[], b"12345")),
            &endpoint().with_max_bytes(4)
        ),
        DocumentStatus::Broken(SourceError::TooLarge { limit: 4 })
    );
    let error = CalloutError::NoReply;
    assert_eq!(
        read(Err(error.clone()), &endpoint()),
        DocumentStatus::Broken(SourceError::Callout(error))
    );
}

#[test]
fn refuses_compressed_content() {
    let read = |fields: &[(&str, &str)]| read_status(reply("200", fields, b"{}"));
    for coding in ["gzip", "GZIP", "br, identity", "identity,x-own"] {
        let status = read(&[("content-encoding", coding)]);
        let DocumentStatus::Broken(error) = &status else {
            panic!("{coding}: {status:?}");
        };
        let words = format!("the answer is compressed (`content-encoding: {coding}`)");
        assert_eq!(error.to_string(), words);
    }
    let twice = [("content-encoding", "identity"), ("content-encoding", "br")];
    assert_eq!(
        read(&twice),
        DocumentStatus::Broken(SourceError::Encoded("br".to_owned()))
    );
    for coding in ["identity", "Identity", ""] {
        let status = read(&[("content-encoding", coding)]);
        assert!(matches!(status, DocumentStatus::Changed { .. }), "{coding}");
    }
    let long = "x".repeat(1000);
    let DocumentStatus::Broken(error) = read(&[("content-encoding", &long)]) else {
        panic!("compressed content is taken");
    };
    assert!(error.to_string().len() < 120, "{error}");
    // A reply without content has no coding.
    let status = read_status(reply("304", &[("content-encoding", "gzip")], b""));
    assert_eq!(status, DocumentStatus::Same);
}

#[test]
fn a_version_holds_the_validators() {
    let long = "x".repeat(MAX_VALIDATOR + 1);
    for (headers, etag, last_modified) in [
        (&[][..], None, None),
        (&[("etag", "W/\"1\"")], Some("W/\"1\""), None),
        (
            &[("etag", "1"), ("last-modified", "then")],
            Some("1"),
            Some("then"),
        ),
        (
            &[("etag", "1"), ("etag", "1"), ("last-modified", "then")],
            None,
            Some("then"),
        ),
        (&[("etag", "")], None, None),
        (&[("etag", long.as_str())], None, None),
    ] {
        let version = version(etag, last_modified);
        let body = b"1".to_vec();
        assert_eq!(
            read_status(reply("200", headers, b"1")),
            DocumentStatus::Changed {
                body,
                version,
                is_older: false,
            },
            "{headers:.40?}"
        );
    }
    // The longest validators fit.
    let longest = "x".repeat(MAX_VALIDATOR);
    let both = version(Some(&longest), Some(&longest));
    assert_eq!(Validators::decode(&both).etag, Some(longest.as_bytes()));
    assert_eq!(version(None, None), Version::default());
}

/// A page of a proxy is good text, and even good YAML: a text of one line.
#[test]
fn a_page_is_no_document() {
    let read = |format, content_type: &str| {
        let http = HttpProtocol::new(endpoint(), "/", Format::Content(format)).unwrap();
        let reply = reply(
            "200",
            &[("content-type", content_type)],
            b"<html>busy</html>",
        );
        match http.reply(&mut HttpSession::default(), Ok(reply), Timestamp::default()) {
            Next::Done(status) => status,
            Next::Send(callout) => panic!("{callout:?}"),
        }
    };
    use ContentFormat::{Json, Properties, Text, Yaml};
    for format in [Yaml, Properties, Text] {
        for page in ["text/html", "Text/HTML; charset=utf-8"] {
            let error = SourceError::Unusable("it is a page in HTML".into());
            assert_eq!(read(format, page), DocumentStatus::Broken(error));
        }
        for other in ["", "text/plain", "application/octet-stream"] {
            let status = read(format, other);
            assert!(matches!(status, DocumentStatus::Changed { .. }), "{other}");
        }
    }
    // Scripts that write JSON often leave the type of a page.
    assert!(matches!(
        read(Json, "text/html"),
        DocumentStatus::Changed { .. }
    ));
}
