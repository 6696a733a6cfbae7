//! Templates as they are rendered, compared with a model: in a header, in a query and in a path.

use std::sync::Arc;

use postern::engine::{Engine, Event, HostProperty, HostVerifier, Inputs, Observer, Step, Store};
use postern::http::{Edit, Edits, HeaderMap, Request, percent_decode, query_pairs};
use postern::policy::Policy;
use postern::time::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;

use super::rewrite::has_dots;

/// A part of a template.
#[derive(Clone, Debug)]
enum Part {
    Literal(String),
    /// The functions, the first one innermost; the variable; the default.
    Value(Vec<&'static str>, &'static str, Option<Vec<Self>>),
}

const FUNCTIONS: [&str; 7] = [
    "lower",
    "upper",
    "trim",
    "base64",
    "base64url",
    "urlencode",
    "sha256",
];

const VARIABLES: [&str; 9] = [
    "query.a",
    "query.b",
    "query.twice",
    "header.x-in",
    "header.x-no",
    "cookie.c",
    "path.seg",
    "source.address",
    "time.unix",
];

fn template() -> impl Strategy<Value = Vec<Part>> {
    let value = || {
        (
            proptest::collection::vec(select(&FUNCTIONS[..]), 0..4),
            select(&VARIABLES[..]),
        )
    };
    let part = prop_oneof![
        "[a-z0-9]{1,4}".prop_map(Part::Literal),
        value().prop_map(|(functions, variable)| Part::Value(functions, variable, None)),
    ];
    let part = part.prop_recursive(4, 8, 2, move |inner| {
        (value(), proptest::collection::vec(inner, 0..3)).prop_map(
            |((functions, variable), default)| Part::Value(functions, variable, Some(default)),
        )
    });
    proptest::collection::vec(part, 1..4)
}

fn written(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Literal(literal) => text += literal,
            Part::Value(functions, variable, default) => {
                let call = |inner, function: &&str| format!("{function}({inner})");
                text += "${";
                text += &functions.iter().fold((*variable).to_owned(), call);
                if let Some(default) = default {
                    text += ":-";
                    text += &written(default);
                }
                text += "}";
            }
        }
    }
    text
}

/// What a client sends.
#[derive(Clone, Debug)]
struct Sent {
    a: Option<Vec<u8>>,
    b: Option<Vec<u8>>,
    header: Option<Vec<u8>>,
    cookie: Option<String>,
    segment: String,
}

fn sent() -> impl Strategy<Value = Sent> {
    let bytes = || {
        proptest::option::of(prop_oneof![
            "[a./\\\\;?#%&=+ éÄ:@\t\r\n\0-]{0,6}".prop_map(String::into_bytes),
            "[ \t]?\\.{0,2}(%2f|/|;)?[A-Za-z]{0,3}[ \t]?".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..5),
        ])
    };
    let header = proptest::option::of("[ -~é]{0,6}".prop_map(String::into_bytes));
    let cookie = proptest::option::of("[A-Za-z0-9=/&%+.]{0,4}");
    (bytes(), bytes(), header, cookie, "[A-Za-z0-9 é&=+]{1,4}").prop_map(
        |(a, b, header, cookie, segment)| Sent {
            a,
            b,
            header,
            cookie,
            segment,
        },
    )
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02x}")).collect()
}

impl Sent {
    fn value(&self, variable: &str) -> Option<Vec<u8>> {
        match variable {
            "query.a" => self.a.clone(),
            "query.b" => self.b.clone(),
            "header.x-in" => self.header.clone(),
            "cookie.c" => self.cookie.clone().map(String::into_bytes),
            "path.seg" => Some(self.segment.clone().into_bytes()),
            "source.address" => Some(b"2001:db8::1".to_vec()),
            "time.unix" => Some(b"1800000000".to_vec()),
            _ => None,
        }
    }

    fn query(&self) -> String {
        let mut query = "twice=1&twice=2".to_owned();
        for (name, value) in [("a", &self.a), ("b", &self.b)] {
            if let Some(value) = value {
                query += &format!("&{name}={}", escaped(value));
            }
        }
        query
    }

