//! A text that is read in chunks and never completely in memory.

use std::borrow::Cow;

use crate::config::ConfigErrors;

/// A text that can be read in chunks, each any number of times. For example, the host keeps it.
pub trait Chunks {
    /// The length in bytes.
    fn length(&self) -> usize;

    /// `most` bytes from `start` on; fewer only at the end of the text.
    ///
    /// # Errors
    /// The reason why the text can't be read.
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
