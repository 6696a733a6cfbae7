//! Schemas of the texts, numbers, lists and maps in a policy.

use postern::config::{FRAMING, METHODS};
use serde_json::{Value, json};

/// Control characters, which a line of text doesn't have.
const CONTROLS: &str = "\\u0000-\\u001f\\u007f-\\u009f";

/// A token of RFC 9110 §5.6.2.
pub(super) const TOKEN: &str = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

/// A token without `*`, or a prefix of one with a `*` at its end.
const PREFIX: &str = "^[!#$%&'+.^_`|~0-9A-Za-z-]+\\*?$";

/// The name of a variable in a template.
pub(super) const VARIABLE: &str = "^[A-Za-z][A-Za-z0-9_-]*$";

/// The schema of what a decoder of one text or number takes.
pub(super) fn scalar(name: &str, bounds: &str) -> Option<Value> {
    Some(match name {
        "line" => line(),
        "json_path" | "claim_path" => json_path(),
        "value" => value(),
        "header_name" => header(),
        "own_header" => own_header(),
        "cookie_name" | "scheme" => json!({"type": "string", "pattern": TOKEN}),
        "method_template" => json!({"anyOf": [method(), {"allOf": [line(), {"pattern": "\\$"}]}]}),
        "absolute" => json!({"type": "string", "pattern": "^/"}),
        "digest" => json!({"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"}),
        "duration" => json!({
            "type": "string",
            "minLength": 2,
            "pattern": "^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
        }),
        "least" => json!({"type": "string", "pattern": "^[0-9]+\\.[0-9]+(\\.[0-9]+)?(-.*)?$"}),
        "truth" => json!({"const": true}),
        "signed" => json!({"type": "integer", "minimum": -1000, "maximum": 1000}),
        "redirection" => json!({"enum": [301, 302, 303, 307, 308]}),
        "integer" => integer(bounds),
        "size" => json!({"anyOf": [
            integer(bounds),
            {"type": "string", "pattern": "^[0-9]+(Ki|Mi|Gi)?$"},
        ]}),
        _ => return None,
    })
}

/// The schema of what a decoder of several texts takes.
pub(super) fn many(name: &str) -> Option<Value> {
    let named = || json!({"minLength": 1});
    let group = json!({"type": "string", "pattern": format!("^[^,{CONTROLS}]+$")});
    Some(match name {
        "lines" => list(line(), 0),
        "some_lines" => list(line(), 1),
        "group_names" => list(group, 0),
        "lines_by_name" => map(named(), line()),
        "values_by_name" => map(named(), value()),
        "some_labels" => filled(map(named(), value())),
        "own_headers" => list(own_header(), 0),
        "removed_headers" => list(removed_header(), 0),
        "moved_headers" => map(own_header(), own_header()),
        "cookie_names" => list(json!({"type": "string", "pattern": TOKEN}), 0),
        "cookie_values" => map(json!({"pattern": TOKEN}), value()),
        "set_cookie_names" => list(json!({"type": "string", "pattern": PREFIX}), 0),
        "statuses" => list(status(), 1),
        "header_values" => map(own_header(), value()),
        "headers_by_name" => map(named(), own_header()),
        "method_names" => list(method(), 0),
        "clusters_by_authority" => {
            let authority =
                json!({"pattern": "^[\\x21\\x22\\x24-\\x2e\\x30-\\x3e\\x41-\\x5b\\x5d-\\x7e]+$"});
            map(authority, line())
        }
        "some_json_paths" => list(json_path(), 1),
        _ => return None,
    })
}

pub(super) fn line() -> Value {
    json!({"type": "string", "pattern": format!("^[^{CONTROLS}]+$")})
}

/// Weights by upstream.
pub(super) fn weights() -> Value {
    let weight = json!({"type": "integer", "minimum": 0, "maximum": 1_000_000});
    filled(map(json!({"minLength": 1}), weight))
}

/// A text with one or more lines that isn't blank.
pub(super) fn json_path() -> Value {
    let controls = "\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f";
    json!({
        "type": "string",
        "pattern": format!("^[ \\t\\n\\r]*[^ {CONTROLS}][^{controls}]*$"),
    })
}

fn value() -> Value {
    json!({"type": "string", "pattern": format!("^[^{CONTROLS}]*$")})
}

/// A schema of these keywords.
fn keywords<const N: usize>(keywords: [(&str, Value); N]) -> Value {
    let keywords = keywords
        .into_iter()
        .map(|(keyword, value)| (keyword.to_owned(), value));
    Value::Object(keywords.collect())
}

pub(super) fn list(items: Value, least: u8) -> Value {
    if least == 0 {
        keywords([("type", "array".into()), ("items", items)])
    } else {
        keywords([
            ("type", "array".into()),
            ("items", items),
            ("minItems", least.into()),
        ])
    }
}

pub(super) fn map(names: Value, values: Value) -> Value {
    keywords([
        ("type", "object".into()),
        ("propertyNames", names),
        ("additionalProperties", values),
    ])
}

pub(super) fn filled(mut map: Value) -> Value {
    if let Value::Object(map) = &mut map {
        map.insert("minProperties".into(), 1.into());
    }
    map
}

/// An integer within bounds. They are written as in Rust: `1,65_535,u16`.
fn integer(bounds: &str) -> Value {
    let mut bounds = bounds
        .split(',')
        .map(|bound| bound.replace(['_', '>'], "").parse::<u64>().ok());
    let least = bounds.next().flatten();
    let most = bounds.next().flatten();
    json!({"type": "integer", "minimum": least, "maximum": most})
}

/// A pattern that matches one of these words in any case.
fn any_case(words: impl Iterator<Item = String>) -> String {
    let word = |word: String| -> String {
        let letter = |letter: char| match letter {
            '-' => "[-_]".to_owned(),
            _ if letter.is_ascii_alphabetic() => {
                format!(
                    "[{}{}]",
                    letter.to_ascii_uppercase(),
                    letter.to_ascii_lowercase()
                )
            }
            _ => letter.to_string(),
        };
        word.chars().map(letter).collect()
    };
    format!("^({})$", words.map(word).collect::<Vec<_>>().join("|"))
}

pub(super) fn header() -> Value {
    let pseudo = any_case(["host".to_owned()].into_iter());
    json!({"type": "string", "pattern": TOKEN, "not": {"pattern": pseudo}})
}

pub(super) fn own_header() -> Value {
    written_header(TOKEN)
}

/// The name of a header, or a prefix with a `*` at its end.
fn removed_header() -> Value {
    written_header(PREFIX)
}

fn written_header(pattern: &str) -> Value {
    let refused = ["host"]
        .iter()
        .chain(FRAMING)
        .map(|name| (*name).to_owned());
    json!({"type": "string", "pattern": pattern, "not": {"pattern": any_case(refused)}})
}

/// A status, or a range of them.
fn status() -> Value {
    json!({"anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"},
    ]})
}

fn method() -> Value {
    let known = any_case(METHODS.iter().map(|name| (*name).to_owned()));
    json!({"anyOf": [
        {"enum": METHODS},
        {"type": "string", "pattern": TOKEN, "not": {"pattern": known}},
    ]})
}
