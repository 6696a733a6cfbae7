//! What is legal in a policy, but surely not meant.

use std::collections::{HashMap, HashSet};

use postern::config::{
    Config, Credential, FieldMatch, FieldTest, KeyMaterial, Match, Requirement, Route, SourceKind,
    TextOrEnv,
};
use postern::route::HostPattern;
use postern::template::Template;

use crate::{lint_answers, lint_headers, lint_keys, lint_matches, lint_paths, lint_text};

/// One warning: its rule, its path, what is wrong, what would be better.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) rule: &'static str,
    pub(crate) path: String,
    pub(crate) reason: String,
    pub(crate) suggestion: String,
}

/// More matches than this in one place, of one host and path, are worth a word.
const CROWD: usize = 64;

/// Everything that is worth a warning.
pub(crate) fn warnings(config: &Config) -> Vec<Warning> {
    let mut found = Vec::new();
    consumers(config, &mut found);
    secrets(config, &mut found);
    unused(config, &mut found);
    shadowed(config, &mut found);
    open_lookups(config, &mut found);
    lint_headers::vanishing(config, &mut found);
    lint_text::plain(config, &mut found);
    lint_answers::warnings(config, &mut found);
    lint_keys::keys(config, &mut found);
    lint_paths::patterns(config, &mut found);
    lint_matches::matches(config, &mut found);
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
            let Credential::ApiKey(credential) = credential;
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

/// Where a match stands in the router: its host, its path in one spelling and without the names of captures.
type Place = (HostPattern, String);

/// What a match asks for beside that, in an order of its own.
type Predicates = (Vec<(String, String)>, Vec<(String, String)>);

/// A match, with one of its route's hosts.
struct Wanted<'c> {
    what: (Place, Predicates),
    methods: &'c [String],
    /// The path as it is written.
    path: &'c str,
    /// Its place in the route.
    at: usize,
}

/// The matches before one that ask for the same: their methods, their routes' names and places, their paths as written.
type Earlier<'c> = Vec<(&'c [String], &'c str, usize, &'c str)>;

/// Routes all of whose matches come too late. Two matches that ask for the same, but for their methods, are tried in the
/// order of writing.
fn shadowed(config: &Config, found: &mut Vec<Warning>) {
    let mut crowds: HashMap<Place, usize> = HashMap::default();
    let mut known: HashMap<(Place, Predicates), Earlier<'_>> = HashMap::default();
    for (at, route) in config.routes.iter().enumerate() {
        let own = keys(route);
        for wanted in &own {
            let crowd = crowds.entry(wanted.what.0.clone()).or_default();
            *crowd = crowd.saturating_add(1);
            if *crowd == CROWD {
                let reason = format!(
                    "the {CROWD}th match of this host and path: they are tried one after the other"
                );
                warn(
                    found,
                    "crowded-place",
                    format!("routes[{at}]"),
                    reason,
                    "give them paths of their own",
                );
            }
        }
        let before = own.iter().map(|wanted| {
            let earlier = known.get(&wanted.what)?;
            earlier
                .iter()
                .find(|(others, ..)| covers(others, wanted.methods))
                .map(|(_, name, _, path)| (*name, wanted.path, *path))
        });
        let before: Option<Vec<_>> = before.collect();
        if let Some((first, path, other)) = before.as_ref().and_then(|found| found.first()) {
            let reason = format!(
                "`{}` can never be chosen: `{first}` stands before it with the same matches{}",
                route.name,
                lint_paths::spelt(path, other),
            );
            warn(
                found,
                "never-matches",
                format!("routes[{at}]"),
                reason,
                "change its matches, or leave it out",
            );
        }
        for wanted in own {
            let earlier = known.entry(wanted.what).or_default();
            let own = earlier
                .iter()
                .find(|(others, _, place, _)| *place == at && covers(others, wanted.methods));
            if let Some((_, _, _, other)) = own {
                let path = format!("routes[{at}].match[{}]", wanted.at);
                let reason = format!(
                    "another match of this route asks for the same{}",
                    lint_paths::spelt(wanted.path, other)
                );
                warn(found, "never-matches", path, reason, "leave it out");
            }
            earlier.push((wanted.methods, &route.name, at, wanted.path));
        }
    }
}

/// Every match of a route, with each of its hosts.
fn keys(route: &Route) -> Vec<Wanted<'_>> {
    let matches: Vec<Option<&Match>> = if route.matches.is_empty() {
        vec![None]
    } else {
        route.matches.iter().map(Some).collect()
    };
    let mut keys = Vec::new();
    for (at, one) in matches.into_iter().enumerate() {
        let methods = one.map_or(&[][..], |one| &one.methods);
        let predicates = one.map(|one| (sorted(&one.headers), sorted(&one.query)));
        for place in places(route, one) {
            keys.push(Wanted {
                what: (place, predicates.clone().unwrap_or_default()),
                methods,
                path: one
                    .and_then(|one| one.path.as_ref())
                    .map_or("/", lint_paths::text),
                at,
            });
        }
    }
    keys
}

