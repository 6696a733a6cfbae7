//! The canonical path.

use postern::internals::route::{
    DuplicateSlash, EscapedPercent, Parameters, PathRules, RequestPathError, SlashChoice,
    canonicalise,
};
use proptest::prelude::*;

/// Parts of paths that cause errors.
const PIECES: &[&str] = &[
    "/", "/", "/", "/", "//", ".", "..", "...", "%2e", "%2E", "%2f", "%2F", "%5c", "\\", ";", "a",
    "b", "A", "%41", "%7e", "%20", "%c3%a9", "é", "%C3", "%e2%82", "%ff", "%00", "%0a", "\u{7f}",
    "%", "%2", "%25", "%252f", "#", "%23", "%3b", "%3F", "@", "%40", "{", "/../", "/./", "/..;/",
];

pub(super) fn rules() -> impl Strategy<Value = PathRules> {
    let slash = || {
        prop_oneof![
            Just(SlashChoice::Reject),
            Just(SlashChoice::Decode),
            Just(SlashChoice::Keep)
        ]
    };
    let duplicate = prop_oneof![
        Just(DuplicateSlash::Reject),
        Just(DuplicateSlash::Merge),
        Just(DuplicateSlash::Keep)
    ];
    let parameters = prop_oneof![Just(Parameters::Reject), Just(Parameters::Keep)];
    let percent = prop_oneof![Just(EscapedPercent::Reject), Just(EscapedPercent::Keep)];
    (slash(), slash(), duplicate, parameters, percent).prop_map(
        |(escaped_slash, backslash, duplicate_slash, parameters, escaped_percent)| PathRules {
            escaped_slash,
            backslash,
            duplicate_slash,
            parameters,
            escaped_percent,
        },
    )
}

pub(super) fn path() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        40 => proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    proptest::collection::vec(piece, 0..9)
        .prop_map(|pieces| [b"/".to_vec(), pieces.concat()].concat())
}

/// A character of a path: its meaning and its spelling.
#[derive(Clone)]
struct Character {
    meant: u8,
    written: Vec<u8>,
}

/// The model: characters, then segments, then a stack of segments. Each step makes a new list.
fn model(path: &[u8], rules: &PathRules) -> Result<(Vec<u8>, Vec<u8>), RequestPathError> {
    let characters = characters(path)?
        .into_iter()
        .map(|character| ruled(character, rules))
        .collect::<Result<Vec<_>, _>>()?;
    let meant: Vec<u8> = characters.iter().map(|character| character.meant).collect();
    String::from_utf8(meant).map_err(|_| RequestPathError::NotUtf8)?;
    if rules.escaped_percent == EscapedPercent::Reject && has_double_escape(&characters) {
        return Err(RequestPathError::EscapedPercent);
    }
    let words: Vec<Vec<Character>> = characters
        .split(|character| character.written == b"/")
        .skip(1)
        .map(<[Character]>::to_vec)
        .collect();
    if words.iter().any(|word| has_hidden_dots(word)) {
        return Err(RequestPathError::HiddenDotSegment);
    }
    let stack = without_dots(without_duplicates(words, rules)?);
    let mut forward = Vec::new();
    let mut matching = Vec::new();
    for word in stack {
        forward.push(b'/');
        matching.push(b'/');
        for character in word {
            forward.extend(&character.written);
            match character.meant {
                b'/' => matching.extend(b"%2F"),
                b'\\' => matching.extend(b"%5C"),
                b'%' => matching.extend(b"%25"),
                meant => matching.push(meant),
            }
        }
    }
    Ok((forward, matching))
}

/// An escaped `%` before two characters that are hexadecimal digits, in any spelling.
fn has_double_escape(characters: &[Character]) -> bool {
    characters.windows(3).any(|three| {
        let digits = three[1..]
            .iter()
            .all(|digit| digit.meant.is_ascii_hexdigit());
        three[0].meant == b'%' && digits
    })
}

