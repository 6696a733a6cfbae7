//! One engine's sources: their documents, as its policy reads them.

mod turn;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::policy::{Policy, SourceId, SourceKind};
use crate::source::{Board, Budget, Document, Hash};
use crate::time::Timestamp;

use super::census::Census;
use super::event::{Event, Observer};
use super::reader::Reader;
use super::reading::Reading;
use super::seen::{Comparing, Seen};
use super::store::{DemandSource, Store, WatchedSource};
use super::view::View;
use super::waiting::{EngineId, ExchangeId};
use turn::Turn;

/// All sources of one policy, in its order.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) states: Vec<State>,
    /// Those whose documents hold consumers.
    pub(super) of_consumers: Vec<SourceId>,
    pub(super) census: Census,
    turn: Turn,
}

/// One source.
#[derive(Debug)]
pub(super) enum State {
    /// Its document is in the policy.
    Inline(Seen),
    Watched(WatchedState),
    OnDemand(Rc<RefCell<DemandSource>>),
}

/// A watched source, and what this policy knows of it.
#[derive(Debug)]
pub(super) struct WatchedState {
    pub(super) shared: Rc<RefCell<WatchedSource>>,
    seen: Option<Seen>,
    /// A newer one that isn't compared with the policy's own consumers to its end.
    comparing: Option<Comparing>,
    /// Whether the last good document may be used by this policy's rule, as of the last look.
    usable: bool,
    /// The newest document that this policy could not use, where another one could.
    refused: Option<Hash>,
    /// When what is seen was last known to be of the source's last good document.
    current: Timestamp,
}

impl WatchedState {
    /// What is known, while it may be used.
    pub(super) fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref().filter(|_| self.usable)
    }

    /// What is known, stale or not.
    pub(super) const fn last_seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// When the source last said that this policy's document is its own; `None` before the first.
    pub(super) fn confirmed(&self) -> Option<Timestamp> {
        let (newest, confirmed) = self.shared.borrow().machine.last_good()?;
        let own = self.seen.as_ref().map(|seen| seen.view.hash);
        if own == Some(newest) {
            return Some(confirmed);
        }
        (self.current != Timestamp::default()).then_some(self.current)
    }

    /// Goes on comparing a new document with the policy's own consumers. It comes into use when that is done; says whether
    /// it has now.
    fn compare(
        &mut self,
        id: SourceId,
        policy: &Policy,
        store: &Store,
        budget: &mut Budget,
        (now, observer): (Timestamp, &mut dyn Observer),
    ) -> bool {
        let Some(mut comparing) = self.comparing.take() else {
            return false;
        };
        let reader = &mut Reader {
            policy,
            id,
            last: None,
            observer,
        };
        if !comparing.advance(reader, budget) {
            self.comparing = Some(comparing);
            return false;
        }
        let source = policy.sources.name(id);
        let view = Rc::clone(comparing.view());
        match comparing.finish(self.seen.as_ref(), reader) {
            Ok(seen) => {
                self.current = now;
                self.refused = None;
                let bytes = view.bytes;
                if let Some(before) = self.seen.replace(seen) {
                    store.0.borrow_mut().retired.view(before.view);
                }
                observer.event(&Event::SourceLoaded { source, bytes });
                true
            }
            Err(error) => {
                self.refused = Some(view.hash);
                store.0.borrow_mut().retired.view(view);
                observer.event(&Event::SourceFailed {
                    source,
                    id,
                    error: &error,
                });
                false
            }
        }
    }

    /// Lets go of a document that the source hasn't had for longer than `staleFor`: that another policy keeps hearing from
    /// the source must not keep it alive. Says whether there was one.
    fn expire(&mut self, stale_for: Duration, now: Timestamp, store: &Store) -> bool {
        // A time that lies ahead is of a clock that was put back since.
        self.current = self.current.min(now);
        if now.since(self.current) > stale_for {
            if let Some(seen) = self.seen.take() {
                store.0.borrow_mut().retired.view(seen.view);
                return true;
            }
        }
        false
    }
}

