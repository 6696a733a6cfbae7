//! What one policy's engine has done, counted in the VM's memory.
//!
//! A host call a request would cost more than the decision; so events are counted here, in tables by the places of
//! routes, providers and sources in the policy, and handed to the host on the tick and when the policy ends.

use std::cell::{Cell, RefCell};

use crate::engine::{Event, Outcome, Recall, RouteName, Verdict};
use crate::time::Timestamp;

use super::abi::Failure;
use super::counts::{Counters, Pending};
use super::metrics::Metrics;
use super::rows::Troubles;
use super::stat;

/// The counts of one policy in one VM, or of the VM itself, that the host doesn't have yet.
#[derive(Debug, Default)]
pub(super) struct Tally {
    tables: RefCell<Tables>,
    /// What was told of the failures that were met.
    pub(super) troubles: Troubles,
    /// When they were handed over last.
    pub(super) handed: Cell<Timestamp>,
}

#[derive(Debug)]
struct Tables {
    decisions: Counters,
    fallbacks: Counters,
    authentications: Counters,
    fetches: Counters,
    failures: Counters,
    left_out: Counters,
    answers: Counters,
    callouts: Counters,
    ignored: Counters,
    refusals: Counters,
    failed_calls: Counters,
}

/// Something that the adapter itself counts, one of its own words each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// A callback that named what this VM doesn't know.
    Ignored,
    /// A denial by the adapter.
    Refusal,
    /// A host call that failed, by its name in the ABI.
    FailedCall,
}

impl Tally {
    /// Counts an event.
    #[inline(always)]
    pub(super) fn count(&self, event: &Event<'_>) {
        // Nobody calls back while this is borrowed.
        let Ok(mut tables) = self.tables.try_borrow_mut() else {
            return;
        };
        match *event {
            Event::Decided {
                route,
                place,
                outcome,
                reason,
            } => {
                // The first row is for requests that no route is for.
                let row = place.map_or(0, |place| place.saturating_add(1));
                let label = || route.map(RouteName::text);
                let why = reason.unwrap_or_default();
                let table = &mut tables.decisions;
                match outcome {
                    Outcome::Forwarded => table.add(row, label, "forwarded", ""),
                    Outcome::Answered => table.add(row, label, "answered", why),
                    Outcome::Denied => table.add(row, label, "denied", why),
                }
            }
            Event::Authenticated {
                provider,
                id,
                verdict,
            } => {
                let (row, label) = (id.index(), Some(provider));
                let table = &mut tables.authentications;
                match verdict {
                    Verdict::Accepted => table.add(row, || label, "accepted", ""),
                    Verdict::Absent => table.add(row, || label, "absent", ""),
                    Verdict::Rejected => table.add(row, || label, "rejected", ""),
                    Verdict::Unavailable => table.add(row, || label, "unavailable", ""),
                }
            }
            Event::Identified { .. } => {}
            Event::FellBack { .. }
            | Event::SourceAsked { .. }
            | Event::SourceFetched { .. }
            | Event::SourceFailed { .. }
            | Event::SourceLoaded { .. }
            | Event::ListsCompared
            | Event::RecordLeftOut { .. } => tables.count_of_source(event),
        }
    }

    /// Counts what came of a callout. A cluster is found by its name: callouts are few, and clusters fewer.
    pub(super) fn callout(&self, cluster: &[u8], outcome: &'static str) {
        let Ok(mut tables) = self.tables.try_borrow_mut() else {
            return;
        };
        let label = stat::label(&String::from_utf8_lossy(cluster));
        let table = &mut tables.callouts;
        let row = table.row_of(&label);
        table.add(row, || Some(&label), outcome, "");
    }

    /// Counts something of the adapter's own.
    pub(super) fn own(&self, own: Own, what: &'static str) {
        let Ok(mut tables) = self.tables.try_borrow_mut() else {
            return;
        };
        let table = match own {
            Own::Ignored => &mut tables.ignored,
            Own::Refusal => &mut tables.refusals,
            Own::FailedCall => &mut tables.failed_calls,
        };
        table.add(0, || None, what, "");
    }

    /// Hands all counts to the host. What can't be handed over stays for the next time.
    ///
    /// # Errors
    /// The first host call's that fails; no further one is made then.
    pub(super) fn hand_over(&self, metrics: &Metrics) -> Result<(), Failure> {
        for number in 0..Tables::COUNT {
            let due = self.with(number, Counters::take).unwrap_or_default();
            let mut due = due.into_iter();
            let handed = due.try_for_each(|one| self.hand(number, &one, metrics));
            for one in due {
                self.with(number, |table| table.put_back(&one));
            }
            handed?;
        }
        Ok(())
    }

