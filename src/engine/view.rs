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
        let index = known.and_then(|known| index(document, known, observer));
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

fn index(document: &Rc<Document>, source: &Source, observer: &mut dyn Observer) -> Option<Index> {
    let by = source.index.as_ref()?;
    let index = Index::build(document, &by.items, &by.by);
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
    Some(index)
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
    let mut builder = Builder::new(&policy.providers, None);
    for (at, record) in from
        .items
        .select(document.value())
        .into_vec()
        .into_iter()
        .enumerate()
    {
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
