//! The consumers of a document, read record by record.

use serde_json::Value;

use crate::config::{ConfigErrors, Consumer, ConsumerRef, MOST_OF_RECORD, Path};
use crate::policy::{Builder, CredentialInputs, Directory};
use crate::source::{
    Budget, Document, Format, Item, Items, JsonPath, Selected, SourceError, read_item, text_within,
};

use super::{DirectoryId, ViewInputs, nowhere};

/// Reads the consumers from the text of a document, and keeps no other part of it.
#[derive(Debug)]
pub(super) struct RecordReader {
    items: Items,
    loader: ConsumerLoader,
}

/// How far the records are read.
pub(super) enum RecordProgress {
    /// The budget is spent.
    Pending,
    /// They can't be read from the text: the value has another order.
    Unordered,
    /// All are read.
    All,
}

impl RecordReader {
    /// `None` if the format has no way to find `items` in its text.
    pub(super) fn new(format: Format, items: &JsonPath) -> Option<Self> {
        Some(Self {
            items: format.items(items)?,
            loader: ConsumerLoader::default(),
        })
    }

    /// Continues. `text` is the same each time.
    pub(super) fn advance(
        &mut self,
        text: &[u8],
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> Result<RecordProgress, SourceError> {
        let Self { items, loader } = self;
        while let Some(item) = items.next(text, budget)? {
            match item {
                Item::Begins(at) => loader.record(text, at, items, inputs, budget)?,
                Item::Forget => *loader = ConsumerLoader::default(),
                Item::Unordered => return Ok(RecordProgress::Unordered),
                Item::End(true) => return Ok(RecordProgress::All),
                Item::End(false) => {
                    let from = inputs.consumers_from().next();
                    return Err(from.map_or_else(
                        || SourceError::Unusable("the policy reads no consumers from it".into()),
                        |from| nowhere(&from.items, "consumers"),
                    ));
                }
            }
        }
        Ok(RecordProgress::Pending)
    }

    /// The directory, once all are read.
    pub(super) fn finish(&mut self, inputs: &ViewInputs<'_>) -> Result<Directory, SourceError> {
        std::mem::take(&mut self.loader).finish(DirectoryId::FIRST, inputs)
    }
}

/// A list of consumers that is being read from a document's value.
#[derive(Debug)]
pub(super) struct ConsumersPart {
    id: DirectoryId,
    selected: Selected,
    loader: ConsumerLoader,
}

impl ConsumersPart {
    /// `None` if the policy has no list for this directory.
    ///
    /// # Errors
    /// The document has no value at the path of the list.
    pub(super) fn new(
        id: DirectoryId,
        document: &Document,
        inputs: &ViewInputs<'_>,
    ) -> Result<Option<Self>, SourceError> {
        let Some(from) = inputs.list(id) else {
            return Ok(None);
        };
        if !from.items.reaches(document.value()) {
            return Err(nowhere(&from.items, "consumers"));
        }
        Ok(Some(Self {
            id,
            selected: from.items.selected(document.value()),
            loader: ConsumerLoader::default(),
        }))
    }

