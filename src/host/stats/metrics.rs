//! The host's stats, by their names.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::host::hostcalls::{Failure, Host, MetricId, MetricKind};
use crate::host::id::ContextId;

/// What this VM knows of the host's stats. A name is defined when it is first used, once a VM; what several VMs say of
/// one name lands in one stat.
///
/// Names come from policies, never from clients, so there are as many as policies have names. They stay until the VM
/// ends, as the host's stats do.
#[derive(Debug, Default)]
pub(in crate::host) struct Metrics {
    known: RefCell<BTreeMap<String, Metric>>,
}

#[derive(Debug)]
struct Metric {
    id: MetricId,
    /// The value of a gauge by each root of this VM, the newest root last: its value is the VM's.
    values: Vec<RootValue>,
    /// The part of this VM in a gauge that is a sum.
    share: u64,
    kind: Kind,
}

/// The value of a gauge by one root; `None` until the root sets it.
#[derive(Clone, Copy, Debug)]
struct RootValue {
    root: ContextId,
    value: Option<u64>,
}

/// Whether a VM goes on after one of its roots has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum VmAfter {
    /// It has other roots.
    Continues,
    /// It was the last one, and the host ends the VM.
    Ends,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Sum,
}

/// The value of a gauge by one VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum Reading {
    /// All VMs set the same value, so the order doesn't matter; where they differ, the gauge shows one after the other.
    Same(u64),
    /// The gauge is the sum of the values of the VMs.
    Share(u64),
}

impl Metrics {
    /// The number of a counter, which is defined where it wasn't yet.
    ///
    /// # Errors
    /// The host call's failure.
    pub(in crate::host) fn counter(
        &self,
        host: &impl Host,
        name: &str,
    ) -> Result<MetricId, Failure> {
        self.define(host, name, Kind::Counter)
    }

    /// Sets a gauge for the policy of `root`. Where two policies of one VM set one gauge, the newer one counts: the older
    /// one is about to end, or its listener has a policy with the same name in it.
    ///
    /// # Errors
    /// The host call's failure.
    pub(in crate::host) fn gauge(
        &self,
        host: &impl Host,
        root: ContextId,
        name: &str,
        reading: Reading,
    ) -> Result<(), Failure> {
        let (kind, value) = match reading {
            Reading::Same(value) => (Kind::Gauge, value),
            Reading::Share(value) => (Kind::Sum, value),
        };
        let id = self.define(host, name, kind)?;
        if self.note(root, name, Some(value)) {
            self.set(host, name, id, kind, value)
        } else {
            Ok(())
        }
    }

    /// Defines a gauge that other VMs set, so that it stays as long as this VM.
    ///
    /// # Errors
    /// The host call's failure.
    pub(in crate::host) fn define_gauge(
        &self,
        host: &impl Host,
        name: &str,
    ) -> Result<(), Failure> {
        self.define(host, name, Kind::Gauge).map(drop)
    }

    /// Sets a gauge for no root in particular.
    ///
    /// # Errors
    /// The host call's failure.
    pub(in crate::host) fn record(
        &self,
        host: &impl Host,
        name: &str,
        value: u64,
    ) -> Result<(), Failure> {
        host.record_metric(self.define(host, name, Kind::Gauge)?, value)
    }

    /// Reserves the gauges of these names for a root, which sets them later.
    pub(in crate::host) fn inherit(&self, root: ContextId, names: impl Iterator<Item = String>) {
        for name in names {
            self.note(root, &name, None);
        }
    }

    /// Retracts the gauges of a root that has ended. Where another root of this VM has set a gauge too, its value counts again.
    /// Where none has, the VM's part of a sum is retracted in any case. Any other gauge becomes zero, until another VM sets it
    /// on its next tick; but a VM that ends leaves it as it is: the host drops a stat with the last VM that has defined it, and
    /// a VM that lives sets it.
    ///
    /// # Errors
    /// The first host call's that fails.
    pub(in crate::host) fn retract(
        &self,
        host: &impl Host,
        root: ContextId,
        vm: VmAfter,
    ) -> Result<(), Failure> {
        let mut due = Vec::new();
        for (name, known) in self.known.borrow_mut().iter_mut() {
            let before = known.values.len();
            let was_newest = known.values.last().is_some_and(|value| value.root == root);
            known.values.retain(|value| value.root != root);
            if known.values.len() == before {
                continue;
            }
            let value = match known.values.last() {
                Some(newest) if was_newest => newest.value,
                Some(_) => None,
                None if known.kind == Kind::Sum || vm == VmAfter::Continues => Some(0),
                None => None,
            };
            due.extend(value.map(|value| (name.clone(), known.id, known.kind, value)));
        }
        due.into_iter()
            .try_for_each(|(name, id, kind, value)| self.set(host, &name, id, kind, value))
    }

    fn set(
        &self,
        host: &impl Host,
        name: &str,
        id: MetricId,
        kind: Kind,
        value: u64,
    ) -> Result<(), Failure> {
        match kind {
            Kind::Sum => self.set_share(host, name, id, value),
            Kind::Gauge | Kind::Counter => host.record_metric(id, value),
        }
    }

    fn set_share(
        &self,
        host: &impl Host,
        name: &str,
        id: MetricId,
        now: u64,
    ) -> Result<(), Failure> {
        let signed = |value| i64::try_from(value).unwrap_or(i64::MAX);
        let before = self.known.borrow().get(name).map(|known| known.share);
        let by = signed(now).saturating_sub(signed(before.unwrap_or_default()));
        if by == 0 {
            return Ok(());
        }
        host.increment_metric(id, by)?;
        if let Some(known) = self.known.borrow_mut().get_mut(name) {
            known.share = now;
        }
        Ok(())
    }

    /// Keeps the value of a root. Says whether it is the VM's value.
    fn note(&self, root: ContextId, name: &str, value: Option<u64>) -> bool {
        let mut all = self.known.borrow_mut();
        let Some(known) = all.get_mut(name) else {
            return false;
        };
        let index = known.values.partition_point(|value| value.root < root);
        match known.values.get_mut(index) {
            Some(known) if known.root == root => known.value = value.or(known.value),
            Some(_) | None => known.values.insert(index, RootValue { root, value }),
        }
        known.values.last().is_some_and(|value| value.root == root)
    }

    fn define(&self, host: &impl Host, name: &str, kind: Kind) -> Result<MetricId, Failure> {
        if let Some(known) = self.known.borrow().get(name) {
            return Ok(known.id);
        }
        let of_host = match kind {
            Kind::Counter => MetricKind::Counter,
            Kind::Gauge | Kind::Sum => MetricKind::Gauge,
        };
        let id = host.define_metric(of_host, name.as_bytes())?;
        let metric = Metric {
            id,
            values: Vec::new(),
            share: 0,
            kind,
        };
        self.known.borrow_mut().insert(name.to_owned(), metric);
        Ok(id)
    }
}
