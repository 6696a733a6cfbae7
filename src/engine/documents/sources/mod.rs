//! One engine's sources: their documents, as its policy reads them.

mod asked;
mod inline;
mod turn;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::policy::{Policy, SourceId, SourceKind};
use crate::source::{Budget, Hash, SharedData};
use crate::time::Timestamp;

use crate::engine::documents::conflicts::ConflictCheck;
use crate::engine::documents::policy_view::{Comparison, PolicyView};
use crate::engine::documents::store::{OnDemandSource, Store, WatchedSource};
use crate::engine::documents::view::ViewInputs;
use crate::engine::documents::waiting::{EngineId, ExchangeId};
use crate::engine::event::{Event, Observer};
use inline::inline;
use turn::Turn;

/// All sources of one policy, in its order.
#[derive(Debug)]
pub(in crate::engine) struct Sources {
    pub(in crate::engine) states: Vec<SourceState>,
    /// The sources with documents that hold consumers.
    pub(in crate::engine) of_consumers: Vec<SourceId>,
    pub(in crate::engine) conflict_check: ConflictCheck,
    /// The source of each of the policy's lists, and the list's place in the views of that source.
    lists: Box<[(SourceId, usize)]>,
    turn: Turn,
}

/// One source.
#[derive(Debug)]
pub(in crate::engine) enum SourceState {
    /// Its document is in the policy.
    Inline(PolicyView),
    Watched(WatchedState),
    OnDemand(Rc<RefCell<OnDemandSource>>),
}

/// A watched source, and what this policy knows of it.
#[derive(Debug)]
pub(in crate::engine) struct WatchedState {
    pub(in crate::engine) shared: Rc<RefCell<WatchedSource>>,
    policy_view: Option<PolicyView>,
    /// A newer document that is still being compared with the policy's own consumers.
    comparison: Option<Comparison>,
    /// Whether this policy's `staleFor` allowed the last good document when that was checked last.
    usable: bool,
    /// The newest document that this policy could not use, where another one could.
    refused: Option<Hash>,
    /// When the view was last known to be of the source's last good document.
    current: Timestamp,
}

