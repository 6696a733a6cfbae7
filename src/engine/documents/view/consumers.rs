//! Taking in the consumers of a document, record by record.

use serde_json::Value;

use crate::config::{ConfigErrors, Consumer, ConsumerRef, MOST_OF_RECORD, Path};
use crate::policy::{Builder, CredentialInputs, Directory};
use crate::source::{Budget, Items, SourceError, read_item, text_within};

use super::ViewInputs;

/// The consumers so far. A record that doesn't compile is left out, and so denied; a credential that two claim is nobody's.
#[derive(Debug, Default)]
pub(in crate::engine) struct ConsumerLoader {
    builder: Builder,
    records: usize,
}

/// How much more a byte costs of a record that isn't plain.
const DEAR: usize = 8;

/// What a record costs at least that was read already.
const RECORD: usize = 768;

/// The longest record, in bytes of its text: it is read in one go.
const LONGEST: usize = 64 << 10;

impl ConsumerLoader {
    /// Takes in the record that begins there, the next one of `items`.
    pub(in crate::engine) fn record(
        &mut self,
        text: &[u8],
        begin: usize,
        items: &mut Items,
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> Result<(), SourceError> {
        // Further than a record may go none of it is looked at: neither here nor by what skips it.
        let end = text.len().min(begin.saturating_add(LONGEST));
        let window = text.get(begin..end).unwrap_or_default();
        if let Some((plain, length)) = ConsumerRef::plain(window) {
            items.pass(length);
            self.add(&plain, inputs);
            return Ok(());
        }
        match items.text(text, LONGEST)? {
            Some(record) => {
                budget.spend(record.len().saturating_mul(DEAR));
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

    /// Takes in a record that was read as JSON.
    pub(in crate::engine) fn value(
        &mut self,
        record: &Value,
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) {
        match text_within(record, LONGEST) {
            Some(length) => {
                budget.spend(length.saturating_mul(DEAR).max(RECORD));
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

    /// The number of the next record, which isn't even known by name.
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

    /// The directory. A document that lost too many of the consumers of the one `before` is refused.
    pub(in crate::engine) fn finish(
        self,
        before: usize,
        keep_percent: u8,
    ) -> Result<Directory, SourceError> {
        judge(self.builder.len(), self.records, before, keep_percent)?;
        Ok(self.builder.finish())
    }
}

/// Refuses a document of which so few consumers are left: none of its `records`, or fewer than the part that is to be kept
/// of those `before`.
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
