//! Paths that are written as another gateway writes them, and that are text here.

use postern::config::{Config, PathMatch, PathRewrite};
use postern::internals::route::PathPattern;

use super::{Warning, warn};

/// A path's pattern in one spelling, without the names of its captures: two that are equal are for the same paths.
pub(crate) fn one_spelling(path: Option<&PathMatch>) -> String {
    let below = |prefix: &str| format!("{}/{{rest=**}}", prefix.trim_end_matches('/'));
    let pattern = match path {
        None => PathPattern::template(&below("")),
        Some(PathMatch::Exact(path)) => PathPattern::exact(path),
        Some(PathMatch::Prefix(path)) => PathPattern::template(&below(path)),
        Some(PathMatch::Template(path)) => PathPattern::template(&renamed(path)),
    };
    match (pattern, path) {
        (Ok(pattern), _) => format!("{pattern:?}"),
        // An error is told of it.
        (Err(_), path) => format!("{path:?}"),
    }
}

/// A template whose captures are named by their places.
fn renamed(template: &str) -> String {
    let segments = template.split('/').enumerate().map(|(at, segment)| {
        let capture = segment
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'));
        match capture {
            Some(inner) if inner.ends_with("=**") => "{rest=**}".to_owned(),
            Some(_) => format!("{{c{at}}}"),
            None => segment.to_owned(),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// What is to be said of two paths that are for the same requests, where that can't be seen.
pub(crate) fn spelt(path: &str, other: &str) -> String {
    if path.contains('%') || other.contains('%') {
        format!(" (`{path}` and `{other}` are one path)")
    } else {
        String::new()
    }
}

/// The path as it is written.
pub(crate) fn text(path: &PathMatch) -> &str {
    let (PathMatch::Exact(text) | PathMatch::Prefix(text) | PathMatch::Template(text)) = path;
    text
}

/// Warns of paths that hold what is a pattern elsewhere.
pub(crate) fn patterns(config: &Config, found: &mut Vec<Warning>) {
    for (at, route) in config.routes.iter().enumerate() {
        for (number, one) in route.matches.iter().enumerate() {
            let Some(path) = &one.path else { continue };
            let kind = match path {
                PathMatch::Exact(_) => "exact",
                PathMatch::Prefix(_) => "prefix",
                PathMatch::Template(_) => "template",
            };
            let place = format!("routes[{at}].match[{number}].path.{kind}");
            in_match(text(path), place, found);
        }
        let rewritten = route.rewrite.iter().filter_map(|new| new.path.as_ref());
        for new in rewritten {
            in_new_path(new, format!("routes[{at}].rewrite.path"), found);
        }
        let redirected = route.redirect.iter().filter_map(|new| new.path.as_ref());
        for new in redirected {
            in_new_path(new, format!("routes[{at}].redirect.path"), found);
        }
    }
}

fn in_match(path: &str, place: String, found: &mut Vec<Warning>) {
    let told = path.split('/').find_map(|segment| as_text(segment, path));
    if let Some((written, suggestion)) = told {
        let reason = format!("`{written}` is text here, and no pattern");
        warn(found, "literal-pattern", place, reason, suggestion);
    }
}

/// What of a segment is meant as a pattern, and what would be one.
fn as_text<'p>(segment: &'p str, path: &str) -> Option<(&'p str, String)> {
    let looks_regular = [".*", "(.", "(?", "[^", "[0-9", "[a-z", "[A-Z"];
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte))
    };
    let pointed = segment
        .strip_prefix('<')
        .and_then(|inner| inner.strip_suffix('>'));
    let named = segment
        .strip_prefix(':')
        .filter(|name| is_name(name))
        .or(pointed);
    if looks_regular.iter().any(|part| segment.contains(part)) || segment.starts_with('^') {
        let suggestion = "there are no regular expressions: write a `prefix` or a `template`";
        Some((segment, suggestion.to_owned()))
    } else if let Some(name) = named {
        // Some servers write a type before the name: `<int:id>`.
        let name = name.rsplit(':').next().unwrap_or(name).replace('-', "_");
        Some((segment, format!("write a `template` with `{{{name}}}`")))
    } else if segment.starts_with('*') || segment.ends_with('*') {
        let suggestion = match path.strip_suffix("/*").or_else(|| path.strip_suffix("/**")) {
            Some(start) if !start.contains('*') => {
                let start = if start.is_empty() { "/" } else { start };
                format!("write `prefix: {start}`")
            }
            _ => "write a `template`: `{name}` takes one segment, `{name=**}` the rest".to_owned(),
        };
        Some((segment, suggestion))
    } else {
        None
    }
}

