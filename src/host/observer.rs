//! Events into the host's log.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use log::{LevelFilter, debug, info, warn};

use crate::engine::{Event, Observer, Outcome, RouteName};
use crate::time::Timestamp;

use super::abi::Failure;
use super::id::ContextId;
use super::log::Value;
use super::notes::Notes;
use super::refusal::Refusal;
use super::seat::Seat;
use super::tally::{Own, Tally};

/// A failure that lasts is told again after this time.
const AGAIN: Duration = Duration::from_secs(60);

/// More rows than this are not kept apart: they only come from names in a policy, which are few.
const MOST_ROWS: usize = 1024;

/// Records that are told one by one in a second: a large document is read and compared in many slices. The others are
/// counted.
const MOST_RECORDS: u32 = 10;

/// Lines on single requests in a second; what is above is counted. They stand at level "debug", which an operator turns on
/// while clients go on as they like.
const MOST_REQUESTS: u32 = 10;

/// Rows that begin anew in a second: failures that take turns, as a client's choice of keys can have it.
const MOST_TURNS: u32 = 10;

const SECOND: Duration = Duration::from_secs(1);

/// Writes events to the log, and keeps it readable: of a row of equal failures the first is told, then one a minute. No
/// client can make it write more than a few lines a second.
#[derive(Debug, Default)]
pub(super) struct EventLog {
    /// What the adapter itself counts in this VM.
    pub(super) own: Tally,
    now: Cell<Timestamp>,
    rows: RefCell<BTreeMap<String, Row>>,
    records: Cell<(Timestamp, u32)>,
    requests: Allowance,
    turns: Allowance,
}

/// Equal failures of one thing, one after the other.
#[derive(Debug)]
struct Row {
    failure: String,
    told: Timestamp,
    untold: u64,
}

/// So many lines a second.
#[derive(Debug, Default)]
struct Allowance {
    since: Cell<Timestamp>,
    used: Cell<u32>,
    untold: Cell<u64>,
}

impl Allowance {
    /// Whether one more line may be written: the number of those that weren't since the last.
    fn take(&self, now: Timestamp, most: u32) -> Option<u64> {
        let since = self.since.get();
        if now < since || now.since(since) >= SECOND {
            self.since.set(now);
            self.used.set(0);
        }
        let used = self.used.get();
        if used >= most {
            self.untold.set(self.untold.get().saturating_add(1));
            return None;
        }
        self.used.set(used.saturating_add(1));
        Some(self.untold.take())
    }
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
        if let Some(untold) = self.due(failure.call, &text) {
            warn!(
                "event=host_call_failed call={} status={} untold={untold}",
                failure.call, failure.status.0
            );
        }
    }

    /// Tells of a denial by the adapter.
    pub(super) fn refused(&self, stream: ContextId, refusal: Refusal) {
        self.own.own(Own::Refusal, refusal.reason());
        self.on_request(|untold| {
            debug!(
                "event=refused context={} reason={} untold={untold}",
                stream.0,
                refusal.reason()
            );
        });
    }

    /// Tells of one request, where the level is such and it isn't one of too many.
    fn on_request(&self, tell: impl FnOnce(u64)) {
        if log::max_level() < LevelFilter::Debug {
            return;
        }
        if let Some(untold) = self.requests.take(self.now.get(), MOST_REQUESTS) {
            tell(untold);
        }
    }

    /// Whether this failure of `what` is to be told now: the number of those since the last that was.
    fn due(&self, what: &str, failure: &str) -> Option<u64> {
        let now = self.now.get();
        let mut rows = self.rows.try_borrow_mut().ok()?;
        let Some(row) = rows.get_mut(what) else {
            if rows.len() >= MOST_ROWS {
                rows.clear();
            }
            let row = Row {
                failure: failure.to_owned(),
                told: now,
                untold: 0,
            };
            rows.insert(what.to_owned(), row);
            return Some(0);
        };
        let is_due = if row.failure == failure {
            now.since(row.told) >= AGAIN
        } else {
            self.turns.take(now, MOST_TURNS).is_some()
        };
        if !is_due {
            row.untold = row.untold.saturating_add(1);
            return None;
        }
        failure.clone_into(&mut row.failure);
        row.told = now;
        Some(std::mem::take(&mut row.untold))
    }

    /// Ends the row of `what`: its next failure is news.
    fn recovered(&self, what: &str) {
        if let Ok(mut rows) = self.rows.try_borrow_mut() {
            rows.remove(what);
        }
    }

    fn record_left_out(&self, source: &str, record: &str, reason: &str) {
        let now = self.now.get();
        let (mut since, mut number) = self.records.get();
        if now < since || now.since(since) >= SECOND {
            (since, number) = (now, 0);
        }
        self.records.set((since, number.saturating_add(1)));
        if number < MOST_RECORDS {
            warn!(
                "event=record_left_out source={} record={} reason={}",
                Value(source),
                Value(record),
                Value(reason)
            );
        } else if number == MOST_RECORDS {
            warn!("event=more_records_left_out source={}", Value(source));
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
            self.log.tell(event);
        }
    }
}

