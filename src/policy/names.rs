//! A set of header names, compared as upstreams compare them.

use crate::http::{NameFilter, same_name};

/// Names that compare without case and with `_` equal to `-`. A filter excludes most other headers without a comparison.
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

    /// Removes a name in all spellings.
    pub(crate) fn remove(&mut self, name: &[u8]) {
        self.names.retain(|held| !same_name(held, name));
        let names = self.names.iter();
        self.marks = names.fold(NameFilter::default(), |marks, name| {
            marks.and(NameFilter::of(name))
        });
    }

    /// The filter of all names.
    pub(crate) const fn marks(&self) -> NameFilter {
        self.marks
    }

    /// The names, each in the spelling that was added first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(|name| &**name)
    }

    /// Whether an upstream may treat `name` as one of these.
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        self.marks.meet(NameFilter::of(name)) && self.names.iter().any(|held| same_name(held, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_case_and_underscores() {
        let mut names = HeaderNameSet::default();
        names.insert(b"x-consumer-name");
        assert!(names.contains(b"X_Consumer-Name"));
        assert!(!names.contains(b"x-consumer-nam"));
        assert!(!names.contains(b"x-consumer-nama"));
        names.remove(b"x_consumer_name");
        assert!(!names.contains(b"x-consumer-name"));
    }
}