    fn head(&self) -> HeaderMap {
        let path = format!("/{}?{}", escaped(self.segment.as_bytes()), self.query());
        let mut pairs: Vec<(&str, Vec<u8>)> = vec![
            (":method", b"GET".to_vec()),
            (":path", path.into_bytes()),
            (":authority", b"a.test".to_vec()),
            (":scheme", b"http".to_vec()),
        ];
        pairs.extend(self.header.clone().map(|value| ("x-in", value)));
        let cookie = self.cookie.as_ref();
        pairs.extend(cookie.map(|value| ("cookie", format!("d=1; c={value}").into_bytes())));
        HeaderMap::from_pairs(&pairs)
    }
}

/// The model of a function: slow, and without any code of the gate.
fn applied(function: &str, value: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let in_bits = || {
        let mut bits: String = value.iter().map(|byte| format!("{byte:08b}")).collect();
        while bits.len() % 6 != 0 {
            bits.push('0');
        }
        let digits = bits.as_bytes().chunks(6).map(|six| {
            let six = std::str::from_utf8(six).unwrap();
            DIGITS[usize::from_str_radix(six, 2).unwrap()]
        });
        digits.collect::<Vec<u8>>()
    };
    match function {
        "lower" => value.iter().map(u8::to_ascii_lowercase).collect(),
        "upper" => value.iter().map(u8::to_ascii_uppercase).collect(),
        "trim" => {
            let blanks = |byte: &u8| *byte == b' ' || *byte == b'\t';
            let mut rest: Vec<u8> = value.iter().copied().skip_while(blanks).collect();
            while rest.last().is_some_and(blanks) {
                rest.pop();
            }
            rest
        }
        "base64" => {
            let mut text = in_bits();
            while text.len() % 4 != 0 {
                text.push(b'=');
            }
            text
        }
        "base64url" => {
            let text = String::from_utf8(in_bits()).unwrap();
            text.replace('+', "-").replace('/', "_").into_bytes()
        }
        "urlencode" => {
            let one = |byte: &u8| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(*byte).to_string()
                }
                other => format!("%{other:02X}"),
            };
            value.iter().map(one).collect::<String>().into_bytes()
        }
        "sha256" => {
            use sha2::{Digest, Sha256};
            let hash = Sha256::digest(value);
            let digits = hash.iter().map(|byte| format!("{byte:02x}"));
            digits.collect::<String>().into_bytes()
        }
        other => panic!("{other}"),
    }
}

/// A control byte that no header has.
#[derive(Debug, PartialEq)]
struct Refused;

/// The model of a template. `None` if a variable without a default is absent.
fn rendered(parts: &[Part], sent: &Sent, checks: bool) -> Result<Option<Vec<u8>>, Refused> {
    let mut text = Vec::new();
    for part in parts {
        match part {
            Part::Literal(literal) => text.extend_from_slice(literal.as_bytes()),
            Part::Value(functions, variable, default) => match (sent.value(variable), default) {
                (Some(value), _) => {
                    let apply = |value: Vec<u8>, function: &&str| applied(function, &value);
                    let value = functions.iter().fold(value, apply);
                    let is_bad = |byte: &u8| *byte < b' ' && *byte != b'\t' || *byte == 0x7f;
                    if checks && value.iter().any(is_bad) {
                        return Err(Refused);
                    }
                    text.extend(value);
                }
                (None, Some(default)) => match rendered(default, sent, checks)? {
                    Some(default) => text.extend(default),
                    None => return Ok(None),
                },
                (None, None) => return Ok(None),
            },
        }
    }
    Ok(Some(text))
}

#[derive(Debug)]
struct Host;

impl HostVerifier for Host {}

impl Inputs for Host {
    fn now(&mut self) -> Timestamp {
        Timestamp::from_nanos(1_800_000_000_999_999_999)
    }

    fn random(&mut self) -> u64 {
        0
    }

    fn property(&mut self, property: HostProperty) -> Option<Vec<u8>> {
        match property {
            HostProperty::SourceAddress => Some(b"[2001:db8::1]:40000".to_vec()),
        }
    }
}

