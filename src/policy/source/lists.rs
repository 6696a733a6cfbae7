//! The lists of documents that conditions ask.

use std::cell::RefCell;

use crate::sort::sort_by;
use crate::source::JsonPath;

use super::{SourceId, Sources};
use crate::policy::definition::Definition;

/// The most lists of one policy. Each is a table beside the document.
const MOST_LISTS: usize = 64;

/// Names a list that a condition asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DocumentListId(usize);

impl DocumentListId {
    /// Its place among the policy's lists.
    pub(crate) const fn index(self) -> usize {
        self.0
    }
}

/// A list of a document.
#[derive(Debug)]
struct ReadList {
    source: SourceId,
    path: JsonPath,
    /// Its place among the lists of its source.
    place: usize,
}

/// The lists that are noted while routes are compiled, each once.
#[derive(Debug, Default)]
pub(in crate::policy) struct NotedLists(RefCell<Vec<ReadList>>);

impl NotedLists {
    /// Notes a list. `None` if the policy has too many.
    pub(in crate::policy) fn note(
        &self,
        source: SourceId,
        path: JsonPath,
    ) -> Option<DocumentListId> {
        let mut lists = self.0.borrow_mut();
        let is_same = |list: &ReadList| list.source == source && list.path == path;
        if let Some(known) = lists.iter().position(is_same) {
            return Some(DocumentListId(known));
        }
        if lists.len() >= MOST_LISTS {
            return None;
        }
        lists.push(ReadList {
            source,
            path,
            place: 0,
        });
        Some(DocumentListId(lists.len().saturating_sub(1)))
    }

    /// The error for one list too many.
    pub(in crate::policy) fn too_many() -> String {
        format!("a policy reads at most {MOST_LISTS} different lists")
    }

    /// The lists, and what has to be read for each source.
    pub(in crate::policy) fn finish(&self) -> Lists {
        let mut lists = self.0.take();
        let mut sources: Vec<(SourceId, Vec<JsonPath>)> = Vec::new();
        for list in &lists {
            match sources.iter_mut().find(|(id, _)| *id == list.source) {
                Some((_, paths)) => paths.push(list.path.clone()),
                None => sources.push((list.source, vec![list.path.clone()])),
            }
        }
        // By their text, so that all policies that read the same lists read them in one order and share the documents.
        for (_, paths) in &mut sources {
            sort_by(paths, |left, right| left.text().cmp(right.text()));
        }
        for list in &mut lists {
            let paths = sources.iter().find(|(id, _)| *id == list.source);
            let place =
                paths.and_then(|(_, paths)| paths.iter().position(|path| *path == list.path));
            // Each list is there.
            list.place = place.unwrap_or(usize::MAX);
        }
        Lists { lists, sources }
    }
}

/// The lists of a policy.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    lists: Vec<ReadList>,
    /// The lists of each source that has any, in the order in which they are read.
    sources: Vec<(SourceId, Vec<JsonPath>)>,
}

impl Lists {
    /// The source of a list, and its place among the lists of that source.
    pub(crate) fn place(&self, id: DocumentListId) -> Option<(SourceId, usize)> {
        let list = self.lists.get(id.0)?;
        Some((list.source, list.place))
    }

    /// The list's JSONPath.
    pub(crate) fn path(&self, id: DocumentListId) -> Option<&JsonPath> {
        self.lists.get(id.0).map(|list| &list.path)
    }

    /// The lists that are read of a source's documents, in order.
    pub(crate) fn of(&self, source: SourceId) -> &[JsonPath] {
        let paths = self.sources.iter().find(|(id, _)| *id == source);
        paths.map_or(&[], |(_, paths)| paths)
    }

    /// The sources with lists.
    pub(in crate::policy) fn sources(&self) -> impl Iterator<Item = (SourceId, &[JsonPath])> {
        self.sources
            .iter()
            .map(|(id, paths)| (*id, paths.as_slice()))
    }

    /// Each list's source and place, in the order of the ids.
    pub(crate) fn places(&self) -> impl Iterator<Item = (SourceId, usize)> {
        self.lists.iter().map(|list| (list.source, list.place))
    }
}

impl Sources {
    /// Takes the lists that conditions of the routes ask.
    pub(in crate::policy) fn read_lists(&mut self, lists: Lists) {
        for (id, paths) in lists.sources() {
            self.look_into(id);
            let source = self.list.get_mut(id.index());
            if let Some(definition) = source.and_then(|source| source.kind.definition()) {
                *definition = Definition::with_lists(*definition, paths);
            }
        }
        self.lists = lists;
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::policy::{Policy, SourceKind};
    use crate::source::DefinitionHash;

    /// The definition of a source whose lists are asked in this order.
    fn definition(lists: &[&str]) -> DefinitionHash {
        let route = |(at, list): (usize, &&str)| {
            format!(
                r#"{{"name": "r{at}", "require": "none", "authorize": {{"value": "a", "in": {{"source": "s", "list": "{list}"}}}}}}"#
            )
        };
        let routes: Vec<_> = lists.iter().enumerate().map(route).collect();
        let text = format!(
            r#"{{"sources": {{"s": {{"http": {{"cluster": "c", "path": "/"}}}}}}, "routes": [{}]}}"#,
            routes.join(",")
        );
        let config = Config::parse(text.as_bytes()).unwrap();
        let policy = Policy::compile(&config, &|_: &str| None).unwrap();
        let (_, source) = policy.sources.iter().next().unwrap();
        let SourceKind::Watched { definition, .. } = source.kind else {
            panic!("it is watched");
        };
        definition
    }

    #[test]
    fn lists_are_in_the_definition_and_their_order_is_not() {
        let both = definition(&["$.a[*]", "$.b[*]"]);
        assert_eq!(definition(&["$.b[*]", "$.a[*]", "$.b[*]"]), both);
        for other in [
            &["$.a[*]"][..],
            &["$.b[*]"],
            &["$.a[*]", "$.c[*]"],
            &["$.a[*]", "$.b[*]", "$.c[*]"],
            &[],
        ] {
            assert_ne!(definition(other), both, "{other:?}");
        }
    }

    #[test]
    fn a_policy_has_a_bounded_number_of_lists() {
        let lists: Vec<_> = (0..=super::MOST_LISTS)
            .map(|at| format!("$.l{at}[*]"))
            .collect();
        let lists: Vec<_> = lists.iter().map(String::as_str).collect();
        definition(lists.get(1..).unwrap());
        assert!(std::panic::catch_unwind(|| definition(&lists)).is_err());
    }
}
