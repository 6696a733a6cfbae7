//! A value of a client inside of a text in another language.

use postern::config::{Config, HttpBody, HttpSource, SourceKind};
use postern::internals::template::{Function, Piece, Template};
use serde_json::Value;

use super::{CheckRule, Warnings, entry};

pub(super) const RULE: CheckRule = CheckRule {
    id: "value-in-code",
    meaning: "A client chooses a part of a text in another language, such as a query of GraphQL.",
    check,
};

/// What variables begin with whose text a client chooses.
const CHOSEN: [&str; 5] = ["path.", "query.", "header.", "cookie.", "request."];

/// What a text has that is code and no mere name.
const MARKS: &str = "\"'`(){}[]<>=";

/// The same for a path, in which `=` separates a parameter's name and value.
const MARKS_IN_PATH: &str = "\"'`(){}[]<>";

fn check(config: &Config, warnings: &mut Warnings) {
    for source in &config.sources {
        let SourceKind::Http(http) = &source.value.kind else {
            continue;
        };
        if source.value.is_by_template() {
            let path = format!("{}.http", entry("sources", &source.name));
            request(http, &path, warnings);
        }
    }
}

fn request(http: &HttpSource, path: &str, warnings: &mut Warnings) {
    look(&http.path, MARKS_IN_PATH, format!("{path}.path"), warnings);
    for parameter in &http.query {
        let path = entry(&format!("{path}.query"), &parameter.name);
        text(&parameter.value, path, warnings);
    }
    match &http.body {
        Some(HttpBody::Json(content)) => value(content, format!("{path}.body.json"), warnings),
        Some(HttpBody::Form(fields)) => {
            for field in fields {
                let path = entry(&format!("{path}.body.form"), &field.name);
                text(&field.value, path, warnings);
            }
        }
        // With a variable outside of a text it is no JSON, and is not looked into.
        Some(HttpBody::Text(content)) => {
            if let Ok(content) = serde_json::from_str(content) {
                value(&content, format!("{path}.body"), warnings);
            }
        }
        None => {}
    }
}

/// Texts at any depth, each at its path.
fn value(content: &Value, path: String, warnings: &mut Warnings) {
    match content {
        Value::String(content) => text(content, path, warnings),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                value(item, format!("{path}[{at}]"), warnings);
            }
        }
        Value::Object(members) => {
            for (name, item) in members {
                value(item, entry(&path, name), warnings);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn text(written: &str, path: String, warnings: &mut Warnings) {
    look(written, MARKS, path, warnings);
}

/// Looks at a template, in which one of these marks is code.
fn look(written: &str, marks: &str, path: String, warnings: &mut Warnings) {
    let Ok(template) = Template::parse(written) else {
        return;
    };
    let mut pieces = template.pieces().iter();
    let is_code = |piece: &Piece| matches!(piece, Piece::Literal(text) if text.contains(|it| marks.contains(it)));
    if pieces.clone().any(is_code) && pieces.any(is_chosen) {
        warnings.add(
            path,
            "a client chooses a part of this text, and its value is encoded for the request, but not for the language of the text",
            "write the value alone as a text of its own: with GraphQL in `variables`",
        );
    }
}

/// Whether a client can choose what stands here, with characters that mean something.
fn is_chosen(piece: &Piece) -> bool {
    let Piece::Value {
        variable,
        functions,
        default,
    } = piece
    else {
        return false;
    };
    let is_plain = |function: &Function| match function {
        Function::Base64 | Function::Base64Url | Function::UrlEncode | Function::Sha256 => true,
        Function::Lower | Function::Upper | Function::Trim => false,
    };
    let is_clients = CHOSEN.iter().any(|start| variable.starts_with(start));
    let default = default.iter().flat_map(|default| default.pieces());
    is_clients && !functions.iter().any(is_plain) || default.into_iter().any(is_chosen)
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    fn found(http: &str) -> Vec<String> {
        let path = if http.contains(r#""path""#) {
            ""
        } else {
            r#""path": "/q/${path.id}", "#
        };
        let policy = format!(
            r#"{{"sources": {{"s": {{"http": {{"cluster": "c", "method": "POST", {path}{http}}}, "onDemand": {{}}}}}}}}"#
        );
        let paths = paths_of(&RULE, &policy);
        paths
            .iter()
            .map(|path| path.replace("sources.s.http.", ""))
            .collect()
    }

    #[test]
    fn finds_values_of_clients_inside_of_code() {
        for (http, path) in [
            (
                r#""body": {"json": {"query": "{ user(id: \"${path.id}\") { plan } }"}}"#,
                "body.json.query",
            ),
            (
                r#""body": {"json": {"a": [1, {"b c": "id = ${lower(header.x)}"}]}}"#,
                "body.json.a[1]['b c']",
            ),
            (
                r#""body": {"form": {"filter": "(uid=${consumer.name:-${query.u}})"}}"#,
                "body.form.filter",
            ),
            (r#""query": {"f": "name eq '${cookie.n}'"}"#, "query.f"),
            (r#""path": "/users('${path.id}')""#, "path"),
            (r#""path": "/q?f=(uid=${query.u})""#, "path"),
            (
                r#""headers": {"content-type": "application/json"}, "body": "{\"query\": \"{ user(id: ${path.id}) }\"}""#,
                "body.query",
            ),
        ] {
            assert_eq!(found(http), [path], "{http}");
        }
    }

    #[test]
    fn does_not_find_what_no_client_chooses_and_mere_texts() {
        for http in [
            r#""body": {"json": {"query": "query($id: ID!) { user(id: $id) { plan } }", "variables": {"id": "${path.id}"}}}"#,
            r#""body": {"json": {"query": "{ user(id: \"${consumer.name}\") { plan } }"}}"#,
            r#""body": {"json": {"query": "{ user(id: \"${sha256(path.id)}\") { plan } }"}}"#,
            r#""body": {"json": {"key": "user-${path.id}: ${query.a}"}}"#,
            r#""query": {"f": "${path.id}"}"#,
            r#""path": "/q?a=1&id=${path.id}""#,
            r#""headers": {"cookie": "sid=${cookie.sid}"}"#,
            r#""headers": {"content-type": "text/plain"}, "body": "(${path.id})""#,
        ] {
            assert!(found(http).is_empty(), "{http}");
        }
    }
}
