//! The names of types: each has one meaning.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Source;

/// Forms of one thing as it is written in config and as a mechanism runs it. (What `policy` compiles may share its name
/// with what `config` reads without standing here.)
const WRITTEN_AND_RUN: &[&str] = &[
    "ContentFormat",
    "DuplicateSlash",
    "Endpoint",
    "EscapedPercent",
    "Index",
    "Location",
    "OnDemand",
    "Parameters",
    "Scheme",
];

/// Associated types of the standard library's traits.
const ASSOCIATED: [&str; 4] = ["Item", "IntoIter", "Target", "Error"];

/// The types that are seen outside their room and whose name stands for another type too.
pub(crate) fn ambiguous(sources: &[Source]) -> Vec<String> {
    let mut definitions: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for source in sources {
        for name in source.types() {
            definitions.entry(name).or_default().push(source);
        }
        for path in source.foreign() {
            if let (Some(room), Some(name)) = (path.first(), path.last()) {
                seen.insert((room.clone(), name.clone()));
            }
        }
    }
    let mut found = Vec::new();
    for (name, places) in definitions {
        let is_seen = places
            .iter()
            .any(|source| seen.contains(&(source.room().to_owned(), name.to_owned())));
        if places.len() < 2 || !is_seen || is_one_thing(name, &places) {
            continue;
        }
        let paths: Vec<_> = places.iter().map(|source| source.path.as_str()).collect();
        found.push(format!("`{name}` is {}", paths.join(", ")));
    }
    found
}

fn is_one_thing(name: &str, places: &[&Source]) -> bool {
    let rooms: BTreeSet<&str> = places.iter().map(|source| source.room()).collect();
    let is_pair = places.len() == 2 && rooms.len() == 2 && rooms.contains("config");
    ASSOCIATED.contains(&name)
        || is_pair && (rooms.contains("policy") || WRITTEN_AND_RUN.contains(&name))
}

#[test]
fn a_type_that_two_rooms_see_has_one_meaning() {
    let found = ambiguous(&crate::sources(&["src"]));
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn finds_a_name_of_two_types() {
    let seen = Source::new("src/engine/a.rs", "use crate::http::Text;");
    let driver = Source::new("src/bin/postern/a.rs", "use postern::{http::Text};");
    for (left, right, is_wrong) in [
        (
            ("src/http/text.rs", "pub struct Text;"),
            ("src/route/a.rs", "struct Text(u8);"),
            true,
        ),
        (
            ("src/http/text.rs", "pub enum Text {}"),
            ("src/http/b.rs", "pub(super) type Text = u8;"),
            true,
        ),
        (
            ("src/http/text.rs", "pub struct Text;"),
            ("src/config/a.rs", "pub struct Text;"),
            true,
        ),
        (
            ("src/http/text.rs", "pub struct Text;"),
            ("src/route/a.rs", "struct Other;"),
            false,
        ),
        (
            ("src/route/text.rs", "struct Text;"),
            ("src/policy/a.rs", "struct Text;"),
            false,
        ),
        (
            ("src/http/text.rs", "pub struct Text;"),
            ("src/route/a.rs", "#[cfg(test)]\nmod tests { struct Text; }"),
            false,
        ),
    ] {
        for user in [&seen, &driver] {
            let sources = [
                Source::new(left.0, left.1),
                Source::new(right.0, right.1),
                user.clone(),
            ];
            assert_eq!(
                !ambiguous(&sources).is_empty(),
                is_wrong,
                "{left:?} {right:?}"
            );
        }
    }
    let pair = [
        Source::new("src/config/route.rs", "pub struct Route;"),
        Source::new("src/policy/route.rs", "pub struct Route;"),
        Source::new("src/engine/a.rs", "use crate::policy::Route;"),
    ];
    assert!(ambiguous(&pair).is_empty());
}
