//! Expressions that are read in steps, without alternatives: most expressions for paths. They take a few instructions for each byte,
//! where the general engine takes a thousand.
//!
//! An expression is of this kind if it is a sequence of literals and classes, each of which is repeated in a way that leaves no
//! choice: what a class may repeat can't begin what follows. So there is at most one way to match, and the first try finds it.

use super::GroupSpan;

/// An expression as steps.
#[derive(Clone, Debug)]
pub(super) struct Steps(Box<[RegexStep]>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum RegexStep {
    /// These bytes, of ASCII.
    Literal(Box<[u8]>),
    /// Characters of a class: how many at least, and at most.
    Class(Class, usize, usize),
    /// A group begins.
    Open(usize),
    /// A group ends.
    Close(usize),
}

/// A set of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class {
    /// Those of ASCII, one bit for each.
    ascii: u128,
    /// The same, for reading: WebAssembly has no shift of 128 bits.
    bits: [u8; 16],
    /// Whether it has all others. A class has all of them or none.
    others: bool,
}

const DIGITS: u128 = range(b'0', b'9');
const WORDS: u128 = DIGITS | range(b'a', b'z') | range(b'A', b'Z') | range(b'_', b'_');

/// The characters from `first` to `last`, both of ASCII.
const fn range(first: u8, last: u8) -> u128 {
    let below = (1_u128 << (last & 127)) | ((1_u128 << (last & 127)).wrapping_sub(1));
    below & !((1_u128 << (first & 127)).wrapping_sub(1))
}

impl Class {
    const fn of(ascii: u128) -> Self {
        Self {
            ascii,
            bits: ascii.to_le_bytes(),
            others: false,
        }
    }

    const fn inverse(self) -> Self {
        Self {
            others: !self.others,
            ..Self::of(!self.ascii)
        }
    }

    fn contains(&self, byte: u8) -> bool {
        match self.bits.get(usize::from(byte >> 3)) {
            Some(bits) => (bits >> (byte & 7)) & 1 == 1,
            None => self.others,
        }
    }

    const fn meets(self, other: Self) -> bool {
        self.ascii & other.ascii != 0 || (self.others && other.others)
    }
}

impl Steps {
    /// The steps of a valid expression that has to match a whole text. `None` if it isn't of this kind.
    pub(super) fn of(expression: &str) -> Option<Self> {
        let mut reader = Reader {
            rest: expression.as_bytes(),
            steps: Vec::new(),
            open: Vec::new(),
            groups: 0,
        };
        while !reader.rest.is_empty() {
            reader.step()?;
        }
        let is_clear = (0..reader.steps.len()).all(|at| leaves_no_choice(&reader.steps, at));
        is_clear.then(|| Self(merged(reader.steps)))
    }

    /// Where each group matches if all of `text` matches; the whole is the first one.
    pub(super) fn find(&self, text: &[u8], groups: &mut Vec<GroupSpan>) -> bool {
        groups.clear();
        groups.push(Some((0, text.len())));
        let mut at = 0_usize;
        for step in &self.0 {
            let rest = text.get(at..).unwrap_or_default();
            match step {
                RegexStep::Literal(literal) => {
                    if !rest.starts_with(literal) {
                        return false;
                    }
                    at = at.saturating_add(literal.len());
                }
                RegexStep::Class(class, least, most) => {
                    let others = rest.iter().take(*most);
                    let count = others.take_while(|byte| class.contains(**byte)).count();
                    if count < *least {
                        return false;
                    }
                    at = at.saturating_add(count);
                }
                RegexStep::Open(_) => groups.push(Some((at, at))),
                RegexStep::Close(group) => {
                    if let Some(Some((_, end))) = groups.get_mut(*group) {
                        *end = at;
                    }
                }
            }
        }
        at == text.len()
    }
}

/// Whether the step's number of repetitions follows from the text. The text that it may take can't begin what follows.
fn leaves_no_choice(steps: &[RegexStep], at: usize) -> bool {
    let Some((RegexStep::Class(own, least, most), after)) =
        steps.get(at..).and_then(<[RegexStep]>::split_first)
    else {
        return true;
    };
    if least == most {
        return true;
    }
    for step in after {
        if let RegexStep::Class(next, least, _) = step {
            if own.meets(*next) {
                return false;
            }
            if *least > 0 {
                return true;
            }
        }
    }
    true
}

