//! A policy that is read list by list, so that it is never in memory whole.

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
use crate::config::streaming::outline::{Entry, ListItems, entries};
use crate::config::streaming::window::{Extent, Stop, Window};
use crate::config::{Config, ConfigErrors, Consumer, Path, Route};

/// How much of a text is looked at at once.
const WINDOW: usize = 16 * 1024;

/// No consumer and no route is shorter: `{"name":"a"}`.
const SHORTEST: usize = 12;

/// A policy's text, of which all is read but its consumers and routes.
pub struct StreamingConfig<'t> {
    text: &'t dyn Chunks,
    window: Window<'t>,
    rest: Rest,
    consumers: List,
    routes: List,
}

/// What isn't in the lists.
struct Rest {
    entries: Vec<Entry>,
    /// The text of each entry's value; none of those that are read apart, and of those that nobody reads.
    texts: Vec<Option<Vec<u8>>>,
    errors: ConfigErrors,
}

/// A list that is read apart.
struct List {
    name: &'static str,
    /// Which entry of the document it is, and where.
    stands: Option<(usize, Extent)>,
    errors: ConfigErrors,
}

impl<'t> StreamingConfig<'t> {
    /// Reads all but the lists: a config without consumers and routes, where nothing is wrong with what these refer to. What
    /// is wrong with the rest of it is told by the [verdict](Lists::verdict).
    ///
    /// # Errors
    /// Why the text is no policy at all.
    pub fn open(text: &'t dyn Chunks) -> Result<(Self, Option<Config>), ConfigErrors> {
        Self::open_through(text, WINDOW)
    }

    /// The same through a window of `size` bytes.
    ///
    /// # Errors
    /// Why the text is no policy at all.
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

    /// Everything that is wrong, the lists with it.
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

/// A policy may hold secrets.
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
        // The later one first: so the place of the other stays what it is.
        lists.sort_by_key(|list| std::cmp::Reverse(list.place()));
        let mut errors = self.rest.errors.clone();
        for list in lists.into_iter().filter(|list| !list.errors.is_empty()) {
            errors.insert(self.rest.errors_before(list.place()), &list.errors);
        }
        errors.or(())
    }
}

impl<'r, T> Decoded<'r, T> {
    /// The record, whatever there is besides.
    pub(in crate::config) const fn record(self) -> &'r T {
        let (Self::Whole(record) | Self::Partly(record)) = self;
        record
    }
}

impl Rest {
    fn read(
        entries: Vec<Entry>,
        window: &mut Window<'_>,
        consumers: &mut List,
        routes: &mut List,
    ) -> Result<(Self, Option<Config>), Stop> {
        let mut texts = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            let before = entries.get(..place).unwrap_or_default();
            let is_first = !before.iter().any(|earlier| earlier.name == entry.name);
            let list = [&mut *consumers, &mut *routes]
                .into_iter()
                .find(|list| list.name == entry.name && entry.is_list && is_first);
            if let Some(list) = list {
                list.stands = Some((place, entry.value));
                texts.push(None);
                continue;
            }
            let text = window.bytes(entry.value.span)?;
            if is_first {
                texts.push(Some(text.to_vec()));
            } else {
                // An error anyway, and never decoded.
                syntax::check(text).map_err(|_| Stop::Malformed)?;
                texts.push(None);
            }
        }
        let mut rest = Self {
            entries,
            texts,
            errors: ConfigErrors::default(),
        };
        let node = rest.node(usize::MAX).map_err(|_| Stop::Malformed)?;
        let mut errors = ConfigErrors::default();
        let mut config = Config::decode(&node, &Path::Root, &mut errors);
        drop(node);
        rest.errors = errors;
        if !rest.errors.is_empty() {
            config = rest.sound()?;
        }
        Ok((rest, config))
    }

    /// The config without what is wrong, where nothing else refers to that.
    fn sound(&self) -> Result<Option<Config>, Stop> {
        if !self.errors.iter().all(|error| stands_alone(&error.path)) {
            return Ok(None);
        }
        let Node::Map(mut fields) = self.node(usize::MAX).map_err(|_| Stop::Malformed)? else {
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

    /// The document's first `count` entries, with empty lists for what is read apart.
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

    /// How many errors are told before those of the entry at `place`.
    fn errors_before(&self, place: usize) -> usize {
        let mut errors = ConfigErrors::default();
        if let Ok(node) = self.node(place) {
            let _ = Config::decode(&node, &Path::Root, &mut errors);
        }
        errors.iter().count()
    }
}

/// The fields that nothing else refers to. `minVersion` is none of them: in a policy for a newer module everything else may
/// be right.
const BESIDE: [&str; 4] = ["accessLog", "consumersFrom", "paths", "unmatched"];

/// The fields of which others need what has to be written: where that can be read, what is too much matters to none.
const NAMED: [&str; 2] = ["providers", "routing"];

/// Whether what is wrong at this path can't be the reason for anything else that is.
fn stands_alone(path: &str) -> bool {
    let first = first_step(path);
    BESIDE.contains(&first) || (NAMED.contains(&first) && path != first)
}

/// The policy's field that a path is in.
fn first_step(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// How many records a list has, where it is one: what a text can't hold, no room is made for.
fn records(list: Extent) -> usize {
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

    fn place(&self) -> usize {
        self.stands.map_or(0, |(place, _)| place)
    }

    fn read<T: Decode>(
        &mut self,
        window: &mut Window<'_>,
        each: RecordSink<'_, T>,
    ) -> Result<(), Stop> {
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
        extent: Extent,
        window: &mut Window<'_>,
        names: &mut Distinct,
        each: RecordSink<'_, T>,
    ) -> Result<(), Stop> {
        self.errors = ConfigErrors::default();
        let root = Path::Root;
        let path = root.field(self.name);
        let mut elements = ListItems::of(extent.span, window)?;
        let mut at = 0_usize;
        while let Some(element) = elements.next(window)? {
            let node = Node::parse(window.bytes(element)?).map_err(|_| Stop::Malformed)?;
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

impl Stop {
    /// What it means for the operator: a text that is malformed is read strictly, to its first mistake.
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
            // No object, then.
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
