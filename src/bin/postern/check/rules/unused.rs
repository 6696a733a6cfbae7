//! A part of the policy that nothing uses.

use std::collections::HashSet;

use postern::config::{Condition, Config, Requirement, Route, SourceKind, Upstream};
use postern::http::same_name;

use super::{CheckRule, Warnings, entry};

pub(super) const RULE: CheckRule = CheckRule {
    id: "unused",
    meaning: "Nothing uses a provider, a source, a flag or a name in `clientHeaders`.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    let mut providers = HashSet::default();
    let lists = config.consumers_from.iter();
    let mut sources: HashSet<&str> = lists.map(|from| &*from.source).collect();
    let mut flags = HashSet::default();
    for source in &config.sources {
        if let SourceKind::Merge(parts) = &source.value.kind {
            sources.extend(parts.iter().map(|part| &*part.source));
        }
    }
    for route in &config.routes {
        collect_providers(&route.require, &mut providers);
        sources.extend(route.lookup.iter().map(|lookup| &*lookup.value.source));
        for condition in conditions(route) {
            collect_asked(condition, &mut sources, &mut flags);
        }
    }
    for flag in &config.flags {
        sources.insert(&flag.value.source);
        if !flags.contains(&*flag.name) {
            let path = entry("flags", &flag.name);
            warnings.add(path, "no condition asks this flag", "leave it out");
        }
    }
    for provider in &config.providers {
        if !providers.contains(&*provider.name) {
            let path = entry("providers", &provider.name);
            warnings.add(path, "no route requires this provider", "leave it out");
        }
    }
    for source in &config.sources {
        if !sources.contains(&*source.name) {
            let path = entry("sources", &source.name);
            warnings.add(path, "nothing reads this source", "leave it out");
        }
    }
    let rewrites = config.routes.iter().flat_map(|route| &route.rewrite);
    let set: Vec<&str> = rewrites
        .flat_map(|rewrite| {
            let of_upstreams = rewrite.edits.iter().map(|edits| &edits.value.headers);
            of_upstreams.chain([&rewrite.headers])
        })
        .flat_map(|headers| headers.set.iter().map(|edit| &*edit.name))
        .collect();
    for (at, name) in config.client_headers.iter().enumerate() {
        let is_same = |other: &&str| same_name(other.as_bytes(), name.as_bytes());
        if !set.iter().any(is_same) {
            let reason = "no route sets this header, so it is the client's anyway";
            warnings.add(format!("clientHeaders[{at}]"), reason, "leave it out");
        }
    }
}

/// All conditions of a route.
fn conditions(route: &Route) -> impl Iterator<Item = &Condition> {
    let upstream = route
        .rewrite
        .as_ref()
        .and_then(|rewrite| rewrite.upstream.as_ref());
    let cases = match upstream {
        Some(Upstream::First(cases)) => cases.as_slice(),
        Some(Upstream::One(_)) | None => &[],
    };
    let of_upstreams = cases.iter().flat_map(|case| &case.when);
    route
        .authorize
        .iter()
        .chain(&route.when)
        .chain(of_upstreams)
}

fn collect_asked<'c>(
    condition: &'c Condition,
    sources: &mut HashSet<&'c str>,
    flags: &mut HashSet<&'c str>,
) {
    match condition {
        Condition::All(list) | Condition::Any(list) => {
            for one in list {
                collect_asked(one, sources, flags);
            }
        }
        Condition::Not(inner) => collect_asked(inner, sources, flags),
        Condition::Listed { list, .. } => {
            sources.insert(&list.source);
        }
        Condition::Flag { flag, .. } => {
            flags.insert(flag);
        }
        Condition::Groups(_)
        | Condition::Consumers(_)
        | Condition::Labels(_)
        | Condition::Provider(_)
        | Condition::Lookup { .. }
        | Condition::Claim { .. }
        | Condition::Scopes(_)
        | Condition::Value { .. } => {}
    }
}

fn collect_providers<'c>(requirement: &'c Requirement, names: &mut HashSet<&'c str>) {
    match requirement {
        Requirement::None => {}
        Requirement::Provider(name) => {
            names.insert(name);
        }
        Requirement::Any(list) | Requirement::All(list) | Requirement::Optional(list) => {
            for one in list {
                collect_providers(one, names);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_providers_sources_and_client_headers() {
        let policy = r#"{
            "consumersFrom": [{"source": "list", "items": "$[*]"}],
            "providers": {
                "k": {"apiKey": {"from": [{"header": "x"}]}},
                "l": {"apiKey": {"from": [{"header": "y"}]}}
            },
            "sources": {"a b": {"inline": 1}, "base": {"inline": {}}, "crm": {"merge": ["base"]}, "list": {"inline": []}},
            "routes": [{"name": "r", "require": {"optional": "k"},
                "lookup": {"who": {"source": "crm", "values": {"v": "$"}}},
                "rewrite": {"headers": {"set": {"tracestate": "a"}}}}],
            "clientHeaders": ["tracestate", "x-unknown"]
        }"#;
        let expected = ["providers.l", "sources['a b']", "clientHeaders[1]"];
        assert_eq!(paths_of(&RULE, policy), expected);
    }

    #[test]
    fn finds_flags_and_what_conditions_ask() {
        let policy = r#"{
            "sources": {"a": {"inline": {"l": [], "f": true}}, "b": {"inline": {"l": []}}, "c": {"inline": true}, "d": {"inline": true}},
            "flags": {"f": {"source": "a", "value": "$.f"}, "g": {"source": "c", "value": "$"}},
            "routing": {"header": "x-to", "allow": ["blue", "green"]},
            "routes": [{"name": "r", "require": "none",
                "authorize": {"not": {"all": [{"value": "x", "in": {"source": "b", "list": "$.l[*]"}}]}},
                "rewrite": {"upstream": {"first": [{"when": {"flag": "f"}, "upstream": "blue"}, {"upstream": "green"}]}}}]
        }"#;
        assert_eq!(paths_of(&RULE, policy), ["flags.g", "sources.d"]);
    }
}