/// A new path is a template, whose variables are written `${path.name}`.
fn in_new_path(new: &PathRewrite, place: String, found: &mut Vec<Warning>) {
    let PathRewrite::Template(text) = new else {
        return;
    };
    let meant = text.split('/').find_map(|segment| {
        let inner = segment
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'))
            .or_else(|| segment.strip_prefix(':'));
        if let Some(name) = inner.filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            let name = name.split('=').next().unwrap_or(name);
            return Some((segment, format!("write `${{path.{name}}}`")));
        }
        let group = segment
            .strip_prefix('$')
            .or_else(|| segment.strip_prefix('\\'))?;
        let is_group = !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
        let suggestion = "match with a `template` and write `${path.NAME}`";
        is_group.then(|| (segment, suggestion.to_owned()))
    });
    if let Some((written, suggestion)) = meant {
        let reason = format!("`{written}` is text here, and no variable");
        warn(found, "literal-pattern", place, reason, suggestion);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_other_gateways() {
        for (path, written, suggestion) in [
            ("/api/*", "*", "write `prefix: /api`"),
            ("/*", "*", "write `prefix: /`"),
            ("/api/**", "**", "write `prefix: /api`"),
            ("/api*", "api*", "write a `template`"),
            ("/a/*/b", "*", "write a `template`"),
            ("/a/(.*)", "(.*)", "no regular expressions"),
            ("/a/[0-9]+", "[0-9]+", "no regular expressions"),
            ("/^a", "^a", "no regular expressions"),
            ("/u/:id/x", ":id", "write a `template` with `{id}`"),
            ("/u/<id>", "<id>", "write a `template` with `{id}`"),
            (
                "/u/<int:user-id>",
                "<int:user-id>",
                "write a `template` with `{user_id}`",
            ),
        ] {
            let mut found = Vec::new();
            in_match(path, String::new(), &mut found);
            let [warning] = found.as_slice() else {
                panic!("{path}: {found:?}");
            };
            assert!(
                warning.reason.contains(&format!("`{written}`")),
                "{warning:?}"
            );
            assert!(warning.suggestion.contains(suggestion), "{warning:?}");
        }
        for path in [
            "/",
            "/v1/books:read",
            "/a.b",
            "/a(1)",
            "/t/{id}/{rest=**}",
            "/a:1",
            "/:",
            "/a,b",
        ] {
            let mut found = Vec::new();
            in_match(path, String::new(), &mut found);
            assert_eq!(found, [], "{path}");
        }
    }

    #[test]
    fn new_paths() {
        for (path, suggestion) in [
            ("/n/{id}", Some("`${path.id}`")),
            ("/n/{rest=**}", Some("`${path.rest}`")),
            ("/n/:id", Some("`${path.id}`")),
            ("/n/$1", Some("`${path.NAME}`")),
            ("/n/\\1", Some("`${path.NAME}`")),
            ("/n/${path.id}", None),
            ("/n/$a", None),
            ("/n/a:b", None),
        ] {
            let mut found = Vec::new();
            in_new_path(
                &PathRewrite::Template(path.to_owned()),
                String::new(),
                &mut found,
            );
            let said = found.first().map(|warning| &*warning.suggestion);
            assert_eq!(said.is_some(), suggestion.is_some(), "{path}");
            assert!(
                said.unwrap_or_default()
                    .contains(suggestion.unwrap_or_default()),
                "{path}"
            );
        }
    }

    #[test]
    fn spellings() {
        let exact = |path: &str| one_spelling(Some(&PathMatch::Exact(path.to_owned())));
        let template = |path: &str| one_spelling(Some(&PathMatch::Template(path.to_owned())));
        let prefix = |path: &str| one_spelling(Some(&PathMatch::Prefix(path.to_owned())));
        assert_eq!(exact("/p%2Bq"), exact("/p+q"));
        assert_ne!(exact("/p%2Fq"), exact("/p/q"));
        assert_ne!(exact("/a"), exact("/a/"));
        assert_ne!(exact("/a"), template("/a"));
        assert_eq!(template("/%61/{x}"), template("/a/{y}"));
        assert_eq!(template("/a/{x=**}"), prefix("/a/"));
        assert_eq!(one_spelling(None), prefix("/"));
    }
}
