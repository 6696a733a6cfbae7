//! New paths and queries: a value can't add a segment or a parameter.

use postern::http::{percent_decode, query_pairs};
use postern::internals::rewrite::{
    Origin, PathBuilder, PathLiteral, QueryEdit, edit_query, replace_prefix, strip_query,
};
use postern::internals::route::{
    Captures, DuplicateSlash, EscapedPercent, MatchNotes, Parameters, PathPattern, PathRules,
    SlashChoice, canonicalise,
};
use proptest::prelude::*;

const KEEP: PathRules = PathRules {
    escaped_slash: SlashChoice::Keep,
    backslash: SlashChoice::Keep,
    duplicate_slash: DuplicateSlash::Reject,
    parameters: Parameters::Keep,
    escaped_percent: EscapedPercent::Keep,
};

/// Text that tries to be more than a value.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a./\\\\;?#%&=+ é:@-]{0,6}",
        "\\.{0,3}(%2f|/|\\\\|;|\\?)?\\.{0,3}",
        ".{0,5}",
    ]
}

fn literal(text: &str) -> PathLiteral {
    PathLiteral::parse(text).unwrap()
}

/// Whether a server may read a part of the text as a dot segment.
pub(crate) fn has_dots(text: &str) -> bool {
    let names = text
        .split(['/', '\\'])
        .map(|part| part.split([';', '?', '#']).next());
    names.flatten().any(|name| name == "." || name == "..")
}

