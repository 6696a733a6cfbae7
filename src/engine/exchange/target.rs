//! The new path and query of a request.

use std::borrow::Cow;

use crate::http::{NewPath, percent_decode};
use crate::policy::{
    Denial, OtherEdits, PathGroup, PathPiece, PathRewrite, Policy, QueryEdits, Reason,
    RegexRewrite, Route,
};
use crate::regex::MatchGroups;
use crate::rewrite::{Origin, PathBuilder, PathValueError, QueryEdit, edit_query, replace_prefix};

use crate::route::CanonicalPath;

use super::head::Head;
use super::strip::StrippedCredentials;
use super::values::{Attributes, PathPart, blame, origin};

/// Writes the new `:path` into `target`, if it changes.
pub(in crate::engine) fn change(
    target: &mut NewPath,
    attributes: &Attributes<'_>,
    stripped: &StrippedCredentials<'_>,
    route: &Route,
    changes: Option<&OtherEdits>,
    policy: &Policy,
) -> Result<(), Denial> {
    let edits = changes.map(|changes| &changes.query);
    if !changes_query(stripped, edits) {
        match &route.path {
            None => {
                keep(target, attributes.head, attributes.head.path.query());
                return Ok(());
            }
            Some(PathRewrite::Prefix(new)) => {
                if put_prefix(target, attributes, policy.routes.prefix(*new)) {
                    return Ok(());
                }
            }
            Some(PathRewrite::Template(_) | PathRewrite::Regex(_)) => {}
        }
    }
    change_all(target, attributes, stripped, route, changes, policy)
}

/// Replaces the prefix that the route matched by `new`, if nothing else changes. Returns whether it did.
fn put_prefix(target: &mut NewPath, attributes: &Attributes<'_>, new: &[u8]) -> bool {
    let Some((old, behind)) = split_at_prefix(attributes).filter(|(_, behind)| fits(new, behind))
    else {
        return false;
    };
    if *new != *old {
        target.join(new, behind);
    }
    true
}

/// The prefix that the route matched, and the rest with the query, if the length of the pattern is enough to split them.
fn split_at_prefix<'x>(attributes: &Attributes<'x>) -> Option<(&'x [u8], &'x [u8])> {
    let covered = attributes.pattern.prefix_bytes()?;
    let is_plain = attributes.head.path.is_plain();
    let halves = attributes.head.target.split_at_checked(covered);
    halves.filter(|_| is_plain)
}

/// Whether the two parts can be joined without changes: see [`replace_prefix`].
fn fits(new: &[u8], behind: &[u8]) -> bool {
    new.last().is_some_and(|last| *last != b'/') && !behind.starts_with(b"//")
}

/// The cases that are less frequent.
#[inline(never)]
fn change_all(
    target: &mut NewPath,
    attributes: &Attributes<'_>,
    stripped: &StrippedCredentials<'_>,
    route: &Route,
    changes: Option<&OtherEdits>,
    policy: &Policy,
) -> Result<(), Denial> {
    let edits = changes.map(|changes| &changes.query);
    let Some(new) = &route.path else {
        let query = new_query(attributes, stripped, edits)?;
        keep(target, attributes.head, query.as_deref());
        return Ok(());
    };
    target.try_make(|target| {
        put_path(target, new, attributes, policy)?;
        let query = new_query(attributes, stripped, edits)?;
        put_query(target, query.as_deref());
        Ok::<(), Denial>(())
    })?;
    if target.get() == Some(attributes.head.target) {
        target.clear();
    }
    Ok(())
}

/// Keeps the canonical path, with this query.
pub(in crate::engine) fn keep(target: &mut NewPath, head: &Head<'_>, query: Option<&[u8]>) {
    let came = &head.path;
    let is_same = match (query, came.query()) {
        // An unchanged query is the same slice, so its bytes aren't compared.
        (Some(new), Some(old)) => std::ptr::eq(new, old) || *new == *old,
        (new, old) => new.is_none() && old.is_none(),
    };
    if !is_same || !came.is_as_it_came() {
        target.make(|target| {
            target.extend_from_slice(came.forward());
            put_query(target, query);
        });
    }
}

