//! A config that is read list by list and never completely in memory.

mod chunks;
mod lists;
mod outline;
pub(in crate::config) mod syntax;
mod window;

pub use chunks::Chunks;
pub use lists::{ConfigLists, Decoded, RecordSink};

use std::borrow::Cow;
use std::fmt;

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, Distinct};
use crate::config::streaming::outline::{DocumentField, ListItems, entries};
use crate::config::streaming::window::{ValueSpan, WalkError, Window};
use crate::config::{Config, ConfigErrors, Consumer, Path, Route};

/// The size of the window in bytes.
const WINDOW: usize = 16 * 1024;

/// The length of the shortest possible consumer or route: `{"name":"a"}`.
const SHORTEST: usize = 12;

/// The text of a config. Everything except its consumers and routes is already read.
pub struct StreamingConfig<'t> {
    text: &'t dyn Chunks,
    window: Window<'t>,
    rest: Rest,
    consumers: List,
    routes: List,
}

/// The part outside of the lists.
struct Rest {
    entries: Vec<DocumentField>,
    /// The text of each entry's value. `None` for the lists, and for entries that aren't decoded.
    texts: Vec<Option<Vec<u8>>>,
    errors: ConfigErrors,
}

/// A list that is read record by record.
struct List {
    name: &'static str,
    /// The index of its entry in the document, and the position of its text.
    stands: Option<(usize, ValueSpan)>,
    errors: ConfigErrors,
}

impl<'t> StreamingConfig<'t> {
    /// Reads everything except the lists. Returns a config without consumers and routes, unless a field that these refer to
    /// has an error. [`ConfigLists::verdict`] returns the other errors.
    ///
    /// # Errors
    /// The reason why the text isn't a policy.
    pub fn open(text: &'t dyn Chunks) -> Result<(Self, Option<Config>), ConfigErrors> {
        Self::open_through(text, WINDOW)
    }

    /// The same through a window of `size` bytes.
    ///
    /// # Errors
    /// The reason why the text isn't a policy.
    pub fn open_through(
        text: &'t dyn Chunks,
        size: usize,
    ) -> Result<(Self, Option<Config>), ConfigErrors> {
        let mut window = Window::new(text, size);
        let mut consumers = List::named("consumers");
        let mut routes = List::named("routes");
        let read = entries(&mut window)
            .and_then(|entries| Rest::read(entries, &mut window, &mut consumers, &mut routes));
        let (rest, config) = read.map_err(|stop| stop.tell(text))?;
        let draft = Self {
            text,
            window,
            rest,
            consumers,
            routes,
        };
        Ok((draft, config))
    }

    /// All errors, with those of the lists.
    #[must_use]
    pub fn refuse(mut self) -> ConfigErrors {
        let lists = self
            .consumers(&mut |_, _| {})
            .and_then(|()| self.routes(&mut |_, _| {}));
        match lists.and_then(|()| self.verdict()) {
            Err(errors) => errors,
            Ok(()) => not_a_policy(),
        }
    }
}

/// Shows no content: a policy may have secrets.
impl fmt::Debug for StreamingConfig<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingConfig").finish_non_exhaustive()
    }
}

impl ConfigLists for StreamingConfig<'_> {
    fn consumers(&mut self, each: RecordSink<'_, Consumer>) -> Result<(), ConfigErrors> {
        let read = self.consumers.read(&mut self.window, each);
        read.map_err(|stop| stop.tell(self.text))
    }

    fn routes(&mut self, each: RecordSink<'_, Route>) -> Result<(), ConfigErrors> {
        let read = self.routes.read(&mut self.window, each);
        read.map_err(|stop| stop.tell(self.text))
    }

    fn about_routes(&self) -> usize {
        self.routes.stands.map_or(0, |(_, extent)| records(extent))
    }

    fn verdict(&self) -> Result<(), ConfigErrors> {
        let mut lists = [&self.consumers, &self.routes];
        // The later list first, so that the position of the earlier one stays valid.
        if self.routes.entry() > self.consumers.entry() {
            lists.reverse();
        }
        let mut errors = self.rest.errors.clone();
        for list in lists.into_iter().filter(|list| !list.errors.is_empty()) {
            errors.insert(self.rest.errors_before(list.entry()), &list.errors);
        }
        errors.or(())
    }
}

impl<'r, T> Decoded<'r, T> {
    /// The record, complete or not.
    pub(in crate::config) const fn record(self) -> &'r T {
        let (Self::Whole(record) | Self::Partly(record)) = self;
        record
    }
}

