//! Reading a document in slices.

use std::sync::Arc;

use crate::policy::{Directory, Policy, SourceId};
use crate::source::{
    Budget, Document, Format, FormatReader, Hash, Index, Indexing, Item, Items, JsonPath, Selected,
    SourceError,
};

use super::ConsumerLoader;
use super::View;
use super::ViewInputs;

/// A document that is being read: first its text, then what the policies make of it. It is read whole or not at all.
#[derive(Debug)]
pub(in crate::engine) struct ViewBuilder {
    hash: Hash,
    bytes: usize,
    format: Format,
    stage: Stage,
    index: Option<Index>,
    directories: Vec<Directory>,
}

#[derive(Debug)]
enum Stage {
    /// Consumers are read off the text; there is no need for the rest of it.
    Records(Items, ConsumerLoader),
    /// The text becomes a value.
    Value(FormatReader),
    /// It is one.
    Parsed(Arc<Document>),
    Indexing(Arc<Document>, Box<Indexing>),
    /// Consumers are read out of the value.
    Enrolling(Arc<Document>, Selected, ConsumerLoader),
}

impl ViewBuilder {
    /// Begins with the text of a document, which has this hash and length.
    pub(in crate::engine) fn of_text(
        hash: Hash,
        bytes: usize,
        policy: &Policy,
        id: SourceId,
    ) -> Self {
        let source = policy.sources.at(id);
        let format = policy.sources.format(id).unwrap_or(Format::Json);
        let looks_in = source.is_none_or(|source| source.is_looked_into);
        let mut readers = policy.consumers_from.iter();
        let mut readers = readers.by_ref().filter(|from| from.source == id);
        let items = match (readers.next(), readers.next()) {
            (Some(only), None) if !looks_in => format.items(&only.items),
            _ => None,
        };
        let stage = items.map_or_else(
            || Stage::Value(format.reader()),
            |items| Stage::Records(items, ConsumerLoader::default()),
        );
        Self::new(hash, bytes, format, stage)
    }

    /// Begins with a document whose text was read already.
    pub(in crate::engine) fn of_document(document: &Arc<Document>) -> Self {
        let stage = Stage::Parsed(Arc::clone(document));
        Self::new(document.hash(), document.bytes(), Format::Json, stage)
    }

    const fn new(hash: Hash, bytes: usize, format: Format, stage: Stage) -> Self {
        Self {
            hash,
            bytes,
            format,
            stage,
            index: None,
            directories: Vec::new(),
        }
    }

