//! The shape of records: one table of fields for each, which the decoder, its errors and a schema are made from.

use std::borrow::Cow;

use crate::config::decode::expected;
use crate::config::decode::nearest::{listed, nearest};
use crate::config::decode::node::Node;
use crate::config::decode::other_gateways::instead;
use crate::config::{ConfigErrors, Path};

/// One field of a record, for whoever describes the language (a schema, a reference).
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the document.
    pub name: &'static str,
    /// Whether it may be left out, and what it is then.
    pub presence: Presence,
    /// What it means.
    pub docs: &'static str,
    /// The type that it is read into, as Rust writes it: a record's or a choice's name leads to its [`TypeSchema`].
    ///
    /// [`TypeSchema`]: crate::config::TypeSchema
    pub kind: &'static str,
    /// What reads it, where that isn't the type's own decoder: `duration::<0, 60_000>`.
    pub reader: Option<&'static str>,
}

/// One word of a choice.
#[derive(Clone, Copy, Debug)]
pub struct Keyword {
    /// The word as it is written.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static str,
}

/// A choice among words.
pub trait Choice {
    /// The words, in the order of the reference.
    const WORDS: &'static [Keyword];
}

/// Whether a field may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must be written.
    Required,
    /// It may be left out.
    Optional,
    /// It may be left out; then it is this, as JSON text.
    Default(&'static str),
}