impl Observer for Host {
    fn event(&mut self, _: &Event<'_>) {}
}

/// The edits of a request. `None` if it is denied. `Err` if the policy doesn't compile.
fn decided(rewrite: &serde_json::Value, sent: &Sent) -> Result<Option<Edits>, String> {
    let policy = serde_json::json!({"routes": [{
        "name": "r", "match": [{"path": {"template": "/{seg}"}}], "require": "none", "rewrite": rewrite,
    }]});
    let policy = Policy::read(&policy.to_string().as_bytes(), &|_: &str| None);
    let policy = policy.map_err(|errors| errors.to_string())?;
    let mut engine = Engine::new(Arc::new(policy), &Store::new(1), &mut Host);
    let mut edits = Edits::default();
    let head = sent.head();
    let request = Request::new(head.view());
    match engine.start(&request, &mut edits, &mut Host, &mut Host) {
        Step::Continue => Ok(Some(edits)),
        Step::Respond(response) => {
            assert!(matches!(response.status, 400 | 503), "{}", response.status);
            Ok(None)
        }
        Step::Wait(_) => panic!("nothing to wait for"),
    }
}

proptest! {
    #![proptest_config(super::fixed(1500))]

    #[test]
    fn a_header_is_what_the_model_says(template in template(), sent in sent()) {
        let text = written(&template);
        let rewrite = serde_json::json!({"headers": {"set": {"x-out": text}}});
        let edits = decided(&rewrite, &sent).unwrap();
        let Ok(expected) = rendered(&template, &sent, true) else {
            prop_assert!(edits.is_none(), "{}", text);
            return Ok(());
        };
        let edits = edits.unwrap();
        let set = edits.request().iter().find_map(|edit| match edit {
            Edit::Set(name, value) if **name == *b"x-out" => Some(value.to_vec()),
            Edit::Set(..) | Edit::Add(..) | Edit::Remove(_) => None,
        });
        prop_assert_eq!(set, expected, "{}", text);
        prop_assert!(edits.request().len() <= 1);
    }

    #[test]
    fn a_parameter_is_what_the_model_says(template in template(), sent in sent()) {
        let text = written(&template);
        let rewrite = serde_json::json!({"query": {"set": {"out": text}}});
        let edits = decided(&rewrite, &sent).unwrap();
        let Ok(expected) = rendered(&template, &sent, true) else {
            prop_assert!(edits.is_none(), "{}", text);
            return Ok(());
        };
        let edits = edits.unwrap();
        let before = format!("/{}?{}", escaped(sent.segment.as_bytes()), sent.query());
        let after = edits.path().unwrap_or(before.as_bytes());
        let (path, query) = after.split_at(after.iter().position(|byte| *byte == b'?').unwrap());
        let came = sent.query();
        prop_assert!(query[1..].starts_with(came.as_bytes()));
        prop_assert_eq!(path.iter().filter(|byte| **byte == b'/').count(), 1);
        let out: Vec<_> = query_pairs(&query[1..]).filter(|pair| pair.is_named(b"out")).collect();
        let found = out.first().map(|pair| pair.decoded_value().into_owned());
        prop_assert_eq!(&found, &expected, "{}", text);
        let pairs = query_pairs(came.as_bytes()).count() + usize::from(expected.is_some());
        prop_assert_eq!(query_pairs(&query[1..]).count(), pairs);
    }

    #[test]
    fn a_segment_is_what_the_model_says(template in template(), sent in sent()) {
        let text = written(&template);
        let rewrite = serde_json::json!({"path": format!("/n/{text}/e"), "query": {"keep": []}});
        let Ok(edits) = decided(&rewrite, &sent) else {
            // A default that is an empty segment is refused with the policy.
            return Ok(());
        };
        let expected = rendered(&template, &sent, false).unwrap().filter(|text| {
            let shown = String::from_utf8_lossy(text);
            let inner = String::from_utf8_lossy(&percent_decode(text)).into_owned();
            !text.is_empty()
                && !text.iter().any(u8::is_ascii_control)
                && !has_dots(&shown)
                && !has_dots(&inner)
        });
        let found = edits.map(|edits| edits.path().unwrap_or_default().to_vec());
        prop_assert_eq!(found.is_some(), expected.is_some(), "{} {:?}", text, found);
        let (Some(found), Some(expected)) = (found, expected) else {
            return Ok(());
        };
        let path = found.split(|byte| *byte == b'?').next().unwrap();
        prop_assert!(!path.iter().any(|byte| b"#;\\ \r\n\0".contains(byte)));
        let words: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        prop_assert_eq!(words.len(), 4, "{}", text);
        prop_assert_eq!([words[1], words[3]], [&b"n"[..], b"e"]);
        prop_assert_eq!(&*percent_decode(words[2]), &*expected, "{}", text);
    }
}