    fn hand(&self, number: usize, one: &Pending, metrics: &Metrics) -> Result<(), Failure> {
        let counter = match &one.metric {
            Ok(counter) => Ok(*counter),
            Err(name) => metrics.counter(name),
        };
        let added = counter.and_then(|counter| {
            self.with(number, |table| table.defined(one, counter));
            Metrics::add(counter, one.count.into())
        });
        if added.is_err() {
            self.with(number, |table| table.put_back(one));
        }
        added
    }

    fn with<T>(&self, number: usize, work: impl FnOnce(&mut Counters) -> T) -> Option<T> {
        let mut tables = self.tables.try_borrow_mut().ok()?;
        Some(work(tables.at(number)?))
    }
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            decisions: Counters::new(|route, outcome, reason| {
                let reason = if reason.is_empty() { "none" } else { reason };
                let labels = [("route", route), ("outcome", outcome), ("reason", reason)];
                stat::name("decisions", &labels, "total")
            }),
            fallbacks: Counters::new(|route, _, lookup| {
                let labels = [("route", route), ("lookup", lookup)];
                stat::name("fallbacks", &labels, "total")
            }),
            authentications: Counters::new(|provider, outcome, _| {
                let labels = [("provider", provider), ("outcome", outcome)];
                stat::name("authentications", &labels, "total")
            }),
            fetches: Counters::new(|source, _, _| {
                stat::name("source_fetches", &[("source", source)], "total")
            }),
            failures: Counters::new(|source, _, _| {
                stat::name("source_failures", &[("source", source)], "total")
            }),
            left_out: Counters::new(|source, _, _| {
                stat::name("source_left_out", &[("source", source)], "total")
            }),
            answers: Counters::new(|source, outcome, _| {
                let labels = [("source", source), ("outcome", outcome)];
                stat::name("source_answers", &labels, "total")
            }),
            callouts: Counters::new(|cluster, outcome, _| {
                let labels = [("cluster", cluster), ("outcome", outcome)];
                stat::name("callouts", &labels, "total")
            }),
            ignored: Counters::new(|_, kind, _| {
                stat::name("ignored_callbacks", &[("kind", kind)], "total")
            }),
            refusals: Counters::new(|_, reason, _| {
                stat::name("refusals", &[("reason", reason)], "total")
            }),
            failed_calls: Counters::new(|_, call, _| {
                stat::name("failed_host_calls", &[("call", call)], "total")
            }),
        }
    }
}

impl Tables {
    /// Counts an event of a source's. Out of line: not every request meets one.
    #[inline(never)]
    fn count_of_source(&mut self, event: &Event<'_>) {
        match *event {
            Event::FellBack {
                route,
                place,
                lookup,
            } => self.fallbacks.add(place, || Some(route), "", lookup),
            Event::SourceAsked { source, id, recall } => {
                let recall = match recall {
                    Recall::Hit => "hit",
                    Recall::Miss => "miss",
                    Recall::Refused => "refused",
                };
                self.answers.add(id.index(), || Some(source), recall, "");
            }
            Event::SourceFetched { source, id } => {
                self.fetches.add(id.index(), || Some(source), "", "");
            }
            Event::SourceFailed { source, id, .. } => {
                self.failures.add(id.index(), || Some(source), "", "");
            }
            Event::Decided { .. }
            | Event::Authenticated { .. }
            | Event::Identified { .. }
            | Event::SourceLoaded { .. }
            | Event::ListsCompared => {}
            Event::RecordLeftOut { source, id, .. } => {
                self.left_out.add(id.index(), || Some(source), "", "");
            }
        }
    }

    const COUNT: usize = 11;

    fn at(&mut self, number: usize) -> Option<&mut Counters> {
        let all: [&mut Counters; Self::COUNT] = [
            &mut self.decisions,
            &mut self.fallbacks,
            &mut self.authentications,
            &mut self.fetches,
            &mut self.failures,
            &mut self.left_out,
            &mut self.answers,
            &mut self.callouts,
            &mut self.ignored,
            &mut self.refusals,
            &mut self.failed_calls,
        ];
        all.into_iter().nth(number)
    }
}
