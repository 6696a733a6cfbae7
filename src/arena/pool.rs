//! Many small entries in a few large buffers.
//!
//! A hundred thousand consumers as ordinary structs would need several allocations each, and twenty times the memory of
//! their text. Here an entry is a run of bytes in a [`Pool`], and a [`HandleTable`](super::HandleTable) finds entries by
//! hash. Both are allocated and freed in a few large pieces.

use std::fmt;
use std::sync::Arc;

use crate::http::Text;

/// The length of a buffer in bytes. A longer entry has a buffer of its own.
const CHUNK: usize = 1 << 16;

/// The start of an entry in a pool: the number of its buffer, and the offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct EntryId(pub(super) u32);

/// Entries of texts and numbers, one after the other. `Debug` doesn't show them: they may hold secrets.
#[derive(Default)]
pub(crate) struct Pool {
    full: Vec<Arc<Vec<u8>>>,
    /// The buffer that new entries are written to.
    open: Vec<u8>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("buffers", &self.full.len())
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// Adds an entry. Returns `None` where the pool has no id left, after about four gigabytes.
    pub(crate) fn add(&mut self, entry: &EntryWriter) -> Option<EntryId> {
        if !self.open.is_empty() && self.open.len().saturating_add(entry.0.len()) > CHUNK {
            self.seal();
        }
        if self.open.is_empty() && !self.full.is_empty() {
            self.open.reserve_exact(CHUNK.max(entry.0.len()));
        }
        let buffer = u32::try_from(self.full.len()).ok()?.checked_mul(1 << 16)?;
        let offset = u32::try_from(self.open.len()).ok()?;
        // One value is reserved: no entry has it.
        let at = buffer.checked_add(offset).filter(|at| *at != u32::MAX)?;
        self.open.extend_from_slice(&entry.0);
        Some(EntryId(at))
    }

    /// Closes the open buffer. Its texts can then be shared without a copy.
    pub(crate) fn seal(&mut self) {
        let mut full = std::mem::take(&mut self.open);
        if !full.is_empty() {
            full.shrink_to_fit();
            self.full.push(Arc::new(full));
        }
    }

    /// The entry of this id.
    #[must_use]
    pub(crate) fn read(&self, at: EntryId) -> EntryReader<'_> {
        let [low, middle, high, highest] = at.0.to_le_bytes();
        let offset = usize::from(u16::from_le_bytes([low, middle]));
        let buffer = usize::from(u16::from_le_bytes([high, highest]));
        let shared = self.full.get(buffer);
        let bytes = shared.map_or(&self.open, |full| full);
        EntryReader {
            shared,
            rest: bytes.get(offset..).unwrap_or_default(),
        }
    }
}

/// An entry that is being written.
#[derive(Default)]
pub(crate) struct EntryWriter(Vec<u8>);

impl fmt::Debug for EntryWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntryWriter(…)")
    }
}

impl EntryWriter {
    /// Removes what was written, to start another entry.
    pub(crate) fn clear(&mut self) -> &mut Self {
        self.0.clear();
        self
    }

    /// Adds a number: seven bits in each byte, the lowest first.
    pub(crate) fn number(&mut self, mut number: usize) -> &mut Self {
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                self.0.push(low & 0x7f);
                return self;
            }
            self.0.push(low | 0x80);
        }
    }

    /// Adds a text, with its length before it.
    pub(crate) fn text(&mut self, text: &[u8]) -> &mut Self {
        self.number(text.len());
        self.0.extend_from_slice(text);
        self
    }

    /// Adds the id of another entry.
    pub(crate) fn at(&mut self, at: EntryId) -> &mut Self {
        self.word(at.0)
    }

    /// Adds a number that is usually large. It always takes four bytes.
    pub(crate) fn word(&mut self, word: u32) -> &mut Self {
        self.0.extend_from_slice(&word.to_le_bytes());
        self
    }
}

/// An entry that is being read. The caller reads the parts in the order in which they were written. A missing part reads as
/// empty or zero.
#[derive(Clone, Copy)]
pub(crate) struct EntryReader<'p> {
    shared: Option<&'p Arc<Vec<u8>>>,
    rest: &'p [u8],
}

impl fmt::Debug for EntryReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryReader").finish_non_exhaustive()
    }
}