impl Rest {
    fn read(
        entries: Vec<DocumentField>,
        window: &mut Window<'_>,
        consumers: &mut List,
        routes: &mut List,
    ) -> Result<(Self, Option<Config>), WalkError> {
        let mut texts = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let before = entries.get(..index).unwrap_or_default();
            let is_first = !before.iter().any(|earlier| earlier.name == entry.name);
            let list = [&mut *consumers, &mut *routes]
                .into_iter()
                .find(|list| list.name == entry.name && entry.is_list && is_first);
            if let Some(list) = list {
                list.stands = Some((index, entry.value));
                texts.push(None);
                continue;
            }
            let text = window.bytes(entry.value.span)?;
            if is_first {
                texts.push(Some(text.to_vec()));
            } else {
                // An error anyway, and never decoded.
                syntax::check(text).map_err(|_| WalkError::Malformed)?;
                texts.push(None);
            }
        }
        let mut rest = Self {
            entries,
            texts,
            errors: ConfigErrors::default(),
        };
        let node = rest.node(usize::MAX).map_err(|_| WalkError::Malformed)?;
        let mut errors = ConfigErrors::default();
        let mut config = Config::decode(&node, &Path::Root, &mut errors);
        drop(node);
        rest.errors = errors;
        if !rest.errors.is_empty() {
            config = rest.sound()?;
        }
        Ok((rest, config))
    }

    /// The config without the fields that have errors, if no other field refers to them.
    // Inlined, it would cost the module a kilobyte.
    #[cold]
    #[inline(never)]
    fn sound(&self) -> Result<Option<Config>, WalkError> {
        if !self.errors.iter().all(|error| stands_alone(&error.path)) {
            return Ok(None);
        }
        let Node::Map(mut fields) = self.node(usize::MAX).map_err(|_| WalkError::Malformed)? else {
            return Ok(None);
        };
        let is_wrong = |name: &str| {
            self.errors
                .iter()
                .any(|error| first_step(&error.path) == name)
        };
        fields.retain(|(name, _)| !(BESIDE.contains(&&**name) && is_wrong(name)));
        let mut errors = ConfigErrors::default();
        Ok(Config::decode(&Node::Map(fields), &Path::Root, &mut errors))
    }

    /// The first `count` entries of the document, with empty lists for consumers and routes.
    fn node(&self, count: usize) -> Result<Node<'_>, serde_json::Error> {
        let mut fields = Vec::with_capacity(self.entries.len());
        for (entry, text) in self.entries.iter().zip(&self.texts).take(count) {
            let value = match text {
                Some(text) => Node::parse(text)?,
                None => Node::List(Vec::new()),
            };
            fields.push((Cow::Borrowed(entry.name.as_str()), value));
        }
        Ok(Node::Map(fields))
    }

    /// The number of errors before those of the entry with this index.
    fn errors_before(&self, index: usize) -> usize {
        let mut errors = ConfigErrors::default();
        if let Ok(node) = self.node(index) {
            let _ = Config::decode(&node, &Path::Root, &mut errors);
        }
        errors.iter().count()
    }
}

/// The fields that no other field refers to. `minVersion` isn't one of them: in a policy for a newer module all other fields
/// may be valid.
const BESIDE: [&str; 4] = ["accessLog", "consumersFrom", "paths", "unmatched"];

/// The fields whose required parts other fields refer to. An unknown field in them affects no other field.
const NAMED: [&str; 2] = ["providers", "routing"];

/// Whether an error at this path can't cause other errors.
fn stands_alone(path: &str) -> bool {
    let first = first_step(path);
    BESIDE.contains(&first) || (NAMED.contains(&first) && path != first)
}

/// The top-level field of a path.
fn first_step(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// The number of records of a list, bounded by the length of its text.
fn records(list: ValueSpan) -> usize {
    let length = list.span.end.saturating_sub(list.span.start);
    list.entries.min(length / SHORTEST)
}

impl List {
    fn named(name: &'static str) -> Self {
        Self {
            name,
            stands: None,
            errors: ConfigErrors::default(),
        }
    }

    fn entry(&self) -> usize {
        self.stands.map_or(0, |(index, _)| index)
    }

    fn read<T: Decode>(
        &mut self,
        window: &mut Window<'_>,
        each: RecordSink<'_, T>,
    ) -> Result<(), WalkError> {
        let Some((_, extent)) = self.stands else {
            return Ok(());
        };
        let mut names = Distinct::roughly(records(extent));
        self.walk(extent, window, &mut names, each)?;
        if names.leaves_doubt() {
            self.walk(
                extent,
                window,
                &mut Distinct::default(),
                &mut |_, _: Decoded<'_, T>| {},
            )?;
        }
        Ok(())
    }

    fn walk<T: Decode>(
        &mut self,
        extent: ValueSpan,
        window: &mut Window<'_>,
        names: &mut Distinct,
        each: RecordSink<'_, T>,
    ) -> Result<(), WalkError> {
        self.errors = ConfigErrors::default();
        let root = Path::Root;
        let path = root.field(self.name);
        let mut elements = ListItems::of(extent.span, window)?;
        let mut at = 0_usize;
        while let Some(element) = elements.next(window)? {
            let node = Node::parse(window.bytes(element)?).map_err(|_| WalkError::Malformed)?;
            let before = self.errors.iter().len();
            if let Some(read) = names.entry(&node, at, &path, &mut self.errors) {
                let is_whole = self.errors.iter().len() == before;
                each(
                    at,
                    if is_whole {
                        Decoded::Whole(&read)
                    } else {
                        Decoded::Partly(&read)
                    },
                );
            }
            at = at.saturating_add(1);
        }
        Ok(())
    }
}

impl WalkError {
    /// The error for the operator. A malformed text is parsed strictly, to find its first error.
    fn tell(self, text: &dyn Chunks) -> ConfigErrors {
        let whole = match self {
            Self::Unreadable(errors) => return errors,
            Self::Malformed => text.chunk(0, text.length()),
        };
        let whole = match whole {
            Ok(whole) => whole,
            Err(errors) => return errors,
        };
        let mut errors = ConfigErrors::default();
        if let Err(error) = syntax::check(&whole) {
            errors.push("", format!("not JSON: {error}"));
        } else if let Ok(node) = Node::parse(&whole) {
            // The text is JSON, but not an object.
            let _ = Config::decode(&node, &Path::Root, &mut errors);
        }
        if errors.is_empty() {
            return not_a_policy();
        }
        errors
    }
}

fn not_a_policy() -> ConfigErrors {
    let mut errors = ConfigErrors::default();
    errors.push("", "not a policy");
    errors
}
