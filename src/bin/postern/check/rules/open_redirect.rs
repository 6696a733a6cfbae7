//! A redirect that a client's text sends anywhere.

use postern::config::{Config, PathRewrite, Redirect, Respond, Unmatched};
use postern::internals::template::{Function, Piece, Template};

use super::{CheckRule, Warnings, entry};

pub(super) const RULE: CheckRule = CheckRule {
    id: "open-redirect",
    meaning: "Text of the request decides where a redirect leads, so a link to this gateway can lead to any site.",
    check,
};

const NEW_HOST: &str = "write the host, or look it up: a lookup by this text has only the hosts that you list. \
                        A host that ends with a domain of yours, as in `${path.tenant}.example.com`, is safe too";

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, route) in config.routes.iter().enumerate() {
        if let Some(redirect) = &route.redirect {
            check_redirect(redirect, &format!("routes[{at}].redirect"), warnings);
        }
        if let Some(respond) = &route.respond {
            check_respond(respond, &format!("routes[{at}].respond"), warnings);
        }
    }
    if let Unmatched::Respond(respond) = &config.unmatched {
        check_respond(respond, "unmatched.respond", warnings);
    }
}

fn check_respond(respond: &Respond, path: &str, warnings: &mut Warnings) {
    for header in &respond.headers {
        if header.name.eq_ignore_ascii_case("location") && is_open_address(&header.value) {
            let path = entry(&format!("{path}.headers"), &header.name);
            let reason = "the request chooses the host that the client is sent to";
            let suggestion = "write `redirect`, whose path can't become a host";
            warnings.add(path, reason, suggestion);
        }
    }
}

fn check_redirect(redirect: &Redirect, path: &str, warnings: &mut Warnings) {
    if redirect
        .host
        .as_ref()
        .is_some_and(|host| is_open_host(host))
    {
        let reason = "the request chooses the host that the client is sent to";
        warnings.add(format!("{path}.host"), reason, NEW_HOST);
    }
    let whole = match &redirect.path {
        Some(PathRewrite::Template(text)) => is_chosen_path(text),
        _ => false,
    };
    if whole {
        let reason =
            "a parameter, a header or a cookie chooses the whole path that the client is sent to";
        let suggestion = "write how the path begins, or look the path up";
        warnings.add(format!("{path}.path"), reason, suggestion);
    }
}

/// The places of a request that somebody else can fill by a link, or a program by a header.
const CLIENT: [&str; 4] = ["query.", "header.", "cookie.", "path."];

/// Whether a part is text of the client that may be a host.
fn is_open(piece: &Piece, places: &[&str]) -> bool {
    let Piece::Value {
        variable,
        functions,
        default,
    } = piece
    else {
        return false;
    };
    let last = functions.last();
    let is_harmless = matches!(
        last,
        Some(Function::Sha256 | Function::Base64Url | Function::UrlEncode)
    );
    let is_client = places.iter().any(|place| variable.starts_with(place));
    let default = default.as_ref().map(Template::pieces).unwrap_or_default();
    (is_client && !is_harmless) || default.iter().any(|piece| is_open(piece, places))
}

/// Whether a host has text of the client, and no domain after it.
fn is_open_host(text: &str) -> bool {
    let Ok(template) = Template::parse(text) else {
        return false;
    };
    let pieces = template.pieces();
    let has_domain = match pieces.last() {
        Some(Piece::Literal(end)) => {
            let host = end.split(':').next().unwrap_or_default();
            host.strip_prefix('.')
                .is_some_and(|rest| rest.contains('.'))
        }
        _ => false,
    };
    !has_domain && pieces.iter().any(|piece| is_open(piece, &CLIENT))
}

/// Whether a path is slashes and text of the client alone. What the path of the request has captured is no foreign text: the
/// link shows it.
fn is_chosen_path(text: &str) -> bool {
    const PLACES: [&str; 3] = ["query.", "header.", "cookie."];
    let Ok(template) = Template::parse(text) else {
        return false;
    };
    let mut values = template.pieces().iter().filter(|piece| match piece {
        Piece::Literal(text) => text.chars().any(|char| char != '/'),
        Piece::Value { .. } => true,
    });
    let first = values.next();
    first.is_some_and(|piece| is_open(piece, &PLACES))
        && values.all(|piece| is_open(piece, &PLACES))
}