/// The same with literals in one piece.
fn merged(steps: Vec<RegexStep>) -> Box<[RegexStep]> {
    let mut all = Vec::new();
    let mut literal = Vec::new();
    for step in steps {
        if let RegexStep::Class(class, 1, 1) = step {
            if class.ascii.is_power_of_two() && !class.others {
                literal.extend(u8::try_from(class.ascii.trailing_zeros()).ok());
                continue;
            }
        }
        if !literal.is_empty() {
            all.push(RegexStep::Literal(std::mem::take(&mut literal).into()));
        }
        all.push(step);
    }
    if !literal.is_empty() {
        all.push(RegexStep::Literal(literal.into()));
    }
    all.into()
}

struct Reader<'e> {
    rest: &'e [u8],
    steps: Vec<RegexStep>,
    /// The groups that are open; none for one that captures nothing.
    open: Vec<Option<usize>>,
    groups: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, text: &[u8]) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Reads one step. `None` if it is of another kind.
    fn step(&mut self) -> Option<()> {
        let class = match self.next()? {
            b'(' => return self.group(),
            b')' => {
                if let Some(group) = self.open.pop()? {
                    self.steps.push(RegexStep::Close(group));
                }
                // A repeated group.
                let is_repeated = matches!(self.rest, [b'*' | b'+' | b'?' | b'{', ..]);
                return (!is_repeated).then_some(());
            }
            b'[' => self.class()?,
            b'.' => Class::of(range(b'\n', b'\n')).inverse(),
            b'\\' => self.escape()?,
            b'^' | b'$' | b'|' | b'*' | b'+' | b'?' | b'{' => return None,
            literal if literal.is_ascii() => Class::of(range(literal, literal)),
            _ => return None,
        };
        let (least, most) = self.repetition()?;
        // A character beyond ASCII has several bytes, so only "all of them" can be counted in bytes.
        let is_counted = !class.others || (least <= 1 && most == usize::MAX);
        is_counted.then(|| self.steps.push(RegexStep::Class(class, least, most)))
    }

    fn group(&mut self) -> Option<()> {
        if self.take(b"?:") {
            self.open.push(None);
            return Some(());
        }
        if self.take(b"?P<") || self.take(b"?<") {
            while self.next()? != b'>' {}
        } else if self.rest.first() == Some(&b'?') {
            return None;
        }
        self.groups = self.groups.checked_add(1)?;
        self.open.push(Some(self.groups));
        self.steps.push(RegexStep::Open(self.groups));
        Some(())
    }

    /// How often what was read last comes: at least, and at most.
    fn repetition(&mut self) -> Option<(usize, usize)> {
        let times = match self.rest.first() {
            Some(b'*') => (0, usize::MAX),
            Some(b'+') => (1, usize::MAX),
            Some(b'?') => (0, 1),
            Some(b'{') => return None,
            _ => return Some((1, 1)),
        };
        self.next();
        let is_other = matches!(self.rest, [b'*' | b'+' | b'?' | b'{', ..]);
        (!is_other).then_some(times)
    }

    fn escape(&mut self) -> Option<Class> {
        Some(match self.next()? {
            b'd' => Class::of(DIGITS),
            b'w' => Class::of(WORDS),
            b'D' => Class::of(DIGITS).inverse(),
            b'W' => Class::of(WORDS).inverse(),
            byte if byte.is_ascii_punctuation() && !matches!(byte, b'<' | b'>') => {
                Class::of(range(byte, byte))
            }
            _ => return None,
        })
    }

    /// Reads a class after its `[`: single characters, ranges and escapes.
    fn class(&mut self) -> Option<Class> {
        let is_inverse = self.take(b"^");
        let mut ascii = 0_u128;
        let mut is_first = true;
        loop {
            match self.next()? {
                b']' if !is_first => break,
                b'\\' => {
                    let class = self.escape()?;
                    // Only a single character can begin a range.
                    if class.others || self.rest.first() == Some(&b'-') {
                        return None;
                    }
                    ascii |= class.ascii;
                }
                byte if byte.is_ascii_alphanumeric()
                    || matches!(byte, b'_' | b'.' | b'/' | b'%') =>
                {
                    let mut last = byte;
                    if self.rest.first() == Some(&b'-') && self.rest.get(1) != Some(&b']') {
                        self.next();
                        last = self.next().filter(u8::is_ascii_alphanumeric)?;
                    }
                    ascii |= range(byte, last);
                }
                // At the end it is itself.
                b'-' if self.rest.first() == Some(&b']') => ascii |= range(b'-', b'-'),
                _ => return None,
            }
            is_first = false;
        }
        let class = Class::of(ascii);
        Some(if is_inverse { class.inverse() } else { class })
    }
}

