//! Variables where no template is read.

use postern::config::{Config, Fallback, Respond, SourceKind, TextOrEnv, Unmatched};
use serde_json::Value;

use super::{Warning, named, step, warn};

/// Warns of `${` in fields that take plain text: it is sent as it stands.
pub(crate) fn plain(config: &Config, found: &mut Vec<Warning>) {
    for (at, route) in config.routes.iter().enumerate() {
        if let Some(respond) = &route.respond {
            answer(respond, &format!("routes[{at}].respond"), found);
        }
        for lookup in &route.lookup {
            let path = format!("routes[{at}].lookup{}", step(&lookup.name));
            for (fallback, field) in [
                (&lookup.value.on_missing, "onMissing"),
                (&lookup.value.on_failure, "onFailure"),
            ] {
                let Fallback::Default(values) = fallback else {
                    continue;
                };
                for value in values {
                    if let Value::String(text) = &value.value {
                        look(
                            text,
                            format!("{path}.{field}.default{}", step(&value.name)),
                            found,
                        );
                    }
                }
            }
        }
    }
    if let Unmatched::Respond(respond) = &config.unmatched {
        answer(respond, "unmatched.respond", found);
    }
    for provider in &config.providers {
        let own = &provider.value;
        if let Some(realm) = own.realm() {
            let path = named("providers", &provider.name);
            look(realm, format!("{path}.{}.realm", own.kind()), found);
        }
    }
    for source in &config.sources {
        let SourceKind::Http(http) = &source.value.kind else {
            continue;
        };
        let path = named("sources", &source.name);
        for header in &http.headers {
            if let TextOrEnv::Text(text) = &header.value {
                let text = String::from_utf8_lossy(text.expose());
                look(
                    &text,
                    format!("{path}.http.headers{}", step(&header.name)),
                    found,
                );
            }
        }
    }
}

fn answer(respond: &Respond, path: &str, found: &mut Vec<Warning>) {
    for header in &respond.headers {
        look(
            &header.value,
            format!("{path}.headers{}", step(&header.name)),
            found,
        );
    }
    look(
        respond.body.as_deref().unwrap_or_default(),
        format!("{path}.body"),
        found,
    );
}

fn look(text: &str, path: String, found: &mut Vec<Warning>) {
    if text.contains("${") {
        let reason = "`${` stands for itself here: this field takes no template";
        warn(found, "plain-text", path, reason, "leave the variable out");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plain_field() {
        let config = r#"{
            "providers": {"k": {"apiKey": {"from": [{"header": "x"}], "realm": "${path.a}"}}},
            "sources": {"s": {"http": {"cluster": "c", "path": "/", "headers": {"x-a": "${query.a}", "x-b": "$b"}}}},
            "routes": [
                {"name": "a", "require": "none", "respond": {"headers": {"x-c": "<${a}>"}, "body": "${b}"}},
                {"name": "b", "require": "none",
                 "lookup": {"l": {"source": "s", "values": {"v": "$", "w": "$"},
                            "onMissing": {"default": {"v": "${v}"}}, "onFailure": {"default": {"w": "${w}", "v": 1}}}},
                 "rewrite": {"headers": {"set": {"x-d": "${l.v}"}}}}
            ],
            "unmatched": {"respond": {"body": "${c}"}}
        }"#;
        let config = Config::parse(config.as_bytes()).unwrap();
        let mut found = Vec::new();
        plain(&config, &mut found);
        let paths: Vec<_> = found.iter().map(|warning| &*warning.path).collect();
        assert_eq!(
            paths,
            [
                "routes[0].respond.headers.x-c",
                "routes[0].respond.body",
                "routes[1].lookup.l.onMissing.default.v",
                "routes[1].lookup.l.onFailure.default.w",
                "unmatched.respond.body",
                "providers.k.apiKey.realm",
                "sources.s.http.headers.x-a",
            ]
        );
    }
}
