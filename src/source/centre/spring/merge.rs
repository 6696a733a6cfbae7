//! Makes one tree of an environment's property sources.

use std::vec;

use serde_json::{Map, Value, map};

use crate::source::{Budget, IncrementalDrop, PropertyNames, SourceError};

use super::leaves::Leaves;
use super::lists::Conversion;
use super::names::{LONGEST, MOST_PARTS, Parts, Places};
use super::origin::{is_own, is_own_by_key};

/// The cost of a property beside that of its name.
pub(super) const PROPERTY: usize = 64;

/// How much more a byte of its name costs.
pub(super) const COST_OF_BYTE: usize = 4;

/// What a map of the tree takes of the room for maps. A name of few bytes could make a hundred of them, and each one takes several hundred
/// bytes of memory. So a tree has at most as many maps as fit into this room, and one more for every so many bytes of properties.
const MAP: usize = 32;
const ROOM: usize = MAP << 16;

/// What the server puts before the name of a property that it can't decrypt, and its value then.
const INVALID: &str = "invalid.";
const UNDECRYPTED: &str = "<n/a>";

/// The cost of an element of a list that is moved.
const ELEMENT: usize = 16;

/// What property sources belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SourcesOf {
    /// The environment of an application that the policy names.
    Application,
    /// The environment of one that a request names.
    Entry,
    /// Files, which may have maps and lists.
    Files,
}

/// The property sources of an environment, and the tree so far.
///
/// Names are the same where Spring binds them to the same: the tree has their common spelling. The first property source counts,
/// whatever its spelling. What is in the tree stays, so a value and a map or list of the same name never mix: the
/// earlier property source counts, and the value where both are in one. A list is of one property source as a whole, as Spring
/// reads it.
#[derive(Debug)]
pub(in crate::source::centre) struct Merge {
    names: PropertyNames,
    application: String,
    of: SourcesOf,
    has_sources: bool,
    has_own: bool,
    sources: vec::IntoIter<Value>,
    /// What is left of the property source that is read.
    properties: Leaves,
    /// The names of the maps by index that it has begun.
    indexed: Vec<String>,
    conversion: Option<Conversion>,
    tree: Value,
    /// The room for maps that is left.
    room: usize,
    /// What isn't needed any more.
    rest: Vec<Value>,
    drops: IncrementalDrop,
}

impl Merge {
    /// Takes the whole answer of the server, for an application that the policy names, or a request (`is_by_key`).
    pub(super) fn new(mut root: Value, is_by_key: bool) -> Self {
        let application = root.get("name").and_then(Value::as_str);
        let application = application.unwrap_or_default().to_owned();
        let sources = root.get_mut("propertySources").map(Value::take);
        let (sources, rest) = match sources {
            Some(Value::Array(sources)) => (Some(sources), vec![root]),
            Some(other) => (None, vec![root, other]),
            None => (None, vec![root]),
        };
        Self {
            names: PropertyNames::Relaxed,
            application,
            of: if is_by_key {
                SourcesOf::Entry
            } else {
                SourcesOf::Application
            },
            has_sources: sources.is_some(),
            has_own: false,
            sources: sources.unwrap_or_default().into_iter(),
            properties: Leaves::none(),
            indexed: Vec::new(),
            conversion: None,
            tree: Value::Object(Map::new()),
            room: ROOM,
            rest,
            drops: IncrementalDrop::default(),
        }
    }

    /// Takes the properties of files, with flat names or in trees. The first file counts.
    pub(in crate::source::centre) fn of_files(
        files: Vec<Map<String, Value>>,
        names: PropertyNames,
    ) -> Self {
        let source = |properties| {
            // Not collected: that would add a sort to the module, 6 kB.
            let mut source = Map::new();
            source.insert("source".to_owned(), Value::Object(properties));
            Value::Object(source)
        };
        let sources: Vec<Value> = files.into_iter().map(source).collect();
        Self {
            names,
            has_sources: true,
            has_own: true,
            of: SourcesOf::Files,
            sources: sources.into_iter(),
            ..Self::new(Value::Null, false)
        }
    }

