//! New paths.

use crate::arena::ArenaId;
use crate::config::{self, ConfigErrors, Path, listed};
use crate::http::Text;
use crate::regex::Pattern;
use crate::rewrite::{Origin, PathBuilder, PathLiteral};
use crate::template::{self, Function, Template};

use crate::policy::parsed_template::parsed;
use crate::policy::template::{Scope, Variable};

/// A new path. It is small, because each route has one.
#[derive(Debug)]
pub(crate) enum PathRewrite {
    /// A template.
    Template(Box<PathTemplate>),
    /// The request's path with the matched prefix replaced by this literal.
    Prefix(ArenaId),
    /// The request's path with the first match of an expression replaced.
    Regex(Box<RegexRewrite>),
}

/// The parts of a new path.
#[derive(Debug)]
pub(crate) struct PathTemplate(pub(crate) Box<[PathPiece]>);

/// A part of a new path.
#[derive(Debug)]
pub(crate) enum PathPiece {
    Literal(PathLiteral),
    /// The text of a default. It is encoded like a value.
    Text(Text),
    /// The default for a variable without a value.
    Variable(Variable, Option<Box<[Self]>>),
    /// A group of the rewrite's expression, with the default for a group that took no part in the match.
    Group(PathGroup, Option<Box<[Self]>>),
}

/// What a group of an expression matched.
#[derive(Debug)]
pub(crate) struct PathGroup {
    pub(crate) index: usize,
    /// What remains is the same part of the request's path, if there are none.
    pub(crate) functions: Box<[Function]>,
}

/// Replaces the first match of an expression in the path.
#[derive(Debug)]
pub(crate) struct RegexRewrite {
    pub(crate) regex: Pattern,
    pub(crate) with: Box<[PathPiece]>,
}

/// The kind of the matches of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Matches {
    /// All are prefixes.
    Prefixes,
    /// At least one isn't a prefix.
    Mixed,
}

impl PathRewrite {
    pub(in crate::policy) fn compile(
        written: &config::PathRewrite,
        scope: &Scope<'_>,
        matches: Matches,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        match written {
            config::PathRewrite::Regex { regex, with } => {
                RegexRewrite::compile(regex, with, scope, path, errors)
                    .map(|rewrite| Self::Regex(Box::new(rewrite)))
            }
            config::PathRewrite::Template(text) => {
                let pieces = pieces(text, scope, path, errors)?;
                Some(Self::Template(Box::new(PathTemplate(pieces))))
            }
            config::PathRewrite::Prefix(text) => {
                let path = path.field("prefix");
                if matches == Matches::Mixed {
                    let reason =
                        "a prefix can only be replaced where every match of the route is one";
                    errors.suggest(&path, reason, "match by `prefix`, or write a template");
                }
                if is_plain(text) {
                    return Some(Self::Prefix(scope.prefixes.borrow_mut().add(text)));
                }
                leading_slash(text, &path, errors);
                let prefix = literal(text, &path, errors)?;
                let below = format!("{}/x", text.strip_suffix('/').unwrap_or(text));
                let pieces: Vec<_> = literal(&below, &path, errors)
                    .map(PathPiece::Literal)
                    .into_iter()
                    .collect();
                if text.starts_with('/') {
                    check_path(&pieces, &path, errors);
                }
                // A literal is ASCII.
                let kept = std::str::from_utf8(prefix.as_bytes()).unwrap_or_default();
                let kept = scope.prefixes.borrow_mut().add(kept);
                Some(Self::Prefix(kept))
            }
        }
    }
}

/// Whether a new prefix has the usual form: whole segments of characters that need no escape. Such a prefix is always valid.
fn is_plain(prefix: &str) -> bool {
    let mut last = 0;
    for byte in prefix.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {}
            b'.' | b'/' if last != b'/' => {}
            _ => return false,
        }
        last = byte;
    }
    prefix.starts_with('/')
}

fn leading_slash(text: &str, path: &Path<'_>, errors: &mut ConfigErrors) {
    if !text.starts_with('/') {
        errors.push(path, "a path begins with `/`");
    }
}

/// Checks that a path can be valid: it is built with `x` for each value (`/x` for a value that is a path), and with the
/// defaults.
fn check_path(pieces: &[PathPiece], path: &Path<'_>, errors: &mut ConfigErrors) {
    check_after(b"", pieces, path, errors);
}

/// The same for the parts behind a path.
fn check_after(before: &[u8], pieces: &[PathPiece], path: &Path<'_>, errors: &mut ConfigErrors) {
    let mut with_values = PathBuilder::new();
    if !before.is_empty() {
        with_values.segments(before, Origin::Policy);
    }
    let mut with_defaults = with_values.clone();
    for piece in pieces {
        put_sample(piece, Samples::Values, &mut with_values);
        put_sample(piece, Samples::Defaults, &mut with_defaults);
    }
    if let Err(error) = with_values.finish().and(with_defaults.finish()) {
        errors.push(path, error.to_string());
    }
}

/// The values to check for a variable with a default.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Samples {
    Values,
    Defaults,
}

