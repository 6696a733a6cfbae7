//! The reference, `docs/policy.md`.

use postern::config::{CLIENTS_OWN, Config, Record, Route};
use serde_yaml_ng::Value as Yaml;

use super::{around, read, to_json};

/// A policy with a fragment in its position: at the top, in a route, or in a rewrite.
fn surrounded(fragment: &Yaml) -> String {
    let field = fragment.as_mapping().unwrap().keys().next().unwrap();
    let field = field.as_str().unwrap();
    if Config::FIELDS.iter().any(|known| known.name == field) {
        return to_json(fragment);
    }
    if Route::FIELDS.iter().any(|known| known.name == field) {
        return around("route", fragment);
    }
    let mut route = serde_yaml_ng::Mapping::new();
    route.insert("rewrite".into(), fragment.clone());
    around("route", &Yaml::Mapping(route))
}

#[test]
fn decodes_every_block() {
    let text = include_str!("../../docs/policy.md");
    let blocks: Vec<_> = text.split("```yaml").skip(1).collect();
    assert!(blocks.len() > 10);
    for block in blocks {
        let (kind, block) = block.split_once('\n').unwrap();
        let (yaml, _) = block.split_once("```").unwrap();
        let written: Yaml = serde_yaml_ng::from_str(yaml).unwrap();
        match kind {
            " policy" => drop(read(&to_json(&written))),
            " fragment" => drop(read(&surrounded(&written))),
            other => panic!("neither `policy` nor `fragment`: {other}"),
        }
    }
}

#[test]
fn lists_every_header_that_clients_may_send() {
    let text = include_str!("../../docs/policy.md");
    let list = text
        .split("### Headers that stay the client's")
        .nth(1)
        .unwrap();
    let list = list.split("\n#").next().unwrap();
    for name in CLIENTS_OWN {
        assert!(list.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn lists_every_field() {
    let text = include_str!("../../docs/policy.md");
    for field in Config::FIELDS.iter().chain(Route::FIELDS) {
        assert!(
            text.contains(&format!("`{}`", field.name)),
            "{}",
            field.name
        );
    }
}