/// Writes a new path of literals and values into `target`, which is empty.
pub(in crate::engine) fn put_path(
    target: &mut Vec<u8>,
    rewrite: &PathRewrite,
    attributes: &Attributes<'_>,
    policy: &Policy,
) -> Result<(), Denial> {
    match rewrite {
        PathRewrite::Template(pieces) => {
            *target = of_pieces(&pieces.0, attributes, std::mem::take(target))?;
        }
        PathRewrite::Prefix(new) => {
            let new = policy.routes.prefix(*new);
            let forward = attributes.head.path.forward();
            let [new, slash, below] = replace_prefix(forward, attributes.pattern.segments(), new);
            append(target, new, slash);
            target.extend_from_slice(below);
        }
        PathRewrite::Regex(rewrite) => {
            *target = replaced(rewrite, attributes, std::mem::take(target))?;
        }
    }
    Ok(())
}

/// A match of an expression in the path of a request.
struct FoundInPath<'x> {
    path: &'x CanonicalPath<'x>,
    groups: MatchGroups,
}

impl<'x> FoundInPath<'x> {
    /// The bytes that are forwarded. A half of an escape is no part of a path.
    fn part(&self, start: usize, end: usize) -> Result<&'x [u8], Denial> {
        let part = self.path.forward_part(start, end);
        part.ok_or_else(|| Reason::BadRequestValue.into())
    }

    /// Appends what a group matched. Returns whether it took part in the match.
    fn put(&self, group: &PathGroup, path: &mut PathBuilder) -> Result<bool, Denial> {
        let Some((start, end)) = self.groups.group(group.index) else {
            return Ok(false);
        };
        let part = self.part(start, end)?;
        if group.functions.is_empty() {
            path.parts(part, Origin::Client);
            return Ok(true);
        }
        let mut text = percent_decode(part).into_owned();
        for function in &group.functions {
            text = function.apply(&text);
        }
        path.segment(&text, Origin::Client);
        Ok(true)
    }
}

/// The path with the first match replaced. A path without a match stays. A path that is too long for the expression is denied,
/// because it might have a match.
#[inline(never)]
fn replaced(
    rewrite: &RegexRewrite,
    attributes: &Attributes<'_>,
    mut room: Vec<u8>,
) -> Result<Vec<u8>, Denial> {
    let path = &attributes.head.path;
    let text = std::str::from_utf8(path.matching()).map_err(|_| Reason::MalformedPath)?;
    let found = rewrite.regex.find(text);
    let Some(groups) = found.map_err(|_| Reason::BadRequestValue)? else {
        room.extend_from_slice(path.forward());
        return Ok(room);
    };
    let (start, end) = groups.group(0).unwrap_or_default();
    let found = FoundInPath { path, groups };
    let (before, after) = (found.part(0, start)?, found.part(end, text.len())?);
    let mut path = PathBuilder::in_room(room);
    if !before.is_empty() {
        path.parts(before, Origin::Client);
    }
    put_pieces(&mut path, &rewrite.with, Some(&found), attributes)?;
    if !after.is_empty() {
        path.parts(after, Origin::Client);
    }
    path.root_if_empty();
    path.finish()
        .map_err(|PathValueError { origin, .. }| blame(origin).into())
}

/// Appends a query to a path.
pub(in crate::engine) fn put_query(target: &mut Vec<u8>, query: Option<&[u8]>) {
    if let Some(query) = query {
        append(target, b"?", query);
    }
}

/// Appends both parts. The buffer grows at most once.
fn append(target: &mut Vec<u8>, first: &[u8], second: &[u8]) {
    target.reserve(first.len().saturating_add(second.len()));
    target.extend_from_slice(first);
    target.extend_from_slice(second);
}

