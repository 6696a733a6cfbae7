//! What a route changes.

use crate::arena::Id;
use crate::config::{self, ConfigErrors, Named, Path};
use crate::http::{KnownName, Text, same_name};
use crate::rewrite::{Origin, PathBuilder, PathLiteral};
use crate::template::{self, Template};

use super::identity::Routing;
use super::variable::{Scope, ValueTemplate, Variable};

/// Changes to all but the path, which is mostly the route's own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Edits {
    /// Goes into the routing header.
    pub(crate) upstream: Option<ValueTemplate>,
    pub(crate) others: Option<OtherEdits>,
}

impl Edits {
    /// All of them, if there are any.
    pub(super) fn of(upstream: Option<ValueTemplate>, others: OtherEdits) -> Option<Self> {
        let others = (others != OtherEdits::default()).then_some(others);
        (upstream.is_some() || others.is_some()).then_some(Self { upstream, others })
    }
}

/// Changes that fewer routes ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct OtherEdits {
    pub(crate) host: Option<ValueTemplate>,
    pub(crate) method: Option<ValueTemplate>,
    pub(crate) headers: HeaderEdits,
    pub(crate) query: QueryEdits,
    pub(crate) response: HeaderEdits,
}

/// Changes to a header map; names are lower case.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HeaderEdits {
    pub(crate) set: Vec<(KnownName, ValueTemplate)>,
    pub(crate) add: Vec<(KnownName, ValueTemplate)>,
    pub(crate) remove: Vec<KnownName>,
}

/// Changes to a query; names are decoded text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct QueryEdits {
    pub(crate) set: Vec<(Box<[u8]>, ValueTemplate)>,
    pub(crate) add: Vec<(Box<[u8]>, ValueTemplate)>,
    pub(crate) remove: Vec<Box<[u8]>>,
}

impl QueryEdits {
    /// Whether nothing is changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty()
    }
}

/// A new path. Small: each route has one.
#[derive(Debug)]
pub(crate) enum PathRewrite {
    /// Made of parts.
    Template(Box<PathTemplate>),
    /// The old one, with the matched prefix replaced by this literal.
    Prefix(Id),
}

/// The parts of a new path.
#[derive(Debug)]
pub(crate) struct PathTemplate(pub(crate) Box<[PathPiece]>);

/// A part of a new path.
#[derive(Debug)]
pub(crate) enum PathPiece {
    Literal(PathLiteral),
    Variable(Variable, Option<Text>),
}

/// What all matches of a route have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matches {
    /// Each of them is a prefix.
    Prefixes,
    /// At least one isn't.
    Mixed,
}

/// The new path, the upstream, and all other changes.
pub(super) fn compile(
    written: &config::Rewrite,
    scope: &Scope<'_>,
    matches: Matches,
    routing: Option<&Routing>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<(Option<PathRewrite>, Option<ValueTemplate>, OtherEdits)> {
    let template = |text: &Option<String>, name: &'static str, errors: &mut ConfigErrors| match text
    {
        Some(text) => scope.template(text, &path.field(name), errors).map(Some),
        None => Some(None),
    };
    let new_path = match &written.path {
        Some(new) => {
            PathRewrite::compile(new, scope, matches, &path.field("path"), errors).map(Some)
        }
        None => Some(None),
    };
    let host = template(&written.host, "host", errors);
    let method = template(&written.method, "method", errors);
    let upstream = template(&written.upstream, "upstream", errors);
    if let Some(Some(upstream)) = &upstream {
        check_upstream(upstream, routing, &path.field("upstream"), errors);
    }
    let at = path.field("headers");
    let headers = HeaderEdits::compile(&written.headers, scope, &at, errors);
    if let Some(routing) = routing {
        check_routing(&written.headers, routing, &at, errors);
    }
    let query = QueryEdits::compile(&written.query, scope, &path.field("query"), errors);
    let others = OtherEdits {
        host: host?,
        method: method?,
        headers: headers?,
        query: query?,
        response: HeaderEdits::default(),
    };
    Some((new_path?, upstream?, others))
}

fn check_upstream(
    upstream: &ValueTemplate,
    routing: Option<&Routing>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    let Some(routing) = routing else {
        let suggestion =
            "say which header carries it, and what is allowed: `routing: {header, allow}`";
        errors.suggest(path, "there is no `routing`", suggestion);
        return;
    };
    if let Some(literal) = upstream.literal() {
        if routing.allowed(&literal).is_none() {
            let reason = format!(
                "`{}` isn't on the list of `routing.allow`",
                literal.escape_ascii()
            );
            errors.push(path, reason);
        }
    }
}

/// The routing header is written by `upstream` alone: by another way it would get past its list.
fn check_routing(
    written: &config::HeaderEdits,
    routing: &Routing,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    for (list, name) in [(&written.set, "set"), (&written.add, "add")] {
        let path = path.field(name);
        for edit in list
            .iter()
            .filter(|edit| same_name(edit.name.as_bytes(), &routing.header))
        {
            let reason = "this is the `routing` header, and what it may say is on a list";
            errors.suggest(&path.field(&edit.name), reason, "write `upstream`");
        }
    }
}

impl PathRewrite {
    pub(super) fn compile(
        written: &config::PathRewrite,
        scope: &Scope<'_>,
        matches: Matches,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        match written {
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
                    return Some(Self::Prefix(scope.texts.borrow_mut().add(text)));
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
                let kept = scope.texts.borrow_mut().add(kept);
                Some(Self::Prefix(kept))
            }
        }
    }
}