fn characters(path: &[u8]) -> Result<Vec<Character>, RequestPathError> {
    let mut characters = Vec::new();
    let mut at = 0;
    while at < path.len() {
        let length = if path[at] == b'%' { 3 } else { 1 };
        let written = path
            .get(at..at + length)
            .ok_or(RequestPathError::BadEscape)?
            .to_vec();
        let meant = if length == 3 {
            if !written[1..].iter().all(u8::is_ascii_hexdigit) {
                return Err(RequestPathError::BadEscape);
            }
            let digits = String::from_utf8(written[1..].to_vec()).unwrap();
            u8::from_str_radix(&digits, 16).unwrap()
        } else {
            path[at]
        };
        characters.push(Character { meant, written });
        at += length;
    }
    Ok(characters)
}

fn ruled(mut character: Character, rules: &PathRules) -> Result<Character, RequestPathError> {
    let escaped = character.written.len() == 3;
    let (choice, refusal) = match (character.meant, escaped) {
        (b'/', true) => (rules.escaped_slash, RequestPathError::EscapedSlash),
        (b'\\', _) => (rules.backslash, RequestPathError::Backslash),
        (b';', _) if rules.parameters == Parameters::Reject => {
            return Err(RequestPathError::Parameter);
        }
        (b'#', false) => return Err(RequestPathError::Fragment),
        (0..=0x1f | 0x7f, _) => return Err(RequestPathError::ControlByte),
        (meant, _) => {
            if meant.is_ascii_alphanumeric() || "-._~".contains(char::from(meant)) {
                character.written = vec![meant];
            }
            return Ok(character);
        }
    };
    match choice {
        SlashChoice::Reject => Err(refusal),
        SlashChoice::Keep => Ok(character),
        SlashChoice::Decode => Ok(Character {
            meant: b'/',
            written: vec![b'/'],
        }),
    }
}

fn without_duplicates(
    mut words: Vec<Vec<Character>>,
    rules: &PathRules,
) -> Result<Vec<Vec<Character>>, RequestPathError> {
    let tail = words.pop().unwrap();
    if words.iter().any(Vec::is_empty) {
        match rules.duplicate_slash {
            DuplicateSlash::Reject => return Err(RequestPathError::DuplicateSlash),
            DuplicateSlash::Merge => words.retain(|word| !word.is_empty()),
            DuplicateSlash::Keep => {}
        }
    }
    words.push(tail);
    Ok(words)
}

fn without_dots(words: Vec<Vec<Character>>) -> Vec<Vec<Character>> {
    let mut stack: Vec<Vec<Character>> = Vec::new();
    let mut ends_in_dots = false;
    for word in words {
        let written: Vec<u8> = word.iter().flat_map(|c| c.written.clone()).collect();
        ends_in_dots = written == b"." || written == b"..";
        if written == b".." {
            stack.pop();
        } else if written != b"." {
            stack.push(word);
        }
    }
    if ends_in_dots {
        stack.push(Vec::new());
    }
    stack
}

/// Whether a kept slash, backslash or `;` splits the segment so that a part is `.` or `..`.
fn has_hidden_dots(word: &[Character]) -> bool {
    let marked: String = word
        .iter()
        .map(
            |character| match (character.meant, character.written.len()) {
                (b'/', 3) | (b'\\', _) => '|',
                (b';', _) | (b'?' | b'#', 3) => ';',
                (b'.', _) => '.',
                _ => 'x',
            },
        )
        .collect();
    if !marked.contains(['|', ';']) {
        return false;
    }
    marked.split('|').any(|part| {
        let before = part.split(';').next().unwrap_or_default();
        before == "." || before == ".."
    })
}

