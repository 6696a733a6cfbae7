//! Answers with a content, and what is none.

use super::*;

const ENCRYPTED: &str =
    "unusable document: it is encrypted: Nacos sends an `encryptedDataKey` with it";
const MALFORMED: &str = "malformed document: the answer is none of Nacos";

#[test]
fn answers_that_are_no_content() {
    let of_v3 =
        |body: &str| of(server().with_api(Some(NacosApi::V3))).fetch("", vec![answer(200, body)]);
    let long = ENVELOPE.replace("limit", &"x".repeat(400));
    for (body, error) in [
        (
            ENVELOPE.replace(r#"Key":"""#, r#"Key":"abcKEY""#).as_str(),
            ENCRYPTED,
        ),
        ("", MALFORMED),
        ("<html>", MALFORMED),
        ("{}", MALFORMED),
        (r#"{"code":0,"data":null}"#, MALFORMED),
        (r#"{"code":0,"data":{"content":null}}"#, MALFORMED),
        (r#"{"code":0,"data":{"content":"{}"}}"#, MALFORMED),
        (r#"{"code":0,"data":{"content":""#, MALFORMED),
        (ENVELOPE.get(..ENVELOPE.len() - 1).unwrap(), MALFORMED),
        (ENVELOPE.get(..150).unwrap(), MALFORMED),
        (
            r#"{"code":30000,"message":"server error","data":null}"#,
            "unusable document: the answer has the code 30000",
        ),
        (
            r#"{"code":"0","data":{"content":"{}","md5":""}}"#,
            MALFORMED,
        ),
        (&long, "the document is longer than `maxBytes`, 400 bytes"),
    ] {
        let DocumentStatus::Broken(found) = of_v3(body) else {
            panic!("{body}");
        };
        assert_eq!(found.to_string(), error, "{body}");
    }
}

#[test]
fn headers_that_name_no_content() {
    let of_v1 = |status, headers: &[(&str, &str)]| {
        of(server()).fetch("", vec![with(status, headers, "{}")])
    };
    let mut filled = headers();
    filled[3].1 = "abcKEY";
    for (status, headers, error) in [
        (200, &filled[..], ENCRYPTED),
        (200, &[], MALFORMED),
        (
            200,
            &[("content-md5", "Q2hlY2sgSW50ZWdyaXR5IQ==")],
            MALFORMED,
        ),
        (409, &[], "unexpected status 409"),
        (400, &[], "unexpected status 400"),
        (500, &[], "unexpected status 500"),
        (302, &[], "unexpected status 302"),
    ] {
        let DocumentStatus::Broken(found) = of_v1(status, headers) else {
            panic!("{status}");
        };
        assert_eq!(found.to_string(), error, "{status}");
    }
    // What is noted beside it can't break the first line, and an MD5 of another form asks nothing.
    let odd = [
        ("config-type", "a\nb"),
        ("content-md5", "479CC8CF7E79E4A7675873BC08B54BBA"),
    ];
    let expected = DocumentStatus::Changed {
        body: b"=\n{}".to_vec(),
        version: Version::default(),
        is_older: false,
    };
    assert_eq!(of_v1(200, &odd), expected);
}

/// A content may look like what stands around it.
#[test]
fn finds_the_content_of_any_text() {
    for content in [
        "",
        "\"",
        "\\",
        "\\\"",
        "\",\"",
        "\",\"md5\":\"",
        "{\"content\":\"x\",\"encryptedDataKey\":\"y\"}",
        &"\",\"\\".repeat(30),
    ] {
        let json = serde_json::json!({"content": content}).to_string();
        let escaped = &serde_json::json!(content).to_string();
        for body in [
            ENVELOPE.replace(r#""{\"limit\":5}""#, escaped),
            format!(r#"{{"code":0,"data":{{"md5":"{MD5}","content":{escaped}}}}}"#),
        ] {
            let endpoint = Endpoint::new("nacos", "nacos.local");
            let server = NacosServer::new(endpoint, "", None, "G").with_api(Some(NacosApi::V3));
            let status = of(server).fetch("", vec![answer(200, &body)]);
            let DocumentStatus::Changed { body: document, .. } = status else {
                panic!("{body}: {status:?}");
            };
            let inside = escaped.get(1..escaped.len() - 1).unwrap();
            let line = document.iter().position(|byte| *byte == b'\n').unwrap();
            assert_eq!(
                document.get(line + 1..).unwrap(),
                inside.as_bytes(),
                "{json}"
            );
        }
    }
}

#[test]
fn tells_an_older_state() {
    for (known, is_older) in [
        ("", false),
        ("000000000000000000000000000000", false),
        ("00000000000000000000000000000000d2026k2200:46:47", false),
        ("00000000000000000000000000000000d2026k2200:46:48", false),
        ("00000000000000000000000000000000d2026k2200:46:49", true),
        ("00000000000000000000000000000000m1800000000000", false),
    ] {
        let listed = (known.len() >= 32).then(is_listed);
        let answers = listed.into_iter().chain([content()]).collect();
        let status = of(server()).fetch(known, answers);
        let DocumentStatus::Changed {
            is_older: found, ..
        } = status
        else {
            panic!("{status:?}");
        };
        assert_eq!(found, is_older, "{known}");
    }
}
