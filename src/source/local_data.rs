//! Shared data in one process.

use std::collections::BTreeMap;

use super::SharedData;

/// Shared data in the memory of one process, with the rules of Envoy's: for a driver whose proxy has none, for the tool, and
/// for tests. Keys are never removed. A write to an absent key accepts any token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalData {
    entries: BTreeMap<String, (Vec<u8>, u32)>,
    /// The token of the last write. No write has the token zero.
    last: u32,
}

impl LocalData {
    /// The bytes under `key`, and their compare-and-swap token.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.entries.get(key).cloned()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }
}

impl SharedData for LocalData {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.get(key)
    }

    fn write(&mut self, key: &str, value: &[u8], token: Option<u32>) -> bool {
        let present = self.entries.get(key).map(|(_, token)| *token);
        let is_current = match (present, token) {
            (_, None) | (None, Some(_)) => true,
            (Some(present), Some(token)) => token == present,
        };
        if is_current {
            self.last = self.last.checked_add(1).unwrap_or(1);
            let entry = (value.to_vec(), self.last);
            self.entries.insert(key.to_owned(), entry);
        }
        is_current
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ABSENT;

    #[test]
    fn a_write_needs_the_token_of_the_last_one() {
        let mut data = LocalData::default();
        assert_eq!(data.read("a"), None);
        assert!(data.write("a", b"1", Some(ABSENT)));
        assert!(!data.write("a", b"2", Some(ABSENT)), "it is there now");
        let (value, token) = data.get("a").expect("it was written");
        assert_eq!(value, b"1");
        assert!(data.write("a", b"2", Some(token)));
        assert!(!data.write("a", b"3", Some(token)), "written since");
        assert!(data.write("a", b"3", None), "unconditionally");
        assert_eq!(data.keys().collect::<Vec<_>>(), ["a"]);
    }
}