#[inline(never)]
fn of_pieces(
    pieces: &[PathPiece],
    attributes: &Attributes<'_>,
    room: Vec<u8>,
) -> Result<Vec<u8>, Denial> {
    let mut path = PathBuilder::in_room(room);
    put_pieces(&mut path, pieces, None, attributes)?;
    path.finish()
        .map_err(|PathValueError { origin, .. }| blame(origin).into())
}

fn put_pieces(
    path: &mut PathBuilder,
    pieces: &[PathPiece],
    found: Option<&FoundInPath<'_>>,
    attributes: &Attributes<'_>,
) -> Result<(), Denial> {
    for piece in pieces {
        match piece {
            PathPiece::Literal(literal) => path.literal(literal),
            PathPiece::Text(text) => path.segment(text, Origin::Policy),
            PathPiece::Variable(variable, default) => {
                match (attributes.value(variable)?, default) {
                    (Some(found), _) => match found.of_path {
                        Some(PathPart::Segments(segments)) => path.segments(segments, found.origin),
                        Some(PathPart::Whole(whole)) => path.path(whole, found.origin),
                        None => path.segment(&found.text, found.origin),
                    },
                    (None, Some(default)) => put_pieces(path, default, found, attributes)?,
                    (None, None) => return Err(blame(origin(variable)).into()),
                }
            }
            PathPiece::Group(group, default) => {
                let is_there = match found {
                    Some(found) => found.put(group, path)?,
                    None => false,
                };
                match default {
                    _ if is_there => {}
                    Some(default) => put_pieces(path, default, found, attributes)?,
                    None => return Err(Reason::BadRequestValue.into()),
                }
            }
        }
    }
    Ok(())
}

fn changes_query(stripped: &StrippedCredentials<'_>, edits: Option<&QueryEdits>) -> bool {
    edits.is_some_and(|edits| !edits.is_empty()) || stripped.changes_query()
}

/// The query without credentials and with the route's changes.
pub(in crate::engine) fn new_query<'x>(
    attributes: &Attributes<'x>,
    stripped: &StrippedCredentials<'_>,
    edits: Option<&QueryEdits>,
) -> Result<Option<Cow<'x, [u8]>>, Denial> {
    if changes_query(stripped, edits) {
        return edited_query(attributes, stripped, edits);
    }
    let head: &'x Head<'x> = attributes.head;
    Ok(head.path.query().map(Cow::Borrowed))
}

#[inline(never)]
fn edited_query<'x>(
    attributes: &Attributes<'x>,
    stripped: &StrippedCredentials<'_>,
    edits: Option<&QueryEdits>,
) -> Result<Option<Cow<'x, [u8]>>, Denial> {
    let head: &'x Head<'x> = attributes.head;
    let query = head.path.query();
    let Some(edits) = edits else {
        return Ok(edit_query(query, &stripped.query().collect::<Vec<_>>()));
    };
    let mut values = Vec::new();
    for (_, value) in edits.set.iter().chain(&edits.add) {
        values.push(attributes.text(value)?);
    }
    let mut all: Vec<QueryEdit<'_>> = stripped.query().collect();
    let mut values = values.iter();
    let rarer = edits.rarer.as_deref();
    if let Some(keep) = rarer.and_then(|rarer| rarer.keep.as_deref()) {
        all.push(QueryEdit::Keep(keep));
    }
    all.extend(edits.remove.iter().map(|name| QueryEdit::Remove(name)));
    for one in rarer.map_or(&[][..], |rarer| &rarer.rename) {
        all.push(QueryEdit::Rename(&one.from, &one.to));
    }
    for (name, _) in &edits.set {
        all.push(match values.next() {
            Some(Some(value)) => QueryEdit::Set(name, value),
            _ => QueryEdit::Remove(name),
        });
    }
    for (name, _) in &edits.add {
        if let Some(Some(value)) = values.next() {
            all.push(QueryEdit::Add(name, value));
        }
    }
    Ok(edit_query(query, &all))
}
