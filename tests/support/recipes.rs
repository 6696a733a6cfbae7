//! The recipes of the documentation as cases. A recipe is a `yaml policy` block, and a table of requests behind it.
//!
//! Each row is `| request | what happens |`. The request: `METHOD HOST/PATH` (GET and `api.test` can be left out), then its
//! headers as `name: value`, and what the upstream answers. What happens: `METHOD /path` or `/path` for a request that is forwarded; a status and a reason for a
//! denial; a status alone, or with `location`, `body` and headers, for an answer. Words before a text in backticks say what it is.
//!
//! A recipe with documents has a table of what the centres answer before its requests: `| the gate asks | the answer |`, each a path, as it
//! stands in a file of cases, and a text, or `nothing`. Header fields of the answer may follow. `asking` in a row of a request names what the
//! gate asks because of it. The first `authority` of the policy is that of all these paths, and no other recipe has it.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::{CaseFile, UpstreamAnswer, WorldReply};

/// The pages with recipes.
const PAGES: [&str; 4] = ["routing", "rewriting", "lua-plugins", "sources/requests"];

/// All recipes, as files of cases.
pub(super) fn files() -> Vec<CaseFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let read = |page: &str| {
        let text = std::fs::read_to_string(folder.join(format!("{page}.md")));
        recipes(page, &text.expect("the page is there"))
    };
    PAGES.into_iter().flat_map(read).collect()
}

/// Where the reader is in a page.
#[derive(Debug, PartialEq)]
enum Block {
    Text,
    Policy,
    Other,
}

/// Which rows the reader is in.
#[derive(Debug, PartialEq)]
enum Rows {
    None,
    Answers,
    Requests,
}

/// The first authority of a policy's sources.
fn authority(policy: &str) -> Option<String> {
    let rest = policy.split_once("authority: ")?.1;
    let end = rest.find([',', '}', '\n', ' '])?;
    Some(rest.get(..end)?.to_owned())
}

/// What the gate asks, and what is answered.
fn answer(line: &str) -> Result<(String, WorldReply), String> {
    let mut cells = line.trim_matches('|').split(" | ");
    let (Some(asked), Some(answer), None) = (cells.next(), cells.next(), cells.next()) else {
        return Err("two cells".to_owned());
    };
    let (_, asked) = *spans(asked).first().ok_or("no question")?;
    if answer.trim() == "nothing" {
        let reply = WorldReply {
            down: true,
            ..WorldReply::default()
        };
        return Ok((asked.to_owned(), reply));
    }
    let spans = spans(answer);
    let ((_, body), fields) = spans.split_first().ok_or("no answer")?;
    let fields: Result<Vec<_>, _> = fields.iter().map(|(_, code)| header(code)).collect();
    let fields = fields?.into_iter();
    let reply = WorldReply {
        body: (*body).to_owned(),
        headers: fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ..WorldReply::default()
    };
    Ok((asked.to_owned(), reply))
}

fn recipes(page: &str, text: &str) -> Vec<CaseFile> {
    let mut files: Vec<CaseFile> = Vec::new();
    let (mut policy, mut heading) = (String::new(), String::new());
    let (mut block, mut table) = (Block::Text, Rows::None);
    let mut world = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let place = format!("{page}.md:{}", at.saturating_add(1));
        match (&block, line) {
            (Block::Text, "```yaml policy") => {
                block = Block::Policy;
                policy.clear();
            }
            (Block::Text, line) if line.starts_with("```") => block = Block::Other,
            (_, "```") => block = Block::Text,
            (Block::Policy, line) => policy.extend([line, "\n"]),
            (Block::Other, _) => {}
            (Block::Text, "| request | what happens |") => {
                assert!(!policy.is_empty(), "{place}: a table without a policy");
                table = Rows::Requests;
                let file = toml::from_str::<CaseFile>("").expect("an empty file");
                let slug = format!("recipe_{page}_{}", slug(&heading, files.len()));
                files.push(CaseFile {
                    stem: authority(&policy).unwrap_or(slug),
                    policy: Some(std::mem::take(&mut policy)),
                    world: std::mem::take(&mut world),
                    ..file
                });
            }
            (Block::Text, "| the gate asks | the answer |") => table = Rows::Answers,
            (Block::Text, line) if line.starts_with("|--") => {}
            (Block::Text, line) if table == Rows::Answers && line.starts_with('|') => {
                let (asked, reply) =
                    answer(line).unwrap_or_else(|error| panic!("{place}: {error}"));
                world.insert(asked, reply);
            }
            (Block::Text, line) if table == Rows::Requests && line.starts_with('|') => {
                let case = row(line).unwrap_or_else(|error| panic!("{place}: {error}"));
                let case = Value::Table(case).try_into();
                let file = files.last_mut().expect("the table's file");
                if let Some((path, answer)) = upstream_of(line) {
                    file.upstreams.insert(path, answer);
                }
                file.cases
                    .push(case.unwrap_or_else(|error| panic!("{place}: {error}")));
            }
            (Block::Text, line) => {
                table = Rows::None;
                if let Some(text) = line.strip_prefix("## ") {
                    assert!(
                        policy.is_empty(),
                        "{place}: no requests for the policy before"
                    );
                    text.clone_into(&mut heading);
                }
            }
        }
    }
    files
}