/// Whether what these methods name holds all of those. None are all.
fn covers(earlier: &[String], later: &[String]) -> bool {
    if earlier.is_empty() || later.is_empty() {
        return earlier.is_empty() && later.is_empty();
    }
    later.iter().all(|method| earlier.contains(method))
}

fn places(route: &Route, one: Option<&Match>) -> Vec<Place> {
    let path = lint_paths::one_spelling(one.and_then(|one| one.path.as_ref()));
    if route.hosts.is_empty() {
        return vec![(HostPattern::Any, path)];
    }
    let hosts = route
        .hosts
        .iter()
        .filter_map(|host| HostPattern::parse(host).ok());
    hosts.map(|host| (host, path.clone())).collect()
}

fn sorted(fields: &[FieldMatch]) -> Vec<(String, String)> {
    let mut all: Vec<_> = fields
        .iter()
        .map(|field| {
            let test = match &field.test {
                FieldTest::Exact(value) => format!("={value}"),
                FieldTest::Present => "+".to_owned(),
                FieldTest::Absent => "-".to_owned(),
            };
            (field.name.clone(), test)
        })
        .collect();
    all.sort();
    all
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

    fn found(json: &str) -> Vec<(&'static str, String)> {
        let config = Config::parse(json.as_bytes()).unwrap();
        let warnings = warnings(&config);
        warnings
            .into_iter()
            .map(|warning| (warning.rule, warning.path))
            .collect()
    }

    fn routes(list: &[&str]) -> Vec<(&'static str, String)> {
        let routes: Vec<String> = list
            .iter()
            .enumerate()
            .map(|(at, rest)| format!(r#"{{"name": "r{at}", "require": "none", {rest}}}"#))
            .collect();
        found(&format!(r#"{{"routes": [{}]}}"#, routes.join(",")))
    }

    #[test]
    fn routes_that_never_match() {
        let never = |at: usize| vec![("never-matches", format!("routes[{at}]"))];
        let prefix = r#""match": [{"path": {"prefix": "/a"}}]"#;
        let slash = r#""match": [{"path": {"prefix": "/a/"}}]"#;
        let rest = r#""match": [{"path": {"template": "/a/{x=**}"}}]"#;
        let get = r#""match": [{"path": {"prefix": "/a"}, "methods": ["GET"]}]"#;
        let both = r#""match": [{"path": {"prefix": "/a"}, "methods": ["GET", "PUT"]}]"#;
        let more = r#""match": [{"path": {"prefix": "/a"}}, {"path": {"prefix": "/b"}}]"#;
        let header =
            r#""match": [{"path": {"prefix": "/a"}, "headers": [{"name": "X", "present": true}]}]"#;
        let host = r#""hosts": ["A.test"], "match": [{"path": {"prefix": "/a"}}]"#;
        let hosts = r#""hosts": ["a.test.", "b.test"], "match": [{"path": {"prefix": "/a"}}]"#;
        assert_eq!(routes(&[prefix, slash]), never(1));
        assert_eq!(routes(&[rest, prefix]), never(1));
        assert_eq!(routes(&[both, get]), never(1));
        assert_eq!(routes(&[get, both]), []);
        assert_eq!(routes(&[prefix, get]), []);
        assert_eq!(routes(&[get, prefix]), []);
        assert_eq!(routes(&[more, prefix]), never(1));
        assert_eq!(routes(&[prefix, more]), []);
        assert_eq!(routes(&[prefix, header, header]), never(2));
        assert_eq!(routes(&[prefix, host, hosts]), []);
        assert_eq!(routes(&[hosts, host]), never(1));
        assert_eq!(routes(&[r#""hosts": []"#, r#""match": [{}]"#]), never(1));
    }

    #[test]
    fn matches_that_differ_in_spelling_alone() {
        let escaped = r#""match": [{"path": {"exact": "/p%2Bq"}}]"#;
        let plain = r#""match": [{"path": {"exact": "/p+q"}}]"#;
        let late = ("never-matches", "routes[1]".to_owned());
        assert_eq!(routes(&[escaped, plain]), [late]);
        let both = r#""match": [{"path": {"exact": "/p%2Bq"}}, {"path": {"exact": "/p+q"}}]"#;
        let own = ("never-matches", "routes[0].match[1]".to_owned());
        assert_eq!(routes(&[both]), [own]);
        let slashes = r#""match": [{"path": {"exact": "/a"}}, {"path": {"exact": "/a/"}}]"#;
        assert_eq!(routes(&[slashes]), []);
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

    #[test]
    fn a_crowd() {
        let one = |at: usize| {
            format!(
                r#""match": [{{"path": {{"exact": "/a"}}, "headers": [{{"name": "x", "exact": "{at}"}}]}}]"#
            )
        };
        let all: Vec<String> = (0..CROWD).map(one).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(
            routes(&all),
            [("crowded-place", format!("routes[{}]", CROWD - 1))]
        );
        assert_eq!(routes(&all[1..]), []);
    }
}
