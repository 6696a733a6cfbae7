//! Which failures are logged, so that the log stays readable and no client can fill it.
//!
//! Of equal failures of one thing in a row, the first is logged, then one a minute. Things of different kinds have rows of
//! their own, and so have those of different policies: a lookup and its source may have one name, and two policies may mean
//! different sources by it.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use crate::time::Timestamp;

/// A failure that lasts is logged again after this time.
const AGAIN: Duration = Duration::from_secs(60);

/// At more rows than this all begin anew. Rows come from names in a policy, which are few.
const MOST_ROWS: usize = 1024;

/// How many rows of one kind may begin in a second, and how many may change to another failure: a client that chooses keys can
/// make failures alternate.
const MOST_TURNS: u32 = 10;

/// The records that are logged one by one of each document; the others are counted.
const MOST_RECORDS: u32 = 10;

const SECOND: Duration = Duration::from_secs(1);

/// Allows some lines a second.
#[derive(Debug, Default)]
pub(in crate::host) struct RateLimit {
    since: Cell<Timestamp>,
    used: Cell<u32>,
    untold: Cell<u64>,
}

impl RateLimit {
    /// Whether one more line may be written: then the number of lines that were left out since the last one.
    pub(in crate::host) fn take(&self, now: Timestamp, most: u32) -> Option<u64> {
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

/// Equal failures of one thing, one after the other.
#[derive(Debug)]
struct Row {
    of: Box<str>,
    name: Box<str>,
    failure: String,
    told: Timestamp,
    untold: u64,
}

/// The rows of things of one kind. A thing has two names, of which the first may be empty.
#[derive(Debug, Default)]
pub(in crate::host) struct Repeats {
    /// In the order of the names. (A tree would be ten times the code.)
    rows: RefCell<Vec<Row>>,
    news: RateLimit,
    turns: RateLimit,
}

impl Repeats {
    /// Whether this failure of a thing is to be logged now: then the number of failures that were left out since the last line.
    pub(in crate::host) fn due(
        &self,
        now: Timestamp,
        thing: [&str; 2],
        failure: &str,
    ) -> Option<u64> {
        let mut rows = self.rows.try_borrow_mut().ok()?;
        let index = match search(&rows, thing) {
            Ok(index) => index,
            Err(index) => {
                // A row begins with a line. Where the line may not be written, no row begins.
                let untold = self.news.take(now, MOST_TURNS)?;
                if rows.len() >= MOST_ROWS {
                    rows.clear();
                }
                let index = index.min(rows.len());
                let [of, name] = thing.map(Box::from);
                let row = Row {
                    of,
                    name,
                    failure: failure.to_owned(),
                    told: now,
                    untold: 0,
                };
                rows.insert(index, row);
                return Some(untold);
            }
        };
        let row = rows.get_mut(index)?;
        // Of a thing whose failures differ each time, one a minute is logged as well, whatever else alternates.
        // After the clock was set back, time counts from there.
        let is_due = now < row.told
            || now.since(row.told) >= AGAIN
            || row.failure != failure && self.turns.take(now, MOST_TURNS).is_some();
        if !is_due {
            row.untold = row.untold.saturating_add(1);
            return None;
        }
        failure.clone_into(&mut row.failure);
        row.told = now;
        Some(std::mem::take(&mut row.untold))
    }

    /// Ends the row of a thing: its next failure is logged.
    pub(in crate::host) fn recovered(&self, thing: [&str; 2]) {
        if let Ok(mut rows) = self.rows.try_borrow_mut() {
            if let Ok(index) = search(&rows, thing) {
                rows.remove(index);
            }
        }
    }
}

/// Where the row of a thing is, or would be.
fn search(rows: &[Row], [of, name]: [&str; 2]) -> Result<usize, usize> {
    rows.binary_search_by(|row| (&*row.of, &*row.name).cmp(&(of, name)))
}

/// What was logged of the failures of one policy.
#[derive(Debug, Default)]
pub(in crate::host) struct ReportedFailures {
    pub(in crate::host) sources: Repeats,
    /// By the route, too: each has lookups of its own.
    pub(in crate::host) lookups: Repeats,
    /// How many records were left out of the document of a source that is being read.
    records: RefCell<Vec<(Box<str>, u32)>>,
}

/// How a record that was left out is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum RecordLine {
    /// In a line of its own.
    Single,
    /// By a line that says that there are more.
    More,
    /// Not at all.
    Nothing,
}

impl ReportedFailures {
    /// A record of a source's document was left out.
    pub(in crate::host) fn left_out(&self, source: &str) -> RecordLine {
        let Ok(mut records) = self.records.try_borrow_mut() else {
            return RecordLine::Nothing;
        };
        let known = records.iter().position(|(of, _)| **of == *source);
        let index = known.unwrap_or_else(|| {
            records.push((source.into(), 0));
            records.len().saturating_sub(1)
        });
        let Some((_, number)) = records.get_mut(index) else {
            return RecordLine::Nothing;
        };
        let before = *number;
        *number = before.saturating_add(1);
        match before {
            0..MOST_RECORDS => RecordLine::Single,
            MOST_RECORDS => RecordLine::More,
            _ => RecordLine::Nothing,
        }
    }

