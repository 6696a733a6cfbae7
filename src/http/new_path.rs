//! The new path of a request.

use std::fmt;

/// The memory of a longer path is freed after its exchange.
const MOST_BYTES: usize = 16 * 1024;

/// A new `:path`, or none. The memory is reused for the next exchange.
#[derive(Clone, Default)]
pub struct NewPath {
    /// Bytes past `length` are garbage.
    room: Vec<u8>,
    length: usize,
}

impl NewPath {
    /// The path. It is never empty.
    #[must_use]
    pub fn get(&self) -> Option<&[u8]> {
        let path = self.room.get(..self.length)?;
        (!path.is_empty()).then_some(path)
    }

    /// Removes the path.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
        if self.room.len() > MOST_BYTES {
            self.room = Vec::new();
        }
    }

    /// Sets the path to the two parts, one after the other.
    pub(crate) fn join(&mut self, first: &[u8], second: &[u8]) {
        let length = first.len().saturating_add(second.len());
        if self.room.len() < length {
            self.room.resize(length, 0);
        }
        let (front, back) = self
            .room
            .split_at_mut_checked(first.len())
            .unwrap_or_default();
        copy(front, first);
        copy(back.get_mut(..second.len()).unwrap_or_default(), second);
        self.length = length;
    }

    /// Sets the path to the bytes that `fill` writes into an empty list.
    pub(crate) fn make(&mut self, make: impl FnOnce(&mut Vec<u8>)) {
        self.room.clear();
        make(&mut self.room);
        self.length = self.room.len();
    }

    /// The same for a `fill` that may fail.
    pub(crate) fn try_make<E>(
        &mut self,
        make: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.room.clear();
        let made = make(&mut self.room);
        self.length = if made.is_ok() { self.room.len() } else { 0 };
        made
    }
}

/// Shows only the path: the rest of the memory has bytes of another request.
impl fmt::Debug for NewPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.get().map(|path| path.escape_ascii().to_string());
        f.debug_tuple("NewPath").field(&shown).finish()
    }
}

impl PartialEq for NewPath {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for NewPath {}

/// Copies a few bytes between slices of the same length, mostly as two overlapping pieces of a fixed length. `memory.copy` is
/// a call out of the module and takes longer.
#[inline(never)]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        8..=16 => ends::<8>(to, from),
        17..=32 => ends::<16>(to, from),
        33..=64 => ends::<32>(to, from),
        _ if to.len() == from.len() => to.copy_from_slice(from),
        _ => {}
    }
}

/// Copies the first and the last bytes.
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_parts_of_all_lengths() {
        let text: Vec<u8> = (0..200_u8).collect();
        let mut path = NewPath::default();
        for first in (0..70).chain([150]) {
            for second in (0..70).chain([199]) {
                path.join(&text[..first], &text[1..=second]);
                let joined = [&text[..first], &text[1..=second]].concat();
                assert_eq!(path.get().unwrap_or_default(), joined, "{first} {second}");
            }
        }
    }

    #[test]
    fn reuses_its_memory() {
        let mut path = NewPath::default();
        path.make(|room| room.extend_from_slice(&[b'/'; 100]));
        let pointer = path.get().unwrap().as_ptr();
        path.clear();
        assert_eq!(path.get(), None);
        path.join(b"/a", b"/b");
        assert_eq!(path.get(), Some(&b"/a/b"[..]));
        assert_eq!(path.get().unwrap().as_ptr(), pointer);
        assert_eq!(
            path.try_make(|room| {
                room.push(b'x');
                Err(7)
            }),
            Err(7)
        );
        assert_eq!(path.get(), None);
        path.make(|room| room.resize(MOST_BYTES + 1, b'x'));
        path.clear();
        assert_eq!(path.room.capacity(), 0);
    }
}
