//! Header maps in the host's wire format, read in place.
//!
//! The proxy-wasm ABI passes a map as one buffer: the number of pairs, the lengths of each name and value, then the names and
//! values, each followed by a zero byte. All integers are `u32`, little-endian. One host call returns the whole map, and
//! reading it allocates nothing. Names from Envoy are lower case.

use std::fmt;

use super::name::KnownName;
use super::name_filter::{LengthSet, NameFilter};

/// The buffer is not a header map: a length points outside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed header map")]
pub struct MalformedMap;

/// A header map, borrowed in the host's wire format. `Debug` shows no values: some are credentials.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    pairs: Iter<'a>,
    /// A filter of all names. It tells quickly that a name is absent, as most names are.
    marks: NameFilter,
}

/// The result of a lookup of one name in a header map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderLookup<'a> {
    /// The number of values.
    pub values: usize,
    /// The first value. A credential must be the only value.
    pub first: Option<&'a [u8]>,
    /// Whether the map has another spelling of the name that an upstream may treat as the same (`x_key` for `x-key`).
    pub is_spelt_otherwise: bool,
}

/// An owned header map in the same format. `Debug` shows no values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HeaderMap(Vec<u8>);

/// A byte of a name as upstreams compare names: in lower case, and `_` as `-`.
const fn fold(byte: u8) -> u8 {
    if byte == b'_' {
        b'-'
    } else {
        byte.to_ascii_lowercase()
    }
}

fn length(word: [u8; 4]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(word)).ok()
}

fn names(pairs: Iter<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let names = pairs.map(|(name, _)| name.escape_ascii().to_string());
    f.debug_list().entries(names).finish()
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        names(self.iter(), f)
    }
}

impl fmt::Debug for HeaderMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        names(self.view().iter(), f)
    }
}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        names(*self, f)
    }
}

impl<'a> Headers<'a> {
    const NONE: Self = Self {
        pairs: Iter::NONE,
        marks: NameFilter::NONE,
    };

    /// Reads the host's buffer. An empty buffer is a map without pairs.
    ///
    /// # Errors
    /// [`MalformedMap`] where a length points outside of the buffer.
    #[inline(never)]
    pub fn parse(buffer: &'a [u8]) -> Result<Self, MalformedMap> {
        if buffer.is_empty() {
            return Ok(Self::NONE);
        }
        let (count, rest) = buffer.split_first_chunk::<4>().ok_or(MalformedMap)?;
        let count = length(*count).ok_or(MalformedMap)?;
        let table = count.checked_mul(8).ok_or(MalformedMap)?;
        let (lengths, text) = rest.split_at_checked(table).ok_or(MalformedMap)?;
        let pairs = Iter {
            spans: Spans { lengths, at: 0 },
            text,
        };
        let mut marks = NameFilter::default();
        // Where the sum of all lengths lies inside of the buffer, each span does. The sum can't overflow.
        let mut end = 0_u64;
        for span in pairs.spans {
            marks = marks.and(NameFilter::at_end(text, span.at, span.name));
            end = end.wrapping_add(span.size());
        }
        if usize::try_from(end).is_ok_and(|end| end <= text.len()) {
            Ok(Self { pairs, marks })
        } else {
            Err(MalformedMap)
        }
    }

