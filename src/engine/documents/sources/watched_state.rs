//! A watched source, as one policy uses it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::engine::documents::machine::Machine;
use crate::engine::documents::policy_view::{Comparison, PolicyView};
use crate::engine::documents::store::{Store, WatchedSource};
use crate::engine::documents::view::ViewInputs;
use crate::engine::event::{Event, Observer};
use crate::policy::{Policy, SourceId};
use crate::source::{Budget, Hash};
use crate::time::Timestamp;

/// A watched source, and what this policy knows of it.
#[derive(Debug)]
pub(in crate::engine) struct WatchedState {
    pub(in crate::engine) shared: Rc<RefCell<WatchedSource>>,
    pub(super) policy_view: Option<PolicyView>,
    /// A newer document that is still being compared with the policy's own consumers.
    pub(super) comparison: Option<Comparison>,
    /// Whether this policy's `staleFor` allowed the last good document when that was checked last.
    pub(super) usable: bool,
    /// The newest document that this policy could not use, where another one could.
    pub(super) refused: Option<Hash>,
    /// When the view was last known to be of the source's last good document.
    pub(super) current: Timestamp,
}

impl WatchedState {
    pub(super) fn new(shared: Rc<RefCell<WatchedSource>>) -> Self {
        Self {
            shared,
            policy_view: None,
            comparison: None,
            usable: false,
            refused: None,
            current: Timestamp::default(),
        }
    }

    /// Whether it is fetched, and not made of others.
    pub(super) fn is_fetched(&self) -> bool {
        matches!(self.shared.borrow().machine, Machine::Fetched(_))
    }

    /// The view, while it may be used.
    pub(in crate::engine) fn usable_view(&self) -> Option<&PolicyView> {
        self.policy_view.as_ref().filter(|_| self.usable)
    }

    /// The view, stale or not.
    pub(in crate::engine) const fn last_view(&self) -> Option<&PolicyView> {
        self.policy_view.as_ref()
    }

    /// Whether a newer document is known in this VM than the one that this policy uses. The policy takes it on its next tick.
    pub(in crate::engine) fn is_behind(&self, shared: &WatchedSource) -> bool {
        let Some(newest) = &shared.view else {
            return false;
        };
        let own = self.policy_view.as_ref();
        let is_own = own.is_some_and(|own| Rc::ptr_eq(&own.view, newest));
        self.comparison.is_some() || !is_own && self.refused != Some(newest.hash)
    }

    /// When the source last confirmed this policy's document; `None` before the first document.
    pub(in crate::engine) fn confirmed(&self) -> Option<Timestamp> {
        let (newest, confirmed) = self.shared.borrow().machine.last_good()?;
        let own = self
            .policy_view
            .as_ref()
            .map(|policy_view| policy_view.view.hash);
        if own == Some(newest) {
            return Some(confirmed);
        }
        (self.current != Timestamp::default()).then_some(self.current)
    }

    /// Continues to compare a new document with the policy's own consumers. The document comes into use when that is done.
    /// Returns whether it has come into use now.
    pub(super) fn compare(
        &mut self,
        id: SourceId,
        policy: &Policy,
        store: &Store,
        budget: &mut Budget,
        (now, observer): (Timestamp, &mut dyn Observer),
    ) -> bool {
        let Some(mut comparison) = self.comparison.take() else {
            return false;
        };
        let inputs = &mut ViewInputs {
            policy,
            id,
            last: None,
            observer,
        };
        if !comparison.advance(inputs, budget) {
            self.comparison = Some(comparison);
            return false;
        }
        let source = policy.sources.name(id);
        let view = Rc::clone(comparison.view());
        match comparison.finish(self.policy_view.as_ref(), inputs) {
            Ok(policy_view) => {
                self.current = now;
                self.refused = None;
                let bytes = view.bytes;
                if let Some(before) = self.policy_view.replace(policy_view) {
                    store.0.borrow_mut().pending_drops.view(before.view);
                }
                observer.event(&Event::SourceLoaded { source, bytes });
                true
            }
            Err(error) => {
                self.refused = Some(view.hash);
                store.0.borrow_mut().pending_drops.view(view);
                observer.event(&Event::SourceFailed {
                    source,
                    id,
                    error: &error,
                });
                false
            }
        }
    }

    /// Drops a document that is not the source's last good one any more, and for longer than `staleFor`: another policy
    /// that keeps hearing from the source must not prolong it. Returns whether there was one.
    pub(super) fn expire(&mut self, stale_for: Duration, now: Timestamp, store: &Store) -> bool {
        // A time in the future was written before the clock was put back.
        self.current = self.current.min(now);
        if now.since(self.current) > stale_for {
            if let Some(policy_view) = self.policy_view.take() {
                store.0.borrow_mut().pending_drops.view(policy_view.view);
                return true;
            }
        }
        false
    }
}
