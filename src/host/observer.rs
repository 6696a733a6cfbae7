//! Events into the host's log.

use std::cell::Cell;

use log::{LevelFilter, debug, info, warn};

use crate::engine::{Event, Observer, Outcome, RouteName};
use crate::time::Timestamp;

use super::abi::Failure;
use super::id::ContextId;
use super::log::Value;
use super::notes::Notes;
use super::refusal::Refusal;
use super::rows::{Allowance, Rows, Telling, Troubles};
use super::seat::Seat;
use super::tally::{Own, Tally};

/// Lines on single requests in a second; what is above is counted. They stand at level "debug", which an operator turns on
/// while clients go on as they like.
const MOST_REQUESTS: u32 = 10;

/// Writes events to the log, and keeps it readable: of a row of equal failures the first is told, then one a minute. No
/// client can make it write more than a few lines a second.
#[derive(Debug, Default)]
pub(super) struct EventLog {
    /// What the adapter itself counts in this VM.
    pub(super) own: Tally,
    now: Cell<Timestamp>,
    calls: Rows,
    /// Lines on requests: what clients cause leaves the adapter's own words their room.
    denied: Allowance,
    refused: Allowance,
}

impl EventLog {
    /// An observer for what happens at `now`, which counts too.
    pub(super) fn at<'a>(&'a self, now: Timestamp, tally: &'a Tally) -> Sink<'a> {
        self.now.set(now);
        Sink {
            log: self,
            tally,
            notes: None,
        }
    }

    /// It is this late by now.
    pub(super) fn pass(&self, now: Timestamp) {
        self.now.set(now);
    }

    /// An observer for a decision of a seat's engine: it takes notes for the access log, where the policy wants that.
    pub(super) fn noting<'a>(&'a self, now: Timestamp, seat: &'a Seat) -> Sink<'a> {
        let mut sink = self.at(now, &seat.tally);
        sink.notes = (!seat.log_properties.is_empty()).then(Box::default);
        sink
    }

    /// Tells of a host call that failed, unless it was told lately.
    #[cold]
    #[inline(never)]
    pub(super) fn trouble(&self, failure: &Failure) {
        self.own.own(Own::FailedCall, failure.call);
        let text = failure.to_string();
        if let Some(untold) = self.calls.due(self.now.get(), ["", failure.call], &text) {
            warn!(
                "event=host_call_failed call={} status={} untold={untold}",
                failure.call, failure.status.0
            );
        }
    }

    /// Tells of a denial by the adapter.
    pub(super) fn refused(&self, stream: ContextId, refusal: Refusal) {
        self.own.own(Own::Refusal, refusal.reason());
        self.on_request(&self.refused, |untold| {
            debug!(
                "event=refused context={} reason={} untold={untold}",
                stream.0,
                refusal.reason()
            );
        });
    }

    /// Tells of one request, where the level is such and it isn't one of too many.
    fn on_request(&self, allowance: &Allowance, tell: impl FnOnce(u64)) {
        if log::max_level() < LevelFilter::Debug {
            return;
        }
        if let Some(untold) = allowance.take(self.now.get(), MOST_REQUESTS) {
            tell(untold);
        }
    }
}

/// An observer that writes to an [`EventLog`] and counts in a [`Tally`].
#[derive(Debug)]
pub(super) struct Sink<'a> {
    log: &'a EventLog,
    tally: &'a Tally,
    /// For the access log.
    pub(super) notes: Option<Box<Notes>>,
}

/// What each good request brings is never told, and so doesn't run what tells the rest.
const fn may_be_told(event: &Event<'_>) -> bool {
    match event {
        Event::Decided { outcome, .. } => matches!(outcome, Outcome::Denied),
        Event::Authenticated { .. }
        | Event::Identified { .. }
        | Event::SourceAsked { .. }
        | Event::SourceFetched { .. } => false,
        Event::FellBack { .. }
        | Event::SourceLoaded { .. }
        | Event::ListsCompared
        | Event::SourceFailed { .. }
        | Event::RecordLeftOut { .. } => true,
    }
}

impl Observer for Sink<'_> {
    #[inline(always)]
    fn event(&mut self, event: &Event<'_>) {
        self.tally.count(event);
        if let Some(notes) = &mut self.notes {
            notes.take(event);
        }
        if may_be_told(event) {
            self.log.tell(event, &self.tally.troubles);
        }
    }
}

impl EventLog {
    #[inline(never)]
    fn tell(&self, event: &Event<'_>, troubles: &Troubles) {
        let now = self.now.get();
        match *event {
            Event::Decided {
                route,
                outcome: Outcome::Denied,
                reason,
                ..
            } => self.on_request(&self.denied, |untold| {
                debug!(
                    "event=denied route={} reason={} untold={untold}",
                    Value(route.map_or("", RouteName::text)),
                    reason.unwrap_or("none")
                );
            }),
            // Told at all because somebody is let in without what should have decided it.
            Event::FellBack { route, lookup, .. } => {
                if let Some(untold) = troubles.lookups.due(now, [route, lookup], "fell back") {
                    warn!(
                        "event=fell_back route={} lookup={} untold={untold}",
                        Value(route),
                        Value(lookup)
                    );
                }
            }
            Event::SourceLoaded { source, bytes } => {
                troubles.read(source);
                troubles.sources.recovered(["", source]);
                info!("event=source_loaded source={} bytes={bytes}", Value(source));
            }
            Event::SourceFailed { source, error, .. } => {
                troubles.read(source);
                let text = error.to_string();
                if let Some(untold) = troubles.sources.due(now, ["", source], &text) {
                    warn!(
                        "event=source_failed source={} error={} untold={untold}",
                        Value(source),
                        Value(&text)
                    );
                }
            }
            Event::RecordLeftOut {
                source,
                record,
                reason,
                ..
            } => left_out(troubles, source, record, reason),
            Event::ListsCompared => troubles.compared(),
            Event::Decided { .. }
            | Event::Authenticated { .. }
            | Event::Identified { .. }
            | Event::SourceAsked { .. }
            | Event::SourceFetched { .. } => {}
        }
    }
}

fn left_out(troubles: &Troubles, source: &str, record: &str, reason: &str) {
    match troubles.left_out(source) {
        Telling::Single => warn!(
            "event=record_left_out source={} record={} reason={}",
            Value(source),
            Value(record),
            Value(reason)
        ),
        Telling::More => warn!("event=more_records_left_out source={}", Value(source)),
        Telling::Nothing => {}
    }
}
