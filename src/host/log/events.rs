//! Events of the engines, counted and logged.

use std::cell::Cell;

use log::{LevelFilter, debug, info, warn};

use crate::config::Property;
use crate::engine::{Event, Observer, Outcome, RouteName};
use crate::host::hostcalls::Failure;
use crate::host::id::ContextId;
use crate::host::refusal::Refusal;
use crate::host::stats::{AdapterCount, Counters};
use crate::time::Timestamp;

use super::Value;
use super::properties::LogProperties;
use super::repeats::{RateLimit, RecordLine, Repeats, ReportedFailures};

/// What is counted and reported of one policy.
#[derive(Debug, Default)]
pub(in crate::host) struct PolicyEvents {
    pub(in crate::host) counters: Counters,
    failures: ReportedFailures,
}

/// The lines on single requests in a second; more are counted. They have the level "debug", which an operator turns on
/// while clients send what they like.
const MOST_REQUESTS: u32 = 10;

/// Writes events to the log, and keeps it readable: of equal failures in a row the first is logged, then one a minute. No
/// client can make it write more than a few lines a second.
#[derive(Debug, Default)]
pub(in crate::host) struct EventLog {
    /// What the adapter itself counts in this VM.
    pub(in crate::host) own: Counters,
    now: Cell<Timestamp>,
    calls: Repeats,
    /// Limits of the lines on requests. Denials by policies and by the adapter have limits of their own.
    denied: RateLimit,
    refused: RateLimit,
}

impl EventLog {
    /// An observer for what happens at `now`, which counts too.
    pub(in crate::host) fn at<'a>(
        &'a self,
        now: Timestamp,
        events: &'a PolicyEvents,
    ) -> EventSink<'a> {
        self.now.set(now);
        EventSink {
            log: self,
            events,
            properties: None,
        }
    }

    /// Sets the time of what is logged from now on.
    pub(in crate::host) fn set_time(&self, now: Timestamp) {
        self.now.set(now);
    }

    /// An observer for a decision. It collects the properties for the access log, where the policy wants any.
    pub(in crate::host) fn collecting<'a>(
        &'a self,
        now: Timestamp,
        events: &'a PolicyEvents,
        wanted: &[Property],
    ) -> EventSink<'a> {
        let mut sink = self.at(now, events);
        sink.properties = (!wanted.is_empty()).then(Box::default);
        sink
    }

    /// Counts a host call that failed, and logs it unless that was done lately.
    #[cold]
    pub(in crate::host) fn trouble(&self, failure: &Failure) {
        self.own.count_own(AdapterCount::FailedCall, failure.call);
        let text = failure.to_string();
        if let Some(untold) = self.calls.due(self.now.get(), ["", failure.call], &text) {
            warn!(
                "event=host_call_failed call={} status={} untold={untold}",
                failure.call, failure.status.0
            );
        }
    }

    /// Counts and logs a denial by the adapter.
    pub(in crate::host) fn refused(&self, stream: ContextId, refusal: Refusal) {
        self.own.count_own(AdapterCount::Refusal, refusal.reason());
        self.on_request(&self.refused, |untold| {
            debug!(
                "event=refused context={} reason={} untold={untold}",
                stream.0,
                refusal.reason()
            );
        });
    }

    /// Logs one request, where the level asks for it and the limit allows it.
    fn on_request(&self, allowance: &RateLimit, tell: impl FnOnce(u64)) {
        if log::max_level() < LevelFilter::Debug {
            return;
        }
        if let Some(untold) = allowance.take(self.now.get(), MOST_REQUESTS) {
            tell(untold);
        }
    }
}

/// An observer that writes to an [`EventLog`] and counts.
#[derive(Debug)]
pub(in crate::host) struct EventSink<'a> {
    log: &'a EventLog,
    events: &'a PolicyEvents,
    /// For the access log.
    pub(in crate::host) properties: Option<Box<LogProperties>>,
}

/// Whether an event is ever logged. The events of a good request aren't, and so don't run the code that logs.
const fn may_be_logged(event: &Event<'_>) -> bool {
    match event {
        Event::Decided { outcome, .. } => matches!(outcome, Outcome::Denied),
        Event::Authenticated { .. }
        | Event::Identified { .. }
        | Event::SourceAsked { .. }
        | Event::SourceFetched { .. } => false,
        Event::FellBack { .. }
        | Event::SourceLoaded { .. }
        | Event::SourceWentBack { .. }
        | Event::ListsCompared
        | Event::SourceFailed { .. }
        | Event::RecordLeftOut { .. } => true,
    }
}

impl Observer for EventSink<'_> {
    #[inline(always)]
    fn event(&mut self, event: &Event<'_>) {
        self.events.counters.count(event);
        if let Some(properties) = &mut self.properties {
            properties.collect(event);
        }
        if may_be_logged(event) {
            self.log.tell(event, &self.events.failures);
        }
    }
}

impl EventLog {
    fn tell(&self, event: &Event<'_>, failures: &ReportedFailures) {
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
            // Logged because a request may be let in without what should have decided it.
            Event::FellBack { route, lookup, .. } => {
                if let Some(untold) = failures.lookups.due(now, [route, lookup], "fell back") {
                    warn!(
                        "event=fell_back route={} lookup={} untold={untold}",
                        Value(route),
                        Value(lookup)
                    );
                }
            }
            Event::SourceLoaded { source, bytes } => {
                failures.read(source);
                failures.sources.recovered(["", source]);
                info!("event=source_loaded source={} bytes={bytes}", Value(source));
            }
            Event::SourceWentBack { source, .. } => {
                warn!("event=source_went_back source={}", Value(source));
            }
            Event::SourceFailed { source, error, .. } => {
                failures.read(source);
                let text = error.to_string();
                if let Some(untold) = failures.sources.due(now, ["", source], &text) {
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
            } => left_out(failures, source, record, reason),
            Event::ListsCompared => failures.compared(),
            Event::Decided { .. }
            | Event::Authenticated { .. }
            | Event::Identified { .. }
            | Event::SourceAsked { .. }
            | Event::SourceFetched { .. } => {}
        }
    }
}

fn left_out(failures: &ReportedFailures, source: &str, record: &str, reason: &str) {
    match failures.left_out(source) {
        RecordLine::Single => warn!(
            "event=record_left_out source={} record={} reason={}",
            Value(source),
            Value(record),
            Value(reason)
        ),
        RecordLine::More => warn!("event=more_records_left_out source={}", Value(source)),
        RecordLine::Nothing => {}
    }
}
