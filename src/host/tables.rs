//! What a VM knows of the host's contexts.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::config::Property;
use crate::engine::{Engine, ExchangeId, FlightId, Suspended};
use crate::http::{CalloutError, Edit, Reply, Text};
use crate::policy::Fingerprint;

use super::id::{CallToken, ContextId, Table};
use super::tally::Tally;

/// Where one root's engine sits while its policy runs. What belongs to an engine (a suspended exchange, a flight) holds
/// the seat and not the root's number: a second configuration gives the root another seat, and empties the first.
pub(super) struct Seat {
    /// The root, which callouts and ticks belong to.
    pub(super) root: ContextId,
    /// The engine, until its policy is replaced.
    pub(super) engine: RefCell<Option<Engine>>,
    /// Which policy it is.
    pub(super) fingerprint: Fingerprint,
    /// How often the root is ticked now.
    pub(super) ticked: Cell<Duration>,
    /// What the policy wants in the access log.
    pub(super) log_properties: Box<[Property]>,
    /// What was counted for it.
    pub(super) tally: Tally,
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("root", &self.root).finish()
    }
}

/// How far a stream is.
#[derive(Debug)]
pub(super) enum Progress {
    /// Not decided, or decided with nothing left to do.
    Open,
    /// It waits.
    Waiting(Box<Waiting>),
    /// Its request went on, and these edits are for the response.
    Editing(Box<[Edit]>),
    /// It was answered here; nothing more may be done to it.
    Answered,
}

/// An exchange that waits, and whose it is.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) suspended: Suspended,
    pub(super) seat: Rc<Seat>,
}

/// One exchange of the host's. Two words: it is made for every request.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) root: ContextId,
    pub(super) progress: Progress,
}

/// A callout under way, and whose it is.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) seat: Rc<Seat>,
    pub(super) id: FlightId,
    /// Where it goes.
    pub(super) cluster: Text,
}

/// Replies that came before the host told the token of their callout.
pub(super) type Early = Vec<(CallToken, Result<Reply, CalloutError>)>;

/// The tables of one VM. Nobody holds them while the host or an engine is called.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// A root without a seat has no good policy yet.
    pub(super) roots: Table<ContextId, Option<Rc<Seat>>>,
    pub(super) streams: Table<ContextId, Stream>,
    pub(super) flights: Table<CallToken, Flight>,
    pub(super) exchanges: Table<ExchangeId, ContextId>,
    /// Exchanges that are to be woken on the next tick.
    pub(super) later: Vec<ExchangeId>,
    /// Some while a callout is being handed to the host.
    pub(super) early: Option<Early>,
}

impl Tables {
    /// Sets a stream's progress, and says whether there is such a stream. What it was before is dropped.
    pub(super) fn progress(&mut self, stream: ContextId, progress: Progress) -> bool {
        let Some(entry) = self.streams.get_mut(&stream) else {
            return false;
        };
        if let Progress::Waiting(waiting) = std::mem::replace(&mut entry.progress, progress) {
            self.exchanges.remove(&waiting.suspended.id());
        }
        true
    }

    /// Notes that a stream is being answered; false where it was before. A stream that the host never told of may be.
    pub(super) fn answer(&mut self, stream: ContextId) -> bool {
        let before = self.streams.get(&stream).map(|entry| &entry.progress);
        if matches!(before, Some(Progress::Answered)) {
            return false;
        }
        self.progress(stream, Progress::Answered);
        true
    }

    /// Has a stream wait; one that is gone doesn't.
    pub(super) fn hold(&mut self, stream: ContextId, waiting: Waiting) {
        let exchange = waiting.suspended.id();
        if self.progress(stream, Progress::Waiting(Box::new(waiting))) {
            self.exchanges.insert(exchange, stream);
        }
    }

    /// Takes a waiting exchange out, where it still waits.
    pub(super) fn take(&mut self, exchange: ExchangeId) -> Option<(ContextId, Waiting)> {
        let stream = self.exchanges.remove(&exchange)?;
        let entry = self.streams.get_mut(&stream)?;
        match std::mem::replace(&mut entry.progress, Progress::Open) {
            Progress::Waiting(waiting) => Some((stream, *waiting)),
            other @ (Progress::Open | Progress::Editing(_) | Progress::Answered) => {
                entry.progress = other;
                None
            }
        }
    }

    /// Forgets a stream, and hands out what it was.
    pub(super) fn forget(&mut self, stream: ContextId) -> Option<Stream> {
        let gone = self.streams.remove(&stream)?;
        if let Progress::Waiting(waiting) = &gone.progress {
            self.exchanges.remove(&waiting.suspended.id());
        }
        Some(gone)
    }

    /// Drops all flights of a seat, and names the streams that wait for its engine.
    pub(super) fn vacate(&mut self, seat: &Rc<Seat>) -> Vec<ContextId> {
        self.flights
            .retain(|_, flight| !Rc::ptr_eq(&flight.seat, seat));
        self.streams
            .iter()
            .filter(|(_, stream)| match &stream.progress {
                Progress::Waiting(waiting) => Rc::ptr_eq(&waiting.seat, seat),
                Progress::Open | Progress::Editing(_) | Progress::Answered => false,
            })
            .map(|(id, _)| *id)
            .collect()
    }
}
