//! Reading a document in slices: first its text, then each part of the view.

use std::sync::Arc;

use serde_json::Value;

use crate::policy::{Policy, SourceId};
use crate::source::{Budget, Document, Format, FormatReader, Hash, SourceError};

use super::consumers::{RecordProgress, RecordReader};
use super::part::Part;
use super::{View, ViewInputs};

/// A view that is being built. A document is read whole or not at all.
#[derive(Debug)]
pub(in crate::engine) struct ViewBuilder {
    view: View,
    format: Format,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Only consumers are wanted, and are read from the text itself.
    Records(RecordReader),
    /// The text becomes a value.
    Value(FormatReader),
    /// The parts of the view are made of the value.
    Parts(Parts),
}

/// A document's value, and the part that is being made of it.
#[derive(Debug)]
struct Parts {
    document: Arc<Document>,
    /// How many parts were begun.
    begun: usize,
    part: Option<Part>,
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
        let format = policy.sources.format(id).unwrap_or(Format::JSON);
        let is_looked_into = source.is_none_or(|source| source.is_looked_into);
        let mut lists = policy.consumers_from.iter();
        let mut lists = lists.by_ref().filter(|from| from.source == id);
        let records = match (lists.next(), lists.next()) {
            (Some(only), None) if !is_looked_into => RecordReader::new(format, &only.items),
            _ => None,
        };
        let stage = records.map_or_else(|| Stage::Value(format.reader()), Stage::Records);
        Self {
            view: View::new(hash, bytes),
            format,
            stage,
        }
    }

    /// Begins with a document whose text is read already.
    pub(in crate::engine) fn of_document(document: &Arc<Document>) -> Self {
        Self {
            view: View::new(document.hash(), document.bytes()),
            format: Format::JSON,
            stage: Stage::Parts(Parts::of(Arc::clone(document))),
        }
    }

    /// Continues. `text` is the same each time. Returns the view once all is read, and `None` if the budget is spent.
    pub(in crate::engine) fn advance(
        &mut self,
        text: &[u8],
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> Result<Option<View>, SourceError> {
        while !budget.is_spent() {
            match &mut self.stage {
                Stage::Records(records) => match records.advance(text, inputs, budget)? {
                    RecordProgress::Pending => {}
                    RecordProgress::Unordered => self.stage = Stage::Value(self.format.reader()),
                    RecordProgress::All => {
                        let directory = records.finish(inputs)?;
                        self.view.directories.push(directory);
                        return Ok(Some(self.take_view()));
                    }
                },
                Stage::Value(reader) => {
                    if let Some(value) = reader.advance(text, budget)? {
                        let document = Document::read(value, self.view.bytes, self.view.hash);
                        self.stage = Stage::Parts(Parts::of(document));
                    }
                }
                Stage::Parts(parts) => {
                    if parts.advance(&mut self.view, inputs, budget)? {
                        self.view.document = Some(Arc::clone(&parts.document));
                        return Ok(Some(self.take_view()));
                    }
                }
            }
        }
        Ok(None)
    }

    fn take_view(&mut self) -> View {
        let nothing = View::new(self.view.hash, self.view.bytes);
        std::mem::replace(&mut self.view, nothing)
    }

    /// The parts of the document's value that are read so far and that are not shared.
    pub(in crate::engine) fn into_values(self) -> Vec<Value> {
        drop(self.view);
        match self.stage {
            Stage::Records(_) => Vec::new(),
            Stage::Value(reader) => reader.into_parts(),
            Stage::Parts(parts) => {
                drop(parts.part);
                parts.document.into_value().into_iter().collect()
            }
        }
    }
}

impl Parts {
    const fn of(document: Arc<Document>) -> Self {
        Self {
            document,
            begun: 0,
            part: None,
        }
    }

    /// Continues, and puts finished parts into the view. Returns whether all are finished.
    fn advance(
        &mut self,
        view: &mut View,
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> Result<bool, SourceError> {
        while !budget.is_spent() {
            let Some(mut part) = self.part.take() else {
                self.part = Part::begin(self.begun, &self.document, inputs, budget)?;
                self.begun = self.begun.saturating_add(1);
                if self.part.is_none() {
                    return Ok(true);
                }
                continue;
            };
            if !part.advance(&self.document, inputs, budget)? {
                self.part = Some(part);
                return Ok(false);
            }
            part.finish(view, &self.document, inputs)?;
        }
        Ok(false)
    }
}

#[cfg(test)]
mod slices;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::{Event, Observer};
    use proptest::prelude::*;

    pub(in crate::engine) struct Events(pub(in crate::engine) Vec<String>);

    impl Observer for Events {
        fn event(&mut self, event: &Event<'_>) {
            self.0.push(format!("{event:?}"));
        }
    }

    /// A policy that reads consumers from the text, or from the value where a lookup needs the value too.
    pub(in crate::engine) fn policy(lookup: &str) -> Policy {
        let text = format!(
            r#"{{"consumersFrom": [{{"source": "s", "items": "$.consumers[*]"}}],
                "providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x"}}]}}}},
                               "other": {{"apiKey": {{"from": [{{"header": "y"}}]}}}}}},
                "sources": {{"s": {{"http": {{"cluster": "c", "path": "/"}}, "refresh": "1s"}}}},
                "routes": [{{"name": "r", "require": "keys"{lookup}}}]}}"#
        );
        Policy::compile(&Config::parse(text.as_bytes()).unwrap(), &|_: &str| {
            Some("k0".to_owned())
        })
        .unwrap()
    }

    /// The result of a text: events, and the owner of each key with everything that is known of it.
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
                // Each way of reading tells another position of the mistake.
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

        /// In slices or at once, from the text or from the value: the result is the same.
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
            // If two lists have one name, the first one is read too, because the second one comes later.
            if text.matches(r#""consumers""#).count() == 1 {
                prop_assert_eq!(&events, &whole.0, "{}", text);
            }
        }
    }
}
