//! Counts what one policy's engine has done, in the VM's memory.
//!
//! A host call for each request would cost more than the decision. So events are counted here, in tables by the indices of
//! routes, providers and sources in the policy, and flushed to the host on the tick and when the policy ends.

use std::cell::{Cell, RefCell};

use crate::engine::{Event, Outcome, Recall, RouteName, VerdictKind};
use crate::host::hostcalls::{Failure, Host};
use crate::time::Timestamp;

use super::family::{Family, Pending, RowId};
use super::metrics::Metrics;
use super::names::{label, name};

/// The counts of one policy in one VM, or of the VM itself, that the host doesn't have yet.
#[derive(Debug, Default)]
pub(in crate::host) struct Counters {
    families: RefCell<Families>,
    /// When they were flushed last.
    pub(in crate::host) flushed: Cell<Timestamp>,
}

#[derive(Debug)]
struct Families {
    decisions: Family,
    fallbacks: Family,
    authentications: Family,
    fetches: Family,
    failures: Family,
    older: Family,
    left_out: Family,
    answers: Family,
    callouts: Family,
    ignored: Family,
    refusals: Family,
    failed_calls: Family,
}

/// One of the families, by its index in [`Families::at`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FamilyId(usize);

/// What the adapter itself counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum AdapterCount {
    /// A callback with an unknown context or token.
    Ignored,
    /// A denial by the adapter.
    Refusal,
    /// A host call that failed.
    FailedCall,
}

impl Counters {
    /// Counts an event.
    #[inline(always)]
    pub(in crate::host) fn count(&self, event: &Event<'_>) {
        // Nothing calls back while this is borrowed.
        let Ok(mut families) = self.families.try_borrow_mut() else {
            return;
        };
        match *event {
            Event::Decided {
                route,
                id,
                outcome,
                reason,
            } => {
                // The first row is for requests that match no route.
                let row = RowId(id.map_or(0, |id| id.index().saturating_add(1)));
                let route = || route.map(RouteName::text);
                let why = reason.unwrap_or_default();
                let family = &mut families.decisions;
                match outcome {
                    Outcome::Forwarded => family.add(row, route, "forwarded", ""),
                    Outcome::Answered => family.add(row, route, "answered", why),
                    Outcome::Denied => family.add(row, route, "denied", why),
                }
            }
            Event::Authenticated {
                provider,
                id,
                verdict,
            } => {
                let (row, provider) = (RowId(id.index()), || Some(provider));
                let family = &mut families.authentications;
                match verdict {
                    VerdictKind::Accepted => family.add(row, provider, "accepted", ""),
                    VerdictKind::Absent => family.add(row, provider, "absent", ""),
                    VerdictKind::Foreign => family.add(row, provider, "absent", "wrong_issuer"),
                    VerdictKind::Rejected(reason) => {
                        family.add(row, provider, "rejected", reason);
                    }
                    VerdictKind::Unavailable(reason) => {
                        family.add(row, provider, "unavailable", reason);
                    }
                }
            }
            Event::Identified { .. } => {}
            Event::FellBack { .. }
            | Event::SourceAsked { .. }
            | Event::SourceFetched { .. }
            | Event::SourceFailed { .. }
            | Event::SourceLoaded { .. }
            | Event::SourceWentBack { .. }
            | Event::ListsCompared
            | Event::RecordLeftOut { .. } => families.count_of_source(event),
        }
    }

    /// Counts the outcome of a callout. A cluster is looked up by its name: callouts are few, and clusters fewer.
    pub(in crate::host) fn callout(&self, cluster: &[u8], outcome: &'static str) {
        let Ok(mut families) = self.families.try_borrow_mut() else {
            return;
        };
        let cluster = label(&String::from_utf8_lossy(cluster));
        let family = &mut families.callouts;
        let row = family.row_of(&cluster);
        family.add(row, || Some(&cluster), outcome, "");
    }

    /// Counts for the adapter itself.
    pub(in crate::host) fn count_own(&self, own: AdapterCount, what: &'static str) {
        let Ok(mut families) = self.families.try_borrow_mut() else {
            return;
        };
        let family = match own {
            AdapterCount::Ignored => &mut families.ignored,
            AdapterCount::Refusal => &mut families.refusals,
            AdapterCount::FailedCall => &mut families.failed_calls,
        };
        family.add(RowId(0), || None, what, "");
    }

    /// Adds all counts to the host's stats. What can't be added stays for the next flush.
    ///
    /// # Errors
    /// The first host call's that fails; no further one is made then.
    pub(in crate::host) fn flush(
        &self,
        metrics: &Metrics,
        host: &impl Host,
    ) -> Result<(), Failure> {
        for family_id in (0..Families::COUNT).map(FamilyId) {
            let pending = self.with(family_id, Family::take).unwrap_or_default();
            let mut pending = pending.into_iter();
            let added = pending.try_for_each(|one| self.add(family_id, &one, metrics, host));
            for one in pending {
                self.with(family_id, |family| family.put_back(&one));
            }
            added?;
        }
        Ok(())
    }

