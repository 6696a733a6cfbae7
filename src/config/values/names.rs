//! Names with a grammar: header fields, cookies, methods.

use crate::http::{FRAMING, is_token};

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, Named, expected, list, name, pairs};
use crate::config::values::text::{line, value};
use crate::config::{ConfigErrors, Path};

/// The name of a header that is read, in lower case.
pub(in crate::config) fn header_name(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    readable(&String::decode(node, at, errors)?, at, errors)
}

/// The name of a header that is written or removed, in lower case.
pub(in crate::config) fn own_header(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    writable(&String::decode(node, at, errors)?, at, errors)
}

/// A list of the names of headers that are written.
pub(in crate::config) fn own_headers(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<String>> {
    list(own_header, node, at, errors)
}

/// A list of headers to remove: names, and prefixes of names with a `*` at their end.
pub(in crate::config) fn removed_headers(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<String>> {
    list(removed_header, node, at, errors)
}

fn removed_header(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let text = String::decode(node, at, errors)?;
    let prefix = text.strip_suffix('*').unwrap_or(&text);
    if prefix.len() == text.len() && !text.contains('*') {
        return writable(&text, at, errors);
    }
    if prefix.contains('*') || !is_token(prefix.as_bytes()) {
        let reason = "not a header name or a prefix of one";
        errors.suggest(at, reason, "write `x-debug` or `x-debug-*`");
        return None;
    }
    Some(text.to_ascii_lowercase())
}

/// A map from the names of headers to the names that they get.
pub(in crate::config) fn moved_headers(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    pairs(writable, own_header, node, at, errors)
}

/// A map from the names of written headers to values without control characters.
pub(in crate::config) fn header_values(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    pairs(writable, value, node, at, errors)
}

/// The headers of a callout: a map from header names to text that may be a secret.
pub(in crate::config) fn secret_headers<T: Decode>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<T>>> {
    pairs(askable, T::decode, node, at, errors)
}

/// A header of a callout.
fn askable(name: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let name = writable(name, at, errors)?;
    if name == "accept-encoding" {
        // RFC 9110 §12.5.3.
        let reason = "compressed responses are not supported";
        errors.suggest(at, reason, "remove it: the filter sends `identity`");
        return None;
    }
    Some(name)
}

/// A map from names to header names.
pub(in crate::config) fn headers_by_name(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    pairs(name, own_header, node, at, errors)
}

fn readable(name: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let name = name.to_ascii_lowercase();
    if name.starts_with(':') || name == "host" {
        // Envoy has no `host` field: it is `:authority` there.
        let reason = "host, path and method are not header fields here";
        errors.suggest(at, reason, "they have fields of their own");
        return None;
    }
    if !is_token(name.as_bytes()) {
        let reason = "not a header name";
        errors.suggest(at, reason, "letters, digits and `-`, as in `x-tenant`");
        return None;
    }
    Some(name)
}

/// Standard HTTP fields that clients send. A route that sets one of them changes it on its own requests only; clients may
/// still send it on other routes.
pub(in crate::config) const CLIENTS_OWN: [&str; 24] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "cookie",
    "date",
    "expect",
    "from",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "pragma",
    "range",
    "referer",
    "user-agent",
];

fn writable(name: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let name = readable(name, at, errors)?;
    // Upstreams that treat `_` as `-` would mix the two up.
    let folded = name.replace('_', "-");
    if FRAMING.contains(&folded.as_str()) {
        errors.push(
            at,
            "this header field belongs to the connection and can't be changed",
        );
        return None;
    }
    Some(name)
}

/// The name of a cookie.
pub(in crate::config) fn cookie_name(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    cookie(&String::decode(node, at, errors)?, at, errors)
}

fn cookie(name: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    if !is_token(name.as_bytes()) {
        errors.push(at, "not a cookie name");
        return None;
    }
    Some(name.to_owned())
}

/// A list of the names of cookies.
pub(in crate::config) fn cookie_names(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<String>> {
    list(cookie_name, node, at, errors)
}

/// A map from the names of cookies to values without control characters.
pub(in crate::config) fn cookie_values(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    pairs(cookie, value, node, at, errors)
}

/// Methods in upper case; methods are case-sensitive (RFC 9110 §9.1).
pub(in crate::config) const METHODS: [&str; 9] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

/// A method.
fn method(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let Some(text) = node.as_text() else {
        return expected("a method such as `GET`", node, at, errors);
    };
    let known = METHODS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(text));
    match known {
        Some(known) if *known != text => {
            let suggestion = format!("did you mean `{known}`?");
            errors.suggest(at, "methods are case-sensitive", suggestion);
            None
        }
        None if !is_token(text.as_bytes()) => {
            errors.push(at, "not a method");
            None
        }
        Some(_) | None => Some(text.to_owned()),
    }
}

/// A list of methods.
pub(in crate::config) fn method_names(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<String>> {
    list(method, node, at, errors)
}

/// A method, or a template that makes one.
pub(in crate::config) fn method_template(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    match node.as_text() {
        Some(text) if text.contains('$') => line(node, at, errors),
        Some(_) | None => method(node, at, errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Reader = fn(&Node<'_>, &Path<'_>, &mut ConfigErrors) -> Option<String>;

    fn read(reader: Reader, text: &str) -> Option<String> {
        let mut errors = ConfigErrors::default();
        let read = reader(&Node::from(text), &Path::Root, &mut errors);
        assert_eq!(read.is_none(), !errors.is_empty(), "{text}");
        read
    }

    #[test]
    fn reads_header_names() {
        for (text, readable, writable) in [
            ("X-Tenant", Some("x-tenant"), Some("x-tenant")),
            ("x_tenant", Some("x_tenant"), Some("x_tenant")),
            ("content-length", Some("content-length"), None),
            ("Transfer_Encoding", Some("transfer_encoding"), None),
            ("host", None, None),
            (":path", None, None),
            ("", None, None),
            ("x tenant", None, None),
            ("x-ténant", None, None),
            ("x:y", None, None),
        ] {
            assert_eq!(read(header_name, text).as_deref(), readable, "{text}");
            assert_eq!(read(own_header, text).as_deref(), writable, "{text}");
        }
    }

    #[test]
    fn reads_headers_to_remove() {
        for (text, expected) in [
            ("X-Debug", Some("x-debug")),
            ("X-Debug-*", Some("x-debug-*")),
            ("c*", Some("c*")),
            ("*", None),
            ("", None),
            ("x-*-a", None),
            ("x-**", None),
            (":*", None),
            ("host*", Some("host*")),
            ("host", None),
            ("x *", None),
            ("content-length", None),
        ] {
            assert_eq!(read(removed_header, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn methods_are_case_sensitive() {
        for (text, expected) in [
            ("GET", Some("GET")),
            ("get", None),
            ("Purge", Some("Purge")),
            ("", None),
            ("G T", None),
        ] {
            assert_eq!(read(method, text).as_deref(), expected, "{text}");
        }
        assert!(read(method_template, "${header.x-method}").is_some());
        assert!(read(method_template, "post").is_none());
    }

    #[test]
    fn reads_cookie_names() {
        assert!(read(cookie_name, "a_b").is_some());
        assert!(read(cookie_name, "a=b").is_none());
    }
}