impl Sources {
    /// Finds what is known already, in `store`; inline documents are read here.
    pub(super) fn new(
        own: EngineId,
        policy: &Policy,
        store: &Store,
        observer: &mut dyn Observer,
    ) -> Self {
        let mut states = Vec::new();
        for (id, source) in policy.sources.iter() {
            states.push(match &source.kind {
                SourceKind::Inline(document) => {
                    State::Inline(inline(document, id, policy, observer))
                }
                SourceKind::Watched {
                    protocol,
                    schedule,
                    identity,
                    ..
                } => State::Watched(WatchedState {
                    shared: store.watched(own, *identity, protocol, *schedule),
                    seen: None,
                    comparing: None,
                    usable: false,
                    refused: None,
                    current: Timestamp::default(),
                }),
                SourceKind::OnDemand {
                    template,
                    limits,
                    identity,
                } => State::OnDemand(store.on_demand(*identity, template, *limits)),
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
            census: Census::default(),
            turn: Turn::default(),
        };
        for id in &sources.of_consumers {
            if matches!(sources.at(*id), Some(State::Inline(_))) {
                sources.census.begin(*id);
            }
        }
        let now = store.0.borrow().now;
        // At once, so that a push loses no document. To compile the policy has taken longer.
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

    pub(super) fn at(&self, id: SourceId) -> Option<&State> {
        self.states.get(id.index())
    }

    /// Whether there is anything to be done on a tick.
    pub(super) fn need_ticks(&self) -> bool {
        self.states
            .iter()
            .any(|state| !matches!(state, State::Inline(_)))
    }

    /// Whether a document has come that isn't read to its end, and compared.
    pub(super) fn are_reading(&self) -> bool {
        let is_reading = |state: &State| match state {
            State::Watched(watched) => {
                watched.comparing.is_some() || watched.shared.borrow().is_reading()
            }
            State::Inline(_) | State::OnDemand(_) => false,
        };
        self.census.is_pending() || self.states.iter().any(is_reading)
    }

    /// The engine's own exchanges that waited for a first document which is there now, and all that have waited long enough.
    pub(super) fn wake(&self, own: EngineId, now: Timestamp) -> Vec<ExchangeId> {
        let mut woken = Vec::new();
        for state in &self.states {
            if let State::Watched(watched) = state {
                let ready = watched.seen().is_some();
                let mut shared = watched.shared.borrow_mut();
                if ready {
                    woken.extend(shared.waiters.take_of(own));
                }
                woken.extend(shared.waiters.take_overdue(now));
            }
        }
        woken
    }

    /// Each source with its id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (SourceId, &State)> {
        SourceId::all().zip(&self.states)
    }

    /// Which of the policy's sources a source on demand is.
    pub(super) fn id_of_demand(&self, source: &Rc<RefCell<DemandSource>>) -> Option<SourceId> {
        self.id_where(|state| matches!(state, State::OnDemand(own) if Rc::ptr_eq(own, source)))
    }

    /// Lets go of everything; what nobody else uses is given up on the board too.
    pub(super) fn close(self, own: EngineId, store: &Store, now: Timestamp, board: &mut dyn Board) {
        let retired = &mut store.0.borrow_mut().retired;
        for state in self.states {
            let watched = match state {
                State::Watched(watched) => watched,
                State::Inline(seen) => {
                    retired.view(seen.view);
                    continue;
                }
                State::OnDemand(_) => continue,
            };
            if let Some(seen) = watched.seen {
                retired.view(seen.view);
            }
            if let Some(comparing) = watched.comparing {
                retired.view(comparing.into_view());
            }
            watched.shared.borrow_mut().leave(own);
            let Some(last) = Rc::into_inner(watched.shared) else {
                continue;
            };
            let WatchedSource {
                machine,
                view,
                in_hand,
                ..
            } = last.into_inner();
            machine.close(now, board);
            view.into_iter().for_each(|view| retired.view(view));
            if let Some(in_hand) = in_hand {
                retired.values(in_hand.reading.into_values());
            }
        }
    }

    fn id_where(&self, is_meant: impl Fn(&State) -> bool) -> Option<SourceId> {
        self.iter()
            .find(|(_, state)| is_meant(state))
            .map(|(id, _)| id)
    }

    fn id_of(&self, shared: &Rc<RefCell<WatchedSource>>) -> Option<SourceId> {
        self.id_where(
            |state| matches!(state, State::Watched(watched) if Rc::ptr_eq(&watched.shared, shared)),
        )
    }

    /// Looks at the last good documents, which engines of one VM share, as far as the budget goes.
    fn catch_up(
        &mut self,
        policy: &Policy,
        store: &Store,
        budget: &mut Budget,
        (now, observer): (Timestamp, &mut dyn Observer),
    ) {
        for (id, state) in SourceId::all().zip(&mut self.states) {
            let State::Watched(watched) = state else {
                continue;
            };
            let holds_consumers = self.of_consumers.contains(&id);
            let stale_for = policy.sources.stale_for(id).unwrap_or_default();
            // One that is compared is compared to its end, so that it comes into use however quickly others follow.
            let is_new = watched.compare(id, policy, store, budget, (now, observer));
            if is_new && holds_consumers {
                self.census.begin(id);
            }
            let newest = {
                let shared = watched.shared.borrow();
                let last_good = shared.machine.last_good();
                watched.usable =
                    last_good.is_some_and(|(_, confirmed)| now.since(confirmed) <= stale_for);
                shared.view.clone().filter(|_| watched.usable)
            };
            let Some(newest) = newest.filter(|_| watched.comparing.is_none()) else {
                continue;
            };
            let hash = newest.hash;
            let last = watched.seen.as_ref();
            if last.is_some_and(|last| Rc::ptr_eq(&newest, &last.view)) {
                watched.current = now;
                continue;
            }
            if watched.refused == Some(hash) {
                if watched.expire(stale_for, now, store) && holds_consumers {
                    self.census.begin(id);
                }
                continue;
            }
            watched.comparing = Some(Comparing::new(newest));
            let is_new = watched.compare(id, policy, store, budget, (now, observer));
            if is_new && holds_consumers {
                self.census.begin(id);
            }
        }
    }
}

/// A document of the policy's own. Its size was the operator's choice, so nothing in it can make it unusable.
fn inline(
    document: &Arc<Document>,
    id: SourceId,
    policy: &Policy,
    observer: &mut dyn Observer,
) -> Seen {
    let reader = &mut Reader {
        policy,
        id,
        last: None,
        observer,
    };
    let read = Reading::of_document(document).advance(b"", reader, &mut Budget::unlimited());
    let view = read.ok().flatten();
    let seen = view.and_then(|view| Seen::new(Rc::new(view), reader).ok());
    seen.unwrap_or_else(|| Seen::bare(View::bare(document)))
}
