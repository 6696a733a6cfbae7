//! Consumers and the sources that hold them, as they are written.

mod generated;
mod plain;

use crate::config::credential::{Credential, CredentialRef, refuse_environment, take_credentials};
use crate::config::decode::{Decode, Named};
use crate::config::values::scalar::Percent;
use crate::config::values::text::{group_names, json_path, line, values_by_name};
use crate::config::{ConfigErrors, Path};

record! {
    /// A sender of requests: an application, a partner, a team.
    pub struct Consumer {
        /// The name by which the upstream, conditions and logs know it. Not empty, unique in the policy.
        "name" name: String as line = required;
        /// The groups that it belongs to, for conditions.
        "groups" groups: Vec<String> as group_names = [];
        /// Facts about it by name, for conditions and templates.
        "labels" labels: Vec<Named<String>> as values_by_name = {};
        /// What it proves its identity by: any one of them.
        "credentials" credentials: Vec<Credential> = [];
    }
}

record! {
    /// A source that holds consumers, read anew at each refresh.
    pub struct ConsumersFrom {
        /// The name of the source.
        "source" source: String as line = required;
        /// A JSONPath: each value that it finds in the document is a consumer.
        "items" items: String as json_path = required;
        /// By how much the number of consumers may shrink from one document to the next; a document that loses more is
        /// refused as broken, and the last good one stays. Without it, any.
        "maxShrink" max_shrink: Option<Percent> = optional;
    }
}

/// A consumer as it was read, borrowed from where it was.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct ConsumerRef<'a> {
    pub(crate) name: &'a str,
    pub(crate) groups: Vec<&'a str>,
    pub(crate) labels: Vec<(&'a str, &'a str)>,
    pub(crate) credentials: Vec<CredentialRef<'a>>,
}

impl<'a> ConsumerRef<'a> {
    /// Reads a record of a source's document, if `text` begins with one in the usual form, and returns its length. This is fast.
    /// `None` if it has to be read as JSON, by [`Consumer::from_document`].
    pub(crate) fn plain(text: &'a [u8]) -> Option<(Self, usize)> {
        plain::consumer(text)
    }
}

/// The most errors that are reported of a record of a document.
pub(crate) const MOST_OF_RECORD: usize = 8;

impl Consumer {
    /// The same, borrowed.
    pub(crate) fn as_ref(&self) -> ConsumerRef<'_> {
        ConsumerRef {
            name: &self.name,
            groups: self.groups.iter().map(String::as_str).collect(),
            labels: self
                .labels
                .iter()
                .map(|label| (label.name.as_str(), label.value.as_str()))
                .collect(),
            credentials: self.credentials.iter().map(Credential::as_ref).collect(),
        }
    }

    /// Reads one record of a source's document (`consumersFrom`). Returns also the errors of the credentials that were left out.
    /// A record is read as in the policy, with two differences. Programs may write it, so a `null` is left out, a number is its
    /// text where a name is expected, and a bad credential is left out as long as there is a good one. And `{env: NAME}` is
    /// refused: a document must not read the gateway's environment. It is read in one step, so it must be short.
    ///
    /// # Errors
    /// The first eight things that are wrong with the record, each with its path from the record's root.
    pub fn from_document(record: &serde_json::Value) -> Result<(Self, ConfigErrors), ConfigErrors> {
        let mut node = generated::consumer(record);
        let credentials = take_credentials(&mut node);
        let mut errors = ConfigErrors::first(MOST_OF_RECORD);
        let read = Self::decode(&node, &Path::Root, &mut errors);
        let mut left_out = ConfigErrors::first(MOST_OF_RECORD);
        let path = Path::Root;
        let path = path.field("credentials");
        let mut good = Vec::with_capacity(credentials.len());
        for (index, credential) in credentials.iter().enumerate() {
            let at = path.index(index);
            let mut own = ConfigErrors::first(MOST_OF_RECORD);
            let read = Credential::decode(credential, &at, &mut own);
            refuse_environment(credential, &at, &mut own);
            match read.filter(|_| own.is_empty()) {
                Some(credential) => good.push(credential),
                None => left_out.append(own),
            }
        }
        if good.is_empty() || read.is_none() || !errors.is_empty() {
            errors.append(std::mem::take(&mut left_out));
        }
        let mut consumer = errors.decoded(read)?;
        consumer.credentials = good;
        Ok((consumer, left_out))
    }
}
