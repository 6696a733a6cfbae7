//! Handing what was counted to the host, and saying how things are.

use std::time::Duration;

use crate::engine::{DocumentReport, Engine, SourceReport};
use crate::policy::Fingerprint;
use crate::time::Timestamp;

use super::abi::Failure;
use super::clock::is_too_soon;
use super::id::ContextId;
use super::metrics::{Afterwards, Reading};
use super::offers::Verdict;
use super::seat::Seat;
use super::stat;
use super::tally::Own;
use super::vm::Vm;

/// How often a policy without sources is ticked: as late as this its counts are seen.
pub(super) const PERIOD: Duration = Duration::from_secs(1);

/// The module's version.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Names the sources that the module was built from.
pub(super) const BUILD: &str = match option_env!("POSTERN_BUILD") {
    Some(build) => build,
    None => "unknown",
};

impl Vm {
    /// A root has a policy: which it is, and which code runs it.
    pub(super) fn introduce(&self, root: ContextId, engine: &Engine, fingerprint: Fingerprint) {
        // What an older policy of this VM has said stays as it is until the first tick.
        let names = gauges(&engine.report(Timestamp::default())).into_iter();
        self.metrics.inherit(root, names.map(|(name, _)| name));
        let told = self.identify(root, fingerprint);
        // Defined now: the VM in which a push is refused may end with it, and a stat that nobody else has too.
        let told = told.and_then(|()| self.metrics.counter(&refused()).map(drop));
        let told = told.and_then(|()| self.define_offers());
        self.tell_trouble(told);
    }

    /// Says which policy a root runs, and which code runs it.
    fn identify(&self, root: ContextId, fingerprint: Fingerprint) -> Result<(), Failure> {
        let version = stat::name("policy", &[], "version");
        let labels = [("version", VERSION), ("build", BUILD)];
        let info = stat::name("build", &labels, "info");
        self.metrics
            .gauge(root, &version, Reading::Same(fingerprint.number()))?;
        self.metrics.note(&info, 1)
    }

    /// A root refuses what was pushed to it.
    pub(super) fn refuse_policy(&self, root: ContextId, fingerprint: Fingerprint) {
        let counted = self.metrics.counter(&refused());
        let counted = counted.and_then(|counter| super::metrics::Metrics::add(counter, 1));
        self.tell_trouble(counted);
        self.offered(root, fingerprint, Verdict::Refused);
    }

    /// What a root tells on its tick that has no policy.
    pub(super) fn hand_over_without_a_policy(&self, now: Timestamp) {
        self.events.pass(now);
        self.follow_offers(now);
        let own = self.events.own.hand_over(&self.metrics);
        self.tell_trouble(own);
    }

    /// Hands over what was counted, unless that was done a moment ago.
    pub(super) fn hand_over_on_tick(&self, seat: &Seat, now: Timestamp) {
        self.follow_offers(now);
        if is_too_soon(&seat.tally.handed, now) {
            return;
        }
        let gauges = match seat.engine.try_borrow() {
            Ok(engine) => engine.as_ref().map(|engine| gauges(&engine.report(now))),
            Err(_) => None,
        };
        let mut gauges = gauges.unwrap_or_default().into_iter();
        let told = self.identify(seat.root, seat.fingerprint);
        let told = told.and_then(|()| {
            gauges.try_for_each(|(name, reading)| self.metrics.gauge(seat.root, &name, reading))
        });
        self.tell_trouble(told);
        self.hand_over(seat);
    }

    /// Hands over what was counted.
    pub(super) fn hand_over(&self, seat: &Seat) {
        let own = self.events.own.hand_over(&self.metrics);
        let handed = own.and_then(|()| seat.tally.hand_over(&self.metrics));
        self.tell_trouble(handed);
    }

    /// A root is gone, and with it what it said.
    pub(super) fn forsake(&self, root: ContextId) {
        let is_last = self.with(|tables| tables.roots.is_empty()) == Some(true);
        let vm = if is_last {
            Afterwards::Ends
        } else {
            Afterwards::GoesOn
        };
        let forsaken = self.metrics.forsake(root, vm);
        self.tell_trouble(forsaken);
    }

    /// Notes that this VM ignored a callback.
    pub(super) fn count_ignored(&self, kind: &'static str) {
        self.events.own.own(Own::Ignored, kind);
    }

    fn tell_trouble(&self, told: Result<(), Failure>) {
        if let Err(failure) = told {
            self.events.trouble(&failure);
        }
    }
}

fn refused() -> String {
    stat::name("policy", &[], "refused.total")
}

fn gauges(reports: &[SourceReport<'_>]) -> Vec<(String, Reading)> {
    let mut gauges = Vec::new();
    for report in reports {
        match *report {
            SourceReport::Watched {
                name,
                document,
                age,
                is_usable,
            } => watched(name, document, age, is_usable, &mut gauges),
            SourceReport::OnDemand { name, remembered } => {
                let label = stat::label(name);
                let mut say = |measure, count| {
                    let name = stat::name("source", &[("source", &label)], measure);
                    gauges.push((name, Reading::Share(number(count))));
                };
                say("remembered_documents", remembered.documents);
                say("remembered_lacks", remembered.lacks);
                say("in_flight", remembered.in_flight);
            }
        }
    }
    gauges
}

fn watched(
    name: &str,
    document: Option<DocumentReport>,
    age: Option<Duration>,
    is_usable: bool,
    gauges: &mut Vec<(String, Reading)>,
) {
    let label = stat::label(name);
    let mut say = |measure, value| {
        let name = stat::name("source", &[("source", &label)], measure);
        gauges.push((name, Reading::Same(value)));
    };
    say("configured", 1);
    say("usable", u64::from(is_usable));
    if let Some(age) = age {
        say("age_seconds", age.as_secs());
    }
    let Some(document) = document else { return };
    // As many bits as a double holds exactly.
    let head = document.hash.0.first_chunk::<8>();
    let version = head.map_or(0, |head| u64::from_be_bytes(*head) >> 16);
    say("version", version);
    say("bytes", number(document.bytes));
    say("consumers", number(document.consumers));
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
