//! A path on its way to the wire.

use std::fmt;

/// A longer one isn't kept room for.
const MOST_BYTES: usize = 16 * 1024;

/// A new `:path`, or none; made in memory that is kept for the next one.
#[derive(Clone, Default)]
pub struct NewPath {
    /// Of one that was put together in one go it may hold more, which means nothing.
    room: Vec<u8>,
    length: usize,
}

impl NewPath {
    /// The path; none is empty.
    #[must_use]
    pub fn get(&self) -> Option<&[u8]> {
        let path = self.room.get(..self.length)?;
        (!path.is_empty()).then_some(path)
    }

    /// Has it be none.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
        if self.room.len() > MOST_BYTES {
            self.room = Vec::new();
        }
    }

    /// Has it be these two, one behind the other.
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

    /// Has it be what is put into an empty list.
    pub(crate) fn make(&mut self, make: impl FnOnce(&mut Vec<u8>)) {
        self.room.clear();
        make(&mut self.room);
        self.length = self.room.len();
    }

    /// The same where it may turn out that there can be none.
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

/// Not what else is in its memory: that was another request's.
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

/// Copies a few bytes, both as many: most by two pieces of a fixed length, which may overlap. `memory.copy` is a call out of
/// the module, which takes longer than that.
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
    fn two_are_joined_whatever_their_lengths() {
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
    fn the_next_one_is_made_in_the_same_memory() {
        let mut path = NewPath::default();
        path.make(|room| room.extend_from_slice(&[b'/'; 100]));
        let place = path.get().unwrap().as_ptr();
        path.clear();
        assert_eq!(path.get(), None);
        path.join(b"/a", b"/b");
        assert_eq!(path.get(), Some(&b"/a/b"[..]));
        assert_eq!(path.get().unwrap().as_ptr(), place);
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
