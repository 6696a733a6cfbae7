//! Decoding of configs: values, defaults, errors and their messages.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test"
)]
#![expect(
    clippy::cognitive_complexity,
    reason = "a list of assertions is no branching"
)]

mod chunks;
mod read;
mod reference;
mod refused;

use postern::config::Config;
use serde_yaml_ng::Value as Yaml;

const WHOLE: &str = include_str!("whole.yaml");

/// YAML as JSON text, its fields in the order of writing (a `serde_json::Value` would sort them).
fn whole_text() -> String {
    to_json(&serde_yaml_ng::from_str(WHOLE).unwrap())
}

fn to_json(value: &Yaml) -> String {
    serde_json::to_string(value).unwrap()
}

fn read(text: &str) -> Config {
    Config::parse(text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn whole() -> Config {
    read(&whole_text())
}

/// A policy with one item of this kind. The rest of the policy is valid.
fn around(kind: &str, written: &Yaml) -> String {
    let (base, before, after) = match kind {
        "policy" => ("{}", "", ""),
        "consumer" => ("{}", r#"{"consumers": ["#, "]}"),
        "credential" => (
            "{}",
            r#"{"consumers": [{"name": "a", "credentials": ["#,
            "]}]}",
        ),
        "provider" => ("{}", r#"{"providers": {"p": "#, "}}"),
        "source" => ("{}", r#"{"sources": {"s": "#, "}}"),
        "http" => (
            "{cluster: c, path: /x}",
            r#"{"sources": {"s": {"http": "#,
            "}}}",
        ),
        "route" => ("{name: r, require: none}", r#"{"routes": ["#, "]}"),
        "condition" => (
            "{}",
            r#"{"routes": [{"name": "r", "require": "none", "authorize": "#,
            "}]}",
        ),
        other => panic!("{other}"),
    };
    let mut whole: serde_yaml_ng::Mapping = serde_yaml_ng::from_str(base).unwrap();
    let written = match written {
        Yaml::Mapping(written) => {
            whole.extend(written.clone());
            to_json(&Yaml::Mapping(whole))
        }
        other => to_json(other),
    };
    format!("{before}{written}{after}")
}
