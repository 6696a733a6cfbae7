//! Edits of queries, cookies and paths.

use postern::http::{is_token, percent_decode, query_pairs};
use postern::internals::rewrite::{
    CookieField, Origin, PathBuilder, PathLiteral, QueryEdit, edit_query, is_cookie_value,
};
use postern::internals::route::{
    DuplicateSlash, EscapedPercent, Parameters, PathRules, SlashChoice, canonicalise,
};

/// The lines are a name, another name or a value, and the rest: a query, a field of cookies, or a path. What is edited has one
/// parameter, one cookie or one part of a path in place of others, and everything else stays.
pub fn edits(data: &[u8]) {
    let mut lines = data.splitn(3, |&byte| byte == b'\n');
    let (Some(name), Some(other), Some(rest)) = (lines.next(), lines.next(), lines.next()) else {
        return;
    };
    // A name with these bytes is that of two parameters: one with its bytes, one with its text.
    if !name.iter().chain(other).any(|byte| b"+%".contains(byte)) {
        queries(name, other, rest);
    }
    if is_token(name) && is_cookie_value(other) {
        cookies(name, other, rest);
    }
    paths(name.len(), other, rest);
}

fn queries(name: &[u8], other: &[u8], query: &[u8]) {
    let named = |query: &[u8], name: &[u8]| {
        let pairs = query_pairs(query).filter(|pair| pair.is_named(name));
        pairs.map(|pair| pair.value.to_vec()).collect::<Vec<_>>()
    };
    let own = named(query, name);
    let names = [Box::from(name)];
    let kept = edit_query(Some(query), &[QueryEdit::Keep(&names)]).unwrap_or_default();
    assert_eq!(named(&kept, name), own);
    assert_eq!(query_pairs(&kept).count(), own.len());

    let renamed = edit_query(Some(query), &[QueryEdit::Rename(name, other)]).unwrap_or_default();
    if own.is_empty() || name == other || other.is_empty() {
        assert!(!own.is_empty() || *renamed == *query);
        return;
    }
    assert_eq!(named(&renamed, other), own);
    assert!(named(&renamed, name).is_empty());
    let gone = named(query, other).len();
    assert_eq!(
        query_pairs(&renamed).count(),
        query_pairs(query).count() - gone
    );
}

/// The pieces of a field, as a server reads them.
fn pieces(field: &[u8]) -> Vec<&[u8]> {
    let pieces = field.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    pieces.filter(|piece| !piece.is_empty()).collect()
}

fn is_named(piece: &[u8], name: &[u8]) -> bool {
    let own = piece.split(|byte| *byte == b'=').next().unwrap_or_default();
    own.trim_ascii() == name
}

fn cookies(name: &[u8], value: &[u8], field: &[u8]) {
    let before = pieces(field);
    let others = |pieces: &[&[u8]]| {
        let others = pieces.iter().filter(|piece| !is_named(piece, name));
        others.map(|piece| piece.to_vec()).collect::<Vec<_>>()
    };
    let mut cookies = CookieField::default();
    cookies.read(field);
    let mut left = cookies.clone();
    cookies.set(name, value);
    let set = cookies.edited().unwrap_or_else(|| field.to_vec());
    let after = pieces(&set);
    assert_eq!(others(&after), others(&before));
    let own: Vec<_> = after.iter().filter(|piece| is_named(piece, name)).collect();
    assert_eq!(own, [&&*[name, b"=", value].concat()]);

    left.remove(name);
    let removed = left.edited().unwrap_or_else(|| field.to_vec());
    let left: Vec<Vec<u8>> = pieces(&removed)
        .iter()
        .map(|piece| piece.to_vec())
        .collect();
    assert_eq!(left, others(&before));
}

/// Replaces the bytes from `at` on, as many as `new` has, in a canonical path.
fn paths(at: usize, new: &[u8], path: &[u8]) {
    const KEEP: PathRules = PathRules {
        escaped_slash: SlashChoice::Keep,
        backslash: SlashChoice::Keep,
        duplicate_slash: DuplicateSlash::Merge,
        parameters: Parameters::Keep,
        escaped_percent: EscapedPercent::Keep,
    };
    let Ok(canonical) = canonicalise(path, &KEEP) else {
        return;
    };
    let matching = canonical.matching();
    let whole = canonical.forward_part(0, matching.len());
    assert_eq!(whole, Some(canonical.forward()));
    let end = at + new.len();
    // An expression matches whole characters.
    let text = std::str::from_utf8(matching).unwrap();
    if !text.is_char_boundary(at) || !text.is_char_boundary(end) {
        return;
    }
    let (Some(before), Some(after)) = (
        canonical.forward_part(0, at),
        canonical.forward_part(end, matching.len()),
    ) else {
        return;
    };
    let Some(literal) = std::str::from_utf8(new)
        .ok()
        .and_then(|new| PathLiteral::parse(new).ok())
    else {
        return;
    };
    // What the policy writes is its own.
    if std::str::from_utf8(&percent_decode(literal.as_bytes())).is_err() {
        return;
    }
    let mut builder = PathBuilder::new();
    if !before.is_empty() {
        builder.parts(before, Origin::Client);
    }
    builder.literal(&literal);
    if !after.is_empty() {
        builder.parts(after, Origin::Client);
    }
    builder.root_if_empty();
    let Ok(built) = builder.finish() else {
        return;
    };
    let expected = [before, literal.as_bytes(), after].concat();
    if !expected.is_empty() {
        assert_eq!(built, expected);
    }
    match canonicalise(&built, &KEEP) {
        Ok(again) => assert!(again.is_as_it_came(), "{}", built.escape_ascii()),
        Err(error) => panic!("{error}: {}", built.escape_ascii()),
    }
}