    /// Whether there are no pairs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pairs.spans.lengths.is_empty()
    }

    /// The pairs, in order.
    #[must_use]
    pub const fn iter(&self) -> Iter<'a> {
        self.pairs
    }

    /// The pairs whose names have one of these lengths, in order. The bytes of other pairs aren't read.
    pub fn of_lengths(
        &self,
        lengths: LengthSet,
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let Iter { spans, text } = self.pairs;
        spans
            .filter(move |span| lengths.has(span.name))
            .filter_map(move |span| span.pair(text))
    }

    /// Whether a header may be there that an upstream treats as `name`. False positives are possible, false negatives are not.
    #[must_use]
    pub fn may_have(&self, name: &[u8]) -> bool {
        self.marks.meet(NameFilter::of(name))
    }

    /// Whether a header may be there that an upstream treats as one of the names in the filter `marks`.
    #[must_use]
    pub const fn may_have_any(&self, marks: NameFilter) -> bool {
        self.marks.meet(marks)
    }

    /// Looks `name` up.
    #[must_use]
    pub fn look(&self, name: &KnownName) -> HeaderLookup<'a> {
        if self.may_have_any(name.marks()) {
            self.find(name)
        } else {
            HeaderLookup::NOTHING
        }
    }

    #[inline(never)]
    fn find(&self, name: &[u8]) -> HeaderLookup<'a> {
        let Iter { spans, text } = self.pairs;
        let mut seen = HeaderLookup::NOTHING;
        // Internal iteration instead of `for`: the compiler turns a `for` into nested loops, and V8 unrolls the inner one.
        spans
            .filter(|span| span.name == name.len())
            .filter_map(|span| span.pair(text))
            .for_each(|(other, value)| {
                if *other == *name || other.eq_ignore_ascii_case(name) {
                    seen.values = seen.values.saturating_add(1);
                    seen.first = seen.first.or(Some(value));
                } else if same_name(other, name) {
                    seen.is_spelt_otherwise = true;
                }
            });
        seen
    }

    /// The values of `name` (lower case), in order.
    pub fn all<'n>(&self, name: &'n [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        let pairs = if self.may_have(name) {
            self.iter()
        } else {
            Iter::NONE
        };
        pairs
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The first value of `name` (lower case). Not for credentials: it ignores a second value.
    #[must_use]
    pub fn first(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.all(name).next()
    }
}

impl HeaderLookup<'_> {
    const NOTHING: Self = Self {
        values: 0,
        first: None,
        is_spelt_otherwise: false,
    };
}

/// The position of one pair in the text of its map.
#[derive(Clone, Copy)]
struct Span {
    at: usize,
    name: usize,
    value: usize,
}

impl Span {
    /// The end after the zeros that follow name and value. In a map that was checked it can't overflow.
    const fn end(self) -> usize {
        let lengths = self.name.wrapping_add(self.value);
        self.at.wrapping_add(lengths).wrapping_add(2)
    }

    /// The length of name, value and both zeros.
    fn size(self) -> u64 {
        let length = |length| u64::try_from(length).unwrap_or(u64::MAX);
        let both = length(self.name).saturating_add(length(self.value));
        both.saturating_add(2)
    }

    fn name(self, text: &[u8]) -> Option<&[u8]> {
        text.get(self.at..self.at.wrapping_add(self.name))
    }

    fn pair(self, text: &[u8]) -> Option<(&[u8], &[u8])> {
        let value = self.at.wrapping_add(self.name).wrapping_add(1);
        let value = text.get(value..value.wrapping_add(self.value))?;
        Some((self.name(text)?, value))
    }
}

/// The spans of a map, from its table of lengths alone.
#[derive(Clone, Copy)]
struct Spans<'a> {
    lengths: &'a [u8],
    at: usize,
}

impl Iterator for Spans<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let (entry, lengths) = self.lengths.split_first_chunk::<8>()?;
        // One read: for two separate reads the compiler emits eight loads.
        let entry = u64::from_le_bytes(*entry);
        let span = Span {
            at: self.at,
            name: usize::try_from(entry & u64::from(u32::MAX)).ok()?,
            value: usize::try_from(entry >> 32).ok()?,
        };
        self.lengths = lengths;
        self.at = span.end();
        Some(span)
    }
}

/// Iterates over the pairs of [`Headers`].
#[derive(Clone, Copy)]
pub struct Iter<'a> {
    spans: Spans<'a>,
    text: &'a [u8],
}

impl Iter<'_> {
    const NONE: Self = Self {
        spans: Spans {
            lengths: &[],
            at: 0,
        },
        text: &[],
    };
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.spans.next()?.pair(self.text)
    }
}