    fn add(
        &self,
        id: FamilyId,
        one: &Pending,
        metrics: &Metrics,
        host: &impl Host,
    ) -> Result<(), Failure> {
        let counter = match &one.metric {
            Ok(counter) => Ok(*counter),
            Err(name) => metrics.counter(host, name),
        };
        let added = counter.and_then(|counter| {
            self.with(id, |family| family.defined(one, counter));
            host.increment_metric(counter, one.count.into())
        });
        if added.is_err() {
            self.with(id, |family| family.put_back(one));
        }
        added
    }

    fn with<T>(&self, id: FamilyId, work: impl FnOnce(&mut Family) -> T) -> Option<T> {
        let mut families = self.families.try_borrow_mut().ok()?;
        Some(work(families.at(id)?))
    }
}

impl Default for Families {
    fn default() -> Self {
        Self {
            decisions: Family::new(|route, outcome, reason| {
                let reason = if reason.is_empty() { "none" } else { reason };
                let labels = [("route", route), ("outcome", outcome), ("reason", reason)];
                name("decisions", &labels, "total")
            }),
            fallbacks: Family::new(|route, _, lookup| {
                let labels = [("route", route), ("lookup", lookup)];
                name("fallbacks", &labels, "total")
            }),
            authentications: Family::new(|provider, outcome, reason| {
                let reason = if reason.is_empty() { "none" } else { reason };
                let labels = [
                    ("provider", provider),
                    ("outcome", outcome),
                    ("reason", reason),
                ];
                name("authentications", &labels, "total")
            }),
            fetches: Family::new(|source, _, _| {
                name("source_fetches", &[("source", source)], "total")
            }),
            failures: Family::new(|source, reason, _| {
                let labels = [("source", source), ("reason", reason)];
                name("source_failures", &labels, "total")
            }),
            older: Family::new(|source, _, _| {
                name("source_older_documents", &[("source", source)], "total")
            }),
            left_out: Family::new(|source, _, _| {
                name("source_left_out", &[("source", source)], "total")
            }),
            answers: Family::new(|source, outcome, _| {
                let labels = [("source", source), ("outcome", outcome)];
                name("source_answers", &labels, "total")
            }),
            callouts: Family::new(|cluster, outcome, _| {
                let labels = [("cluster", cluster), ("outcome", outcome)];
                name("callouts", &labels, "total")
            }),
            ignored: Family::new(|_, kind, _| {
                name("ignored_callbacks", &[("kind", kind)], "total")
            }),
            refusals: Family::new(|_, reason, _| name("refusals", &[("reason", reason)], "total")),
            failed_calls: Family::new(|_, call, _| {
                name("failed_host_calls", &[("call", call)], "total")
            }),
        }
    }
}

impl Families {
    /// Counts an event of a source.
    fn count_of_source(&mut self, event: &Event<'_>) {
        match *event {
            Event::FellBack { route, id, lookup } => {
                self.fallbacks
                    .add(RowId(id.index()), || Some(route), "", lookup)
            }
            Event::SourceAsked { source, id, recall } => {
                let recall = match recall {
                    Recall::Hit => "hit",
                    Recall::Miss => "miss",
                    Recall::Refused => "refused",
                };
                self.answers
                    .add(RowId(id.index()), || Some(source), recall, "");
            }
            Event::SourceFetched { source, id } => {
                self.fetches.add(RowId(id.index()), || Some(source), "", "");
            }
            Event::SourceFailed { source, id, error } => {
                self.failures
                    .add(RowId(id.index()), || Some(source), error.name(), "");
            }
            Event::SourceWentBack { source, id } => {
                self.older.add(RowId(id.index()), || Some(source), "", "");
            }
            Event::Decided { .. }
            | Event::Authenticated { .. }
            | Event::Identified { .. }
            | Event::SourceLoaded { .. }
            | Event::ListsCompared => {}
            Event::RecordLeftOut { source, id, .. } => {
                self.left_out
                    .add(RowId(id.index()), || Some(source), "", "");
            }
        }
    }

    const COUNT: usize = 12;

    fn at(&mut self, id: FamilyId) -> Option<&mut Family> {
        let all: [&mut Family; Self::COUNT] = [
            &mut self.decisions,
            &mut self.fallbacks,
            &mut self.authentications,
            &mut self.fetches,
            &mut self.failures,
            &mut self.older,
            &mut self.left_out,
            &mut self.answers,
            &mut self.callouts,
            &mut self.ignored,
            &mut self.refusals,
            &mut self.failed_calls,
        ];
        all.into_iter().nth(id.0)
    }
}