    /// Goes on. `text` is the same each time. The view, once all is read; `None` where the budget is spent.
    pub(in crate::engine) fn advance(
        &mut self,
        text: &[u8],
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> Result<Option<View>, SourceError> {
        while !budget.is_spent() {
            let next = match &mut self.stage {
                Stage::Records(items, loader) => {
                    match records(items, loader, text, inputs, budget)? {
                        Records::Pending => continue,
                        Records::Unordered => Some(Stage::Value(self.format.reader())),
                        Records::Nowhere => return Err(self.no_place(inputs)),
                        Records::All => {
                            self.enrolled(inputs)?;
                            return Ok(Some(self.finish(None)));
                        }
                    }
                }
                Stage::Value(tree) => tree
                    .advance(text, budget)?
                    .map(|value| Stage::Parsed(Document::read(value, self.bytes, self.hash))),
                Stage::Parsed(document) => {
                    let document = Arc::clone(document);
                    match self.next(&document, inputs)? {
                        Some(stage) => Some(stage),
                        None => return Ok(Some(self.finish(Some(document)))),
                    }
                }
                Stage::Indexing(document, indexing) => {
                    let by = inputs.source().and_then(|source| source.index.as_ref());
                    let is_done = by.is_none_or(|by| indexing.advance(&by.by, budget));
                    is_done.then(|| Stage::Parsed(Arc::clone(document)))
                }
                Stage::Enrolling(document, selected, loader) => {
                    let from = inputs.consumers_from().nth(self.directories.len());
                    let base = from.and_then(|from| from.items.base_in(document.value()));
                    let value = base.and_then(|base| selected.next_value(base));
                    match value {
                        Some(value) => {
                            loader.value(value, inputs, budget);
                            None
                        }
                        None => Some(Stage::Parsed(Arc::clone(document))),
                    }
                }
            };
            if let Some(next) = next {
                self.go_over(next, inputs)?;
            }
        }
        Ok(None)
    }

    /// What is to be done next with a document whose value is known; `None` where that was all.
    fn next(
        &self,
        document: &Arc<Document>,
        inputs: &ViewInputs<'_>,
    ) -> Result<Option<Stage>, SourceError> {
        let index = inputs.source().and_then(|source| source.index.as_ref());
        if let Some(by) = index.filter(|_| self.index.is_none()) {
            let indexing = Box::new(Indexing::new(document, &by.items));
            return Ok(Some(Stage::Indexing(Arc::clone(document), indexing)));
        }
        let Some(from) = inputs.consumers_from().nth(self.directories.len()) else {
            return Ok(None);
        };
        if !from.items.reaches(document.value()) {
            return Err(nowhere(&from.items, "consumers"));
        }
        let selected = from.items.selected(document.value());
        let document = Arc::clone(document);
        Ok(Some(Stage::Enrolling(
            document,
            selected,
            ConsumerLoader::default(),
        )))
    }

    /// Goes over to another stage, and keeps what the one before it brought.
    fn go_over(&mut self, next: Stage, inputs: &mut ViewInputs<'_>) -> Result<(), SourceError> {
        match std::mem::replace(&mut self.stage, next) {
            Stage::Indexing(document, indexing) => {
                let index = indexing.finish();
                judge_index(&index, &document, inputs)?;
                self.index = Some(index);
            }
            Stage::Enrolling(_, _, loader) => {
                let directory = self.judge(loader, inputs)?;
                self.directories.push(directory);
            }
            Stage::Records(..) | Stage::Value(_) | Stage::Parsed(_) => {}
        }
        Ok(())
    }

    /// All consumers are read off the text.
    fn enrolled(&mut self, inputs: &ViewInputs<'_>) -> Result<(), SourceError> {
        let nothing = Stage::Value(self.format.reader());
        if let Stage::Records(_, loader) = std::mem::replace(&mut self.stage, nothing) {
            let directory = self.judge(loader, inputs)?;
            self.directories.push(directory);
        }
        Ok(())
    }

    fn no_place(&self, inputs: &ViewInputs<'_>) -> SourceError {
        let from = inputs.consumers_from().nth(self.directories.len());
        from.map_or_else(
            || SourceError::Unusable("nobody reads consumers in it".into()),
            |from| nowhere(&from.items, "consumers"),
        )
    }

    fn judge(
        &self,
        loader: ConsumerLoader,
        inputs: &ViewInputs<'_>,
    ) -> Result<Directory, SourceError> {
        let number = self.directories.len();
        let from = inputs.consumers_from().nth(number);
        let before = inputs.last.and_then(|last| last.directories.get(number));
        let kept = from.map_or(0, |from| from.keep_percent);
        loader.finish(before.map_or(0, Directory::len), kept)
    }

    fn finish(&mut self, document: Option<Arc<Document>>) -> View {
        View {
            hash: self.hash,
            bytes: self.bytes,
            document,
            index: self.index.take(),
            directories: std::mem::take(&mut self.directories),
        }
    }

    /// What was read so far of the document's value, in parts that nobody else has.
    pub(in crate::engine) fn into_values(self) -> Vec<serde_json::Value> {
        drop(self.index);
        let document = match self.stage {
            Stage::Records(..) => return Vec::new(),
            Stage::Value(tree) => return tree.into_parts(),
            Stage::Parsed(document) | Stage::Enrolling(document, ..) => document,
            Stage::Indexing(document, indexing) => {
                drop(indexing);
                document
            }
        };
        document.into_value().into_iter().collect()
    }
}

enum Records {
    Pending,
    /// They can't be read off the text.
    Unordered,
    /// There is no place for them.
    Nowhere,
    All,
}

/// Reads consumers off the text.
fn records(
    items: &mut Items,
    loader: &mut ConsumerLoader,
    text: &[u8],
    inputs: &mut ViewInputs<'_>,
    budget: &mut Budget,
) -> Result<Records, SourceError> {
    while let Some(item) = items.next(text, budget)? {
        match item {
            Item::Begins(at) => loader.record(text, at, items, inputs, budget)?,
            Item::Forget => *loader = ConsumerLoader::default(),
            Item::Unordered => return Ok(Records::Unordered),
            Item::End(true) => return Ok(Records::All),
            Item::End(false) => return Ok(Records::Nowhere),
        }
    }
    Ok(Records::Pending)
}

/// A document that has lost its place for `what` is of another shape: it doesn't say that there are none.
fn nowhere(items: &JsonPath, what: &str) -> SourceError {
    let reason = format!(
        "`{items}` leads nowhere in it; where there are no {what}, an empty list or null has to stand there"
    );
    SourceError::Unusable(reason)
}

/// An index whose every entry lacks a key is of a document of another shape than the policy knows: an error page in JSON,
/// say.
fn judge_index(
    index: &Index,
    document: &Document,
    inputs: &mut ViewInputs<'_>,
) -> Result<(), SourceError> {
    let by = inputs.source().and_then(|source| source.index.as_ref());
    let items = by.map(|by| &by.items);
    let astray = items.filter(|items| !items.reaches(document.value()));
    if let Some(items) = astray.filter(|_| index.is_empty()) {
        return Err(nowhere(items, "entries"));
    }
    if index.is_empty() && index.left_out() > 0 {
        return Err(SourceError::Unusable(
            "none of its entries has a usable key".into(),
        ));
    }
    for (count, one, several) in [
        (
            index.left_out(),
            "entry has no usable key",
            "entries have no usable key",
        ),
        (
            index.ambiguous(),
            "key is claimed by several entries and answers for none",
            "keys are claimed by several entries and answer for none",
        ),
    ] {
        if count > 0 {
            let what = if count == 1 { one } else { several };
            inputs.left_out("-", &format!("{count} {what}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod slices;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::{Event, Observer};
    use crate::policy::Environment;
    use proptest::prelude::*;

    pub(in crate::engine) struct Events(pub(in crate::engine) Vec<String>);

    impl Observer for Events {
        fn event(&mut self, event: &Event<'_>) {
            self.0.push(format!("{event:?}"));
        }
    }

    struct Nothing;

    impl Environment for Nothing {
        fn variable(&self, _name: &str) -> Option<String> {
            Some("k0".to_owned())
        }
    }

    /// Reads consumers off the text, or out of the value because a lookup needs that as well.
    pub(in crate::engine) fn policy(lookup: &str) -> Policy {
        let text = format!(
            r#"{{"consumersFrom": [{{"source": "s", "items": "$.consumers[*]"}}],
                "providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x"}}]}}}},
                               "other": {{"apiKey": {{"from": [{{"header": "y"}}]}}}}}},
                "sources": {{"s": {{"http": {{"cluster": "c", "path": "/"}}, "refresh": "1s"}}}},
                "routes": [{{"name": "r", "require": "keys"{lookup}}}]}}"#
        );
        Policy::compile(&Config::parse(text.as_bytes()).unwrap(), &Nothing).unwrap()
    }

    /// What comes of a text: events, and whose each key is, with all that is known of that one.
    fn read(text: &[u8], slice: Option<usize>, policy: &Policy) -> (Vec<String>, String) {
        let mut observer = Events(Vec::new());
        let mut reading = ViewBuilder::of_text(Hash([0; 32]), text.len(), policy, SourceId::new(0));
        let inputs = &mut ViewInputs {
            policy,
            id: SourceId::new(0),
            last: None,
            observer: &mut observer,
        };
        let view = loop {
            let mut budget = slice.map_or_else(Budget::unlimited, Budget::of);
            match reading.advance(text, inputs, &mut budget) {
                Ok(None) => {}
                Ok(Some(view)) => break view,
                // Where it is malformed is told in as many ways as it is read.
                Err(SourceError::Malformed(_)) => return (Vec::new(), "malformed".to_owned()),
                Err(error) => return (observer.0, error.to_string()),
            }
        };
        let directory = &view.directories[0];
        let mut known = format!("{} ", directory.len());
        for provider in policy.providers.ids() {
            for key in ["k0", "k1", "k2", "k3", "é"] {
                let found = directory.find(provider, key.as_bytes()).map(|found| {
                    let owner = found.owner();
                    let label = |name| owner.label(name).map(|label| label.bytes().to_vec());
                    let groups: Vec<_> = owner.groups().collect();
                    let id = found.id().map(|id| id.bytes().to_vec());
                    format!(
                        "{owner:?} {groups:?} {:?} {:?} {id:?}",
                        label("a"),
                        label("b")
                    )
                });
                known.push_str(&format!("{key}: {found:?} "));
            }
        }
        (observer.0, known)
    }

    fn record() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec!["n0", "n1", "n2", "\\u006e1", "é", "", "n3", "n4"]);
        let key = prop::sample::select(vec![
            r#"{"value":"k0"}"#,
            r#"{"value": "k1", "id": "i"}"#,
            r#"{"provider":"other","value":"k1"}"#,
            r#"{"provider":"keys","value":"k2"}"#,
            r#"{"provider":"keys","value":"k3","id":""}"#,
            r#"{"provider":"nowhere","value":"k3"}"#,
            r#"{"provider":"keys","value":"\u00e9"}"#,
            r#"{"provider":"keys","value":{"env":"X"}}"#,
            r#"{"provider":"keys","env":"X"}"#,
            r#"{"provider":"keys","sha256":"a6f3e5e0b3f3d2bfb1bb0a36cc4df0b0ad9d5b7fd2cfa9ef7b3d8e3b7f0a9f11"}"#,
            r#"{"provider":"other","sha256":"a6f3"}"#,
            r#"{"provider":"keys","value":"k0","value":"k1"}"#,
            r#"{"provider":"keys","sha256":"a93dcb8a3b6e5e4b9fd7bd6f1b5f0e1e2f1a7d0d4cb8b1c7f0b1a9d9a6d1c2e3"}"#,
            r#"{"provider":"keys","value":"k2","id":null}"#,
            r#"{"provider":null,"value":"k1"}"#,
            r#"{"provider":"keys","value":null,"sha256":null}"#,
            r#"{"provider":"keys","value":"k3","id":7}"#,
            r#"{"provider":"other","value":7}"#,
            "null",
        ]);
        let more = prop::sample::select(vec![
            "",
            r#","groups":["g","h"]"#,
            r#","groups":["g,h"]"#,
            r#","groups":"g""#,
            r#","labels":{"b":"2","a":"1"}"#,
            r#","labels":{"a":"1","a":"2"}"#,
            r#","labels":{"":"1"}"#,
            r#","unknown":[{}]"#,
            r#","name":"n2""#,
            r#","groups":null,"labels":null"#,
            r#","groups":["g",7,true,null]"#,
            r#","groups":[1.0,"g"]"#,
            r#","labels":{"a":1,"b":false}"#,
            r#","labels":{"a":null,"b":2.50}"#,
            r#","labels":{"a":1e300}"#,
            " ",
        ]);
        let keys = prop::collection::vec(key, 0..3);
        let whole = (name, keys, more).prop_map(|(name, keys, more)| {
            let keys: Vec<_> = keys
                .iter()
                .map(|key| format!(r#"{{"apiKey":{key}}}"#))
                .collect();
            format!(
                r#"{{"name":"{name}","credentials":[{}]{more}}}"#,
                keys.join(", ")
            )
        });
        prop_oneof![
            12 => whole,
            1 => prop::sample::select(vec!["null", "7", "\"n0\"", "[]", "{}", r#"{"name":7}"#, r#"{"name":null}"#, "{\"name\"}"])
                .prop_map(str::to_owned),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// In slices or at once, off the text or out of the value: the same comes of it.
        #[test]
        fn all_ways_of_reading_are_one(
            records in prop::collection::vec(record(), 0..12),
            before in prop::sample::select(vec!["", r#""consumers": [{"name":"old"}],"#, r#""consumers": 7, "x": {"consumers": []},"#]),
            mark in prop::sample::select(vec!["", "", "\u{feff}"]),
            after in prop::sample::select(vec!["", r#", "x": [[], "]"]"#, r#", "consumers": {}"#, r#", "consumers": null"#, "]", ","]),
            slice in 1..400_usize,
        ) {
            let text = format!(r#"{mark}{{{before}"consumers": [{}]{after}}}"#, records.join(" ,\n"));
            let off_text = policy("");
            let of_value = policy(r#", "lookup": {"l": {"source": "s", "values": {"v": "$.x"}}}"#);
            let whole = read(text.as_bytes(), None, &off_text);
            prop_assert_eq!(&read(text.as_bytes(), Some(slice), &off_text), &whole, "{}", text);
            let (events, known) = read(text.as_bytes(), None, &of_value);
            prop_assert_eq!(&read(text.as_bytes(), Some(slice), &of_value), &(events.clone(), known.clone()), "{}", text);
            prop_assert_eq!(&known, &whole.1, "{}", text);
            // Of two lists of one name the first is read too, before it is known that the second counts.
            if text.matches(r#""consumers""#).count() == 1 {
                prop_assert_eq!(&events, &whole.0, "{}", text);
            }
        }
    }
}