#[cfg(test)]
mod tests {
    use regex_lite::Regex;

    use super::*;
    use crate::random::Random;

    fn compare(expression: &str, text: &str) -> bool {
        let Some(steps) = Steps::of(expression) else {
            return false;
        };
        let regex = Regex::new(&format!("\\A(?:{expression})\\z")).unwrap();
        let mut groups = Vec::new();
        let found = steps.find(text.as_bytes(), &mut groups);
        let expected = regex.captures(text);
        assert_eq!(found, expected.is_some(), "{expression} {text:?}");
        if let Some(expected) = expected {
            let expected: Vec<_> = expected
                .iter()
                .map(|group| group.map(|group| (group.start(), group.end())))
                .collect();
            assert_eq!(groups, expected, "{expression} {text:?}");
        }
        true
    }

    #[test]
    fn reads_the_usual_expressions_for_paths() {
        for (expression, texts) in [
            (
                "/v(?P<version>[0-9]+)/users/(?P<id>[^/]+)",
                ["/v12/users/a-b", "/v/users/a", "/v1/users/a/b"],
            ),
            ("/old/(?P<rest>.*)", ["/old/", "/old/a/b", "/old"]),
            (r"/a\.b(\d+)?c", ["/a.b1c", "/a.bc", "/axbc"]),
            (r"/(\w+)-(?:x)(?<y>[a-f]*)/?", ["/ab-xaf/", "/ab-x", "/é-x"]),
            ("/[^/]*/é", ["/a/é", "/é/é", "//é"]),
        ] {
            for text in texts {
                let is_read = compare(expression, text);
                let is_usual = expression.is_ascii() && !expression.contains(")?");
                assert_eq!(is_read, is_usual, "{expression}");
            }
        }
    }

    #[test]
    fn leaves_other_expressions_to_the_general_engine() {
        for expression in [
            "a|b",
            "(a)+",
            "a+a",
            "[a-z]+b",
            ".*x",
            "(?i)a",
            "a{2}",
            "a+?",
            "^a",
            "a$",
            "[[:alpha:]]",
            "[a&&b]",
            r"\bx",
            r"\pL",
            "[^/]",
            "a?[ab]",
            "a*b?a",
            "é",
            r"[\d-x]",
            "[]a]",
            "[a-z--b]",
        ] {
            assert!(Steps::of(expression).is_none(), "{expression}");
        }
    }

    #[test]
    fn finds_what_the_general_engine_finds() {
        let random = Random::seeded(3);
        let pick = |list: &[&'static str]| {
            let at = random.next() % list.len() as u64;
            list[usize::try_from(at).unwrap()]
        };
        let atoms = [
            "a", "b", "/", "[a-b]", "[^/]", ".", r"\d", r"\.", "[0-9a]", "-", "(", "(?:", "(?P<n>",
            ")", "[^a-]", "[%_]",
        ];
        let pieces = [
            "a",
            "b",
            "/",
            "1",
            "é",
            ".",
            "-",
            "\n",
            "%",
            "_",
            "\u{10ffff}",
        ];
        let mut read = 0;
        for _ in 0..60_000 {
            let mut expression = String::new();
            for _ in 0..random.next() % 7 {
                expression.push_str(pick(&atoms));
                expression.push_str(pick(&["", "", "", "+", "*", "?"]));
            }
            if Regex::new(&expression).is_err() {
                continue;
            }
            for _ in 0..4 {
                let text: String = (0..random.next() % 8).map(|_| pick(&pieces)).collect();
                read += usize::from(compare(&expression, &text));
            }
        }
        assert!(read > 20_000, "{read}");
    }
}
