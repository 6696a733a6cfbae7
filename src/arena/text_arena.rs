//! Many short texts, one after the other.

use super::ArenaId;

/// The size of a block in bytes. A longer text has a block of its own.
const BLOCK: usize = 1 << 14;

/// A length of this or more is written in five more bytes of seven bits each. So all length bytes are ASCII, the whole block
/// is UTF-8, and reading a text needs no validation.
const LONG: u8 = 0x7f;

/// Texts that are added and never removed.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextArena(Vec<String>);

impl TextArena {
    /// Adds a text.
    pub(crate) fn add(&mut self, text: &str) -> ArenaId {
        let needed = text.len().saturating_add(6);
        let full = |block: &String| block.len().saturating_add(needed) > BLOCK;
        if self.0.last().is_none_or(full) {
            // Most policies are small: the first block grows, later ones are allocated in full.
            let room = if self.0.is_empty() {
                needed
            } else {
                needed.max(BLOCK)
            };
            self.0.push(String::with_capacity(room));
        }
        let block = self.0.len().saturating_sub(1);
        let Some(last) = self.0.last_mut() else {
            return ArenaId::from_index(usize::MAX);
        };
        let id = ArenaId::from_index(block.saturating_mul(BLOCK).saturating_add(last.len()));
        match u8::try_from(text.len()).ok().filter(|short| *short < LONG) {
            Some(short) => last.push(char::from(short)),
            None => {
                last.push(char::from(LONG));
                for shift in (0..35_u32).step_by(7) {
                    let bits = text.len().checked_shr(shift).unwrap_or_default() & 0x7f;
                    last.push(char::from(u8::try_from(bits).unwrap_or_default()));
                }
            }
        }
        last.push_str(text);
        id
    }

    /// The text of this id.
    pub(crate) fn get(&self, id: ArenaId) -> Option<&str> {
        let block = self.0.get(id.index() / BLOCK)?;
        let (start, length) = extent(block, id.index() % BLOCK)?;
        block.get(start..start.checked_add(length)?)
    }

    /// The bytes of the text of this id.
    pub(crate) fn bytes(&self, id: ArenaId) -> Option<&[u8]> {
        let block = self.0.get(id.index() / BLOCK)?;
        let (start, length) = extent(block, id.index() % BLOCK)?;
        block.as_bytes().get(start..)?.get(..length)
    }

    /// Frees the unused memory of the last block.
    pub(crate) fn shrink(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.shrink_to_fit();
        }
    }
}

/// The start and the length of a text. Its length is written at `at`.
fn extent(block: &str, at: usize) -> Option<(usize, usize)> {
    let rest = block.as_bytes().get(at..)?;
    let short = *rest.first()?;
    if short < LONG {
        return Some((at.saturating_add(1), usize::from(short)));
    }
    let digits = rest.get(1..6)?.iter().rev();
    let length = digits.fold(0_usize, |sum, bits| {
        sum.wrapping_shl(7) | usize::from(*bits)
    });
    Some((at.saturating_add(6), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_text_by_its_id() {
        let lengths = [
            0,
            1,
            11,
            126,
            127,
            128,
            BLOCK - 6,
            BLOCK - 5,
            BLOCK,
            100_000,
        ];
        let mut texts = TextArena::default();
        let mut kept = Vec::new();
        for round in ["a", "é", "\0"].into_iter().cycle().take(21) {
            for length in lengths {
                let text = round.repeat(length);
                kept.push((texts.add(&text), text));
            }
        }
        texts.shrink();
        for (id, text) in &kept {
            assert_eq!(texts.get(*id), Some(&**text), "{}", text.len());
            assert_eq!(texts.bytes(*id), Some(text.as_bytes()));
        }
        assert_eq!(texts.get(ArenaId::from_index(usize::MAX)), None);
    }
}
