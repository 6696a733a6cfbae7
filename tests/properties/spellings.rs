//! No spelling of a path reaches another route than its canonical form: exact paths, templates, prefixes, regular expressions and
//! priorities alike.

use postern::http::HeaderMap;
use postern::internals::regex::Pattern;
use postern::internals::route::{
    DuplicateSlash, EscapedPercent, MatchIndex, MatchInput, MatchNotes, OtherPredicates,
    Parameters, PathPattern, PathRules, Priority, RouteId, Router, RouterBuilder, Rule,
    SlashChoice, canonicalise,
};
use proptest::prelude::*;
use proptest::sample::select;

/// The rules of a policy: the kind, the path and the priority of each.
const RULES: &[(&str, &str, i32)] = &[
    ("regex", "(?i)/admin(/.*)?", 9),
    ("regex", r".*\.(bak|env)", 8),
    ("regex", "/[a-z]+/secret/.*", 7),
    ("exact", "/a/b", 0),
    ("prefix", "/a", 0),
    ("template", "/{x}/b/{y}", 0),
    ("regex", "/c/[^/]+", 0),
    ("regex", "/(?P<word>[a-z ]+)/é+", 0),
    ("regex", "/c/.*", 0),
    ("prefix", "/", -1),
];

/// Whether a rule matches a path that needs no canonical form, by code that knows nothing of the router. The expressions are written
/// out by hand.
fn fits(at: usize, path: &str) -> bool {
    let words: Vec<&str> = path[1..].split('/').collect();
    let lower = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
    match at {
        0 => words[0].eq_ignore_ascii_case("admin"),
        1 => path.ends_with(".bak") || path.ends_with(".env"),
        2 => words.len() > 2 && lower(words[0]) && words[1] == "secret",
        3 => path == "/a/b",
        4 => words[0] == "a",
        5 => words.len() == 3 && words[1] == "b" && !words[0].is_empty() && !words[2].is_empty(),
        6 => words.len() == 2 && words[0] == "c" && !words[1].is_empty(),
        7 => {
            let is_word = |text: &str| {
                let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte == b' ';
                !text.is_empty() && text.bytes().all(is_inner)
            };
            words.len() == 2
                && is_word(words[0])
                && !words[1].is_empty()
                && words[1].chars().all(|char| char == 'é')
        }
        8 => words.len() > 1 && words[0] == "c",
        _ => true,
    }
}

/// The order in which the rules are tried, by hand.
const ORDER: &[usize] = &[0, 1, 2, 3, 5, 4, 6, 7, 8, 9];

fn router() -> Router {
    let mut router = RouterBuilder::default();
    for ((kind, text, priority), route) in RULES.iter().zip(0..) {
        let regex = (*kind == "regex").then(|| Pattern::whole(text).unwrap());
        let path = match (*kind, &regex) {
            (_, Some(regex)) => PathPattern::regex(regex),
            ("exact", None) => PathPattern::exact(text),
            ("prefix", None) => PathPattern::prefix(text),
            (_, None) => PathPattern::template(text),
        };
        router.add(Rule {
            hosts: Vec::new(),
            path: Some(path.unwrap()),
            methods: Vec::new(),
            headers: Vec::new(),
            query: Vec::new(),
            others: OtherPredicates {
                path: regex,
                ..OtherPredicates::default()
            },
            priority: Priority(*priority),
            is_conditional: false,
            route: RouteId(route),
            match_index: MatchIndex(0),
        });
    }
    router.finish()
}

/// The route of a path in matching form. `None` if an expression can't tell.
fn route(router: &Router, path: &[u8]) -> Option<u32> {
    let (headers, notes) = (HeaderMap::default(), MatchNotes::default());
    let found = router.find(&MatchInput {
        host: b"a",
        path,
        method: b"GET",
        query: None,
        headers: &headers.view(),
        notes: &notes,
    });
    found
        .filter(|_| !notes.is_unclear())
        .map(|found| found.route.0)
}

/// A path without anything to spell: segments of these words.
fn plain() -> impl Strategy<Value = String> {
    let word = select(
        &[
            "a", "b", "c", "admin", "ADMIN", "Admin", "secret", "é", "éé", "x.bak", ".env", "a b",
            "z", "%",
        ][..],
    );
    proptest::collection::vec(word, 1..5).prop_map(|words| format!("/{}", words.join("/")))
}

/// A spelling of a path, by a seed for each byte.
fn spelt(path: &str, seeds: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut seeds = seeds.iter().cycle();
    for &byte in path.as_bytes() {
        let seed = *seeds.next().unwrap_or(&0);
        match (byte, seed % 8) {
            (b'/', 0) => out.extend(b"//"),
            (b'/', 1) => out.extend(b"/./"),
            (b'/', 2) => out.extend(b"/x/../"),
            (b'/', 3) => out.extend(b"/%2e/"),
            (b'/', 4) => out.extend(b"/q/%2E./"),
            (b'/', _) => out.push(b'/'),
            (b'%', _) => out.extend(b"%25"),
            (_, 0 | 1) => out.extend(format!("%{byte:02x}").bytes()),
            (_, 2 | 3) => out.extend(format!("%{byte:02X}").bytes()),
            _ => out.push(byte),
        }
    }
    out
}

proptest! {
    #![proptest_config(super::fixed(4000))]

    #[test]
    fn no_spelling_reaches_another_route(path in plain(), seeds in proptest::collection::vec(any::<u8>(), 1..40)) {
        let rules = PathRules {
            escaped_slash: SlashChoice::Reject,
            backslash: SlashChoice::Reject,
            duplicate_slash: DuplicateSlash::Merge,
            parameters: Parameters::Reject,
            escaped_percent: EscapedPercent::Reject,
        };
        let router = router();
        let expected = ORDER.iter().find(|at| fits(**at, &path)).map(|at| u32::try_from(*at).unwrap());
        let written = spelt(&path, &seeds);
        let shown = String::from_utf8_lossy(&written).into_owned();
        let Ok(canonical) = canonicalise(&written, &rules) else {
            // A `%` before two digits is refused.
            prop_assert!(path.contains('%'), "{shown}");
            return Ok(());
        };
        prop_assert_eq!(route(&router, canonical.matching()), expected, "{} {}", &path, &shown);
        // What is forwarded is read the same way again.
        let again = canonicalise(canonical.forward(), &rules).unwrap();
        prop_assert_eq!(route(&router, again.matching()), expected, "{}", shown);
    }

    #[test]
    fn no_long_path_passes_a_rule(path in plain(), length in 8100_usize..8300) {
        let router = router();
        let long = format!("{path}/{}", "a".repeat(length));
        let expected = ORDER.iter().find(|at| fits(**at, &long)).map(|at| u32::try_from(*at).unwrap());
        let found = route(&router, long.as_bytes());
        if long.len() > 8192 {
            prop_assert_eq!(found, None);
        } else {
            prop_assert_eq!(found, expected);
        }
    }
}
