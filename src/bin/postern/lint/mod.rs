//! What is legal in a policy, but surely not meant.

mod answers;
mod headers;
mod keys;
mod matches;
mod paths;
mod routes;
mod text;

use std::collections::HashSet;

use postern::config::{Config, KeyMaterial, Requirement, SourceKind, TextOrEnv};
use postern::internals::template::Template;

/// One warning: its rule, its path, what is wrong, what would be better.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) rule: &'static str,
    pub(crate) path: String,
    pub(crate) reason: String,
    pub(crate) suggestion: String,
}

/// Everything that is worth a warning.
pub(crate) fn warnings(config: &Config) -> Vec<Warning> {
    let mut found = Vec::new();
    consumers(config, &mut found);
    secrets(config, &mut found);
    unused(config, &mut found);
    routes::shadowed(config, &mut found);
    open_lookups(config, &mut found);
    headers::vanishing(config, &mut found);
    text::plain(config, &mut found);
    answers::warnings(config, &mut found);
    keys::keys(config, &mut found);
    paths::patterns(config, &mut found);
    matches::matches(config, &mut found);
    found
}

pub(crate) fn warn(
    found: &mut Vec<Warning>,
    rule: &'static str,
    path: String,
    reason: impl Into<String>,
    suggestion: impl Into<String>,
) {
    found.push(Warning {
        rule,
        path,
        reason: reason.into(),
        suggestion: suggestion.into(),
    });
}

fn consumers(config: &Config, found: &mut Vec<Warning>) {
    for (at, consumer) in config.consumers.iter().enumerate() {
        if consumer.credentials.is_empty() {
            let path = format!("consumers[{at}]");
            let reason = format!("consumer `{}` has no credentials", consumer.name);
            warn(
                found,
                "nobody",
                path,
                reason,
                "no request can be from it: give it one, or leave it out",
            );
        }
        for (key, credential) in consumer.credentials.iter().enumerate() {
            let Some(credential) = credential.api_key() else {
                continue;
            };
            if matches!(credential.key, KeyMaterial::Value(_)) {
                let path = format!("consumers[{at}].credentials[{key}].apiKey.value");
                warn(
                    found,
                    "plain-secret",
                    path,
                    "the key stands here for everybody to read",
                    "write its `sha256`",
                );
            }
        }
    }
}

/// Headers whose values are secrets, most likely.
fn is_secret(name: &str) -> bool {
    let words = [
        "authorization",
        "cookie",
        "token",
        "secret",
        "password",
        "key",
    ];
    words.iter().any(|word| name.contains(word))
}

fn secrets(config: &Config, found: &mut Vec<Warning>) {
    for source in &config.sources {
        let SourceKind::Http(http) = &source.value.kind else {
            continue;
        };
        for header in &http.headers {
            if is_secret(&header.name) && matches!(header.value, TextOrEnv::Text(_)) {
                let path = format!(
                    "{}.http.headers{}",
                    named("sources", &source.name),
                    step(&header.name)
                );
                let reason = "the secret stands here for everybody to read";
                warn(found, "plain-secret", path, reason, "write `{env: NAME}`");
            }
        }
    }
}

/// A field of the policy's top, as errors write it.
pub(crate) fn named(field: &str, name: &str) -> String {
    format!("{field}{}", step(name))
}

/// One step of a path, as errors write it.
pub(crate) fn step(name: &str) -> String {
    let written = postern::config::Path::Root.field(name).to_string();
    if written.starts_with('[') {
        written
    } else {
        format!(".{written}")
    }
}

fn unused(config: &Config, found: &mut Vec<Warning>) {
    let mut providers = HashSet::default();
    let mut sources: HashSet<&str> = config
        .consumers_from
        .iter()
        .map(|from| &*from.source)
        .collect();
    for route in &config.routes {
        required(&route.require, &mut providers);
        sources.extend(route.lookup.iter().map(|lookup| &*lookup.value.source));
    }
    for provider in &config.providers {
        if !providers.contains(&*provider.name) {
            let path = named("providers", &provider.name);
            warn(
                found,
                "unused",
                path,
                "no route requires this provider",
                "leave it out",
            );
        }
    }
    for source in &config.sources {
        if !sources.contains(&*source.name) {
            let path = named("sources", &source.name);
            warn(
                found,
                "unused",
                path,
                "nothing reads this source",
                "leave it out",
            );
        }
    }
}

