//! One engine's sources: their documents, as its policy reads them.

use std::cell::RefCell;
use std::rc::Rc;

use crate::http::{Callout, CalloutError, Reply};
use crate::policy::{Credential, Policy, SourceKind};
use crate::source::{Board, Candidate, Document, Hash, Outcome, SourceError, Tick};
use crate::time::Timestamp;

use super::event::{Event, Observer};
use super::store::{DemandSource, Store, WatchedSource};
use super::view::View;
use super::waiting::ExchangeId;

/// All sources of one policy, in its order.
#[derive(Debug)]
pub(super) struct Sources {
    states: Vec<State>,
    /// Those whose documents hold consumers.
    of_consumers: Vec<usize>,
}

/// One source.
#[derive(Debug)]
pub(super) enum State {
    /// Its document is in the policy.
    Inline(View),
    Watched(WatchedState),
    OnDemand(Rc<RefCell<DemandSource>>),
}

/// A watched source, and what this policy made of its last good document.
#[derive(Debug)]
pub(super) struct WatchedState {
    pub(super) shared: Rc<RefCell<WatchedSource>>,
    view: Option<View>,
    /// The newest document that this policy could not use, where another one could.
    refused: Option<Hash>,
    /// When the view was last known to be of the source's last good document.
    current: Timestamp,
}

/// Whose a credential is.
#[derive(Debug)]
pub(super) enum Owner<'s> {
    Known(&'s Credential),
    Nobody,
    /// Nobody's that is known, but a document of consumers is missing.
    Unknowable,
}

/// What a driver lends for a moment: the time, the shared data, and somebody to tell.
pub(super) struct World<'w> {
    pub(super) now: Timestamp,
    pub(super) board: &'w mut dyn Board,
    pub(super) observer: &'w mut dyn Observer,
}

impl WatchedState {
    /// What is known, while it may be used.
    pub(super) fn view(&self) -> Option<&View> {
        self.view.as_ref().filter(|_| self.shared.borrow().usable)
    }

    /// What is known, stale or not.
    pub(super) const fn last_view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// When the source last said that this policy's document is its own; `None` before the first.
    pub(super) fn confirmed(&self) -> Option<Timestamp> {
        let (newest, confirmed) = self.shared.borrow().machine.last_good()?;
        let own = self.view.as_ref().map(|view| view.document.hash());
        if own == Some(newest) {
            return Some(confirmed);
        }
        (self.current != Timestamp::default()).then_some(self.current)
    }

    /// Lets go of a view whose document the source hasn't had for longer than `staleFor`: that another policy keeps
    /// hearing from the source must not keep it alive.
    fn expire(&mut self, policy: &Policy, place: usize, now: Timestamp) {
        let kind = policy.sources.at(place).map(|source| &source.kind);
        let Some(SourceKind::Watched { schedule, .. }) = kind else {
            return;
        };
        // A time that lies ahead is of a clock that was put back since.
        self.current = self.current.min(now);
        if now.since(self.current) > schedule.stale_for {
            self.view = None;
        }
    }
}

impl Sources {
    /// Finds what is known already, in `store`; inline documents are read here.
    pub(super) fn new(policy: &Policy, store: &Store, observer: &mut dyn Observer) -> Self {
        let mut states = Vec::new();
        for (place, source) in policy.sources.iter().enumerate() {
            states.push(match &source.kind {
                SourceKind::Inline(document) => {
                    State::Inline(inline(document, place, policy, observer))
                }
                SourceKind::Watched {
                    fetcher,
                    schedule,
                    identity,
                } => State::Watched(WatchedState {
                    shared: store.watched(*identity, fetcher, *schedule),
                    view: None,
                    refused: None,
                    current: Timestamp::default(),
                }),
                SourceKind::OnDemand {
                    fetcher,
                    limits,
                    identity,
                } => State::OnDemand(store.on_demand(*identity, fetcher, *limits)),
            });
        }
        let mut of_consumers: Vec<usize> = Vec::new();
        for from in &policy.consumers_from {
            if !of_consumers.contains(&from.source) {
                of_consumers.push(from.source);
            }
        }
        let mut sources = Self {
            states,
            of_consumers,
        };
        let now = store.0.borrow().now;
        sources.catch_up(policy, now, observer);
        sources
    }

