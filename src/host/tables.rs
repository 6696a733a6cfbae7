//! What a VM knows of the host's contexts.

use std::rc::Rc;

use crate::engine::{ExchangeId, FlightId, Suspended};
use crate::http::{CalloutError, Edit, Reply, Text};

use super::id::{CallToken, ContextId, Table};
use super::refusal::Refusal;
use super::roots::Roots;
use super::seat::Seat;
use super::stream_roots::StreamRoots;

/// What is still to be done for a stream.
#[derive(Debug)]
pub(super) enum Open {
    /// Its request waits.
    Waiting(Box<Waiting>),
    /// Its request went on, and these edits are for the response.
    Editing(Box<[Edit]>),
}

/// An exchange that waits, and whose it is.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) suspended: Suspended,
    pub(super) seat: Rc<Seat>,
}

/// A callout under way, and whose it is.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) seat: Rc<Seat>,
    pub(super) id: FlightId,
    /// Where it goes.
    pub(super) cluster: Text,
    /// How much of the reply's content is of use.
    pub(super) max_bytes: usize,
}

/// Replies that came before the host told the token of their callout.
pub(super) type Early = Vec<(CallToken, Result<Reply, CalloutError>)>;

/// The tables of one VM. Nobody holds them while the host or an engine is called.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) roots: Roots,
    pub(super) stream_roots: StreamRoots,
    /// The streams with which something is still to be done. Most are decided at once, and never stand here.
    pub(super) streams: Table<ContextId, Open>,
    pub(super) flights: Table<CallToken, Flight>,
    pub(super) exchanges: Table<ExchangeId, ContextId>,
    /// Exchanges that are to be woken on the next tick.
    pub(super) later: Vec<ExchangeId>,
    /// Some while a callout is being handed to the host.
    pub(super) early: Option<Early>,
}

impl Tables {
    /// The root of a stream, as far as it has a policy.
    pub(super) fn seat_of(&self, stream: ContextId) -> Result<&Rc<Seat>, Refusal> {
        let root = self.stream_roots.get(stream);
        let root = root.ok_or(Refusal::UnknownContext)?;
        self.roots.get(root).flatten().ok_or(Refusal::NoPolicy)
    }

    /// Has a stream wait.
    pub(super) fn hold(&mut self, stream: ContextId, waiting: Waiting) {
        self.exchanges.insert(waiting.suspended.id(), stream);
        self.streams
            .insert(stream, Open::Waiting(Box::new(waiting)));
    }

    /// Takes a waiting exchange out, where it still waits.
    pub(super) fn take(&mut self, exchange: ExchangeId) -> Option<(ContextId, Waiting)> {
        let stream = self.exchanges.remove(&exchange)?;
        match self.streams.remove(&stream)? {
            Open::Waiting(waiting) => Some((stream, *waiting)),
            Open::Editing(_) => None,
        }
    }

    /// Notes the edits that a stream's response is to get.
    #[inline(never)]
    pub(super) fn edit_later(&mut self, stream: ContextId, edits: Vec<Edit>) {
        self.streams
            .insert(stream, Open::Editing(edits.into_boxed_slice()));
    }

    /// Takes out the edits that a stream's response is to get now.
    pub(super) fn edits(&mut self, stream: ContextId) -> Option<Box<[Edit]>> {
        if self.streams.is_empty() {
            None
        } else {
            self.take_edits(stream)
        }
    }

    #[inline(never)]
    fn take_edits(&mut self, stream: ContextId) -> Option<Box<[Edit]>> {
        match self.streams.remove(&stream)? {
            Open::Editing(edits) => Some(edits),
            waiting @ Open::Waiting(_) => {
                self.streams.insert(stream, waiting);
                None
            }
        }
    }

    /// Removes a stream, and returns what was still to be done for it. The outer `None` means that the context is no stream.
    pub(super) fn remove_stream(&mut self, stream: ContextId) -> Option<Option<Open>> {
        if !self.stream_roots.remove(stream) {
            return None;
        }
        if self.streams.is_empty() {
            return Some(None);
        }
        Some(self.remove_open(stream))
    }

    #[inline(never)]
    fn remove_open(&mut self, stream: ContextId) -> Option<Open> {
        let open = self.streams.remove(&stream)?;
        if let Open::Waiting(waiting) = &open {
            self.exchanges.remove(&waiting.suspended.id());
        }
        Some(open)
    }

    /// Drops all flights of a seat, and takes out the streams that wait for its engine.
    pub(super) fn vacate(&mut self, seat: &Rc<Seat>) -> Vec<ContextId> {
        self.flights
            .retain(|_, flight| !Rc::ptr_eq(&flight.seat, seat));
        let of_seat = self.streams.iter().filter(|(_, open)| match open {
            Open::Waiting(waiting) => Rc::ptr_eq(&waiting.seat, seat),
            Open::Editing(_) => false,
        });
        let orphans: Vec<ContextId> = of_seat.map(|(stream, _)| *stream).collect();
        for stream in &orphans {
            if let Some(Open::Waiting(waiting)) = self.streams.remove(stream) {
                self.exchanges.remove(&waiting.suspended.id());
            }
        }
        orphans
    }
}
