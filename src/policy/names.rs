//! A set of header names, as upstreams tell them apart.

use crate::http::same_name;

/// Names that compare without case and with `_` equal to `-`. Most headers are told to be outside by their length alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    names: Vec<Box<[u8]>>,
    lengths: u64,
}

impl Names {
    /// Adds a name.
    pub(crate) fn insert(&mut self, name: &[u8]) {
        if !self.contains(name) {
            self.lengths |= length_bit(name);
            self.names.push(name.into());
        }
    }

    /// Takes a name out, in whatever spelling it was put in.
    pub(crate) fn remove(&mut self, name: &[u8]) {
        self.names.retain(|held| !same_name(held, name));
        self.lengths = self
            .names
            .iter()
            .fold(0, |bits, name| bits | length_bit(name));
    }

    /// The names, each in the spelling that it was put in first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(|name| &**name)
    }

    /// Whether an upstream may take `name` for one of these.
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        self.lengths & length_bit(name) != 0 && self.names.iter().any(|held| same_name(held, name))
    }
}

/// Lengths above 63 share bits with others: that costs a comparison, never an answer.
const fn length_bit(name: &[u8]) -> u64 {
    1 << (name.len() & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let mut names = Names::default();
        names.insert(b"x-consumer-name");
        assert!(names.contains(b"X_Consumer-Name"));
        assert!(!names.contains(b"x-consumer-nam"));
        assert!(!names.contains(b"x-consumer-nama"));
        names.remove(b"x_consumer_name");
        assert!(!names.contains(b"x-consumer-name"));
    }
}
