//! A text that needn't be in memory whole.

use std::borrow::Cow;

use crate::config::ConfigErrors;

/// A text that is handed over in pieces, each as often as it is asked for: a host keeps it, say.
pub trait Chunks {
    /// How many bytes it has.
    fn length(&self) -> usize;

    /// The bytes from `start` on: `most` of them, fewer only where the text ends before.
    ///
    /// # Errors
    /// Why the text can't be read.
    fn chunk(&self, start: usize, most: usize) -> Result<Cow<'_, [u8]>, ConfigErrors>;
}

/// A text that is in memory.
impl Chunks for &[u8] {
    fn length(&self) -> usize {
        self.len()
    }

    fn chunk(&self, start: usize, most: usize) -> Result<Cow<'_, [u8]>, ConfigErrors> {
        let rest = self.get(start..).unwrap_or_default();
        Ok(Cow::Borrowed(rest.get(..most).unwrap_or(rest)))
    }
}