/// A name for the authority of a recipe's documents, which no other recipe has.
fn slug(heading: &str, number: usize) -> String {
    let letters = heading.chars().filter(char::is_ascii);
    let words = letters.map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '_'
        }
    });
    format!("{number:02}_{}", words.collect::<String>())
}

/// The texts in backticks, each with the word before it, and the words before the first one.
fn spans(cell: &str) -> Vec<(&str, &str)> {
    let mut parts = cell.split('`');
    let mut found = Vec::new();
    while let Some(word) = parts.next() {
        let word = word.trim_matches([' ', ',', ';']);
        match parts.next() {
            Some(code) => found.push((word, code)),
            None if word.is_empty() => {}
            None => found.push((word, "")),
        }
    }
    found
}

/// The words before what the upstream answers, in the cell of the request.
const ANSWERED: &str = "answered with";

/// The path of a row's request, and the upstream's answer to it, if the row has one.
fn upstream_of(line: &str) -> Option<(String, UpstreamAnswer)> {
    let request = line.trim_matches('|').split(" | ").next()?;
    let spans = spans(request);
    let answer = spans.iter().filter(|(word, _)| *word == ANSWERED);
    let fields = answer.filter_map(|(_, code)| header(code).ok());
    let headers: Vec<_> = fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let target = spans.first()?.1;
    let path = target.get(target.find('/')?..)?.split('?').next()?;
    let answer = UpstreamAnswer {
        headers,
        ..UpstreamAnswer::default()
    };
    (!answer.headers.is_empty()).then(|| (path.to_owned(), answer))
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

fn header(code: &str) -> Result<(&str, &str), String> {
    let (name, value) = code
        .split_once(':')
        .ok_or_else(|| format!("`{code}` is no header"))?;
    Ok((name, value.trim()))
}

/// A case of one row.
fn row(line: &str) -> Result<Table, String> {
    let mut cells = line.trim_matches('|').split(" | ");
    let (Some(request), Some(outcome), None) = (cells.next(), cells.next(), cells.next()) else {
        return Err("two cells".to_owned());
    };
    let (outcome, asked) = outcome.split_once(", asking ").unwrap_or((outcome, ""));
    let mut case = outcome_of(outcome.trim())?;
    let asked = spans(asked).into_iter().map(|(_, code)| text(code));
    case.insert("callouts".into(), Value::Array(asked.collect()));
    case.insert("name".into(), text(request.trim()));
    case.insert("request".into(), Value::Table(request_of(request)?));
    Ok(case)
}

fn request_of(cell: &str) -> Result<Table, String> {
    let mut request = Table::new();
    let spans = spans(cell);
    let ((_, line), headers) = spans.split_first().ok_or("no request")?;
    let target = match line.split_once(' ') {
        Some((method, target)) => {
            request.insert("method".into(), text(method));
            target
        }
        None => line,
    };
    let slash = target.find('/').ok_or("no path")?;
    let (host, path) = target.split_at(slash);
    request.insert("path".into(), text(path));
    if !host.is_empty() {
        request.insert("host".into(), text(host));
    }
    let mut fields = Vec::new();
    for (_, code) in headers.iter().filter(|(word, _)| *word != ANSWERED) {
        let (name, value) = header(code)?;
        fields.push(Value::Array(vec![text(name), text(value)]));
    }
    request.insert("headers".into(), Value::Array(fields));
    Ok(request)
}

fn outcome_of(cell: &str) -> Result<Table, String> {
    let spans = spans(cell);
    let first = spans.first().ok_or("nothing happens")?;
    let is_reason = |code: &str| {
        code.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let mut case = Table::new();
    let (status, word) = first
        .0
        .split_at(first.0.find([' ', ',']).unwrap_or(first.0.len()));
    match (status.parse::<i64>(), first.1) {
        (Ok(status), reason) if !reason.is_empty() && is_reason(reason) => {
            let mut denied = fields(&spans[1..])?;
            denied.insert("status".into(), Value::Integer(status));
            denied.insert("reason".into(), text(reason));
            case.insert("denied".into(), Value::Table(denied));
        }
        (Ok(status), _) => {
            let mut all = spans.clone();
            all[0].0 = word.trim_matches([' ', ',']);
            all.retain(|(_, code)| !code.is_empty());
            let mut answered = fields(&all)?;
            answered.insert("status".into(), Value::Integer(status));
            case.insert("answered".into(), Value::Table(answered));
        }
        (Err(_), _) => {
            let mut forwarded = fields(&spans[1..])?;
            let path = match first.1.split_once(' ') {
                Some((method, path)) => {
                    forwarded.insert("method".into(), text(method));
                    path
                }
                None => first.1,
            };
            forwarded.insert("path".into(), text(path));
            case.insert("forwarded".into(), Value::Table(forwarded));
        }
    }
    Ok(case)
}

/// What the words before the texts make of them.
fn fields(spans: &[(&str, &str)]) -> Result<Table, String> {
    let mut fields = Table::new();
    let (mut headers, mut absent) = (Table::new(), Vec::new());
    let (mut answer, mut gone) = (Table::new(), Vec::new());
    for (word, code) in spans {
        match *word {
            "" | "and" | "with" => {
                let (name, value) = header(code)?;
                let values = headers.entry(name).or_insert(Value::Array(Vec::new()));
                values.as_array_mut().ok_or("two forms")?.push(text(value));
            }
            "without" => absent.push(text(code)),
            "location" => {
                headers.insert("location".into(), text(code));
            }
            "to" => {
                fields.insert("upstream".into(), text(code));
            }
            "host" | "body" => {
                fields.insert((*word).into(), text(code));
            }
            "the client gets" => {
                let (name, value) = header(code)?;
                answer.insert(name.into(), text(value));
            }
            "the client gets no" => gone.push(text(code)),
            other => return Err(format!("`{other}` means nothing")),
        }
    }
    fields.insert("headers".into(), Value::Table(headers));
    fields.insert("absent".into(), Value::Array(absent));
    if !answer.is_empty() || !gone.is_empty() {
        let mut response = Table::new();
        response.insert("headers".into(), Value::Table(answer));
        response.insert("absent".into(), Value::Array(gone));
        fields.insert("response".into(), Value::Table(response));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Expected;

    const PAGE: &str = "## A b\n```yaml policy\nroutes: []\n```\n\n| request | what happens |\n|---|---|\n\
        | `PUT a.test/b?c`, `x-a: 1`, `x-b: 2:3` | `GET /d`, host `e.test`, to `blue`, `x-c: 4` without `x-d`, the client gets `x-e: 5` |\n\
        | `/x` | 403 `forbidden` |\n| `/y` | 404 |\n| `/z` | 301, location `http://z/`, and `x-f: 6`, body `g` |\n\n\
        | nginx | a |\n|---|---|\n";

    #[test]
    fn reads_recipes() {
        let found = recipes("page", PAGE);
        assert_eq!(found.len(), 1);
        let file = &found[0];
        assert_eq!(file.stem, "recipe_page_00_a_b");
        assert_eq!(file.policy.as_deref(), Some("routes: []\n"));
        assert_eq!(file.cases.len(), 4);
        let request = &file.cases[0].request;
        assert_eq!(
            (&*request.method, &*request.host, &*request.path),
            ("PUT", "a.test", "/b?c")
        );
        assert_eq!(request.headers[1], ("x-b".to_owned(), "2:3".to_owned()));
        let Expected::Forwarded(forwarded) = &file.cases[0].expected else {
            panic!("not forwarded");
        };
        assert_eq!(forwarded.method.as_deref(), Some("GET"));
        assert_eq!(forwarded.upstream.as_deref(), Some("blue"));
        assert_eq!(forwarded.absent, ["x-d"]);
        assert!(forwarded.response.headers.contains_key("x-e"));
        let Expected::Denied(denied) = &file.cases[1].expected else {
            panic!("not denied");
        };
        assert_eq!(
            (denied.status, denied.reason.as_deref()),
            (403, Some("forbidden"))
        );
        let Expected::Answered(answered) = &file.cases[3].expected else {
            panic!("not answered");
        };
        assert_eq!(answered.body.as_deref(), Some("g"));
        assert_eq!(answered.headers.len(), 2);
    }

    #[test]
    fn reads_what_centres_answer() {
        let page = "## A\n```yaml policy\nsources: {a: {http: {authority: a.test, path: /d}}}\n```\n\n\
            | the gate asks | the answer |\n|---|---|\n| `/d {\"a\":1}` | `{\"b\": 2}`, `x-a: 3` |\n| `/e` | nothing |\n\n\
            | request | what happens |\n|---|---|\n| `/x` | `/x`, asking `/d` and `/e` |\n";
        let found = recipes("page", page);
        let file = &found[0];
        assert_eq!(file.stem, "a.test");
        let reply = &file.world["/d {\"a\":1}"];
        assert_eq!(reply.body, "{\"b\": 2}");
        assert_eq!(reply.headers, [("x-a".to_owned(), "3".to_owned())]);
        assert!(file.world["/e"].down);
        assert_eq!(file.cases[0].callouts, ["/d", "/e"]);
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for row_text in [
            "| `/a` |",
            "| a | `/b` |",
            "| `/a` | `/b`, by `c: d` |",
            "| `/a` | `/b`, `c` |",
        ] {
            assert!(row(row_text).is_err(), "{row_text}");
        }
    }
}
