//! A redirect to the address of the request.

use postern::config::{Config, Redirect, RedirectQuery, Route};

use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "redirect-loop",
    meaning: "A redirect sends the client to the address of its request, and the route matches again.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, route) in config.routes.iter().enumerate() {
        if let Some(redirect) = &route.redirect {
            if is_loop(route, redirect) {
                warnings.add(
                    format!("routes[{at}].redirect"),
                    "the client is sent to the address of its request, so this route matches again",
                    "write a new address, or match methods that the client doesn't repeat: `methods: [POST]` with `status: 303`",
                );
            }
        }
    }
}

/// Whether the route matches the redirected request. A client repeats the request, unless the status makes it a GET (RFC 9110
/// §15.4).
fn is_loop(route: &Route, redirect: &Redirect) -> bool {
    let has_new_address = redirect.scheme.is_some()
        || redirect.host.is_some()
        || redirect.port.is_some()
        || redirect.path.is_some();
    let becomes_get = |method: &String| match redirect.status {
        303 => !matches!(&**method, "GET" | "HEAD"),
        // Clients have always done this, and the RFC allows it.
        301 | 302 => method == "POST",
        _ => false,
    };
    // After a change of its query the request may have no parameter that the route asks for.
    let is_new_query = !matches!(redirect.query, RedirectQuery::Keep)
        && !route.matches.is_empty()
        && route.matches.iter().all(|one| !one.query.is_empty());
    let mut matches = route.matches.iter();
    let matches_only_other_methods = !route.matches.is_empty()
        && matches.all(|one| !one.methods.is_empty() && one.methods.iter().all(becomes_get));
    !has_new_address && !is_new_query && !matches_only_other_methods
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_redirects_to_the_same_address() {
        let methods = |methods: &str| format!(r#""match": [{{"methods": {methods}}}]"#);
        for (matches, redirect, is_loop) in [
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
            (r#""match": []"#.to_owned(), r#"{"query": "drop"}"#, true),
            (
                r#""match": [{"query": [{"name": "a", "present": true}]}]"#.to_owned(),
                r#"{"query": {"remove": ["a"]}}"#,
                false,
            ),
        ] {
            let policy = format!(
                r#"{{"routes": [{{"name": "a", "require": "none", {matches}, "redirect": {redirect}}}]}}"#
            );
            let expected: &[&str] = if is_loop {
                &["routes[0].redirect"]
            } else {
                &[]
            };
            assert_eq!(paths_of(&RULE, &policy), expected, "{matches} {redirect}");
        }
    }
}
