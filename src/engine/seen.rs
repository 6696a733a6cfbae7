//! A document as one policy sees it.

use std::rc::Rc;

use crate::arena::At;
use crate::hash::Set;
use crate::policy::{Credential, Directory};
use crate::source::SourceError;

use super::enrolment::judge;
use super::reader::Reader;
use super::view::View;

/// A view as one policy sees it: without those who call themselves like a consumer of its own.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) view: Rc<View>,
    /// Their places, each in the directory of this number.
    usurpers: Set<(usize, At)>,
}

impl Seen {
    /// A view in which no consumer is left out, because there is none.
    pub(super) fn bare(view: View) -> Self {
        Self {
            view: Rc::new(view),
            usurpers: Set::default(),
        }
    }

    /// Compares a view with the policy's own consumers, and tells who is left out. `last` is what this one would replace.
    ///
    /// # Errors
    /// What is left is not what the policy needs.
    pub(super) fn new(
        view: Rc<View>,
        last: Option<&Self>,
        reader: &mut Reader<'_>,
    ) -> Result<Self, SourceError> {
        let mut usurpers = Set::default();
        for (number, directory) in view.directories.iter().enumerate() {
            for own in reader.policy.consumers.consumers() {
                let name = own.name().bytes();
                if let Some(usurper) = directory.named(name) {
                    usurpers.insert((number, usurper.place()));
                    let record = String::from_utf8_lossy(name);
                    reader.left_out(&record, "name: the policy has a consumer of that name");
                }
            }
        }
        let seen = Self { view, usurpers };
        for (number, from) in reader.consumers_from().enumerate() {
            let before = last.map_or(0, |last| last.count(number));
            let directory = seen.view.directories.get(number);
            let records = directory.map_or(0, Directory::len);
            judge(seen.count(number), records, before, from.keep_percent)?;
        }
        Ok(seen)
    }

    /// Whose `key` is at `provider`, in each of the document's directories.
    pub(super) fn find(&self, provider: usize, key: &[u8]) -> impl Iterator<Item = Credential<'_>> {
        let directories = self.view.directories.iter().enumerate();
        directories.filter_map(move |(number, directory)| {
            let credential = directory.find(provider, key)?;
            let is_usurped = !self.usurpers.is_empty()
                && self
                    .usurpers
                    .contains(&(number, credential.owner().place()));
            (!is_usurped).then_some(credential)
        })
    }

    /// Whether several in one of the document's directories claim `key` at `provider`.
    pub(super) fn is_contested(&self, provider: usize, key: &[u8]) -> bool {
        let mut directories = self.view.directories.iter();
        directories.any(|directory| directory.is_contested(provider, key))
    }

    /// In how many of the document's directories a consumer has this name.
    pub(super) fn claims(&self, name: &[u8]) -> usize {
        let directories = self.view.directories.iter();
        let claimants = directories.filter(|directory| directory.named(name).is_some());
        claimants.count()
    }

    /// How many consumers this policy has of the document.
    pub(super) fn consumers(&self) -> usize {
        let numbers = 0..self.view.directories.len();
        numbers.map(|number| self.count(number)).sum()
    }

    /// The same of one directory.
    fn count(&self, number: usize) -> usize {
        let all = self.view.directories.get(number).map_or(0, Directory::len);
        let usurpers = self.usurpers.iter().filter(|(own, _)| *own == number);
        all.saturating_sub(usurpers.count())
    }
}