proptest! {
    #![proptest_config(super::fixed(4000))]

    #[test]
    fn a_value_stays_in_its_segment(value in value()) {
        let mut builder = PathBuilder::new();
        builder.literal(&literal("/a/"));
        builder.segment(value.as_bytes(), Origin::Client);
        builder.literal(&literal("/b"));
        let refused = value.is_empty()
            || value.bytes().any(|byte| byte.is_ascii_control())
            || has_dots(&value)
            || has_dots(&String::from_utf8_lossy(&percent_decode(value.as_bytes())));
        let path = builder.finish();
        prop_assert_eq!(path.is_err(), refused);
        let Ok(path) = path else {
            return Ok(());
        };
        prop_assert!(!path.iter().any(|byte| b"?#;\\ ".contains(byte)));
        let words: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        prop_assert_eq!(words.len(), 4);
        prop_assert_eq!(&*percent_decode(words[2]), value.as_bytes());
        prop_assert!(canonicalise(&path, &KEEP).unwrap().is_as_it_came());
        let plain = canonicalise(&path, &PathRules::default());
        let escaped = value.as_bytes().windows(3).any(|three| {
            three[0] == b'%' && three[1..].iter().all(u8::is_ascii_hexdigit)
        });
        prop_assert_eq!(plain.is_ok(), !value.contains(['/', '\\', ';']) && !escaped);
    }

    #[test]
    fn captures_land_as_they_were(path in super::path::path(), rules in super::path::rules()) {
        let template = PathPattern::template("/{first}/{rest=**}").unwrap();
        let Ok(canonical) = canonicalise(&path, &rules) else {
            return Ok(());
        };
        let matching = canonical.matching();
        if !template.view().matches(matching) {
            return Ok(());
        }
        let notes = MatchNotes::default();
        let captures = Captures::new(template.view(), matching, &notes);
        let first = captures.get("first").unwrap();
        let rest = captures.get("rest").unwrap();
        let mut builder = PathBuilder::new();
        builder.literal(&literal("/new/"));
        builder.segments(first.within(&canonical).unwrap(), Origin::Client);
        builder.literal(&literal("/"));
        builder.segments(rest.within(&canonical).unwrap(), Origin::Client);
        let built = builder.finish();
        let with_slash = [matching, b"/"].concat();
        let mut words = matching[1..].splitn(2, |&byte| byte == b'/');
        let (first_text, rest_text) = (words.next().unwrap(), words.next().unwrap_or_default());
        if rest_text.starts_with(b"/") || with_slash.windows(3).any(|three| three == b"//") {
            return Ok(());
        }
        let empty = matching.windows(2).any(|pair| pair == b"//");
        prop_assert_eq!(built.is_err(), empty, "{:?}", built);
        if let Ok(built) = built {
            let again = canonicalise(&built, &rules).unwrap();
            let expected = [b"/new/", first_text, b"/", rest_text].concat();
            prop_assert!(again.is_as_it_came());
            prop_assert_eq!(again.matching(), expected);
            let expected = [b"/new/", first.within(&canonical).unwrap(), b"/", rest.within(&canonical).unwrap()].concat();
            prop_assert_eq!(built, expected);
        }
    }

    #[test]
    fn a_new_prefix_keeps_the_rest(path in super::path::path(), covered in 0..4_usize, new in "(/[a-z]{1,3}){0,2}/?") {
        let Ok(canonical) = canonicalise(&path, &PathRules::default()) else {
            return Ok(());
        };
        let forward = canonical.forward();
        let words: Vec<&[u8]> = forward[1..].split(|&byte| byte == b'/').collect();
        if covered > words.len() {
            return Ok(());
        }
        let left = words[covered..].join(&b'/');
        let literal = literal(&new);
        let replaced = replace_prefix(forward, covered, literal.as_bytes()).concat();
        let expected = match (new.trim_end_matches('/'), covered == words.len()) {
            (_, true) if new.is_empty() => b"/".to_vec(),
            (_, true) => new.clone().into_bytes(),
            (new, false) => [new.as_bytes(), b"/", &left].concat(),
        };
        prop_assert_eq!(&replaced, &expected);
        prop_assert!(canonicalise(&replaced, &PathRules::default()).unwrap().is_as_it_came());
    }

    #[test]
    fn a_query_is_its_model_after_edits(
        query in proptest::option::of("([ab%6+=1é]{0,4}|%61=[a&=]{0,2}|&|a=b){0,6}"),
        edits in proptest::collection::vec((0..3_u8, "a|b|a b|[a&=é]{1,2}", value()), 0..4),
    ) {
        let query = query.as_ref().map(|query| query.as_bytes());
        let mut model = read(query.unwrap_or_default());
        for (kind, name, value) in &edits {
            let (name, value) = (name.as_bytes(), value.as_bytes());
            if *kind != 1 {
                model.retain(|(own, _, _)| own != name);
            }
            if *kind != 2 {
                model.push((name.to_vec(), value.to_vec(), None));
            }
        }
        let edits: Vec<QueryEdit<'_>> = edits
            .iter()
            .map(|(kind, name, value)| match kind {
                0 => QueryEdit::Set(name.as_bytes(), value.as_bytes()),
                1 => QueryEdit::Add(name.as_bytes(), value.as_bytes()),
                _ => QueryEdit::Remove(name.as_bytes()),
            })
            .collect();
        let edited = edit_query(query, &edits);
        let after = read(edited.as_deref().unwrap_or_default());
        prop_assert_eq!(after.len(), model.len());
        for ((name, value, raw), (own_name, own_value, own_raw)) in after.iter().zip(&model) {
            prop_assert_eq!((name, value), (own_name, own_value));
            if own_raw.is_some() {
                prop_assert_eq!(raw, own_raw);
            }
        }
        if edits.is_empty() {
            prop_assert_eq!(edited.as_deref(), query);
        } else if model.is_empty() && !read(query.unwrap_or_default()).is_empty() {
            let left = edited.as_deref().unwrap_or_default();
            prop_assert!(left.iter().all(|byte| *byte == b'&'));
            prop_assert!(edited.is_none() || !left.is_empty());
        }
    }

    #[test]
    fn nothing_of_a_stripped_name_is_left(query in "([ab%6+=1]{0,4}|%61|&|a=b|a%62){0,6}") {
        let names = [&b"a"[..], b"ab"];
        let stripped = strip_query(Some(query.as_bytes()), &names);
        let kept: Vec<Parameter> = read(query.as_bytes())
            .into_iter()
            .filter(|(name, _, _)| !names.contains(&&**name))
            .collect();
        prop_assert_eq!(read(stripped.as_deref().unwrap_or_default()), kept);
    }
}

/// The decoded name and value, and the original bytes.
type Parameter = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);

fn read(query: &[u8]) -> Vec<Parameter> {
    let decoded = |text: &[u8]| {
        let blanks: Vec<u8> = text
            .iter()
            .map(|&b| if b == b'+' { b' ' } else { b })
            .collect();
        percent_decode(&blanks).into_owned()
    };
    query_pairs(query)
        .map(|pair| {
            (
                decoded(pair.name),
                decoded(pair.value),
                Some(pair.raw.to_vec()),
            )
        })
        .collect()
}