proptest! {
    #![proptest_config(super::fixed(6000))]

    #[test]
    fn agrees_with_the_model(path in path(), rules in rules()) {
        let came = path.split(|&byte| byte == b'?').next().unwrap();
        let query_is_good = !path[came.len()..].iter().any(|&b| b == b'#' || b < 32 || b == 127);
        let expected = model(came, &rules);
        match canonicalise(&path, &rules) {
            Ok(canonical) => {
                prop_assert!(query_is_good);
                let seen = (canonical.forward().to_vec(), canonical.matching().to_vec());
                prop_assert_eq!(canonical.is_as_it_came(), seen.0 == came);
                prop_assert_eq!(Ok(seen), expected);
            }
            Err(error) if query_is_good => match expected {
                // A path with several faults may be refused for each of them.
                Err(other) => prop_assert!(error == other || count_faults(came) > 1),
                Ok(_) => prop_assert!(false, "refused: {error}"),
            },
            Err(_) => {}
        }
    }

    #[test]
    fn twice_is_once(path in path(), rules in rules()) {
        let Ok(once) = canonicalise(&path, &rules) else {
            return Ok(());
        };
        let forward = once.forward().to_vec();
        let twice = canonicalise(&forward, &rules);
        prop_assert!(twice.is_ok(), "{:?}", twice);
        let twice = twice.unwrap();
        prop_assert!(twice.is_as_it_came());
        prop_assert_eq!(twice.matching(), once.matching());
    }

    #[test]
    fn what_comes_out(path in path(), rules in rules()) {
        let Ok(canonical) = canonicalise(&path, &rules) else {
            return Ok(());
        };
        for form in [canonical.forward(), canonical.matching()] {
            prop_assert_eq!(form.first(), Some(&b'/'));
            let words: Vec<&[u8]> = form[1..].split(|&byte| byte == b'/').collect();
            prop_assert!(!words.iter().any(|word| matches!(*word, b"." | b"..")));
            if rules.duplicate_slash != DuplicateSlash::Keep {
                prop_assert!(!words[..words.len() - 1].contains(&&b""[..]));
            }
        }
        let slashes = |form: &[u8]| form.iter().filter(|&&byte| byte == b'/').count();
        prop_assert_eq!(slashes(canonical.forward()), slashes(canonical.matching()));
        let matching = String::from_utf8(canonical.matching().to_vec()).unwrap();
        for (at, _) in matching.match_indices('%') {
            prop_assert!(["%2F", "%5C", "%25"].contains(&&matching[at..at + 3]));
        }
    }

    #[test]
    fn every_spelling_matches_alike(
        text in "[a-z~ @é;?#{}\u{20ac}]{0,8}(/[a-zé. ]{3,5}){0,3}",
        spelling in proptest::collection::vec(0..3_u8, 80),
    ) {
        let mut path = b"/".to_vec();
        for (byte, how) in text.bytes().zip(spelling.iter().cycle()) {
            let raw = !matches!(byte, b';' | b'?' | b'#') && *how == 0;
            if byte == b'/' || raw {
                path.push(byte);
            } else if *how == 1 {
                path.extend(format!("%{byte:02x}").bytes());
            } else {
                path.extend(format!("%{byte:02X}").bytes());
            }
        }
        let rules = PathRules { parameters: Parameters::Keep, ..PathRules::default() };
        let canonical = canonicalise(&path, &rules);
        let dots = text.split('/').any(|word| word == "." || word == "..");
        if !dots && !text.contains("//") && !text.starts_with('/') {
            let expected = format!("/{text}");
            let canonical = canonical.unwrap();
            prop_assert_eq!(canonical.matching(), expected.as_bytes());
        }
    }

    #[test]
    fn nothing_traps(path in any::<Vec<u8>>(), rules in rules()) {
        let _ = canonicalise(&path, &rules);
    }
}

/// An upper bound for the number of kinds of faults, from single bytes and escapes.
fn count_faults(path: &[u8]) -> usize {
    let text = String::from_utf8_lossy(path).to_lowercase();
    let kinds: &[&[&str]] = &[
        &["%2f"],
        &["\\", "%5c"],
        &[";", "%3b"],
        &["%25"],
        &["#"],
        &["//", "/../", "/./"],
        &["\u{fffd}", "%c3", "%e2", "%ff", "%8", "%9", "%a", "%b"],
    ];
    let known = kinds
        .iter()
        .filter(|kind| kind.iter().any(|mark| text.contains(mark)))
        .count();
    let control =
        path.iter().any(u8::is_ascii_control) || text.contains("%0") || text.contains("%1");
    let escapes = text.match_indices('%').any(|(at, _)| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    known + usize::from(control) + usize::from(escapes)
}