/// Whether text of the client stands where an address has its host. `/` and a value may be `//` and a host.
fn is_open_address(text: &str) -> bool {
    let Ok(template) = Template::parse(text) else {
        return false;
    };
    let (start, rest) = match template.pieces() {
        [Piece::Literal(start), rest @ ..] => (&**start, rest),
        rest => ("", rest),
    };
    let is_settled = match start.split_once("://") {
        Some((_, rest)) => rest.contains('/'),
        None => start.starts_with('/') && start.len() > 1 && !start.starts_with("//"),
    };
    !is_settled && rest.first().is_some_and(|piece| is_open(piece, &CLIENT))
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    fn found(rest: &str) -> Vec<String> {
        let policy = format!(
            r#"{{"sources": {{"s": {{"inline": {{"h": "a"}}}}}},
                 "routes": [{{"name": "r", "match": [{{"path": {{"template": "/{{a}}/{{rest=**}}"}}}}], "require": "none",
                              "lookup": {{"to": {{"source": "s", "values": {{"host": "$.h"}}}}}}, {rest}}}]}}"#
        );
        paths_of(&RULE, &policy)
    }

    #[test]
    fn finds_hosts_that_the_request_chooses() {
        for (host, is_open) in [
            ("${query.to}", true),
            ("${lower(header.x-to)}", true),
            ("app.${cookie.to}", true),
            ("${path.a}", true),
            ("${path.a}.com", true),
            ("${to.host:-${query.to}}", true),
            ("${query.to}:8443", true),
            ("${path.a}.example.com", false),
            ("${path.a}.example.com:8443", false),
            ("${to.host}", false),
            ("www.${request.host}", false),
            ("example.com", false),
            ("${sha256(query.to)}.x", false),
        ] {
            let redirect = format!(r#""redirect": {{"host": "{host}"}}"#);
            let expected: &[&str] = if is_open {
                &["routes[0].redirect.host"]
            } else {
                &[]
            };
            assert_eq!(found(&redirect), expected, "{host}");
        }
    }

    #[test]
    fn finds_paths_that_the_request_chooses() {
        for (path, is_open) in [
            ("/${query.next}", true),
            ("/${query.a}/${header.b:-c}", true),
            ("/${lower(cookie.next):-home}", true),
            ("/app/${query.next}", false),
            ("/${path.rest}", false),
            ("/${to.host}/${query.a}", false),
            ("${request.path}/x", false),
            ("/", false),
        ] {
            let redirect = format!(r#""redirect": {{"path": "{path}"}}"#);
            let expected: &[&str] = if is_open {
                &["routes[0].redirect.path"]
            } else {
                &[]
            };
            assert_eq!(found(&redirect), expected, "{path}");
        }
    }

    #[test]
    fn finds_locations_that_the_request_chooses() {
        for (location, is_open) in [
            ("${query.next}", true),
            ("/${query.next}", true),
            ("//${query.next}", true),
            ("https://${query.next}", true),
            ("https://${header.host}/x", true),
            ("/app${query.next}", false),
            ("/app/${query.next}", false),
            ("https://example.com/${query.next}", false),
            ("/${urlencode(query.next)}", false),
            ("/login", false),
        ] {
            let respond =
                format!(r#""respond": {{"status": 302, "headers": {{"location": "{location}"}}}}"#);
            let expected: &[&str] = if is_open {
                &["routes[0].respond.headers.location"]
            } else {
                &[]
            };
            assert_eq!(found(&respond), expected, "{location}");
        }
    }

    #[test]
    fn finds_a_location_for_requests_without_a_route() {
        let policy = r#"{"unmatched": {"respond": {"status": 302, "headers": {"location": "${query.to}"}}}}"#;
        assert_eq!(
            paths_of(&RULE, policy),
            ["unmatched.respond.headers.location"]
        );
    }
}