impl EventLog {
    #[inline(never)]
    fn tell(&self, event: &Event<'_>) {
        match *event {
            Event::Decided {
                route,
                outcome: Outcome::Denied,
                reason,
                ..
            } => self.on_request(|untold| {
                debug!(
                    "event=denied route={} reason={} untold={untold}",
                    Value(route.map_or("", RouteName::text)),
                    reason.unwrap_or("none")
                );
            }),
            // Told at all because somebody is let in without what should have decided it.
            Event::FellBack { route, lookup, .. } => {
                if let Some(untold) = self.due(lookup, "fell back") {
                    warn!(
                        "event=fell_back route={} lookup={} untold={untold}",
                        Value(route),
                        Value(lookup)
                    );
                }
            }
            Event::SourceLoaded { source, bytes } => {
                self.recovered(source);
                info!("event=source_loaded source={} bytes={bytes}", Value(source));
            }
            Event::SourceFailed { source, error, .. } => {
                let text = error.to_string();
                if let Some(untold) = self.due(source, &text) {
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
            } => self.record_left_out(source, record, reason),
            Event::Decided { .. }
            | Event::Authenticated { .. }
            | Event::Identified { .. }
            | Event::SourceAsked { .. }
            | Event::SourceFetched { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NANOS: u64 = 1_000_000_000;

    #[test]
    fn a_row_of_equal_failures_is_told_once_a_minute() {
        let log = EventLog::default();
        let at = |seconds: u64| log.now.set(Timestamp::from_nanos(seconds * 1_000_000_000));
        at(100);
        assert_eq!(log.due("tenants", "no reply"), Some(0));
        assert_eq!(log.due("tenants", "no reply"), None);
        assert_eq!(log.due("flags", "no reply"), Some(0), "another source");
        at(159);
        assert_eq!(log.due("tenants", "no reply"), None);
        at(160);
        assert_eq!(log.due("tenants", "no reply"), Some(2));
        assert_eq!(log.due("tenants", "status 500"), Some(0), "another failure");
        log.recovered("tenants");
        assert_eq!(log.due("tenants", "status 500"), Some(0), "a new row");
    }

    #[test]
    fn failures_that_take_turns_flood_nothing() {
        let log = EventLog::default();
        let mut told = 0_u64;
        let mut untold = 0_u64;
        for second in 100..103 {
            log.now.set(Timestamp::from_nanos(second * SECOND_NANOS));
            for turn in 0..1000 {
                let failure = ["status 500", "malformed"][turn % 2];
                if let Some(before) = log.due("profile", failure) {
                    told += 1;
                    untold += before;
                }
            }
        }
        assert!((20..=40).contains(&told), "{told}");
        assert!(untold > 1900, "{untold}");
    }

    #[test]
    fn requests_have_an_allowance() {
        let allowance = Allowance::default();
        let at = |seconds: u64| Timestamp::from_nanos(seconds * SECOND_NANOS);
        let lines = |now| (0..50).filter_map(|_| allowance.take(now, 10)).count();
        assert_eq!(lines(at(100)), 10);
        assert_eq!(lines(at(100)), 0);
        assert_eq!(allowance.take(at(101), 10), Some(90));
        assert_eq!(lines(at(50)), 10, "a clock that was put back");
    }
}
