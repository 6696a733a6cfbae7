//! One engine's sources: their documents, as its policy reads them.

mod asked;
mod inline;
mod turn;
mod watched_state;

use std::cell::RefCell;
use std::rc::Rc;

use crate::policy::{Policy, SourceId, SourceKind};
use crate::source::{Budget, SharedData};
use crate::time::Timestamp;

use crate::engine::documents::conflicts::ConflictCheck;
use crate::engine::documents::machine::Machine;
use crate::engine::documents::policy_view::{Comparison, PolicyView};
use crate::engine::documents::store::{OnDemandSource, Store, WatchedSource};
use crate::engine::documents::waiting::{EngineId, ExchangeId};
use crate::engine::event::Observer;
use inline::inline;
use turn::Turn;

pub(in crate::engine) use watched_state::WatchedState;

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
    /// Its document is fetched, or made of others.
    Watched(WatchedState),
    OnDemand(Rc<RefCell<OnDemandSource>>),
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
                } => {
                    let shared = store.watched(own, *definition, protocol, *schedule);
                    SourceState::Watched(WatchedState::new(shared))
                }
                SourceKind::Merged { definition, .. } => {
                    SourceState::Watched(WatchedState::new(store.merged(*definition)))
                }
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
        sources.merge_first(policy, store, (now, observer));
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
        self.states.iter().any(|state| match state {
            SourceState::Inline(_) => false,
            SourceState::Watched(watched) => watched.is_fetched(),
            SourceState::OnDemand(_) => true,
        })
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
            match machine {
                Machine::Fetched(watched) => watched.close(now, shared_data),
                Machine::Merged(mut merged) => {
                    let work = merged.take_work().into_iter();
                    work.for_each(|(_, work)| pending_drops.values(work.into_values()));
                }
            }
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
                watched.usable = shared.is_usable(stale_for, now);
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
