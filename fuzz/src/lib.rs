//! The fuzzed functions. Two runners share them: cargo-fuzz, with the targets in `fuzz_targets/`, and `tests/fuzz_short.rs`,
//! which includes this file and runs on stable. Each function takes any bytes, and panics if a property does not hold.

mod answer;
mod apollo;
mod consul;
mod edits;
mod etcd;
mod expression;
mod formats;
mod http_source;
mod introspection;
mod issuer;
mod jwt;
mod kubernetes;
mod nacos;
mod requests;
mod response;
mod spring;
mod template;

pub use answer::answer;
pub use apollo::apollo;
pub use consul::consul;
pub use edits::edits;
pub use etcd::etcd;
pub use expression::expression;
pub use formats::{properties, yaml};
pub use http_source::{content, login};
pub use introspection::introspection;
pub use issuer::issuer;
pub use jwt::{claims, jose_header, jwk, key_set, token};
pub use kubernetes::kubernetes;
pub use nacos::{alibaba, nacos};
pub use requests::requests;
pub use response::response;
pub use spring::{spring_environment, spring_merged};
pub use template::template;

use postern::config::Config;
use postern::http::{HeaderMap, Headers, cookies, members, query_pairs};
use postern::internals::rewrite::{QueryEdit, edit_query, strip_query};
use postern::internals::route::{
    DuplicateSlash, EscapedPercent, Parameters, PathPattern, PathRules, SlashChoice,
    canonical_host, canonicalise,
};
use postern::internals::source::{
    Budget, ContentReader, Document, Format, FormatReader, Item, Items, JsonPath, JsonReader,
    read_item,
};
use postern::policy::Policy;
use serde_json::Value;

/// A policy compiles, or is refused with at least one error. Reading it in parts gives the same policy and the same errors.
pub fn policy(data: &[u8]) {
    let read = Policy::read(&data, &|_: &str| None).err();
    match Config::parse(data) {
        Ok(config) => {
            let errors = Policy::compile(&config, &|_: &str| None).err();
            assert_eq!(read, errors, "read list by list");
        }
        // Errors of the JSON text come first.
        Err(written) => {
            let errors: Vec<_> = read.iter().flat_map(|errors| errors.iter()).collect();
            assert!(errors.starts_with(&written.iter().collect::<Vec<_>>()));
        }
    }
    if let Some(errors) = read {
        assert!(!errors.is_empty(), "refused without an error");
    }
    let whole = Config::parse(data).map(|config| format!("{config:?}"));
    let pieces = Config::read(&data, 7).map(|config| format!("{config:?}"));
    assert_eq!(pieces, whole, "seven bytes at once");
}

/// A host's buffer is a complete header map, or an error. Writing a map and reading it again gives the same map.
pub fn headers(data: &[u8]) {
    let Ok(map) = Headers::parse(data) else {
        assert!(HeaderMap::from_wire(data.to_vec()).is_err());
        return;
    };
    let pairs: Vec<_> = map.iter().collect();
    let again = HeaderMap::from_pairs(&pairs);
    assert!(again.view().iter().eq(map.iter()));
    for (name, value) in pairs {
        assert!(map.all(name).any(|own| own == value));
    }
}

/// The first byte selects the rules, and the rest is `:path`.
pub fn path(data: &[u8]) {
    let Some((&choice, path)) = data.split_first() else {
        return;
    };
    let slash = |choice: u8| match choice & 3 {
        0 => SlashChoice::Reject,
        1 => SlashChoice::Decode,
        _ => SlashChoice::Keep,
    };
    let rules = PathRules {
        escaped_slash: slash(choice),
        backslash: slash(choice >> 2),
        duplicate_slash: match (choice >> 4) & 3 {
            0 => DuplicateSlash::Reject,
            1 => DuplicateSlash::Keep,
            _ => DuplicateSlash::Merge,
        },
        parameters: match choice >> 7 {
            0 => Parameters::Reject,
            _ => Parameters::Keep,
        },
        escaped_percent: match (choice >> 6) & 1 {
            0 => EscapedPercent::Reject,
            _ => EscapedPercent::Keep,
        },
    };
    if let Ok(host) = canonical_host(path) {
        assert_eq!(canonical_host(&host).as_ref(), Ok(&host));
    }
    if let Ok(text) = std::str::from_utf8(path) {
        let _ = PathPattern::template(text);
    }
    let Ok(once) = canonicalise(path, &rules) else {
        return;
    };
    let words = || once.forward().split(|&byte| byte == b'/');
    assert!(!words().any(|word| matches!(word, b"." | b"..")));
    assert!(std::str::from_utf8(once.matching()).is_ok());
    match canonicalise(once.forward(), &rules) {
        Ok(twice) => {
            assert!(twice.is_as_it_came());
            assert_eq!(twice.matching(), once.matching());
        }
        Err(error) => panic!("a canonical path is refused: {error}"),
    }
}

