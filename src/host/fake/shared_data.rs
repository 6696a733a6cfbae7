//! Shared data as the C++ host keeps it.

use std::collections::BTreeMap;

use crate::host::Status;

/// Keys with values and marks. A key that isn't there takes any mark, and a write with mark zero is never refused.
#[derive(Clone, Debug, Default)]
pub struct SharedData {
    entries: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    marks: u32,
}

impl SharedData {
    /// The value under `key`, and its mark.
    #[must_use]
    pub fn read(&self, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.entries.get(key).cloned()
    }

    /// Writes, unless `mark` is another than zero and the key's.
    ///
    /// # Errors
    /// [`Status::CAS_MISMATCH`].
    pub fn write(&mut self, key: &[u8], value: &[u8], mark: u32) -> Result<(), Status> {
        if let Some((_, present)) = self.entries.get(key) {
            if mark != 0 && mark != *present {
                return Err(Status::CAS_MISMATCH);
            }
        }
        self.marks = self.marks.saturating_add(1);
        self.entries
            .insert(key.to_vec(), (value.to_vec(), self.marks));
        Ok(())
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.keys().map(Vec::as_slice)
    }
}
