//! Events into the host's log.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use log::{debug, info, warn};

use crate::engine::{Event, Observer, Outcome};
use crate::time::Timestamp;

use super::abi::Failure;
use super::log::Value;

/// A failure that lasts is told again after this time.
const AGAIN: Duration = Duration::from_secs(60);

/// More rows than this are not kept apart: they only come from names in a policy, which are few.
const MOST_ROWS: usize = 1024;

/// Records that are told one by one of each document; the others are counted.
const MOST_RECORDS: u32 = 10;

/// Writes events to the log, and keeps it readable: of a row of equal failures the first is told, then one a minute.
#[derive(Debug, Default)]
pub(super) struct EventLog {
    now: Cell<Timestamp>,
    rows: RefCell<BTreeMap<String, Row>>,
    records: Cell<u32>,
}

/// Equal failures of one thing, one after the other.
#[derive(Debug)]
struct Row {
    failure: String,
    told: Timestamp,
    untold: u64,
}

impl EventLog {
    /// An observer for what happens at `now`.
    pub(super) fn at(&self, now: Timestamp) -> Sink<'_> {
        self.now.set(now);
        self.records.set(0);
        Sink(self)
    }

    /// Tells of a host call that failed, unless it was told lately.
    pub(super) fn trouble(&self, failure: &Failure) {
        let text = failure.to_string();
        if let Some(untold) = self.due(failure.call, &text) {
            warn!(
                "event=host_call_failed call={} status={} untold={untold}",
                failure.call, failure.status.0
            );
        }
    }

    /// Whether this failure of `what` is to be told now: the number of equal ones since the last that was.
    fn due(&self, what: &str, failure: &str) -> Option<u64> {
        let now = self.now.get();
        let mut rows = self.rows.try_borrow_mut().ok()?;
        if let Some(row) = rows.get_mut(what).filter(|row| row.failure == failure) {
            if now.since(row.told) < AGAIN {
                row.untold = row.untold.saturating_add(1);
                return None;
            }
            row.told = now;
            return Some(std::mem::take(&mut row.untold));
        }
        if rows.len() >= MOST_ROWS {
            rows.clear();
        }
        let row = Row {
            failure: failure.to_owned(),
            told: now,
            untold: 0,
        };
        rows.insert(what.to_owned(), row);
        Some(0)
    }

    /// Ends the row of `what`: its next failure is news.
    fn recovered(&self, what: &str) {
        if let Ok(mut rows) = self.rows.try_borrow_mut() {
            rows.remove(what);
        }
    }

    fn record_left_out(&self, source: &str, record: &str, reason: &str) {
        let number = self.records.get();
        self.records.set(number.saturating_add(1));
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

/// An observer that writes to an [`EventLog`].
#[derive(Debug)]
pub(super) struct Sink<'a>(&'a EventLog);

impl Observer for Sink<'_> {
    fn event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Decided {
                route,
                outcome: Outcome::Denied,
                reason,
            } => debug!(
                "event=denied route={} reason={}",
                Value(route.unwrap_or("")),
                reason.unwrap_or("none")
            ),
            Event::Decided { .. } => {}
            // Told at all because somebody is let in without what should have decided it.
            Event::FellBack { lookup } => {
                if let Some(untold) = self.0.due(lookup, "fell back") {
                    warn!("event=fell_back lookup={} untold={untold}", Value(lookup));
                }
            }
            Event::SourceLoaded { source, bytes } => {
                self.0.recovered(source);
                info!("event=source_loaded source={} bytes={bytes}", Value(source));
            }
            Event::SourceFailed { source, error } => {
                let text = error.to_string();
                if let Some(untold) = self.0.due(source, &text) {
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
            } => self.0.record_left_out(source, record, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