    /// The documents have been compared with each other. Records that are left out from now on are of other documents.
    pub(in crate::host) fn compared(&self) {
        if let Ok(mut records) = self.records.try_borrow_mut() {
            records.clear();
        }
    }

    /// The document of a source has been read, well or not.
    pub(in crate::host) fn read(&self, source: &str) {
        if let Ok(mut records) = self.records.try_borrow_mut() {
            records.retain(|(of, _)| **of != *source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NANOS: u64 = 1_000_000_000;

    const A: [&str; 2] = ["", "tenants"];
    const B: [&str; 2] = ["", "flags"];

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds.saturating_mul(SECOND_NANOS))
    }

    #[test]
    fn a_row_of_equal_failures_is_told_once_a_minute() {
        let rows = Repeats::default();
        assert_eq!(rows.due(at(100), A, "no reply"), Some(0));
        assert_eq!(rows.due(at(100), A, "no reply"), None);
        assert_eq!(rows.due(at(100), B, "no reply"), Some(0), "another source");
        let of_route = ["route", "tenants"];
        assert_eq!(rows.due(at(100), of_route, "no reply"), Some(0));
        assert_eq!(rows.due(at(159), A, "no reply"), None);
        assert_eq!(rows.due(at(160), A, "no reply"), Some(2));
        assert_eq!(
            rows.due(at(160), A, "status 500"),
            Some(0),
            "another failure"
        );
        rows.recovered(A);
        assert_eq!(rows.due(at(160), A, "status 500"), Some(0), "a new row");
        assert_eq!(rows.due(at(160), of_route, "no reply"), Some(0));
        let put_back = rows.due(at(50), A, "status 500");
        assert_eq!(put_back, Some(0), "a clock that was put back");
        assert_eq!(rows.due(at(109), A, "status 500"), None);
        assert_eq!(rows.rows.borrow().len(), 3);
    }

    #[test]
    fn failures_that_take_turns_flood_nothing_and_hide_nothing() {
        let rows = Repeats::default();
        assert_eq!(rows.due(at(90), B, "no reply"), Some(0));
        let mut told = 0_u64;
        let mut untold = 0_u64;
        let mut of_other = 0;
        for second in 100..160 {
            for turn in 0..1000 {
                let failure = ["status 500", "malformed"][turn % 2];
                if let Some(before) = rows.due(at(second), A, failure) {
                    told += 1;
                    untold += before;
                }
            }
            // The limit is used up, so a new failure of another thing isn't logged.
            of_other += u64::from(rows.due(at(second), B, "status 500").is_some());
        }
        assert!((500..=700).contains(&told), "{told}");
        assert!(untold > 50_000, "{untold}");
        assert!(of_other >= 1);
    }

    #[test]
    fn many_names_flood_nothing() {
        let rows = Repeats::default();
        let mut told = 0;
        for second in 100..200 {
            for number in 0..5000 {
                let name = number.to_string();
                told += u64::from(rows.due(at(second), ["", &name], "fell back").is_some());
            }
        }
        // Ten rows begin in a second, and each is logged again once a minute.
        assert!((900..=1500).contains(&told), "{told}");
        assert!(rows.rows.borrow().len() <= MOST_ROWS);
    }

    #[test]
    fn an_allowance() {
        let allowance = RateLimit::default();
        let lines = |now| (0..50).filter_map(|_| allowance.take(now, 10)).count();
        assert_eq!(lines(at(100)), 10);
        assert_eq!(lines(at(100)), 0);
        assert_eq!(allowance.take(at(101), 10), Some(90));
        assert_eq!(lines(at(50)), 10, "a clock that was put back");
    }

    #[test]
    fn records_are_counted_for_each_document() {
        let troubles = ReportedFailures::default();
        let tell = |source: &str, times: u32| -> Vec<RecordLine> {
            (0..times).map(|_| troubles.left_out(source)).collect()
        };
        let single = [RecordLine::Single; 10];
        assert_eq!(tell("a", 10), single);
        assert_eq!(tell("b", 10), single);
        assert_eq!(tell("a", 2), [RecordLine::More, RecordLine::Nothing]);
        troubles.read("a");
        assert_eq!(tell("a", 10), single);
        assert_eq!(tell("b", 2), [RecordLine::More, RecordLine::Nothing]);
    }
}
