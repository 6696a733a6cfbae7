//! What a route says of responses, and what then doesn't come about.

use postern::config::{Config, Redirect, ResponseEdits, Route};
use postern::http::same_name;

use super::{Warning, step, warn};

/// Warns of what has no effect, or none that is meant.
pub(crate) fn warnings(config: &Config, found: &mut Vec<Warning>) {
    for (at, route) in config.routes.iter().enumerate() {
        if let Some(response) = &route.response {
            envoys_own(response, &format!("routes[{at}].response.headers"), found);
        }
        if let Some(redirect) = &route.redirect {
            loops(route, redirect, &format!("routes[{at}].redirect"), found);
        }
    }
}

/// Envoy 1.40 writes `server` behind all filters, whatever is there (`server_header_transformation`), and `date` where it is
/// missing.
fn envoys_own(response: &ResponseEdits, path: &str, found: &mut Vec<Warning>) {
    let is = |name: &str, own: &str| same_name(name.as_bytes(), own.as_bytes());
    let mut tell = |path: String, name: &str| {
        let (when, suggestion) = if is(name, "server") {
            let suggestion = "leave it out; `server_header_transformation: PASS_THROUGH` in Envoy keeps what is there";
            ("", suggestion)
        } else {
            (" where it is missing", "leave it out")
        };
        let reason =
            format!("Envoy writes `{name}` after all filters{when}, so this has no effect");
        warn(found, "no-effect", path, reason, suggestion);
    };
    let headers = &response.headers;
    for (list, field) in [(&headers.set, "set"), (&headers.add, "add")] {
        for edit in list.iter().filter(|edit| is(&edit.name, "server")) {
            tell(format!("{path}.{field}{}", step(&edit.name)), &edit.name);
        }
    }
    for (at, name) in headers.remove.iter().enumerate() {
        if is(name, "server") || is(name, "date") {
            tell(format!("{path}.remove[{at}]"), name);
        }
    }
}

/// A client that is sent to the same address sends the same request again, unless the status makes it a GET (RFC 9110 §15.4).
fn loops(route: &Route, redirect: &Redirect, path: &str, found: &mut Vec<Warning>) {
    let leads_elsewhere = redirect.scheme.is_some()
        || redirect.host.is_some()
        || redirect.port.is_some()
        || redirect.path.is_some();
    let becomes_get = |method: &String| match redirect.status {
        303 => !matches!(&**method, "GET" | "HEAD"),
        // For the sake of what clients have always done.
        301 | 302 => method == "POST",
        _ => false,
    };
    let mut matches = route.matches.iter();
    let is_another = !route.matches.is_empty()
        && matches.all(|one| !one.methods.is_empty() && one.methods.iter().all(becomes_get));
    if !leads_elsewhere && !is_another {
        let reason = "the client is sent to the address that it asked for, and comes again";
        let suggestion = "write where to, or match methods that the client doesn't repeat: `methods: [POST]` with `status: 303`";
        warn(found, "redirect-loop", path.to_owned(), reason, suggestion);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(route: &str) -> Vec<(&'static str, String)> {
        let text = format!(r#"{{"routes": [{{"name": "a", "require": "none", {route}}}]}}"#);
        let config = Config::parse(text.as_bytes()).unwrap();
        let mut found = Vec::new();
        warnings(&config, &mut found);
        found.into_iter().map(|one| (one.rule, one.path)).collect()
    }

    #[test]
    fn headers_of_envoys_own() {
        let headers = r#""response": {"headers": {
            "set": {"server": "gate", "date": "now", "x-a": "b"}, "add": {"Server": "more"}, "remove": ["x-b", "date", "via"]}}"#;
        let at = |path: &str| ("no-effect", format!("routes[0].response.headers.{path}"));
        assert_eq!(
            rules(headers),
            [at("set.server"), at("add.server"), at("remove[1]")]
        );
    }

    #[test]
    fn redirects_to_the_same_address() {
        let methods = |methods: &str| format!(r#""match": [{{"methods": {methods}}}]"#);
        for (matches, redirect, loops) in [
            (r#""match": []"#.to_owned(), r#"{"status": 308}"#, true),
            (r#""match": []"#.to_owned(), r#"{"status": 303}"#, true),
            (methods(r#"["POST"]"#), r#"{"status": 303}"#, false),
            (methods(r#"["PUT", "DELETE"]"#), r#"{"status": 303}"#, false),
            (methods(r#"["POST", "GET"]"#), r#"{"status": 303}"#, true),
            (methods(r#"["POST"]"#), r#"{"status": 302}"#, false),
            (methods(r#"["PUT"]"#), r#"{"status": 302}"#, true),
            (methods(r#"["POST"]"#), r#"{"status": 307}"#, true),
            (methods("[]"), r#"{"status": 303}"#, true),
            (r#""match": []"#.to_owned(), r#"{"scheme": "https"}"#, false),
        ] {
            let told = rules(&format!(r#"{matches}, "redirect": {redirect}"#));
            let expected: &[(&str, String)] = &[("redirect-loop", "routes[0].redirect".to_owned())];
            assert_eq!(
                told,
                if loops { expected } else { &[] },
                "{matches} {redirect}"
            );
        }
    }
}
