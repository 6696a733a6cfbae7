//! Regular expressions for paths, and their captures.

use postern::http::{HeaderMap, percent_decode};
use postern::internals::regex::Pattern;
use postern::internals::route::{
    DuplicateSlash, EscapedPercent, HeaderPredicate, MatchIndex, MatchInput, MatchNotes,
    OtherPredicates, Parameters, PathPattern, PathRules, Priority, RouteId, Router, RouterBuilder,
    Rule, SlashChoice, ValueMatch, canonicalise,
};

const KEEP: PathRules = PathRules {
    escaped_slash: SlashChoice::Keep,
    backslash: SlashChoice::Keep,
    duplicate_slash: DuplicateSlash::Keep,
    parameters: Parameters::Keep,
    escaped_percent: EscapedPercent::Keep,
};

/// An expression, a line end, and `:path`. The router finds the rule where the expression matches the path, and nothing else. A
/// capture is the same text in the path that is forwarded.
pub fn expression(data: &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n');
    let (Some(end), Some(path)) = (end, end.and_then(|end| data.get(end + 1..))) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(&data[..end]) else {
        return;
    };
    if let Ok(search) = Pattern::search(text) {
        let header = HeaderPredicate::new("x", ValueMatch::Regex(search.clone())).unwrap();
        let map = HeaderMap::from_pairs(&[("x", path)]);
        assert_eq!(header.matches(&map.view()).ok(), search.matches(path).ok());
    }
    let Ok(pattern) = Pattern::whole(text) else {
        return;
    };
    let (Ok(names), Ok(path)) = (PathPattern::regex(&pattern), canonicalise(path, &KEEP)) else {
        return;
    };
    let router = router(names, pattern.clone());
    let (headers, notes) = (HeaderMap::default(), MatchNotes::default());
    let head = MatchInput {
        host: b"a",
        path: path.matching(),
        method: b"GET",
        query: None,
        headers: &headers.view(),
        notes: &notes,
    };
    let found = router.find(&head);
    let Ok(matches) = pattern.matches(path.matching()) else {
        assert!(notes.is_unclear() && found.is_some());
        return;
    };
    assert!(!notes.is_unclear());
    assert_eq!(found.is_some(), matches);
    let Some(found) = found else {
        return;
    };
    let captures = found.captures(&head);
    for (name, _) in found.pattern.captures() {
        let Some(capture) = captures.get(name) else {
            continue;
        };
        if let Some(forwarded) = capture.within(&path) {
            assert_eq!(percent_decode(forwarded), capture.text());
        }
    }
}

/// A router with this expression alone.
fn router(names: PathPattern, pattern: Pattern) -> Router {
    let mut router = RouterBuilder::default();
    router.add(Rule {
        hosts: Vec::new(),
        path: Some(names),
        methods: Vec::new(),
        headers: Vec::new(),
        query: Vec::new(),
        others: OtherPredicates {
            path: Some(pattern),
            ..OtherPredicates::default()
        },
        priority: Priority::default(),
        is_conditional: false,
        route: RouteId(0),
        match_index: MatchIndex(0),
    });
    router.finish()
}