    /// Continues; returns whether all records are read.
    pub(super) fn advance(
        &mut self,
        document: &Document,
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> bool {
        while !budget.is_spent() {
            let from = inputs.list(self.id);
            let base = from.and_then(|from| from.items.base_in(document.value()));
            let Some(value) = base.and_then(|base| self.selected.next_value(base)) else {
                return true;
            };
            self.loader.value(value, inputs, budget);
        }
        false
    }

    /// The directory.
    pub(super) fn finish(self, inputs: &ViewInputs<'_>) -> Result<Directory, SourceError> {
        self.loader.finish(self.id, inputs)
    }
}

/// The consumers so far. A record that doesn't compile is left out, so its credentials are denied. A credential that
/// two records claim belongs to no consumer.
#[derive(Debug, Default)]
struct ConsumerLoader {
    builder: Builder,
    records: usize,
}

/// The cost of a byte of a record that isn't plain; a byte of a plain one costs 1.
const COST_OF_UNUSUAL_BYTE: usize = 8;

/// The least cost of a record that is read already.
const LEAST_COST: usize = 768;

/// The longest record, in bytes of its text: a record is read in one go.
const LONGEST: usize = 64 << 10;

impl ConsumerLoader {
    /// Adds the record that begins at `begin`, the next one of `items`.
    fn record(
        &mut self,
        text: &[u8],
        begin: usize,
        items: &mut Items,
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> Result<(), SourceError> {
        // No byte beyond the longest record is read, neither here nor when a record is skipped.
        let end = text.len().min(begin.saturating_add(LONGEST));
        let window = text.get(begin..end).unwrap_or_default();
        if let Some((plain, length)) = ConsumerRef::plain(window) {
            items.pass(length);
            self.add(&plain, inputs);
            return Ok(());
        }
        match items.text(text, LONGEST)? {
            Some(record) => {
                budget.spend(record.len().saturating_mul(COST_OF_UNUSUAL_BYTE));
                let value = read_item(text, record)?;
                self.decode(&value, inputs);
            }
            None => {
                budget.spend(LONGEST);
                self.refuse_long(inputs);
            }
        }
        Ok(())
    }

    /// Adds a record that is read already.
    fn value(&mut self, record: &Value, inputs: &mut ViewInputs<'_>, budget: &mut Budget) {
        match text_within(record, LONGEST) {
            Some(length) => {
                budget.spend(length.saturating_mul(COST_OF_UNUSUAL_BYTE).max(LEAST_COST));
                self.decode(record, inputs);
            }
            None => {
                budget.spend(LONGEST);
                self.refuse_long(inputs);
            }
        }
    }

    fn refuse_long(&mut self, inputs: &mut ViewInputs<'_>) {
        let reason = format!("the record is longer than {LONGEST} bytes");
        inputs.left_out(&self.number(), &reason);
    }

    /// The number of the next record, which has no name.
    fn number(&mut self) -> String {
        let number = self.records.to_string();
        self.records = self.records.saturating_add(1);
        number
    }

    fn decode(&mut self, record: &Value, inputs: &mut ViewInputs<'_>) {
        match Consumer::from_document(record) {
            Ok((consumer, without)) => {
                left_out(&consumer.name, &without, inputs);
                self.add(&consumer.as_ref(), inputs);
            }
            Err(errors) => left_out(&self.number(), &errors, inputs),
        }
    }

    fn add(&mut self, consumer: &ConsumerRef<'_>, inputs: &mut ViewInputs<'_>) {
        self.records = self.records.saturating_add(1);
        let for_credentials = CredentialInputs {
            providers: &inputs.policy.providers,
            environment: None,
        };
        let mut errors = ConfigErrors::first(MOST_OF_RECORD);
        self.builder
            .add(consumer, for_credentials, &Path::Root, &mut errors);
        left_out(consumer.name, &errors, inputs);
    }

    /// The directory `id`. Refuses a document that lost too many of the consumers of the one before.
    fn finish(self, id: DirectoryId, inputs: &ViewInputs<'_>) -> Result<Directory, SourceError> {
        let from = inputs.list(id);
        let before = inputs.last.and_then(|last| last.directory(id));
        let kept = from.map_or(0, |from| from.keep_percent);
        let before = before.map_or(0, Directory::len);
        judge(self.builder.len(), self.records, before, kept)?;
        Ok(self.builder.finish())
    }
}

/// Refuses a document with too few consumers: none of its `records` is a consumer, or there are fewer than `maxShrink` allows
/// after `before` consumers.
pub(in crate::engine) fn judge(
    now: usize,
    records: usize,
    before: usize,
    keep_percent: u8,
) -> Result<(), SourceError> {
    if now == 0 && records > 0 {
        return Err(SourceError::Unusable(
            "none of its records is a consumer".into(),
        ));
    }
    let needed = before.saturating_mul(usize::from(keep_percent));
    if now < needed.div_ceil(100) {
        let reason =
            format!("{now} consumers where there were {before}: fewer than `maxShrink` allows");
        return Err(SourceError::Unusable(reason));
    }
    Ok(())
}

fn left_out(record: &str, errors: &ConfigErrors, inputs: &mut ViewInputs<'_>) {
    let notices = errors.notices().iter();
    let notices = notices.map(|notice| format!("{}: {}", notice.path, notice.reason));
    let all = errors.iter().map(ToString::to_string).chain(notices);
    for reason in all.take(MOST_OF_RECORD) {
        inputs.left_out(record, &reason);
    }
}