fn put_sample(piece: &PathPiece, samples: Samples, path: &mut PathBuilder) {
    match piece {
        PathPiece::Literal(literal) => path.literal(literal),
        PathPiece::Text(text) => path.segment(text, Origin::Policy),
        PathPiece::Variable(_, Some(default)) | PathPiece::Group(_, Some(default))
            if samples == Samples::Defaults =>
        {
            if default.is_empty() {
                path.segment(b"", Origin::Policy);
            }
            default
                .iter()
                .for_each(|piece| put_sample(piece, samples, path));
        }
        PathPiece::Variable(Variable::Path, _) => path.path(b"/x", Origin::Policy),
        PathPiece::Variable(..) | PathPiece::Group(..) => path.segment(b"x", Origin::Policy),
    }
}

fn literal(text: &str, path: &Path<'_>, errors: &mut ConfigErrors) -> Option<PathLiteral> {
    PathLiteral::parse(text)
        .map_err(|error| errors.push(path, error.to_string()))
        .ok()
}

fn pieces(
    text: &str,
    scope: &Scope<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Box<[PathPiece]>> {
    let template = parsed(text, path, errors);
    let begins_with_path = template.as_ref().is_some_and(begins_with_path);
    if !begins_with_path {
        leading_slash(text, path, errors);
    }
    let pieces = path_pieces(&template?, PathPart::Path, None, scope, path, errors)?;
    if begins_with_path || text.starts_with('/') {
        check_path(&pieces, path, errors);
    }
    Some(pieces)
}

/// Whether the first part is a path.
fn begins_with_path(template: &Template) -> bool {
    let first = template.pieces().first();
    matches!(first, Some(template::Piece::Value { variable, functions, .. })
        if &**variable == "request.path" && functions.is_empty())
}

/// The position of a part of a template.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PathPart {
    /// In the path. Literals may have slashes.
    Path,
    /// In a default. It is encoded like a value.
    Default,
}

fn path_pieces(
    template: &Template,
    part: PathPart,
    regex: Option<&Pattern>,
    scope: &Scope<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Box<[PathPiece]>> {
    let mut compile = |piece: &template::Piece| match (piece, part) {
        (template::Piece::Literal(text), PathPart::Path) => {
            literal(text, path, errors).map(PathPiece::Literal)
        }
        (template::Piece::Literal(text), PathPart::Default) => {
            Some(PathPiece::Text(Text::shared(text.as_bytes())))
        }
        (
            template::Piece::Value {
                variable,
                functions,
                default,
            },
            _,
        ) => {
            let default = match default {
                Some(default) => {
                    path_pieces(default, PathPart::Default, regex, scope, path, errors).map(Some)
                }
                None => Some(None),
            };
            if let Some(index) = regex.and_then(|regex| regex.group(variable)) {
                let functions = functions.clone();
                return Some(PathPiece::Group(PathGroup { index, functions }, default?));
            }
            if let Some(regex) = regex.filter(|_| !variable.contains('.')) {
                no_group(variable, regex, path, errors);
                return None;
            }
            let variable = scope.value(variable, functions, path, errors);
            Some(PathPiece::Variable(variable?, default?))
        }
    };
    let pieces: Vec<_> = template.pieces().iter().map(&mut compile).collect();
    pieces.into_iter().collect()
}

impl RegexRewrite {
    fn compile(
        regex: &str,
        with: &str,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let compiled = Pattern::search(regex);
        let regex = compiled.map_err(|error| errors.push(&path.field("regex"), error.to_string()));
        let path = path.field("with");
        let template = parsed(with, &path, errors);
        let regex = regex.ok()?;
        let groups = Some(&regex);
        let with = path_pieces(&template?, PathPart::Path, groups, scope, &path, errors)?;
        // What stands before the match isn't known.
        let begins = matches!(with.first(), Some(PathPiece::Literal(text)) if text.as_bytes().starts_with(b"/"));
        check_after(if begins { b"" } else { b"/x" }, &with, &path, errors);
        Some(Self { regex, with })
    }
}

fn no_group(name: &str, regex: &Pattern, path: &Path<'_>, errors: &mut ConfigErrors) {
    let groups: Vec<&str> = regex.names().map(|(_, name)| name).collect();
    let suggestion = if groups.is_empty() {
        "write a group in `regex`: `(?P<NAME>…)`".to_owned()
    } else {
        format!("`regex` has the groups {}", listed(&groups, "and"))
    };
    errors.suggest(path, format!("unknown group `{name}`"), suggestion);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_plain_prefixes() {
        for text in ["/", "/a", "/a/", "/internal/svc-1_~/b.c..d/"] {
            assert!(is_plain(text), "{text}");
            let literal = PathLiteral::parse(text).unwrap();
            assert_eq!(literal.as_bytes(), text.as_bytes());
            let mut errors = ConfigErrors::default();
            let below = PathLiteral::parse(&format!("{}/x", text.trim_end_matches('/'))).unwrap();
            check_path(&[PathPiece::Literal(below)], &Path::Root, &mut errors);
            assert!(errors.is_empty(), "{text}: {errors}");
        }
        for text in [
            "", "a", "a/", "//", "/a//b", "/.", "/a/..", "/a/.b", "/a%20", "/é", "/a?", "/a;b",
        ] {
            assert!(!is_plain(text), "{text}");
        }
    }
}
