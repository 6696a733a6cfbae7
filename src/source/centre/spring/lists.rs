//! Lists, which are maps by index until all of their elements are known.

use serde_json::{Value, map};

use crate::source::PropertyNames;

use super::names::{Places, index};

/// A map by index that becomes a list.
#[derive(Debug)]
pub(super) struct Conversion {
    name: String,
    names: PropertyNames,
    left: map::IntoIter,
    list: Vec<Value>,
}

impl Conversion {
    /// Takes the map with this name out of the tree, if it has each index from 0 to its last one. Otherwise it stays a map:
    /// YAML may have numbers as keys.
    pub(super) fn begin(name: String, names: PropertyNames, tree: &mut Value) -> Option<Self> {
        let members = find(&name, names, tree)?.as_object_mut()?;
        let length = members.len();
        let is_inside = |name: &String| index(name).is_some_and(|index| index < length);
        if !members.keys().all(is_inside) {
            return None;
        }
        Some(Self {
            name,
            names,
            left: std::mem::take(members).into_iter(),
            list: vec![Value::Null; length],
        })
    }

    /// How many elements it has.
    pub(super) fn length(&self) -> usize {
        self.list.len()
    }

    /// Moves one element. Returns whether there was one.
    pub(super) fn step(&mut self) -> bool {
        let Some((name, value)) = self.left.next() else {
            return false;
        };
        let place = index(&name).and_then(|index| self.list.get_mut(index));
        if let Some(place) = place {
            *place = value;
        }
        true
    }

    /// Puts the list into the tree.
    pub(super) fn finish(self, tree: &mut Value) {
        if let Some(place) = find(&self.name, self.names, tree) {
            *place = Value::Array(self.list);
        }
    }

    /// Its values, for an incremental drop.
    pub(super) fn part_into(self, parts: &mut Vec<Value>) {
        parts.push(Value::Array(self.list));
        parts.extend(self.left.map(|(_, value)| value));
    }
}

/// The value with this flat name. What is above it are maps.
fn find<'t>(name: &str, names: PropertyNames, tree: &'t mut Value) -> Option<&'t mut Value> {
    Places::of(name, names).try_fold(tree, |value, (_, name)| value.get_mut(&*name))
}
