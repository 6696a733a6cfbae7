//! A change of a response header that Envoy writes after all filters.

use postern::config::{Config, HeaderEdits, Path};
use postern::http::same_name;

use super::{CheckRule, Warnings, entry};

pub(super) const RULE: CheckRule = CheckRule {
    id: "no-effect",
    meaning: "Envoy writes a response header after all filters, so the change has no effect.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, route) in config.routes.iter().enumerate() {
        if let Some(response) = &route.response {
            let root = Path::Root;
            let routes = root.field("routes");
            let route = routes.index(at);
            response.each(&route.field("response"), &mut |block, path| {
                edits(&block.headers, &path.field("headers").to_string(), warnings);
            });
        }
        let of_upstreams = route.rewrite.iter().flat_map(|rewrite| &rewrite.edits);
        for one in of_upstreams {
            let path = entry(&format!("routes[{at}].rewrite.edits"), &one.name);
            let path = format!("{path}.responseHeaders");
            edits(&one.value.response_headers, &path, warnings);
        }
    }
}

/// Envoy 1.40 always writes `server` (`server_header_transformation`), and writes `date` if it is missing.
fn edits(headers: &HeaderEdits, path: &str, warnings: &mut Warnings) {
    let is = |name: &str, other: &str| same_name(name.as_bytes(), other.as_bytes());
    let mut add = |path: String, name: &str| {
        let (when, suggestion) = if is(name, "server") {
            let suggestion = "leave it out; `server_header_transformation: PASS_THROUGH` in Envoy keeps the header of the response";
            ("", suggestion)
        } else {
            (" if it is missing", "leave it out")
        };
        let reason =
            format!("Envoy writes `{name}` after all filters{when}, so this has no effect");
        warnings.add(path, reason, suggestion);
    };
    for (list, field) in [(&headers.set, "set"), (&headers.add, "add")] {
        for edit in list.iter().filter(|edit| is(&edit.name, "server")) {
            add(entry(&format!("{path}.{field}"), &edit.name), &edit.name);
        }
    }
    for (at, name) in headers.remove.iter().enumerate() {
        if is(name, "server") || is(name, "date") {
            add(format!("{path}.remove[{at}]"), name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_changes_of_headers_that_envoy_writes() {
        let policy = r#"{"routes": [{"name": "a", "require": "none", "response": {"headers": {
            "set": {"server": "gate", "date": "now", "x-a": "b"}, "add": {"Server": "more"}, "remove": ["x-b", "date", "via"]}}},
            {"name": "b", "require": "none", "rewrite": {"upstream": "u", "edits": {"u": {"responseHeaders": {"set": {"server": "u"}}}}}}]}"#;
        let path = |path: &str| format!("routes[0].response.headers.{path}");
        assert_eq!(
            paths_of(&RULE, policy),
            [
                path("set.server"),
                path("add.server"),
                path("remove[1]"),
                "routes[1].rewrite.edits.u.responseHeaders.set.server".into()
            ]
        );
    }
}
