//! A document as one policy sees it.

use std::rc::Rc;

use crate::arena::EntryId;
use crate::hash::Set;
use crate::policy::{Credential, Directory, ProviderId};
use crate::source::{Budget, SourceError};

use super::view::{DirectoryId, View, ViewInputs, judge};

/// A view as one policy sees it: without shadowed consumers, which have the name of a consumer of the policy's own.
#[derive(Debug)]
pub(in crate::engine) struct PolicyView {
    pub(in crate::engine) view: Rc<View>,
    /// The shadowed consumers of each directory.
    shadowed: Vec<Set<EntryId>>,
}

impl PolicyView {
    /// A view without consumers.
    pub(in crate::engine) fn bare(view: View) -> Self {
        Self {
            view: Rc::new(view),
            shadowed: Vec::new(),
        }
    }

    /// Compares a view with the policy's own consumers at once.
    ///
    /// # Errors
    /// The policy refuses the rest, for example because too few consumers are left.
    pub(in crate::engine) fn new(
        view: Rc<View>,
        inputs: &mut ViewInputs<'_>,
    ) -> Result<Self, SourceError> {
        let mut comparison = Comparison::new(view);
        comparison.advance(inputs, &mut Budget::unlimited());
        comparison.finish(None, inputs)
    }

    /// The credentials with `key` at `provider`, in each of the document's directories.
    pub(in crate::engine) fn find(
        &self,
        provider: ProviderId,
        key: &[u8],
    ) -> impl Iterator<Item = Credential<'_>> {
        let directories = self.view.directories.iter().enumerate();
        directories.filter_map(move |(number, directory)| {
            let credential = directory.find(provider, key)?;
            let shadowed = self.shadowed.get(number).filter(|all| !all.is_empty());
            let is_shadowed = shadowed.is_some_and(|all| all.contains(&credential.owner().entry()));
            (!is_shadowed).then_some(credential)
        })
    }

    /// Whether several consumers of one of the document's directories claim `key` at `provider`.
    pub(in crate::engine) fn is_contested(&self, provider: ProviderId, key: &[u8]) -> bool {
        let mut directories = self.view.directories.iter();
        directories.any(|directory| directory.is_contested(provider, key))
    }

    /// In how many of the document's directories a consumer has this name.
    pub(in crate::engine) fn claims(&self, name: &[u8]) -> usize {
        let directories = self.view.directories.iter();
        let claimants = directories.filter(|directory| directory.named(name).is_some());
        claimants.count()
    }

    /// How many consumers this policy has of the document.
    pub(in crate::engine) fn consumers(&self) -> usize {
        let ids = self.view.directories.iter().zip(DirectoryId::all());
        ids.map(|(_, id)| self.count(id)).sum()
    }

    /// How many of them one directory has.
    fn count(&self, id: DirectoryId) -> usize {
        let all = self.view.directory(id).map_or(0, Directory::len);
        let shadowed = self.shadowed.get(id.index()).map_or(0, Set::len);
        all.saturating_sub(shadowed)
    }
}

/// The cost of looking for one of the policy's own consumers.
const COST_OF_CONSUMER: usize = 24;

/// A view that is being compared with the policy's own consumers, of which there may be as many as in a document.
#[derive(Debug)]
pub(in crate::engine) struct Comparison {
    policy_view: PolicyView,
    /// The directory that is being compared.
    directory: DirectoryId,
    /// How many of the policy's own consumers are compared with it.
    compared: usize,
}

impl Comparison {
    pub(in crate::engine) fn new(view: Rc<View>) -> Self {
        Self {
            policy_view: PolicyView {
                shadowed: view.directories.iter().map(|_| Set::default()).collect(),
                view,
            },
            directory: DirectoryId::FIRST,
            compared: 0,
        }
    }

    /// The view.
    pub(in crate::engine) const fn view(&self) -> &Rc<View> {
        &self.policy_view.view
    }

    /// The view, if it is not used after all.
    pub(in crate::engine) fn into_view(self) -> Rc<View> {
        self.policy_view.view
    }

