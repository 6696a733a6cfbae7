//! YAML text as documents. The text is parsed by `saphyr-parser`, which gives the position of each part.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use super::node::{MAX_DEPTH, MapEntry, Node, Position, Style, Value};
use super::scalar::{self, Ambiguity, Cause, Plain};
use super::{SyntaxError, YamlDocument};

/// The most nodes that all aliases of a file repeat together: ten lines of YAML can mean a billion nodes.
const MAX_REPEATED: usize = 1_000_000;

/// Reads every document of a file, without the empty ones.
pub(super) fn read(text: &str) -> Result<Vec<YamlDocument<'_>>, SyntaxError> {
    // The parser takes blanks after the last line break for a further line of a block.
    let content = text.trim_end_matches([' ', '\t']);
    let text = if content.ends_with('\n') {
        content
    } else {
        text
    };
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::default(),
        repeated: 0,
        ambiguities: BTreeMap::new(),
        open_end: (!text.ends_with('\n')).then(|| text.chars().count()),
    };
    let mut documents = Vec::new();
    loop {
        let (event, _) = reader.next()?;
        match event {
            Event::StreamEnd => return Ok(documents),
            Event::DocumentStart(_) => {
                reader.anchors.clear();
                let (event, span) = reader.next()?;
                let root = reader.node(event, span, 0)?;
                let ambiguities = std::mem::take(&mut reader.ambiguities);
                if !matches!(&root.value, Value::Literal(literal) if literal == "null") {
                    documents.push(YamlDocument { root, ambiguities });
                }
            }
            // No other event between two documents has content.
            Event::Nothing
            | Event::StreamStart
            | Event::DocumentEnd
            | Event::Alias(_)
            | Event::Scalar(..)
            | Event::SequenceStart(..)
            | Event::SequenceEnd
            | Event::MappingStart(..)
            | Event::MappingEnd => {}
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node<'a>>,
    repeated: usize,
    ambiguities: BTreeMap<Position, Ambiguity>,
    /// The number of characters, if the last line has no line break.
    open_end: Option<usize>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), SyntaxError> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(SyntaxError::new(position(*error.marker()), error.info())),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The node that begins with `event`.
    fn node(
        &mut self,
        event: Event<'a>,
        span: Span,
        depth: usize,
    ) -> Result<Node<'a>, SyntaxError> {
        let at = position(span.start);
        if depth > MAX_DEPTH {
            return Err(SyntaxError::new(at, "nested too deeply"));
        }
        let (value, anchor) = match event {
            Event::Alias(anchor) => return self.repeat(anchor, at),
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(span, text, style, tag.as_deref()), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.tag(at, tag.as_deref(), "seq");
                (Value::List(self.list(depth)?), anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.tag(at, tag.as_deref(), "map");
                (Value::Map(self.map(depth)?), anchor)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {
                return Err(SyntaxError::new(at, "the document ends too early"));
            }
        };
        let node = Node { at, value };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node<'a>>, SyntaxError> {
        let mut list = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(list);
            }
            list.push(self.node(event, span, depth.saturating_add(1))?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<MapEntry<'a>>, SyntaxError> {
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(entries);
            }
            let (at, key) = self.key(event, span, depth)?;
            let (event, span) = self.next()?;
            let node = self.node(event, span, depth.saturating_add(1))?;
            entries.push(MapEntry { at, key, node });
        }
    }

    /// The key that is `event`: its text as it is written.
    fn key(
        &mut self,
        event: Event<'a>,
        span: Span,
        depth: usize,
    ) -> Result<(Position, Cow<'a, str>), SyntaxError> {
        if let Event::Scalar(text, ScalarStyle::Plain, 0, None) = event {
            let at = position(span.start);
            if let Some(ambiguity) = scalar::key(&text) {
                self.ambiguities.insert(at, ambiguity);
            }
            return Ok((at, text));
        }
        let key = self.node(event, span, depth.saturating_add(1))?;
        match key.value {
            Value::Text(text, _) => Ok((key.at, text)),
            Value::Literal(text) => {
                self.note(key.at, Cause::Key);
                Ok((key.at, text))
            }
            Value::List(_) | Value::Map(_) => Err(SyntaxError::new(key.at, "a key must be text")),
        }
    }

    fn scalar(
        &mut self,
        span: Span,
        mut text: Cow<'a, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
    ) -> Value<'a> {
        let at = position(span.start);
        self.tag(at, tag, "str");
        let style = match style {
            ScalarStyle::Plain if tag.is_some() => Style::Plain,
            ScalarStyle::Plain => return self.plain(at, text),
            ScalarStyle::SingleQuoted => Style::Plain,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        // The parser adds a line break to a block that ends with the file. Other readers don't.
        if matches!(style, Style::Literal | Style::Folded)
            && self.open_end == Some(span.end.index())
            && text.ends_with('\n')
        {
            text.to_mut().pop();
        }
        Value::Text(text, style)
    }

    fn plain(&mut self, at: Position, text: Cow<'a, str>) -> Value<'a> {
        match scalar::resolve(&text) {
            Plain::Text => Value::Text(text, Style::Plain),
            Plain::Number => Value::Literal(text),
            Plain::Json(json) => Value::Literal(json),
            Plain::Ambiguous(ambiguity) => {
                self.ambiguities.insert(at, ambiguity);
                Value::Text(text, Style::Plain)
            }
        }
    }

    /// Notes that programs read differently what is at `at`, and that it isn't known here how.
    fn note(&mut self, at: Position, cause: Cause) {
        let kubectl = None;
        self.ambiguities.insert(at, Ambiguity { cause, kubectl });
    }

    /// Notes a tag that isn't the `expected` one of YAML's own.
    fn tag(&mut self, at: Position, tag: Option<&Tag>, expected: &str) {
        let is_expected = |tag: &Tag| tag.is_yaml_core_schema() && tag.suffix == expected;
        if tag.is_some_and(|tag| !is_expected(tag)) {
            self.note(at, Cause::Tag);
        }
    }

    /// A copy of the node that an alias names. The parts of the copy keep the positions of the original.
    fn repeat(&mut self, anchor: usize, at: Position) -> Result<Node<'a>, SyntaxError> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(SyntaxError::new(
                at,
                "an alias within the node that it names",
            ));
        };
        self.repeated = self.repeated.saturating_add(count(node));
        if self.repeated > MAX_REPEATED {
            return Err(SyntaxError::new(at, "aliases repeat too much"));
        }
        Ok(node.clone())
    }
}

/// How many nodes a tree has.
fn count(node: &Node<'_>) -> usize {
    let inner: usize = match &node.value {
        Value::Literal(_) | Value::Text(..) => 0,
        Value::List(list) => list.iter().map(count).fold(0, usize::saturating_add),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| count(&entry.node))
            .fold(0, usize::saturating_add),
    };
    inner.saturating_add(1)
}

fn position(marker: Marker) -> Position {
    Position {
        line: marker.line().max(1),
        column: marker.col().saturating_add(1),
    }
}