impl<'p> EntryReader<'p> {
    /// The next number.
    pub(crate) fn number(&mut self) -> usize {
        match self.rest.split_first() {
            // The usual case.
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                usize::from(byte)
            }
            Some(_) => self.long_number(),
            None => 0,
        }
    }

    #[cold]
    fn long_number(&mut self) -> usize {
        let mut number = 0_usize;
        let mut shift = 0;
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            number |= usize::from(byte & 0x7f)
                .checked_shl(shift)
                .unwrap_or_default();
            if byte & 0x80 == 0 {
                break;
            }
            shift = shift.saturating_add(7);
        }
        number
    }

    /// The next text.
    pub(crate) fn text(&mut self) -> PoolText<'p> {
        let length = self.number();
        let (bytes, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        PoolText {
            shared: self.shared,
            bytes,
        }
    }

    /// The id of another entry.
    pub(crate) fn at(&mut self) -> EntryId {
        EntryId(self.word())
    }

    /// The next number of four bytes.
    pub(crate) fn word(&mut self) -> u32 {
        let (word, rest) = self.rest.split_first_chunk().unwrap_or((&[0; 4], &[]));
        self.rest = rest;
        u32::from_le_bytes(*word)
    }
}

/// A text in a pool.
#[derive(Clone, Copy)]
pub(crate) struct PoolText<'p> {
    shared: Option<&'p Arc<Vec<u8>>>,
    bytes: &'p [u8],
}

impl fmt::Debug for PoolText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolText")
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl<'p> PoolText<'p> {
    /// The bytes.
    #[must_use]
    pub(crate) const fn bytes(&self) -> &'p [u8] {
        self.bytes
    }

    /// The text as a value that shares the pool's buffer.
    #[must_use]
    pub(crate) fn to_text(self) -> Text {
        let shared = self.shared.and_then(|buffer| {
            // The text lies inside of the buffer.
            let start = self
                .bytes
                .as_ptr()
                .addr()
                .checked_sub(buffer.as_ptr().addr())?;
            let start = u32::try_from(start).ok()?;
            let end = start.checked_add(u32::try_from(self.bytes.len()).ok()?)?;
            Some(Text::Part(Arc::clone(buffer), start, end))
        });
        shared.unwrap_or_else(|| self.copied())
    }

    /// Copies a text of a buffer that is still open.
    #[cold]
    #[inline(never)]
    fn copied(self) -> Text {
        Text::Owned(self.bytes.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_was_written() {
        let mut pool = Pool::default();
        let mut draft = EntryWriter::default();
        let mut ids = Vec::new();
        for number in 0..20_000_usize {
            let text = number.to_string().repeat(number % 7);
            draft.clear().text(text.as_bytes()).number(number * 77);
            if let Some(last) = ids.last() {
                draft.at(*last);
            }
            ids.push(pool.add(&draft).unwrap());
        }
        for is_sealed in [false, true] {
            for (number, at) in ids.iter().enumerate() {
                let mut entry = pool.read(*at);
                let text = entry.text();
                assert_eq!(
                    text.bytes(),
                    number.to_string().repeat(number % 7).as_bytes()
                );
                assert_eq!(&*text.to_text(), text.bytes());
                assert_eq!(entry.number(), number * 77);
                if number > 0 {
                    assert_eq!(entry.at(), ids[number - 1]);
                }
                if is_sealed {
                    assert!(matches!(text.to_text(), Text::Part(..)));
                }
            }
            pool.seal();
        }
        assert!(pool.full.len() > 3);
    }

    #[test]
    fn keeps_entries_longer_than_a_buffer_and_entries_that_just_fit() {
        let mut pool = Pool::default();
        let mut draft = EntryWriter::default();
        let lengths = [1, CHUNK - 5, CHUNK - 3, 3 * CHUNK, 0, CHUNK, 2];
        let ids = lengths.map(|length| {
            let text = vec![b'x'; length];
            pool.add(draft.clear().text(&text)).unwrap()
        });
        for (at, length) in ids.iter().zip(lengths) {
            assert_eq!(pool.read(*at).text().bytes().len(), length);
        }
    }

    #[test]
    fn reads_numbers_of_all_lengths() {
        let mut pool = Pool::default();
        let numbers = [0, 1, 127, 128, 16_383, 16_384, usize::MAX];
        let mut draft = EntryWriter::default();
        for number in numbers {
            draft.number(number);
        }
        let at = pool.add(&draft).unwrap();
        let mut entry = pool.read(at);
        assert_eq!(numbers.map(|_| entry.number()), numbers);
        assert_eq!(entry.number(), 0, "past the end");
        assert_eq!(entry.text().bytes(), b"");
    }

    #[test]
    fn debug_shows_no_content() {
        let mut pool = Pool::default();
        let mut draft = EntryWriter::default();
        let at = pool.add(draft.text(b"hunter2")).unwrap();
        let mut entry = pool.read(at);
        let shown = format!("{pool:?} {draft:?} {entry:?} {:?}", entry.text());
        assert!(!shown.contains("104"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
