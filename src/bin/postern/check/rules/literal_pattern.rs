//! Text that is a pattern in other gateways.

use postern::config::{Config, FieldMatch, FieldTest, PathMatch, PathRewrite};

use super::{CheckRule, Warnings};

pub(super) const RULE: CheckRule = CheckRule {
    id: "literal-pattern",
    meaning: "A text is written as a pattern or a variable of another gateway, and is plain text here.",
    check,
};

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, route) in config.routes.iter().enumerate() {
        for (number, one) in route.matches.iter().enumerate() {
            let at = format!("routes[{at}].match[{number}]");
            fields(&one.headers, &format!("{at}.headers"), warnings);
            fields(&one.query, &format!("{at}.query"), warnings);
            fields(&one.cookies, &format!("{at}.cookies"), warnings);
            if let Some(path) = &one.path {
                match_path(path, &format!("{at}.path"), warnings);
            }
        }
        let rewrite = route.rewrite.as_ref().and_then(|new| new.path.as_ref());
        let redirect = route.redirect.as_ref().and_then(|new| new.path.as_ref());
        for (path, field) in [(rewrite, "rewrite"), (redirect, "redirect")] {
            if let Some(path) = path {
                new_path(path, format!("routes[{at}].{field}.path"), warnings);
            }
        }
    }
}

fn fields(fields: &[FieldMatch], path: &str, warnings: &mut Warnings) {
    for (at, field) in fields.iter().enumerate() {
        let FieldTest::Exact(value) = &field.test else {
            continue;
        };
        if matches!(&**value, "*" | ".*" | "^.*$" | ".+") {
            let reason = format!("`{value}` is text here, not a pattern");
            let suggestion = "write `present: true` for any value";
            warnings.add(format!("{path}[{at}].exact"), reason, suggestion);
        }
    }
}

fn match_path(path: &PathMatch, at: &str, warnings: &mut Warnings) {
    let (kind, text) = match path {
        PathMatch::Exact(text) => ("exact", text),
        PathMatch::Prefix(text) => ("prefix", text),
        PathMatch::Template(text) => ("template", text),
        PathMatch::Regex(_) => return,
    };
    let found = text.split('/').find_map(|segment| pattern(segment, text));
    if let Some((written, suggestion)) = found {
        let reason = format!("`{written}` is text here, not a pattern");
        warnings.add(format!("{at}.{kind}"), reason, suggestion);
    }
}

/// Whether a segment is written as a pattern of another gateway. Returns it with a suggestion.
fn pattern<'p>(segment: &'p str, path: &str) -> Option<(&'p str, String)> {
    let regex_parts = [".*", "(.", "(?", "[^", "[0-9", "[a-z", "[A-Z"];
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte))
    };
    let in_brackets = segment
        .strip_prefix('<')
        .and_then(|inner| inner.strip_suffix('>'));
    let named = segment
        .strip_prefix(':')
        .filter(|name| is_name(name))
        .or(in_brackets);
    if regex_parts.iter().any(|part| segment.contains(part)) || segment.starts_with('^') {
        let suggestion = "there are no regular expressions: write a `prefix` or a `template`";
        Some((segment, suggestion.to_owned()))
    } else if let Some(name) = named {
        // Some servers have a type before the name: `<int:id>`.
        let name = name.rsplit(':').next().unwrap_or(name).replace('-', "_");
        Some((segment, format!("write a `template` with `{{{name}}}`")))
    } else if segment.starts_with('*') || segment.ends_with('*') {
        let suggestion = match path.strip_suffix("/*").or_else(|| path.strip_suffix("/**")) {
            Some(start) if !start.contains('*') => {
                let start = if start.is_empty() { "/" } else { start };
                format!("write `prefix: {start}`")
            }
            _ => "write a `template`: `{name}` matches one segment, `{name=**}` all that follow"
                .to_owned(),
        };
        Some((segment, suggestion))
    } else {
        None
    }
}

/// Checks a new path. It is a template with variables such as `${path.name}`.
fn new_path(new: &PathRewrite, path: String, warnings: &mut Warnings) {
    let PathRewrite::Template(text) = new else {
        return;
    };
    let written = text.split('/').find_map(|segment| {
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
    if let Some((written, suggestion)) = written {
        let reason = format!("`{written}` is text here, not a variable");
        warnings.add(path, reason, suggestion);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{paths_of, warnings_of};
    use super::*;

    #[test]
    fn finds_patterns_of_other_gateways() {
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
            let found = path.split('/').find_map(|segment| pattern(segment, path));
            let (found, suggested) = found.unwrap_or_else(|| panic!("{path}"));
            assert_eq!(found, written, "{path}");
            assert!(suggested.contains(suggestion), "{path}: {suggested}");
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
            let found = path.split('/').find_map(|segment| pattern(segment, path));
            assert_eq!(found, None, "{path}");
        }
    }

    #[test]
    fn finds_variables_of_other_gateways() {
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
            let policy = format!(
                r#"{{"routes": [{{"name": "r", "require": "none", "rewrite": {{"path": {path:?}}}}}]}}"#
            );
            let found = warnings_of(&RULE, &policy);
            assert_eq!(found.len(), usize::from(suggestion.is_some()), "{path}");
            for issue in found {
                assert_eq!(issue.path, "routes[0].rewrite.path");
                assert!(
                    issue.suggestion.unwrap().contains(suggestion.unwrap()),
                    "{path}"
                );
            }
        }
    }

    #[test]
    fn finds_wildcards_in_matches_of_headers_and_parameters() {
        let policy = r#"{"routes": [{"name": "r", "require": "none", "match": [
            {"headers": [{"name": "x-a", "exact": "a*"}, {"name": "x-b", "exact": "*"}]},
            {"query": [{"name": "q", "exact": ".*"}], "path": {"prefix": "/a/*"}}
        ], "redirect": {"path": "/b/:id"}}]}"#;
        assert_eq!(
            paths_of(&RULE, policy),
            [
                "routes[0].match[0].headers[1].exact",
                "routes[0].match[1].query[0].exact",
                "routes[0].match[1].path.prefix",
                "routes[0].redirect.path",
            ]
        );
    }
}
