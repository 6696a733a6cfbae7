//! A set of header names, as upstreams tell them apart.

use crate::http::{NameFilter, same_name};

/// Names that compare without case and with `_` equal to `-`. Most headers are told to be outside by their mark alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderNameSet {
    names: Vec<Box<[u8]>>,
    marks: NameFilter,
}

impl HeaderNameSet {
    /// Adds a name.
    pub(crate) fn insert(&mut self, name: &[u8]) {
        if !self.contains(name) {
            self.marks = self.marks.and(NameFilter::of(name));
            self.names.push(name.into());
        }
    }

    /// Takes a name out, in whatever spelling it was put in.
    pub(crate) fn remove(&mut self, name: &[u8]) {
        self.names.retain(|held| !same_name(held, name));
        let names = self.names.iter();
        self.marks = names.fold(NameFilter::default(), |marks, name| {
            marks.and(NameFilter::of(name))
        });
    }

    /// The marks of all of them.
    pub(crate) const fn marks(&self) -> NameFilter {
        self.marks
    }

    /// The names, each in the spelling that it was put in first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(|name| &**name)
    }

    /// Whether an upstream may take `name` for one of these.
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        self.marks.meet(NameFilter::of(name)) && self.names.iter().any(|held| same_name(held, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let mut names = HeaderNameSet::default();
        names.insert(b"x-consumer-name");
        assert!(names.contains(b"X_Consumer-Name"));
        assert!(!names.contains(b"x-consumer-nam"));
        assert!(!names.contains(b"x-consumer-nama"));
        names.remove(b"x_consumer_name");
        assert!(!names.contains(b"x-consumer-name"));
    }
}