impl<'a> IntoIterator for Headers<'a> {
    type Item = (&'a [u8], &'a [u8]);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl HeaderMap {
    /// A map that owns a buffer of the host.
    ///
    /// # Errors
    /// [`MalformedMap`] where the buffer isn't a map.
    pub fn from_wire(buffer: Vec<u8>) -> Result<Self, MalformedMap> {
        Headers::parse(&buffer)?;
        Ok(Self(buffer))
    }

    /// A map with these pairs.
    pub fn from_pairs<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: &[(N, V)]) -> Self {
        let text =
            |(name, value): &(N, V)| name.as_ref().len().saturating_add(value.as_ref().len());
        let each = pairs.iter().map(|pair| text(pair).saturating_add(10));
        let mut wire = Vec::with_capacity(each.fold(4, usize::saturating_add));
        let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        wire.extend(size(pairs.len()));
        for (name, value) in pairs {
            wire.extend(size(name.as_ref().len()));
            wire.extend(size(value.as_ref().len()));
        }
        for (name, value) in pairs {
            wire.extend(name.as_ref());
            wire.push(0);
            wire.extend(value.as_ref());
            wire.push(0);
        }
        Self(wire)
    }

    /// A copy of a map.
    #[must_use]
    pub fn copy_of(headers: &Headers<'_>) -> Self {
        let Iter { spans, text } = headers.pairs;
        let count = u32::try_from(spans.lengths.len() >> 3).unwrap_or(u32::MAX);
        Self([&count.to_le_bytes(), spans.lengths, text].concat())
    }

    /// The bytes in the host's wire format.
    #[must_use]
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// The map as a borrowed view.
    #[must_use]
    pub fn view(&self) -> Headers<'_> {
        Headers::parse(&self.0).unwrap_or(Headers::NONE)
    }
}

/// Whether an upstream may treat both as the same name: ignoring case, and with `_` as `-` (as CGI and WSGI do).
#[must_use]
pub fn same_name(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(left, right)| fold(*left) == fold(*right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_pairs_that_were_written() {
        let map =
            HeaderMap::from_pairs(&[(&b":path"[..], &b"/"[..]), (b"x", b"\xff"), (b"x", b"")]);
        let view = Headers::parse(map.as_wire()).unwrap();
        assert_eq!(view.iter().count(), 3);
        assert_eq!(view.all(b"x").collect::<Vec<_>>(), [&b"\xff"[..], b""]);
        assert_eq!(view.first(b":path"), Some(&b"/"[..]));
    }

    #[test]
    fn debug_prints_no_values() {
        let map = HeaderMap::from_pairs(&[("authorization", "k"), ("cookie", "a=b")]);
        let names = "[\"authorization\", \"cookie\"]";
        assert_eq!(format!("{map:?}"), names);
        assert_eq!(format!("{:?}", map.view()), names);
        assert_eq!(format!("{:?}", map.view().iter()), names);
    }

    #[test]
    fn refuses_truncated_maps() {
        let map = HeaderMap::from_pairs(&[("name", "value"), ("a", "b")]);
        for end in 1..map.as_wire().len() {
            assert!(
                Headers::parse(&map.as_wire()[..end]).is_err(),
                "cut at {end}"
            );
        }
        assert!(Headers::parse(&[255; 64]).is_err());
        assert_eq!(Headers::parse(&[]).unwrap().iter().count(), 0);
    }

    #[test]
    fn looks_names_up() {
        let map = HeaderMap::from_pairs(&[("a-b", "1"), ("A-B", "2"), ("a_b", "3"), ("c_d", "4")]);
        let look = |name: &str| map.view().look(&name.into());
        let all = HeaderLookup {
            values: 2,
            first: Some(&b"1"[..]),
            is_spelt_otherwise: true,
        };
        assert_eq!(look("a-b"), all);
        let other = HeaderLookup {
            is_spelt_otherwise: true,
            ..HeaderLookup::NOTHING
        };
        assert_eq!(look("c-d"), other);
        assert_eq!(look("b-a"), HeaderLookup::NOTHING);
        assert_eq!(look(""), HeaderLookup::NOTHING);
    }

    #[test]
    fn compares_names_as_upstreams_do() {
        assert!(same_name(b"x_consumer-name", b"X-Consumer_Name"));
        assert!(!same_name(b"x-consumer", b"x-consumers"));
    }
}
