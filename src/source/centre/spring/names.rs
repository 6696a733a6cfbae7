//! Flat names: `a.b[0].c`.

use std::borrow::Cow;

use crate::source::PropertyNames;
use crate::source::names::{LABELS, common};

/// The most parts that a name may have. A value nests 127 levels at most.
pub(super) const MOST_PARTS: usize = 100;

/// The longest name, in bytes.
pub(super) const LONGEST: usize = 4096;

/// One part of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<'n> {
    /// The part without its dot or brackets.
    pub(super) name: &'n str,
    /// What stands before the part: the name of the list or map that it is in.
    pub(super) before: &'n str,
    /// Whether it is an index in brackets: digits, without a zero at the front.
    pub(super) is_index: bool,
    is_bracketed: bool,
}

/// The parts of a flat name. A dot or a pair of brackets begins a part; what stands in brackets is one part, with its dots. A
/// bracket without an end is a character like others.
#[derive(Clone, Debug)]
pub(super) struct Parts<'n> {
    whole: &'n str,
    rest: Option<&'n str>,
}

impl<'n> Parts<'n> {
    pub(super) const fn of(name: &'n str) -> Self {
        Self {
            whole: name,
            rest: Some(name),
        }
    }

    /// The text before the rest.
    fn before(&self, rest: &str) -> &'n str {
        let length = self.whole.len().saturating_sub(rest.len());
        self.whole.get(..length).unwrap_or_default()
    }
}

impl<'n> Iterator for Parts<'n> {
    type Item = Part<'n>;

    // Several loops read names: one copy is enough.
    #[inline(never)]
    fn next(&mut self) -> Option<Part<'n>> {
        let rest = self.rest?;
        let before = self.before(rest);
        let bracketed = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (name, rest) = match bracketed {
            Some((name, "")) => (name, None),
            Some((name, rest)) => (name, Some(rest.strip_prefix('.').unwrap_or(rest))),
            None => plain(rest),
        };
        self.rest = rest;
        Some(Part {
            name,
            before,
            is_index: bracketed.is_some() && index(name).is_some(),
            is_bracketed: bracketed.is_some(),
        })
    }
}

/// The parts of a flat name with their names in the tree: where names are relaxed, the common spelling. What stands in brackets, as keys of maps do in
/// Spring, keeps its own, and so do labels of consumers.
#[derive(Clone, Debug)]
pub(super) struct Places<'n> {
    parts: Parts<'n>,
    names: PropertyNames,
    is_in_labels: bool,
}

impl<'n> Places<'n> {
    pub(super) const fn of(name: &'n str, names: PropertyNames) -> Self {
        Self {
            parts: Parts::of(name),
            names,
            is_in_labels: false,
        }
    }
}

impl<'n> Iterator for Places<'n> {
    type Item = (Part<'n>, Cow<'n, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.parts.next()?;
        let is_exact = self.names == PropertyNames::Exact;
        let name = if is_exact || part.is_bracketed || self.is_in_labels {
            Cow::Borrowed(part.name)
        } else {
            common(part.name)
        };
        self.is_in_labels = *name == *LABELS;
        Some((part, name))
    }
}

/// A part without brackets, and the rest behind it.
fn plain(text: &str) -> (&str, Option<&str>) {
    let last_end = text.rfind(']').unwrap_or_default();
    let end = text.char_indices().find(|(at, char)| match char {
        '.' => true,
        '[' => *at > 0 && *at < last_end,
        _ => false,
    });
    let Some((end, char)) = end else {
        return (text, None);
    };
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let is_dot = char == '.';
    (
        name,
        Some(if is_dot {
            rest.get(1..).unwrap_or_default()
        } else {
            rest
        }),
    )
}

/// The index that a part is: digits, without a zero at the front.
pub(super) fn index(name: &str) -> Option<usize> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = name == "0" || !name.starts_with('0');
    (is_plain && is_shortest).then(|| name.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names() {
        let parts = |name: &str| {
            let shown = |part: Part<'_>| {
                let mark = if part.is_index { "#" } else { "" };
                format!("{mark}{}", part.name)
            };
            Parts::of(name).map(shown).collect::<Vec<_>>().join(" ")
        };
        for (name, expected) in [
            ("a", "a"),
            ("a.b-c_d", "a b-c_d"),
            ("a[0]", "a #0"),
            ("a[0].b[12][3]", "a #0 b #12 #3"),
            ("a[0]b", "a #0 b"),
            ("a[01].b", "a 01 b"),
            ("a[].b", "a  b"),
            ("a[/x.y].b", "a /x.y b"),
            ("a[b", "a[b"),
            ("a[b.c", "a[b c"),
            ("a].b[", "a] b["),
            ("a]b[c", "a]b[c"),
            ("[0]", "#0"),
            ("", ""),
            ("a..b.", "a  b "),
            ("é.ü[0]", "é ü #0"),
        ] {
            assert_eq!(parts(name), expected, "{name}");
        }
    }
}
