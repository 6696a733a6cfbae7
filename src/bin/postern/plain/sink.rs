//! What is made of a document while it is read.

use std::borrow::Cow;

use crate::tree::{Entry, Mark, Tree, Value, quote};

/// What holds others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    List,
    Map,
}

/// Takes a document part by part, in the order of writing. Places are bytes from the beginning of the text.
pub(crate) trait Sink<'a> {
    fn scalar(&mut self, at: usize, value: Value<'a>);
    fn open(&mut self, at: usize, kind: Kind);
    /// The key of the next value.
    fn key(&mut self, at: usize, key: Cow<'a, str>);
    /// The end of what was opened last.
    fn close(&mut self);
}

/// Documents as JSON text, without their places.
#[derive(Debug, Default)]
pub(crate) struct Json {
    text: String,
    open: Vec<Kind>,
    /// Nothing stands in the innermost yet.
    fresh: bool,
    documents: usize,
}

impl Json {
    /// For about so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// The text, where it is one document.
    pub(crate) fn one(self) -> Option<String> {
        (self.documents == 1).then_some(self.text)
    }

    fn before(&mut self) {
        match self.open.last() {
            Some(Kind::List) if !self.fresh => self.text.push(','),
            Some(Kind::List | Kind::Map) => {}
            None => self.documents = self.documents.saturating_add(1),
        }
        self.fresh = false;
    }
}

impl<'a> Sink<'a> for Json {
    fn scalar(&mut self, _: usize, value: Value<'a>) {
        self.before();
        match value {
            Value::Text(text, _) => quote(&text, &mut self.text),
            Value::Literal(literal) => self.text.push_str(&literal),
            Value::List(_) | Value::Map(_) => {}
        }
    }

    fn open(&mut self, _: usize, kind: Kind) {
        self.before();
        self.text.push(if kind == Kind::List { '[' } else { '{' });
        self.open.push(kind);
        self.fresh = true;
    }

    fn key(&mut self, _: usize, key: Cow<'a, str>) {
        if !self.fresh {
            self.text.push(',');
        }
        quote(&key, &mut self.text);
        self.text.push(':');
    }

    fn close(&mut self) {
        let kind = self.open.pop();
        self.text
            .push(if kind == Some(Kind::List) { ']' } else { '}' });
        self.fresh = false;
    }
}

/// Documents as trees.
#[derive(Debug)]
pub(crate) struct Trees<'a> {
    text: &'a str,
    /// How far it has been counted, and where that is.
    counted: usize,
    mark: Mark,
    open: Vec<Open<'a>>,
    documents: Vec<Tree<'a>>,
}

/// A list or a map that isn't whole yet.
#[derive(Debug)]
struct Open<'a> {
    tree: Tree<'a>,
    /// That of a map's next value.
    key: Option<(Mark, Cow<'a, str>)>,
}

impl<'a> Trees<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self {
            text,
            counted: 0,
            mark: Mark::START,
            open: Vec::new(),
            documents: Vec::new(),
        }
    }

    /// All of them.
    pub(crate) fn documents(self) -> Vec<Tree<'a>> {
        self.documents
    }

    /// Places are asked for in their order.
    fn mark(&mut self, at: usize) -> Mark {
        let passed = self.text.as_bytes().get(self.counted..at);
        for byte in passed.unwrap_or_default() {
            match byte {
                b'\n' => {
                    self.mark.line = self.mark.line.saturating_add(1);
                    self.mark.column = 1;
                }
                // The rest of a character.
                0x80..=0xbf => {}
                _ => self.mark.column = self.mark.column.saturating_add(1),
            }
        }
        self.counted = at;
        self.mark
    }

    fn add(&mut self, tree: Tree<'a>) {
        let Some(open) = self.open.last_mut() else {
            return self.documents.push(tree);
        };
        match (&mut open.tree.value, open.key.take()) {
            (Value::List(list), _) => list.push(tree),
            (Value::Map(entries), Some((at, key))) => entries.push(Entry { at, key, tree }),
            (Value::Map(_) | Value::Literal(_) | Value::Text(..), _) => {}
        }
    }
}

impl<'a> Sink<'a> for Trees<'a> {
    fn scalar(&mut self, at: usize, value: Value<'a>) {
        let at = self.mark(at);
        self.add(Tree { at, value });
    }

    fn open(&mut self, at: usize, kind: Kind) {
        let value = match kind {
            Kind::List => Value::List(Vec::new()),
            Kind::Map => Value::Map(Vec::new()),
        };
        let at = self.mark(at);
        self.open.push(Open {
            tree: Tree { at, value },
            key: None,
        });
    }

    fn key(&mut self, at: usize, key: Cow<'a, str>) {
        let at = self.mark(at);
        if let Some(open) = self.open.last_mut() {
            open.key = Some((at, key));
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.add(open.tree);
        }
    }
}
