//! What was counted lately, and isn't in its row yet.

/// So many are noted before they go into their rows.
const ROOM: usize = 64;

/// The rows of what nearly every request brings, in the order in which it came.
///
/// Where routes are many, the row of each is in memory that no request before has brought near, and a request would wait
/// for it. Many rows at once are waited for together.
#[derive(Debug)]
pub(super) struct Recent {
    rows: [u32; ROOM],
    noted: usize,
    /// A bit a row: whether it may be noted here.
    known: Vec<u64>,
}

/// The place of a row's bit.
fn bit(row: usize) -> (usize, u64) {
    (row >> 6, 1 << (row & 63))
}

impl Recent {
    pub(super) const fn new() -> Self {
        Self {
            rows: [0; ROOM],
            noted: 0,
            known: Vec::new(),
        }
    }

    /// Has a row noted from now on: it is there, and knows what it is of.
    pub(super) fn know(&mut self, row: usize) {
        let (word, bit) = bit(row);
        if u32::try_from(row).is_err() {
            return;
        }
        if word >= self.known.len() {
            self.known.resize(word.saturating_add(1), 0);
        }
        if let Some(word) = self.known.get_mut(word) {
            *word |= bit;
        }
    }

    /// Notes one more for a row. Says whether it did: else all that is noted has to be taken first, or the row isn't known.
    pub(super) fn note(&mut self, row: usize) -> bool {
        let (word, bit) = bit(row);
        let is_known = self.known.get(word).is_some_and(|word| word & bit != 0);
        let (Some(place), true) = (self.rows.get_mut(self.noted), is_known) else {
            return false;
        };
        *place = u32::try_from(row).unwrap_or_default();
        self.noted = self.noted.wrapping_add(1);
        true
    }

    /// Takes all that is noted.
    pub(super) fn take(&mut self) -> impl Iterator<Item = usize> + use<> {
        let rows = self.rows.into_iter().take(self.noted);
        self.noted = 0;
        rows.filter_map(|row| usize::try_from(row).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_taken_once() {
        let mut recent = Recent::new();
        assert!(!recent.note(70), "unknown");
        recent.know(70);
        recent.know(0);
        assert!([70, 0, 70].into_iter().all(|row| recent.note(row)));
        assert!(![69, 71, 6, 134].into_iter().any(|row| recent.note(row)));
        assert_eq!(recent.take().collect::<Vec<_>>(), [70, 0, 70]);
        assert_eq!(recent.take().count(), 0);
    }

    #[test]
    fn when_it_is_full_it_says_so() {
        let mut recent = Recent::new();
        recent.know(3);
        assert_eq!((0..ROOM * 2).filter(|_| recent.note(3)).count(), ROOM);
        assert_eq!(recent.take().count(), ROOM);
        assert!(recent.note(3));
    }
}