/// The first line is a name, the second is a value, and the rest is a query.
pub fn query(data: &[u8]) {
    let mut lines = data.splitn(3, |&byte| byte == b'\n');
    let (Some(name), Some(value), Some(query)) = (lines.next(), lines.next(), lines.next()) else {
        return;
    };
    let named = |query: &[u8]| {
        query_pairs(query)
            .filter(|pair| pair.is_named(name))
            .count()
    };
    let before = query_pairs(query).count();
    let own = named(query);

    let set = edit_query(Some(query), &[QueryEdit::Set(name, value)]).unwrap_or_default();
    assert_eq!(query_pairs(&set).count(), before - own + 1);
    assert_eq!(named(&set), 1);
    let last = query_pairs(&set).last();
    assert!(last.is_some_and(|pair| pair.is_named(name) && *pair.decoded_value() == *value));

    let stripped = strip_query(Some(query), &[name]).unwrap_or_default();
    assert_eq!(query_pairs(&stripped).count(), before - own);
    assert_eq!(named(&stripped), 0);
}

/// The header contains each cookie's name and value, and each member when it is read as a list.
pub fn cookie(data: &[u8]) {
    for (name, value) in cookies(data) {
        assert!(!name.contains(&b'=') && !name.contains(&b';') && !value.contains(&b';'));
        let within =
            |part: &[u8]| part.is_empty() || data.windows(part.len()).any(|own| own == part);
        assert!(within(name) && within(value));
    }
    for member in members(data) {
        assert!(!member.is_empty() && !member.contains(&b','));
        assert!(data.windows(member.len()).any(|own| own == member));
    }
}

fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The first byte selects the size of a slice, and the rest is a document's text. Reading it in slices gives the same result as
/// reading it at once.
pub fn document(data: &[u8]) {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let whole = usize::from(choice >> 4) * 3;
    let slice = || Budget::of(usize::from(choice & 15) + 1);
    let at_once = Document::parse(text, usize::MAX, Format::JSON);
    let mut tree = FormatReader::Content(ContentReader::Json(JsonReader::in_pieces(whole)));
    let sliced = loop {
        match tree.advance(text, &mut slice()) {
            Ok(None) => {}
            Ok(Some(value)) => break Some(value),
            Err(_) => break None,
        }
    };
    let value = at_once.as_ref().ok().map(|document| document.value());
    assert_eq!(sliced.as_ref(), value);
    for path in ["$[*]", "$.a[*]", "$.a[0].b[*]"] {
        let path = JsonPath::compile(path).expect("a query");
        let mut items = Items::in_pieces(&path, whole).expect("a way");
        let mut found = Some(Vec::new());
        let reached = loop {
            match items.next(text, &mut slice()) {
                Ok(None) => {}
                Ok(Some(Item::Begins(at))) => {
                    let range = items
                        .text(text, usize::MAX)
                        .ok()
                        .flatten()
                        .filter(|range| range.start == at);
                    let item = range.and_then(|range| read_item(text, range).ok());
                    found = found.zip(item).map(|(mut found, item)| {
                        found.push(item);
                        found
                    });
                    if found.is_none() {
                        break None;
                    }
                }
                Ok(Some(Item::Forget)) => found = Some(Vec::new()),
                // These are members of an object, which have to be read as a whole.
                Ok(Some(Item::Unordered)) => break None,
                Ok(Some(Item::End(reached))) => break Some(reached),
                Err(_) => break None,
            }
        };
        if let Some(reached) = reached {
            // A name that comes twice is refused only on the way to the items.
            let lenient: Option<Value> = serde_json::from_slice(unmarked(text)).ok();
            let value = lenient.as_ref().expect("read to its end");
            assert_eq!(reached, path.reaches(value));
            let selected = path.select(value).into_vec();
            assert!(found.expect("items").iter().eq(selected));
        }
    }
}