    pub(super) fn at(&self, place: usize) -> Option<&State> {
        self.states.get(place)
    }

    /// Whose `key` is at `provider`: the policy's own consumers first, then those of documents. One that two documents
    /// claim is nobody's.
    pub(super) fn owner<'s>(
        &'s self,
        policy: &'s Policy,
        provider: usize,
        key: &[u8],
    ) -> Owner<'s> {
        if let Some(credential) = policy.consumers.find(provider, key) {
            return Owner::Known(credential);
        }
        let mut found = Owner::Nobody;
        for place in &self.of_consumers {
            let view = match self.states.get(*place) {
                Some(State::Inline(view)) => Some(view),
                Some(State::Watched(watched)) => watched.view(),
                Some(State::OnDemand(_)) | None => None,
            };
            let Some(view) = view else {
                return Owner::Unknowable;
            };
            for credential in view
                .directories
                .iter()
                .filter_map(|directory| directory.find(provider, key))
            {
                match found {
                    Owner::Nobody => found = Owner::Known(credential),
                    Owner::Known(_) | Owner::Unknowable => return Owner::Nobody,
                }
            }
        }
        found
    }

    /// Whether there is anything to be done on a tick.
    pub(super) fn need_ticks(&self) -> bool {
        self.states
            .iter()
            .any(|state| !matches!(state, State::Inline(_)))
    }

    /// Due refreshes and documents of other VMs: the callouts to send, each with its source and that one's place.
    pub(super) fn tick(
        &mut self,
        policy: &Policy,
        world: &mut World<'_>,
    ) -> Vec<(usize, Rc<RefCell<WatchedSource>>, Callout)> {
        let mut callouts = Vec::new();
        for place in 0..self.states.len() {
            let Some(State::Watched(watched)) = self.states.get(place) else {
                continue;
            };
            let shared = Rc::clone(&watched.shared);
            let tick = shared.borrow_mut().machine.tick(world.now, world.board);
            match tick {
                Tick::Idle => {}
                Tick::Fetch(callout) => callouts.push((place, shared, callout)),
                Tick::Adopt(candidate) => self.consider(candidate, &shared, policy, world),
            }
        }
        self.catch_up(policy, world.now, world.observer);
        callouts
    }

    /// What came of a fetch of `shared`.
    pub(super) fn fetched(
        &mut self,
        shared: &Rc<RefCell<WatchedSource>>,
        reply: Result<Reply, CalloutError>,
        policy: &Policy,
        world: &mut World<'_>,
    ) {
        let outcome = shared
            .borrow_mut()
            .machine
            .fetched(world.now, world.board, reply);
        match outcome {
            Outcome::Unchanged | Outcome::Ignored => {}
            Outcome::New(candidate) => self.consider(candidate, shared, policy, world),
            Outcome::Failed(error) => {
                if let Some(place) = self.place_of(shared) {
                    let source = name(policy, place);
                    world.observer.event(&Event::SourceFailed {
                        source,
                        place,
                        error: &error,
                    });
                }
            }
        }
        self.catch_up(policy, world.now, world.observer);
    }

    /// Those who waited for a first document that is there now, and those who have waited long enough.
    pub(super) fn wake(&self, now: Timestamp) -> Vec<ExchangeId> {
        let mut woken = Vec::new();
        for state in &self.states {
            if let State::Watched(watched) = state {
                let ready = watched.view().is_some();
                let mut shared = watched.shared.borrow_mut();
                if ready {
                    woken.extend(shared.waiters.take().iter().map(|slot| slot.id));
                } else {
                    woken.extend(shared.waiters.take_overdue(now));
                }
            }
        }
        woken
    }

    /// Each source by its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = &State> {
        self.states.iter()
    }

    /// Which of the policy's sources a source on demand is.
    pub(super) fn place_of_demand(&self, source: &Rc<RefCell<DemandSource>>) -> Option<usize> {
        self.states
            .iter()
            .position(|state| matches!(state, State::OnDemand(own) if Rc::ptr_eq(own, source)))
    }

    /// Lets go of everything; what nobody else uses is given up on the board too.
    pub(super) fn close(self, now: Timestamp, board: &mut dyn Board) {
        for state in self.states {
            if let State::Watched(watched) = state {
                if let Ok(last) = Rc::try_unwrap(watched.shared) {
                    last.into_inner().machine.close(now, board);
                }
            }
        }
    }

    fn place_of(&self, shared: &Rc<RefCell<WatchedSource>>) -> Option<usize> {
        self.states.iter().position(
            |state| matches!(state, State::Watched(watched) if Rc::ptr_eq(&watched.shared, shared)),
        )
    }

    /// A new document: it becomes the last good one if this policy can use it.
    fn consider(
        &mut self,
        candidate: Candidate,
        shared: &Rc<RefCell<WatchedSource>>,
        policy: &Policy,
        world: &mut World<'_>,
    ) {
        let Some(place) = self.place_of(shared) else {
            return;
        };
        let Some(State::Watched(watched)) = self.states.get_mut(place) else {
            return;
        };
        let document = Rc::clone(candidate.document());
        let source = name(policy, place);
        match View::build(
            &document,
            place,
            policy,
            watched.view.as_ref(),
            world.observer,
        ) {
            Ok(view) => {
                watched.view = Some(view);
                shared
                    .borrow_mut()
                    .machine
                    .accept(candidate, world.now, world.board);
                world.observer.event(&Event::SourceLoaded {
                    source,
                    bytes: document.bytes(),
                });
            }
            Err(error) => {
                world.observer.event(&Event::SourceFailed {
                    source,
                    place,
                    error: &error,
                });
                shared
                    .borrow_mut()
                    .machine
                    .reject(candidate, error, world.now, world.board);
            }
        }
    }

    /// Reads what another engine of this VM has taken for good meanwhile, and what grew stale.
    fn catch_up(&mut self, policy: &Policy, now: Timestamp, observer: &mut dyn Observer) {
        for (place, state) in self.states.iter_mut().enumerate() {
            let State::Watched(watched) = state else {
                continue;
            };
            let newest = watched.shared.borrow().machine.usable(now).cloned();
            watched.shared.borrow_mut().usable = newest.is_some();
            let Some(newest) = newest else { continue };
            let hash = newest.hash();
            let held = watched.view.as_ref().map(|view| view.document.hash());
            if held == Some(hash) {
                watched.current = now;
                continue;
            }
            if watched.refused == Some(hash) {
                watched.expire(policy, place, now);
                continue;
            }
            let source = name(policy, place);
            match View::build(&newest, place, policy, watched.view.as_ref(), observer) {
                Ok(view) => {
                    watched.view = Some(view);
                    watched.current = now;
                    observer.event(&Event::SourceLoaded {
                        source,
                        bytes: newest.bytes(),
                    });
                }
                Err(error) => {
                    watched.refused = Some(hash);
                    observer.event(&Event::SourceFailed {
                        source,
                        place,
                        error: &error,
                    });
                }
            }
        }
    }
}

/// A document of the policy's own. Its size was the operator's choice, so nothing in it can make it unusable.
fn inline(
    document: &Rc<Document>,
    place: usize,
    policy: &Policy,
    observer: &mut dyn Observer,
) -> View {
    let nothing = |_: SourceError| View {
        document: Rc::clone(document),
        index: None,
        directories: Vec::new(),
    };
    View::build(document, place, policy, None, observer).unwrap_or_else(nothing)
}

/// What the policy calls a source.
pub(super) fn name(policy: &Policy, place: usize) -> &str {
    policy.sources.at(place).map_or("", |source| &source.name)
}
