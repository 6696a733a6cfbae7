//! Finds the items of a document in its text, one by one.

use std::ops::Range;

use serde_json::Value;

use crate::source::query::PathStep;
use crate::source::{Budget, JsonPath, SourceError};

use super::extent::Container;
use super::scan::{NextValue, Scanner, Token, WHOLE, name, part};

/// The most steps to the items that are followed in the text: so no plain item nests too deep.
const LONGEST: usize = 64;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An item begins here. A caller that reads it from its beginning continues with [`Items::pass`]; a caller that needs
    /// its end continues with [`Items::text`].
    Begins(usize),
    /// A value on the way to the items begins.
    Forget,
    /// The items are members of an object, which have another order in the value: they can't be read from the text.
    Unordered,
    /// All is read. Holds whether the document has a value at the path of the items.
    End(bool),
}

/// Reads the elements of one array of a document, and keeps no other part, which must be JSON too. A name that comes twice is
/// refused where it matters: on the way to the array, and in what is read in one go.
#[derive(Debug)]
pub struct Items {
    scanner: Scanner,
    whole: usize,
    steps: Box<[PathStep]>,
    /// Each open array and object on the way.
    way: Vec<Level>,
    /// Whether the name that was read last is that of a member on the way.
    is_named: bool,
    is_reached: bool,
}

/// An array or object on the way.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// How many of its parts were read.
    parts: usize,
    /// Whether the member on the way was among them.
    had_next: bool,
}

impl Items {
    /// Reads what `items` selects. `None` if that can't be read from the text: only names and indices with a
    /// wildcard at the end can. Other values are read in one go up to 16 KiB.
    #[must_use]
    pub fn of(items: &JsonPath) -> Option<Self> {
        Self::in_pieces(items, WHOLE)
    }

    /// The same; other values are read in one go up to `whole` bytes.
    #[must_use]
    pub fn in_pieces(items: &JsonPath, whole: usize) -> Option<Self> {
        let steps = items.children_of()?;
        let forward = |step: &PathStep| match step {
            PathStep::Name(_) => true,
            PathStep::Index(index) => *index >= 0,
            PathStep::Relaxed(..) => false,
        };
        (steps.len() <= LONGEST && steps.iter().all(forward)).then(|| Self {
            scanner: Scanner::default(),
            whole,
            steps: steps.into(),
            way: Vec::new(),
            is_named: false,
            is_reached: false,
        })
    }

    /// Continues to read `text`, the same each time. `None` if the budget is spent.
    ///
    /// # Errors
    /// [`SourceError::Malformed`].
    pub fn next(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Item>, SourceError> {
        while !budget.is_spent() {
            let found = self.step(text);
            budget.spend(self.scanner.take_cost());
            if let Some(item) = found? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Passes over the item that begins here, which the caller has read: it has so many bytes.
    pub fn pass(&mut self, length: usize) {
        self.scanner.pass(length);
    }

    /// The range of the item that begins here. `None` if it has more than `most` bytes: then it is skipped like
    /// other values. The caller finds out whether it is JSON.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn text(&mut self, text: &[u8], most: usize) -> Result<Option<Range<usize>>, SourceError> {
        match self.scanner.next(text, most)? {
            Token::Value(range) if range.len() <= most => Ok(Some(range)),
            Token::Value(range) => {
                part(text, range)?;
                Ok(None)
            }
            // Only `Open` is possible: a value begins here.
            Token::Open(_) | Token::Close | Token::Key(_) | Token::Blank | Token::End => Ok(None),
        }
    }

    fn step(&mut self, text: &[u8]) -> Result<Option<Item>, SourceError> {
        let is_near = self.scanner.depth() == self.way.len();
        if is_near && self.way.len() > self.steps.len() {
            match self.scanner.next_value(text) {
                NextValue::At(at) => return Ok(Some(Item::Begins(at))),
                NextValue::Blank => return Ok(None),
                NextValue::Other => {}
            }
        }
        let is_on_way = is_near && self.leads_on();
        let whole = if is_on_way { 0 } else { self.whole };
        match self.scanner.next(text, whole)? {
            Token::Key(range) => {
                let name = name(text, range)?;
                self.is_named = is_near && self.is_next(&name);
                match self.way.last_mut().filter(|_| self.is_named) {
                    Some(level) if level.had_next => {
                        Err(self.scanner.malformed("a name that comes twice"))
                    }
                    Some(level) => {
                        level.had_next = true;
                        Ok(None)
                    }
                    None => Ok(None),
                }
            }
            Token::Open(kind) => {
                self.count(is_near);
                Ok(is_on_way.then(|| self.enter(kind)).flatten())
            }
            Token::Value(range) => {
                self.count(is_near);
                let is_null = part(text, range)?.is_null();
                Ok(is_on_way.then(|| self.pass_by(is_null)))
            }
            Token::Close => {
                let depth = self.scanner.depth();
                self.way.truncate(depth);
                Ok(None)
            }
            Token::Blank => Ok(None),
            Token::End => Ok(Some(Item::End(self.is_reached))),
        }
    }

    /// Whether the next value is on the way to the items.
    fn leads_on(&self) -> bool {
        match (self.scanner.innermost(), self.next_step()) {
            (None, _) => true,
            (Some(Container::Object), _) => self.is_named,
            (Some(Container::Array), Some(PathStep::Index(index))) => {
                let seen = self.way.last().map_or(0, |level| level.parts);
                usize::try_from(*index) == Ok(seen)
            }
            (Some(Container::Array), Some(PathStep::Name(_) | PathStep::Relaxed(..)) | None) => {
                false
            }
        }
    }

    fn is_next(&self, name: &str) -> bool {
        matches!(self.next_step(), Some(PathStep::Name(next)) if **next == *name)
    }

    /// The step out of the innermost array or object on the way.
    fn next_step(&self) -> Option<&PathStep> {
        self.steps.get(self.way.len().checked_sub(1)?)
    }

    fn count(&mut self, is_near: bool) {
        self.is_named = false;
        if let Some(level) = self.way.last_mut().filter(|_| is_near) {
            level.parts = level.parts.saturating_add(1);
        }
    }

    fn enter(&mut self, kind: Container) -> Option<Item> {
        let is_place = self.way.len() == self.steps.len();
        if is_place && kind == Container::Object {
            return Some(Item::Unordered);
        }
        self.way.push(Level::default());
        self.is_reached = is_place;
        Some(Item::Forget)
    }

    /// A value that is no array or object: at the path of the items, `null` is an empty list.
    fn pass_by(&mut self, is_null: bool) -> Item {
        self.is_reached = is_null && self.way.len() == self.steps.len();
        Item::Forget
    }
}

/// Reads an item's text as the JSON library does.
///
/// # Errors
/// [`SourceError::Malformed`].
pub fn read_item(text: &[u8], item: Range<usize>) -> Result<Value, SourceError> {
    part(text, item)
}