impl WatchedState {
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
    fn compare(
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
    fn expire(&mut self, stale_for: Duration, now: Timestamp, store: &Store) -> bool {
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

impl Sources {
    /// Takes from `store` what other engines know already, and reads inline documents.
    pub(in crate::engine) fn new(
        own: EngineId,
        policy: &Policy,
        store: &Store,
        observer: &mut dyn Observer,
    ) -> Self {
        let mut states = Vec::new();
        for (id, source) in policy.sources.iter() {
            states.push(match &source.kind {
                SourceKind::Inline(document) => {
                    SourceState::Inline(inline(document, id, policy, observer))
                }
                SourceKind::Watched {
                    protocol,
                    schedule,
                    definition,
                    ..
                } => SourceState::Watched(WatchedState {
                    shared: store.watched(own, *definition, protocol, *schedule),
                    policy_view: None,
                    comparison: None,
                    usable: false,
                    refused: None,
                    current: Timestamp::default(),
                }),
                SourceKind::OnDemand {
                    template,
                    limits,
                    definition,
                } => SourceState::OnDemand(store.on_demand(*definition, template, *limits)),
            });
        }
        let mut of_consumers: Vec<SourceId> = Vec::new();
        for from in &policy.consumers_from {
            if !of_consumers.contains(&from.source) {
                of_consumers.push(from.source);
            }
        }
        let mut sources = Self {
            states,
            of_consumers,
            conflict_check: ConflictCheck::default(),
            lists: policy.sources.lists.places().collect(),
            turn: Turn::default(),
        };
        for id in &sources.of_consumers {
            if matches!(sources.at(*id), Some(SourceState::Inline(_))) {
                sources.conflict_check.begin(*id);
            }
        }
        let now = store.0.borrow().now;
        // In one go, so that a push loses no document. Compiling the policy took longer than this.
        let budget = &mut Budget::unlimited();
        sources.catch_up(policy, store, budget, (now, observer));
        let mut slice = if sources.need_ticks() {
            Budget::slice()
        } else {
            Budget::unlimited()
        };
        sources.compare_lists(policy, observer, &mut slice);
        sources
    }

    pub(in crate::engine) fn at(&self, id: SourceId) -> Option<&SourceState> {
        self.states.get(id.index())
    }

    /// Whether there is anything to do on a tick.
    pub(in crate::engine) fn need_ticks(&self) -> bool {
        self.states
            .iter()
            .any(|state| !matches!(state, SourceState::Inline(_)))
    }

    /// Whether a document is still being read or compared.
    pub(in crate::engine) fn are_reading(&self) -> bool {
        let is_reading = |state: &SourceState| match state {
            SourceState::Watched(watched) => {
                watched.comparison.is_some() || watched.shared.borrow().is_reading()
            }
            SourceState::Inline(_) | SourceState::OnDemand(_) => false,
        };
        self.conflict_check.is_pending() || self.states.iter().any(is_reading)
    }

    /// The exchanges of this engine that waited for a document which is there now, and all exchanges with a deadline that
    /// has passed.
    pub(in crate::engine) fn wake(&self, own: EngineId, now: Timestamp) -> Vec<ExchangeId> {
        let mut woken = Vec::new();
        for state in &self.states {
            if let SourceState::Watched(watched) = state {
                let ready = watched.usable_view().is_some();
                let mut shared = watched.shared.borrow_mut();
                if ready {
                    woken.extend(shared.waiters.take_of(own));
                }
                if shared.is_settled() && watched.comparison.is_none() {
                    woken.extend(shared.refetch_waiters.take_of(own));
                }
                woken.extend(shared.refetch_waiters.take_unanswered(now));
                woken.extend(shared.waiters.take_overdue(now));
            }
        }
        woken
    }

    /// Each source with its id.
    pub(in crate::engine) fn iter(&self) -> impl Iterator<Item = (SourceId, &SourceState)> {
        SourceId::all().zip(&self.states)
    }

    /// The id of a source on demand in this policy.
    pub(in crate::engine) fn id_of_demand(
        &self,
        source: &Rc<RefCell<OnDemandSource>>,
    ) -> Option<SourceId> {
        self.id_where(
            |state| matches!(state, SourceState::OnDemand(own) if Rc::ptr_eq(own, source)),
        )
    }

    /// Drops everything. Where no other engine of the VM uses a source, its lease is given up in shared data.
    pub(in crate::engine) fn close(
        self,
        own: EngineId,
        store: &Store,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) {
        let pending_drops = &mut store.0.borrow_mut().pending_drops;
        for state in self.states {
            let watched = match state {
                SourceState::Watched(watched) => watched,
                SourceState::Inline(policy_view) => {
                    pending_drops.view(policy_view.view);
                    continue;
                }
                SourceState::OnDemand(_) => continue,
            };
            if let Some(policy_view) = watched.policy_view {
                pending_drops.view(policy_view.view);
            }
            if let Some(comparison) = watched.comparison {
                pending_drops.view(comparison.into_view());
            }
            watched.shared.borrow_mut().leave(own);
            let Some(last) = Rc::into_inner(watched.shared) else {
                continue;
            };
            let WatchedSource {
                machine,
                view,
                pending,
                ..
            } = last.into_inner();
            machine.close(now, shared_data);
            view.into_iter().for_each(|view| pending_drops.view(view));
            if let Some(pending) = pending {
                pending_drops.values(pending.reading.into_values());
            }
        }
    }

    fn id_where(&self, is_meant: impl Fn(&SourceState) -> bool) -> Option<SourceId> {
        self.iter()
            .find(|(_, state)| is_meant(state))
            .map(|(id, _)| id)
    }

    fn id_of(&self, shared: &Rc<RefCell<WatchedSource>>) -> Option<SourceId> {
        self.id_where(
            |state| matches!(state, SourceState::Watched(watched) if Rc::ptr_eq(&watched.shared, shared)),
        )
    }

    /// Takes the last good documents, which the engines of a VM share, within the budget.
    fn catch_up(
        &mut self,
        policy: &Policy,
        store: &Store,
        budget: &mut Budget,
        (now, observer): (Timestamp, &mut dyn Observer),
    ) {
        for (id, state) in SourceId::all().zip(&mut self.states) {
            let SourceState::Watched(watched) = state else {
                continue;
            };
            let holds_consumers = self.of_consumers.contains(&id);
            let stale_for = policy.sources.stale_for(id).unwrap_or_default();
            // A comparison that has begun is finished, so that its document comes into use even if others follow
            // quickly.
            let is_new = watched.compare(id, policy, store, budget, (now, observer));
            if is_new && holds_consumers {
                self.conflict_check.begin(id);
            }
            let newest = {
                let shared = watched.shared.borrow();
                let last_good = shared.machine.last_good();
                watched.usable =
                    last_good.is_some_and(|(_, confirmed)| now.since(confirmed) <= stale_for);
                shared.view.clone().filter(|_| watched.usable)
            };
            let Some(newest) = newest.filter(|_| watched.comparison.is_none()) else {
                continue;
            };
            let hash = newest.hash;
            let last = watched.policy_view.as_ref();
            if last.is_some_and(|last| Rc::ptr_eq(&newest, &last.view)) {
                watched.current = now;
                continue;
            }
            if watched.refused == Some(hash) {
                if watched.expire(stale_for, now, store) && holds_consumers {
                    self.conflict_check.begin(id);
                }
                continue;
            }
            watched.comparison = Some(Comparison::new(newest));
            let is_new = watched.compare(id, policy, store, budget, (now, observer));
            if is_new && holds_consumers {
                self.conflict_check.begin(id);
            }
        }
    }
}