    /// Does one piece of the work. Returns the tree at the end.
    pub(in crate::source::centre) fn step(
        &mut self,
        budget: &mut Budget,
    ) -> Result<Option<Value>, SourceError> {
        if !self.has_sources {
            return Err(unusable(
                "it has no list `propertySources`: it is no environment",
            ));
        }
        if let Some(mut conversion) = self.conversion.take() {
            budget.spend(ELEMENT);
            if conversion.step() {
                self.conversion = Some(conversion);
            } else {
                conversion.finish(&mut self.tree);
            }
        } else if let Some((name, value)) = self.properties.next() {
            budget.spend(
                name.len()
                    .saturating_mul(COST_OF_BYTE)
                    .saturating_add(PROPERTY),
            );
            // A text that can't be decrypted is moved to another name, and would uncover that of a later property source.
            let is_undecrypted = value == *UNDECRYPTED && self.of != SourcesOf::Files;
            let undecrypted = name.strip_prefix(INVALID).filter(|_| is_undecrypted);
            match undecrypted {
                Some(name) => self.put(name, Value::Null)?,
                None => self.put(&name, value)?,
            }
        } else if let Some(name) = self.indexed.pop() {
            // Inner lists come before outer ones.
            self.conversion = Conversion::begin(name, self.names, &mut self.tree);
            let length = self.conversion.as_ref().map_or(0, Conversion::length);
            budget.spend(length.saturating_add(PROPERTY));
        } else if let Some(source) = self.sources.next() {
            budget.spend(PROPERTY);
            self.open(source)?;
        } else if !self.has_own {
            // Only what all applications share.
            return Err(SourceError::Missing);
        } else {
            return Ok(self.finish(budget));
        }
        Ok(None)
    }

    fn open(&mut self, mut source: Value) -> Result<(), SourceError> {
        let name = source.get("name").and_then(Value::as_str);
        let is_own = if self.of == SourcesOf::Entry {
            is_own_by_key
        } else {
            is_own
        };
        self.has_own |= is_own(name.unwrap_or_default(), &self.application);
        let properties = source.get_mut("source").map(Value::take);
        self.rest.push(source);
        match properties {
            Some(Value::Object(properties)) => {
                self.properties = Leaves::of(properties, self.of == SourcesOf::Files);
                Ok(())
            }
            other => {
                self.rest.extend(other);
                Err(unusable("a property source has no map `source`"))
            }
        }
    }

    /// Puts a property into the tree, unless another value stands there or on the way.
    fn put(&mut self, name: &str, value: Value) -> Result<(), SourceError> {
        // Those of files are empty.
        let is_flat = self.of != SourcesOf::Files;
        if is_flat && matches!(value, Value::Array(_) | Value::Object(_)) {
            self.rest.push(value);
            return Err(unusable(
                "the value of a property is a list or a map: properties have flat names",
            ));
        }
        if name.len() > LONGEST || Parts::of(name).nth(MOST_PARTS).is_some() {
            let reason = format!(
                "the name of a property has more than {LONGEST} bytes, or more than {MOST_PARTS} parts"
            );
            return Err(SourceError::Unusable(reason));
        }
        let length = value.as_str().map_or(0, str::len);
        let length = length.saturating_add(name.len());
        self.room = self.room.saturating_add(length);
        let mut at = &mut self.tree;
        let mut places = Places::of(name, self.names).peekable();
        while let Some((_, own)) = places.next() {
            let Value::Object(members) = at else {
                break;
            };
            let entry = members.entry(own);
            let Some((next, _)) = places.peek() else {
                // What Spring doesn't resolve is what is written.
                let is_exact = self.names == PropertyNames::Exact;
                entry.or_insert_with(|| if is_exact { value } else { readable(value) });
                break;
            };
            at = match entry {
                map::Entry::Occupied(entry) => entry.into_mut(),
                map::Entry::Vacant(entry) => {
                    let too_many = || unusable("the names of its properties have too many parts");
                    self.room = self.room.checked_sub(MAP).ok_or_else(too_many)?;
                    if next.is_index {
                        self.indexed.push(next.before.to_owned());
                    }
                    entry.insert(Value::Object(Map::new()))
                }
            };
        }
        Ok(())
    }

    /// Drops what isn't needed. Returns the tree after that.
    fn finish(&mut self, budget: &mut Budget) -> Option<Value> {
        for value in self.rest.drain(..) {
            self.drops.add(value);
        }
        self.drops.advance(budget);
        self.drops.is_empty().then(|| self.tree.take())
    }

    /// The values that are read so far, for an incremental drop.
    pub(in crate::source::centre) fn into_parts(self) -> Vec<Value> {
        let mut parts = self.rest;
        parts.push(self.tree);
        parts.push(Value::Array(self.sources.collect()));
        if let Some(conversion) = self.conversion {
            conversion.part_into(&mut parts);
        }
        self.properties.part_into(&mut parts);
        parts
    }
}

/// The value as far as it can be read here. A text that the server has not decrypted, or with a placeholder, is no value: whoever
/// reads the repository knows it, so it must not become a key that lets requests in.
pub(super) fn readable(value: Value) -> Value {
    let is_raw = |text: &str| text.starts_with("{cipher}") || text.contains("${");
    if value.as_str().is_some_and(is_raw) {
        return Value::Null;
    }
    value
}

pub(super) fn unusable(reason: &str) -> SourceError {
    SourceError::Unusable(reason.to_owned())
}
