//! What one policy makes of one document.

use std::rc::Rc;

use crate::config::{self, ConfigErrors, Path};
use crate::policy::{Builder, ConsumersFrom, Directory, Policy, Source};
use crate::source::{Document, Index, SourceError};

use super::event::{Event, Observer};

/// A document as one policy reads it: its index, and the consumers in it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) document: Rc<Document>,
    pub(super) index: Option<Index>,
    pub(super) directories: Vec<Directory>,
}

impl View {
    /// Reads `document`, all of it or nothing. `last` is the view that this one would replace.
    pub(super) fn build(
        document: &Rc<Document>,
        source: usize,
        policy: &Policy,
        last: Option<&Self>,
        observer: &mut dyn Observer,
    ) -> Result<Self, SourceError> {
        let known = policy.sources.at(source);
        let name = known.map_or("", |source| &source.name);
        let index = match known {
            Some(known) => index(document, known, observer)?,
            None => None,
        };
        let mut directories = Vec::new();
        for from in policy
            .consumers_from
            .iter()
            .filter(|from| from.source == source)
        {
            let before = last
                .and_then(|last| last.directories.get(directories.len()))
                .map_or(0, Directory::len);
            directories.push(consumers(document, from, policy, before, name, observer)?);
        }
        Ok(Self {
            document: Rc::clone(document),
            index,
            directories,
        })
    }
}

/// The index of a document. One whose every entry lacks a key has another shape than the policy knows: an error page
/// in JSON, say.
fn index(
    document: &Rc<Document>,
    source: &Source,
    observer: &mut dyn Observer,
) -> Result<Option<Index>, SourceError> {
    let Some(by) = source.index.as_ref() else {
        return Ok(None);
    };
    let index = Index::build(document, &by.items, &by.by);
    if index.is_empty() && (index.left_out() > 0 || !by.items.reaches(document.value())) {
        return Err(SourceError::Unusable(
            "the index finds no entry in it".into(),
        ));
    }
    let mut tell = |count: usize, reason: &str| {
        if count > 0 {
            let record = count.to_string();
            observer.event(&Event::RecordLeftOut {
                source: &source.name,
                record: &record,
                reason,
            });
        }
    };
    tell(index.left_out(), "so many entries have no usable key");
    tell(
        index.ambiguous(),
        "so many keys are claimed by several entries: they answer for none",
    );
    Ok(Some(index))
}

/// The consumers of a document. A record that doesn't compile is left out, and so denied; a credential that two claim is
/// nobody's. A document that lost too many of them is refused.
fn consumers(
    document: &Rc<Document>,
    from: &ConsumersFrom,
    policy: &Policy,
    before: usize,
    source: &str,
    observer: &mut dyn Observer,
) -> Result<Directory, SourceError> {
    if !from.items.reaches(document.value()) {
        return Err(SourceError::Unusable(
            "there is no place for consumers in it".into(),
        ));
    }
    let mut builder = Builder::new(&policy.providers, None);
    let records = from.items.select(document.value()).into_vec();
    for (at, record) in records.iter().enumerate() {
        let mut left_out = |record: &str, errors: &ConfigErrors| {
            let record = if record.is_empty() {
                at.to_string()
            } else {
                record.to_owned()
            };
            for error in errors {
                let reason = error.to_string();
                observer.event(&Event::RecordLeftOut {
                    source,
                    record: &record,
                    reason: &reason,
                });
            }
        };
        let consumer = match config::Consumer::from_document(record) {
            Ok(consumer) => consumer,
            Err(errors) => {
                left_out("", &errors);
                continue;
            }
        };
        let mut errors = ConfigErrors::default();
        if policy.consumer_names.contains(consumer.name.as_bytes()) {
            errors.push("name", "the policy has a consumer of that name");
        } else {
            builder.add(&consumer, &Path::Root, &mut errors);
        }
        left_out(&consumer.name, &errors);
    }
    let (directory, _) = builder.finish();
    if directory.len() == 0 && !records.is_empty() {
        return Err(SourceError::Unusable(
            "none of its records is a consumer".into(),
        ));
    }
    let needed = before
        .saturating_mul(usize::from(from.keep_percent))
        .div_ceil(100);
    if directory.len() < needed {
        let now = directory.len();
        let reason =
            format!("{now} consumers where there were {before}: fewer than `maxShrink` allows");
        return Err(SourceError::Unusable(reason));
    }
    Ok(directory)
}