fn required<'c>(requirement: &'c Requirement, names: &mut HashSet<&'c str>) {
    match requirement {
        Requirement::None => {}
        Requirement::Provider(name) => {
            names.insert(name);
        }
        Requirement::Any(list) | Requirement::All(list) | Requirement::Optional(list) => {
            list.iter().for_each(|one| required(one, names));
        }
    }
}

/// Lookups on demand whose key anybody may choose: each new key is a callout.
fn open_lookups(config: &Config, found: &mut Vec<Warning>) {
    let on_demand: HashSet<&str> = config
        .sources
        .iter()
        .filter(|source| source.value.on_demand.is_some())
        .map(|source| &*source.name)
        .collect();
    for (at, route) in config.routes.iter().enumerate() {
        if !matches!(route.require, Requirement::None | Requirement::Optional(_)) {
            continue;
        }
        for lookup in &route.lookup {
            let open = lookup
                .value
                .key
                .as_ref()
                .is_some_and(|key| is_clients(key.template()));
            if open && on_demand.contains(&*lookup.value.source) {
                let path = format!("routes[{at}].lookup{}.key", step(&lookup.name));
                let reason = "a client that doesn't authenticate chooses the key, and each new one is a callout";
                warn(
                    found,
                    "open-lookup",
                    path,
                    reason,
                    "require a credential on this route",
                );
            }
        }
    }
}

/// Whether a template holds what a client sends.
fn is_clients(template: &str) -> bool {
    let clients = ["path.", "query.", "header.", "cookie.", "request."];
    Template::parse(template).is_ok_and(|template| {
        template
            .variables()
            .iter()
            .any(|variable| clients.iter().any(|start| variable.starts_with(start)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules that a policy breaks, each with the place.
    pub(super) fn found(json: &str) -> Vec<(&'static str, String)> {
        let config = Config::parse(json.as_bytes()).unwrap();
        let warnings = warnings(&config);
        warnings
            .into_iter()
            .map(|warning| (warning.rule, warning.path))
            .collect()
    }

    #[test]
    fn the_rest() {
        let config = r#"{
            "consumers": [{"name": "a"}, {"name": "b", "credentials": [{"apiKey": {"provider": "k", "value": "x"}}]}],
            "providers": {"k": {"apiKey": {"from": [{"header": "x"}]}}, "l": {"apiKey": {"from": [{"header": "sec-y"}]}}},
            "sources": {
                "a b": {"inline": 1},
                "crm": {"http": {"cluster": "c", "path": "/${key}", "headers": {"authorization": "x", "x-a": "y"}}, "onDemand": {}}
            },
            "routes": [
                {"name": "r", "match": [{"path": {"template": "/{id}"}}], "require": {"optional": "k"},
                 "lookup": {"who": {"source": "crm", "key": "${path.id}", "values": {"v": "$"}}},
                 "rewrite": {"headers": {
                    "set": {"traceparent": "a", "x-own": "a", "accept": "a", "tracestate": "a", "x-forwarded-host": "a", "via": "a", "sec-y": "a"},
                    "add": {"x-request-id": "a"}
                 }}},
                {"name": "s", "match": [{"path": {"template": "/s/{id}"}}], "require": "k",
                 "lookup": {"who": {"source": "crm", "key": "${path.id}", "values": {"v": "$"}}},
                 "rewrite": {"headers": {"set": {"via": "b"}}}}
            ],
            "clientHeaders": ["tracestate", "x-nobody"]
        }"#;
        let expected = [
            ("nobody", "consumers[0]"),
            ("plain-secret", "consumers[1].credentials[0].apiKey.value"),
            ("plain-secret", "sources.crm.http.headers.authorization"),
            ("unused", "providers.l"),
            ("unused", "sources['a b']"),
            ("open-lookup", "routes[0].lookup.who.key"),
            (
                "vanishing-header",
                "routes[0].rewrite.headers.set.traceparent",
            ),
            (
                "vanishing-header",
                "routes[0].rewrite.headers.set.x-forwarded-host",
            ),
            ("unused", "clientHeaders[1]"),
        ];
        assert_eq!(
            found(config),
            expected.map(|(rule, path)| (rule, path.to_owned()))
        );
    }
}
