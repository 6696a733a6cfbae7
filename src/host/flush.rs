//! Flushes counts to the host's stats, and sets the gauges.

use std::time::Duration;

use crate::engine::{DocumentReport, Engine, SourceReport};
use crate::policy::Fingerprint;
use crate::time::Timestamp;

use super::clock::is_too_soon;
use super::hostcalls::{Failure, Host};
use super::id::ContextId;
use super::instance::PolicyInstance;
use super::rollouts::Acceptance;
use super::stats::{AdapterCount, Reading, VmAfter, stat_label, stat_name};
use super::vm::Vm;

/// How often a policy without sources is ticked. Its counts are flushed as often.
pub(super) const PERIOD: Duration = Duration::from_secs(1);

/// The module's version.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Names the sources that the module was built from.
pub(super) const BUILD: &str = match option_env!("POSTERN_BUILD") {
    Some(build) => build,
    None => "unknown",
};

impl<H: Host> Vm<H> {
    /// A root has a new policy: defines its stats, and says which policy and which code run.
    pub(super) fn introduce(&self, root: ContextId, engine: &Engine, fingerprint: Fingerprint) {
        // The gauges of an older policy of this VM stay as they are until the first tick.
        let names = gauges(&engine.report(Timestamp::default())).into_iter();
        self.metrics.inherit(root, names.map(|(name, _)| name));
        let told = self.identify(root, fingerprint);
        // Defined now: the VM in which a push is refused may end with it, and a stat that no other VM has ends too.
        let told = told.and_then(|()| self.metrics.counter(&self.host, &refused()).map(drop));
        let told = told.and_then(|()| self.define_rollout_stats());
        self.tell_trouble(told);
    }

    /// Says which policy and which code a root runs.
    fn identify(&self, root: ContextId, fingerprint: Fingerprint) -> Result<(), Failure> {
        let version = stat_name("policy", &[], "version");
        let labels = [("version", VERSION), ("build", BUILD)];
        let info = stat_name("build", &labels, "info");
        self.metrics.gauge(
            &self.host,
            root,
            &version,
            Reading::Same(fingerprint.number()),
        )?;
        self.metrics.record(&self.host, &info, 1)
    }

    /// A root refuses what was pushed to it.
    pub(super) fn refuse_policy(&self, root: ContextId, fingerprint: Fingerprint) {
        let counted = self.metrics.counter(&self.host, &refused());
        let counted = counted.and_then(|counter| self.host.increment_metric(counter, 1));
        self.tell_trouble(counted);
        self.note_rollout(root, fingerprint, Acceptance::Refused);
    }

    /// Flushes on the tick of a root without a policy.
    pub(super) fn flush_without_a_policy(&self, now: Timestamp) {
        self.log.set_time(now);
        self.update_rollouts(now);
        let own = self.log.own.flush(&self.metrics, &self.host);
        self.tell_trouble(own);
    }

    /// Flushes on the tick of a policy, unless that was done a moment ago.
    pub(super) fn flush_on_tick(&self, instance: &PolicyInstance, now: Timestamp) {
        self.update_rollouts(now);
        if is_too_soon(&instance.events.counters.flushed, now) {
            return;
        }
        let gauges = match instance.engine.try_borrow() {
            Ok(engine) => engine.as_ref().map(|engine| gauges(&engine.report(now))),
            Err(_) => None,
        };
        let mut gauges = gauges.unwrap_or_default().into_iter();
        let told = self.identify(instance.root, instance.fingerprint);
        let told = told.and_then(|()| {
            gauges.try_for_each(|(name, reading)| {
                self.metrics
                    .gauge(&self.host, instance.root, &name, reading)
            })
        });
        self.tell_trouble(told);
        self.flush(instance);
    }

    /// Flushes the counts of a policy, and the VM's own.
    pub(super) fn flush(&self, instance: &PolicyInstance) {
        let own = self.log.own.flush(&self.metrics, &self.host);
        let handed = own.and_then(|()| instance.events.counters.flush(&self.metrics, &self.host));
        self.tell_trouble(handed);
    }

    /// Retracts the gauges of a root that has ended.
    pub(super) fn retract(&self, root: ContextId) {
        let is_last = self.with(|tables| tables.roots.is_empty()) == Some(true);
        let vm = if is_last {
            VmAfter::Ends
        } else {
            VmAfter::Continues
        };
        let retracted = self.metrics.retract(&self.host, root, vm);
        self.tell_trouble(retracted);
    }

    /// Counts a callback that this VM ignored.
    pub(super) fn count_ignored(&self, kind: &'static str) {
        self.log.own.count_own(AdapterCount::Ignored, kind);
    }

    fn tell_trouble(&self, told: Result<(), Failure>) {
        if let Err(failure) = told {
            self.log.trouble(&failure);
        }
    }
}

fn refused() -> String {
    stat_name("policy", &[], "refused.total")
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
                let label = stat_label(name);
                let mut say = |measure, count| {
                    let name = stat_name("source", &[("source", &label)], measure);
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
    let label = stat_label(name);
    let mut say = |measure, value| {
        let name = stat_name("source", &[("source", &label)], measure);
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
    match document.keys {
        Some(keys) => say("keys", number(keys)),
        None => say("consumers", number(document.consumers)),
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