/// Whether a new prefix is of the kind that nearly all are: whole segments of letters that stay as they are. Nothing can be
/// wrong with it then.
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

/// What no value could make good is wrong with the policy: the path is put together with `x` for each value, and with the
/// defaults.
fn check_path(pieces: &[PathPiece], path: &Path<'_>, errors: &mut ConfigErrors) {
    let mut with_values = PathBuilder::new();
    let mut with_defaults = PathBuilder::new();
    for piece in pieces {
        match piece {
            PathPiece::Literal(literal) => {
                with_values.literal(literal);
                with_defaults.literal(literal);
            }
            PathPiece::Variable(_, default) => {
                with_values.segment(b"x", Origin::Policy);
                let default = default.as_deref().unwrap_or(b"x");
                with_defaults.segment(default, Origin::Policy);
            }
        }
    }
    if let Err(error) = with_values.finish().and(with_defaults.finish()) {
        errors.push(path, error.to_string());
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
    leading_slash(text, path, errors);
    let template = Template::parse(text)
        .map_err(|error| errors.push(path, error.to_string()))
        .ok()?;
    let piece = |piece: &template::Piece<Box<str>>, errors: &mut ConfigErrors| match piece {
        template::Piece::Literal(text) => literal(text, path, errors).map(PathPiece::Literal),
        template::Piece::Value { variable, default } => {
            let variable = scope.variable(variable, path, errors)?;
            Some(PathPiece::Variable(
                variable,
                default.as_ref().map(|text| Text::shared(text.as_bytes())),
            ))
        }
    };
    let compiled: Vec<_> = template
        .pieces()
        .iter()
        .map(|one| piece(one, errors))
        .collect();
    let pieces: Vec<PathPiece> = compiled.into_iter().collect::<Option<_>>()?;
    if text.starts_with('/') {
        check_path(&pieces, path, errors);
    }
    Some(pieces.into())
}

impl HeaderEdits {
    pub(super) fn compile(
        written: &config::HeaderEdits,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let values = |list: &[Named<String>], name: &'static str, errors: &mut ConfigErrors| {
            let compiled = templates(list, scope, &path.field(name), errors)?;
            Some(
                compiled
                    .into_iter()
                    .map(|(name, value)| (KnownName::from(name), value))
                    .collect(),
            )
        };
        let set = values(&written.set, "set", errors);
        let add = values(&written.add, "add", errors);
        let remove = written
            .remove
            .iter()
            .map(|name| name.as_str().into())
            .collect();
        Some(Self {
            set: set?,
            add: add?,
            remove,
        })
    }
}

impl QueryEdits {
    fn compile(
        written: &config::QueryEdits,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let values = |list: &[Named<String>], name: &'static str, errors: &mut ConfigErrors| {
            let compiled = templates(list, scope, &path.field(name), errors)?;
            Some(
                compiled
                    .into_iter()
                    .map(|(name, value)| (Box::from(name.as_bytes()), value))
                    .collect(),
            )
        };
        let set = values(&written.set, "set", errors);
        let add = values(&written.add, "add", errors);
        let remove = written
            .remove
            .iter()
            .map(|name| Box::from(name.as_bytes()))
            .collect();
        Some(Self {
            set: set?,
            add: add?,
            remove,
        })
    }
}

fn templates<'n>(
    list: &'n [Named<String>],
    scope: &Scope<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<(&'n str, ValueTemplate)>> {
    let one = |edit: &'n Named<String>, errors: &mut ConfigErrors| {
        Some((
            edit.name.as_str(),
            scope.template(&edit.value, &path.field(&edit.name), errors)?,
        ))
    };
    let compiled: Vec<_> = list.iter().map(|edit| one(edit, errors)).collect();
    compiled.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_prefixes_stay_as_they_are() {
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
