//! `${` in a field that takes no template.

use postern::config::{Config, Fallback, TextOrEnv};
use serde_json::Value;

use super::{CheckRule, Warnings, entry, source_headers};

pub(super) const RULE: CheckRule = CheckRule {
    id: "plain-text",
    meaning: "A field that takes no template has `${` in it, which is sent as it is.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, route) in config.routes.iter().enumerate() {
        let redirect = route.redirect.iter();
        for header in redirect.flat_map(|redirect| &redirect.headers) {
            let path = entry(&format!("routes[{at}].redirect.headers"), &header.name);
            text(&header.value, path, warnings);
        }
        for lookup in &route.lookup {
            let path = entry(&format!("routes[{at}].lookup"), &lookup.name);
            let (missing, failure) = (&lookup.value.on_missing, &lookup.value.on_failure);
            fallback(missing, &format!("{path}.onMissing"), warnings);
            fallback(failure, &format!("{path}.onFailure"), warnings);
        }
    }
    for provider in &config.providers {
        if let Some(realm) = provider.value.realm() {
            let path = entry("providers", &provider.name);
            let kind = provider.value.kind();
            text(realm, format!("{path}.{kind}.realm"), warnings);
        }
    }
    for (path, header) in source_headers(config) {
        if let TextOrEnv::Text(value) = &header.value {
            let value = String::from_utf8_lossy(value.expose());
            text(&value, path, warnings);
        }
    }
}

fn fallback(fallback: &Fallback, path: &str, warnings: &mut Warnings) {
    if let Fallback::Default(values) = fallback {
        for value in values {
            if let Value::String(default) = &value.value {
                let path = entry(&format!("{path}.default"), &value.name);
                text(default, path, warnings);
            }
        }
    }
}

fn text(text: &str, path: String, warnings: &mut Warnings) {
    if text.contains("${") {
        let reason = "this field takes no template, so `${` is sent as it is";
        warnings.add(path, reason, "leave the variable out");
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn checks_every_plain_field() {
        let policy = r#"{
            "providers": {"k": {"apiKey": {"from": [{"header": "x"}], "realm": "${path.a}"}}},
            "sources": {"s": {"http": {"cluster": "c", "path": "/", "headers": {"x-a": "${query.a}", "x-b": "$b"}}}},
            "routes": [
                {"name": "a", "require": "none", "redirect": {"path": "/${a}", "headers": {"x-c": "<${a}>"}}},
                {"name": "b", "require": "none",
                 "lookup": {"l": {"source": "s", "values": {"v": "$", "w": "$"},
                            "onMissing": {"default": {"v": "${v}"}}, "onFailure": {"default": {"w": "${w}", "v": 1}}}},
                 "rewrite": {"headers": {"set": {"x-d": "${l.v}"}}}}
            ],
            "unmatched": {"respond": {"body": "${request.path}"}}
        }"#;
        assert_eq!(
            paths_of(&RULE, policy),
            [
                "routes[0].redirect.headers.x-c",
                "routes[1].lookup.l.onMissing.default.v",
                "routes[1].lookup.l.onFailure.default.w",
                "providers.k.apiKey.realm",
                "sources.s.http.headers.x-a",
            ]
        );
    }
}