/// What a record asks of its fields together.
#[derive(Clone, Copy, Debug)]
pub enum FieldRule {
    /// Exactly one of them.
    One(&'static [&'static str]),
    /// None or one of them.
    AtMostOne(&'static [&'static str]),
    /// One or more of them.
    AtLeastOne(&'static [&'static str]),
    /// The first goes with none of the others.
    Apart(&'static str, &'static [&'static str]),
    /// The first needs the second.
    Needs(&'static str, &'static str),
    /// The first needs one of the others.
    NeedsOne(&'static str, &'static [&'static str]),
    /// The name of an unknown field isn't shown: it may be a secret at the wrong position.
    Unnamed,
}

/// A record's fields and rules.
pub trait Record {
    /// The fields, in the order of the reference.
    const FIELDS: &'static [Field];
    /// What holds between them.
    const RULES: &'static [FieldRule];
}

/// How the default of a field is made, if it has one.
pub(in crate::config) type UsualValue = Option<fn() -> Node<'static>>;

/// Where a name stands among those of a record.
pub(in crate::config) const fn position(names: &[&str], name: &str) -> usize {
    let (mut rest, mut at) = (names, 0_usize);
    while let Some((first, others)) = rest.split_first() {
        if is_same(first.as_bytes(), name.as_bytes()) {
            break;
        }
        rest = others;
        at = at.saturating_add(1);
    }
    at
}

/// Whether two texts are the same. The compiler can't ask `==`.
pub(in crate::config) const fn is_same(mut left: &[u8], mut right: &[u8]) -> bool {
    while let (Some((one, others)), Some((other, rest))) = (left.split_first(), right.split_first())
    {
        if *one != *other {
            return false;
        }
        (left, right) = (others, rest);
    }
    left.is_empty() && right.is_empty()
}

/// Reads the fields of one map: in order, with errors for those that are unknown, doubled or in each other's way. The defaults of
/// those that are missing come last, so that a decoder has one piece of code for each field.
pub(in crate::config) struct Entries<'n, 'a> {
    entries: &'n [(Cow<'a, str>, Node<'a>)],
    names: &'static [&'static str],
    defaults: &'static [UsualValue],
    rules: &'static [FieldRule],
    next: usize,
    next_default: usize,
    /// The default that was returned last.
    default: Node<'a>,
    unknown: bool,
}

impl<'n, 'a> Entries<'n, 'a> {
    pub(in crate::config) fn new(
        node: &'n Node<'a>,
        names: &'static [&'static str],
        defaults: &'static [UsualValue],
        rules: &'static [FieldRule],
        at: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let Node::Map(entries) = node else {
            let what = format!("a map of {}", listed(names, "and"));
            return expected(&what, node, at, errors);
        };
        Some(Self {
            entries,
            names,
            defaults,
            rules,
            next: 0,
            next_default: 0,
            default: Node::Null,
            unknown: false,
        })
    }

    /// The next field that is known: its index among the names of the record, its name, its value.
    pub(in crate::config) fn next(
        &mut self,
        at: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<(usize, &'n str, &Node<'a>)> {
        if let Some(written) = self.next_written(at, errors) {
            return Some(written);
        }
        loop {
            let index = self.next_default;
            let make = *self.defaults.get(index)?;
            self.next_default = index.saturating_add(1);
            let name = *self.names.get(index)?;
            if let Some(make) = make.filter(|_| !self.has(name)) {
                self.default = make();
                return Some((index, name, &self.default));
            }
        }
    }

    /// The next one that is written.
    fn next_written(
        &mut self,
        at: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<(usize, &'n str, &'n Node<'a>)> {
        loop {
            let (name, value) = self.entries.get(self.next)?;
            let before = self.entries.get(..self.next).unwrap_or_default();
            self.next = self.next.saturating_add(1);
            let index = self.names.iter().position(|known| *known == name.as_ref());
            let Some(index) = index else {
                self.unknown = true;
                self.refuse_unknown(name, at, errors);
                continue;
            };
            if before.iter().any(|(earlier, _)| earlier == name) {
                errors.push(&at.field(name), "duplicate key");
            } else {
                self.refuse_conflict(name, before, at, errors);
                return Some((index, name, value));
            }
        }
    }

    fn refuse_unknown(&self, name: &str, at: &Path<'_>, errors: &mut ConfigErrors) {
        // What was meant takes long to find out.
        if errors.is_full() {
            return;
        }
        let suggestion = match (instead(name, self.names), nearest(name, self.names)) {
            (Some(instead), _) => instead.to_owned(),
            (None, Some(meant)) => format!("did you mean `{meant}`?"),
            (None, None) => format!("known here: {}", listed(self.names, "and")),
        };
        if self
            .rules
            .iter()
            .any(|rule| matches!(rule, FieldRule::Unnamed))
        {
            errors.suggest(at, "unknown field", suggestion);
        } else {
            errors.suggest(&at.field(name), "unknown field", suggestion);
        }
    }

    fn refuse_conflict(
        &self,
        name: &str,
        before: &[(Cow<'a, str>, Node<'a>)],
        at: &Path<'_>,
        errors: &mut ConfigErrors,
    ) {
        let conflict = before
            .iter()
            .find(|(earlier, _)| self.rules.iter().any(|rule| rule.parts(earlier, name)));
        if let Some((earlier, _)) = conflict {
            let reason = format!("does not go with `{earlier}`");
            errors.suggest(&at.field(name), reason, "leave one of them out");
        }
    }

    /// To be asked after the last field: what is missing among those that the rules name.
    pub(in crate::config) fn finish(&self, at: &Path<'_>, errors: &mut ConfigErrors) {
        for rule in self.rules {
            match rule {
                // An unknown field has been refused, and was probably meant to be the one.
                FieldRule::One(names) | FieldRule::AtLeastOne(names) if !self.unknown => {
                    if !names.iter().any(|name| self.has(name)) {
                        let reason = match names {
                            [name] => format!("`{name}` is required"),
                            _ => format!("one of {} is required", listed(names, "or")),
                        };
                        errors.push(at, reason);
                    }
                }
                FieldRule::Needs(name, needed) if self.has(name) && !self.has(needed) => {
                    errors.push(&at.field(name), format!("goes only with `{needed}`"));
                }
                FieldRule::NeedsOne(name, needed)
                    if self.has(name) && !needed.iter().any(|needed| self.has(needed)) =>
                {
                    let reason = format!("goes only with {}", listed(needed, "or"));
                    errors.push(&at.field(name), reason);
                }
                FieldRule::One(_)
                | FieldRule::AtLeastOne(_)
                | FieldRule::AtMostOne(_)
                | FieldRule::Apart(..)
                | FieldRule::Needs(..)
                | FieldRule::NeedsOne(..)
                | FieldRule::Unnamed => {}
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(key, _)| key == name)
    }
}

impl FieldRule {
    /// Whether the two must not stand together.
    fn parts(&self, left: &str, right: &str) -> bool {
        match self {
            Self::One(names) | Self::AtMostOne(names) => {
                names.contains(&left) && names.contains(&right)
            }
            Self::Apart(name, others) => {
                (left == *name && others.contains(&right))
                    || (right == *name && others.contains(&left))
            }
            Self::AtLeastOne(_) | Self::Needs(..) | Self::NeedsOne(..) | Self::Unnamed => false,
        }
    }
}

/// A field while its record is read.
pub(in crate::config) enum Slot<T> {
    /// It isn't there.
    Absent,
    /// It is there; `None` where that was refused.
    Given(Option<T>),
}

/// Out of line: it is called for many types.
#[cold]
#[inline(never)]
fn refuse_missing(at: &Path<'_>, errors: &mut ConfigErrors) {
    errors.push(at, "required");
}

impl<T> Slot<T> {
    pub(in crate::config) fn required(self, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<T> {
        match self {
            Self::Given(value) => value,
            Self::Absent => {
                refuse_missing(at, errors);
                None
            }
        }
    }

    pub(in crate::config) fn optional(self) -> Option<Option<T>> {
        match self {
            Self::Given(value) => value.map(Some),
            Self::Absent => Some(None),
        }
    }

    /// Of a field with a default: it is there in any case.
    pub(in crate::config) fn defaulted(self) -> Option<T> {
        match self {
            Self::Given(value) => value,
            Self::Absent => None,
        }
    }
}
