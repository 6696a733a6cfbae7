//! A lookup on demand for which any client can choose the key.

use std::collections::{HashMap, HashSet};

use postern::config::{Config, Requirement, SourceKind};
use postern::internals::template::Template;

use super::{CheckRule, Warnings, entry};

pub(super) const RULE: CheckRule = CheckRule {
    id: "open-lookup",
    meaning: "A client that doesn't authenticate chooses the key of a lookup on demand.",
    check,
};

/// What variables begin with that hold text of the client.
const CLIENT_VARIABLES: [&str; 7] = [
    "path.", "query.", "header.", "cookie.", "request.", "source.", "time.",
];

fn check(config: &Config, warnings: &mut Warnings) {
    let sources = config.sources.iter();
    let on_demand: HashSet<&str> = sources
        .filter(|source| source.value.on_demand.is_some())
        .map(|source| &*source.name)
        .collect();
    let by_template: HashMap<&str, bool> = config
        .sources
        .iter()
        .filter(|source| source.value.is_by_template())
        .map(|source| (&*source.name, is_open(&source.value.kind)))
        .collect();
    for (at, route) in config.routes.iter().enumerate() {
        if !matches!(route.require, Requirement::None | Requirement::Optional(_)) {
            continue;
        }
        for lookup in &route.lookup {
            let path = entry(&format!("routes[{at}].lookup"), &lookup.name);
            if by_template
                .get(&*lookup.value.source)
                .is_some_and(|is_open| *is_open)
            {
                warnings.add(
                    format!("{path}.source"),
                    "a client that doesn't authenticate chooses values of the request to the source, and each new request is a callout",
                    "require a credential on this route",
                );
            }
            let key = lookup.value.key.as_ref();
            let is_open = key.is_some_and(|key| holds_client_text(key.template()));
            if is_open && on_demand.contains(&*lookup.value.source) {
                warnings.add(
                    format!("{path}.key"),
                    "a client that doesn't authenticate chooses the key, and each new key is a callout",
                    "require a credential on this route",
                );
            }
        }
    }
}

/// Whether a client chooses a value of the requests.
fn is_open(source: &SourceKind) -> bool {
    let SourceKind::Http(http) = source else {
        return false;
    };
    let texts = http.texts();
    texts.iter().any(|(_, text)| holds_client_text(text))
}

/// Whether a template holds text of the client.
fn holds_client_text(template: &str) -> bool {
    let is_client = |variable: &str| {
        CLIENT_VARIABLES
            .iter()
            .any(|start| variable.starts_with(start))
    };
    Template::parse(template).is_ok_and(|template| {
        template
            .variables()
            .iter()
            .any(|variable| is_client(variable))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_keys_from_clients_on_routes_without_authentication() {
        let policy = |require: &str, key: &str| {
            format!(
                r#"{{
                "providers": {{"k": {{"apiKey": {{"from": [{{"header": "x"}}]}}}}}},
                "sources": {{"crm": {{"http": {{"cluster": "c", "path": "/${{key}}"}}, "onDemand": {{}}}}}},
                "routes": [{{"name": "r", "match": [{{"path": {{"template": "/{{id}}"}}}}], "require": {require},
                    "lookup": {{"who": {{"source": "crm", "key": "{key}", "values": {{"v": "$"}}}}}}}}]
            }}"#
            )
        };
        let open = ["routes[0].lookup.who.key"];
        assert_eq!(paths_of(&RULE, &policy("\"none\"", "${path.id}")), open);
        assert_eq!(
            paths_of(&RULE, &policy(r#"{"optional": "k"}"#, "a-${query.a}")),
            open
        );
        let closed: [&str; 0] = [];
        assert_eq!(paths_of(&RULE, &policy("\"k\"", "${path.id}")), closed);
        assert_eq!(
            paths_of(&RULE, &policy("\"none\"", "${consumer.name}")),
            closed
        );
    }
}