    /// Continues, and reports which consumers are shadowed. Returns whether all is compared.
    pub(in crate::engine) fn advance(
        &mut self,
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> bool {
        let PolicyView { view, shadowed } = &mut self.policy_view;
        let rest = view
            .directories
            .iter()
            .zip(shadowed)
            .skip(self.directory.index());
        for (directory, shadowed) in rest {
            for own in inputs.policy.consumers.consumers().skip(self.compared) {
                if budget.is_spent() {
                    return false;
                }
                budget.spend(COST_OF_CONSUMER);
                self.compared = self.compared.saturating_add(1);
                let name = own.name().bytes();
                if let Some(own_name) = directory.named(name) {
                    shadowed.insert(own_name.entry());
                    let record = String::from_utf8_lossy(name);
                    inputs.left_out(&record, "name: the policy has a consumer of that name");
                }
            }
            self.directory = self.directory.next();
            self.compared = 0;
        }
        true
    }

    /// The view as the policy sees it, once all is compared. `last` is the one that it would replace.
    ///
    /// # Errors
    /// The policy refuses the rest, for example because too few consumers are left.
    pub(in crate::engine) fn finish(
        self,
        last: Option<&PolicyView>,
        inputs: &ViewInputs<'_>,
    ) -> Result<PolicyView, SourceError> {
        let policy_view = self.policy_view;
        for (id, from) in DirectoryId::all().zip(inputs.consumers_from()) {
            let before = last.map_or(0, |last| last.count(id));
            let directory = policy_view.view.directory(id);
            let records = directory.map_or(0, Directory::len);
            judge(policy_view.count(id), records, before, from.keep_percent)?;
        }
        Ok(policy_view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::documents::view::ViewBuilder;
    use crate::engine::{Event, Observer};
    use crate::policy::{Policy, SourceId};
    use crate::source::Hash;

    struct Told(usize);

    impl Observer for Told {
        fn event(&mut self, _: &Event<'_>) {
            self.0 = self.0.saturating_add(1);
        }
    }

    const OWN_CONSUMERS: usize = 40_000;

    fn consumers(numbers: std::ops::Range<usize>) -> String {
        let one = |number| format!(r#"{{"name":"c{number}"}}"#);
        numbers.map(one).collect::<Vec<_>>().join(",")
    }

    /// A slice compares a bounded number of the policy's own consumers, and the result is the same as at once.
    #[test]
    fn a_document_is_compared_in_slices() {
        let own = consumers(0..OWN_CONSUMERS);
        let text = format!(
            r#"{{"consumers": [{own}], "consumersFrom": [{{"source": "s", "items": "$.c[*]"}}],
                "sources": {{"s": {{"http": {{"cluster": "c", "path": "/"}}}}}},
                "routes": [{{"name": "r", "require": "none"}}]}}"#
        );
        let policy =
            Policy::compile(&Config::parse(text.as_bytes()).unwrap(), &|_: &str| None).unwrap();
        let shared = OWN_CONSUMERS - 100..OWN_CONSUMERS + 100;
        let document = format!(r#"{{"c": [{}]}}"#, consumers(shared));
        let mut told = Told(0);
        let inputs = &mut ViewInputs {
            policy: &policy,
            id: SourceId::new(0),
            last: None,
            observer: &mut told,
        };
        let mut reading =
            ViewBuilder::of_text(Hash([0; 32]), document.len(), &policy, SourceId::new(0));
        let all = &mut Budget::unlimited();
        let view = reading.advance(document.as_bytes(), inputs, all);
        let view = Rc::new(view.unwrap().unwrap());
        let at_once = PolicyView::new(Rc::clone(&view), inputs).unwrap();
        let mut comparison = Comparison::new(view);
        let mut slices = 1;
        loop {
            let mut budget = Budget::slice();
            let is_done = comparison.advance(inputs, &mut budget);
            assert!(
                budget.spent() <= (256 << 10) + COST_OF_CONSUMER,
                "{}",
                budget.spent()
            );
            if is_done {
                break;
            }
            slices += 1;
        }
        assert_eq!(
            slices,
            (OWN_CONSUMERS * COST_OF_CONSUMER).div_ceil(256 << 10)
        );
        let policy_view = comparison.finish(None, inputs).unwrap();
        assert_eq!((policy_view.consumers(), at_once.consumers()), (100, 100));
        assert_eq!(policy_view.shadowed, at_once.shadowed);
        assert_eq!(told.0, 200, "each is told once, each time");
    }
}
