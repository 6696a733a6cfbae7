//! The host's stats, by their names.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::abi::{self, Failure, MetricId, MetricKind};
use super::id::ContextId;

/// What this VM knows of the host's stats. A name is defined when it is first used, once a VM; what several VMs say of
/// one name lands in one stat.
///
/// Names come from policies, never from clients, so there are as many as policies have names. They stay until the VM
/// ends, as the host's stats do.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    known: RefCell<BTreeMap<String, Known>>,
}

#[derive(Debug)]
struct Known {
    id: MetricId,
    /// The root that speaks for a gauge.
    owner: Option<ContextId>,
    /// What this VM has added to a gauge that is a sum.
    share: u64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Sum,
}

/// What one VM says of a gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// All VMs say the same, so who said it last doesn't matter; where they don't agree, the gauge shows one after the
    /// other.
    Same(u64),
    /// The gauge is the sum of what the VMs say.
    Share(u64),
}

impl Metrics {
    /// The number of a counter, which is defined where it wasn't yet.
    ///
    /// # Errors
    /// The host call's failure.
    pub(super) fn counter(&self, name: &str) -> Result<MetricId, Failure> {
        self.define(name, Kind::Counter)
    }

    /// Adds to a counter.
    ///
    /// # Errors
    /// The host call's failure.
    pub(super) fn add(counter: MetricId, count: u64) -> Result<(), Failure> {
        abi::increment_metric(counter, i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Says what a gauge is, for the policy of `root`. Where two policies of one VM speak of one name, the newer counts:
    /// the older one is on its way out, or its listener has a policy that names the same.
    ///
    /// # Errors
    /// The host call's failure.
    pub(super) fn gauge(
        &self,
        root: ContextId,
        name: &str,
        reading: Reading,
    ) -> Result<(), Failure> {
        let kind = match reading {
            Reading::Same(_) => Kind::Gauge,
            Reading::Share(_) => Kind::Sum,
        };
        let id = self.define(name, kind)?;
        let Some(share) = self.claim(root, name) else {
            return Ok(());
        };
        match reading {
            Reading::Same(value) => abi::record_metric(id, value),
            Reading::Share(value) => self.share(name, id, share, value),
        }
    }

    /// Says what a gauge is, on nobody's behalf.
    ///
    /// # Errors
    /// The host call's failure.
    pub(super) fn note(&self, name: &str, value: u64) -> Result<(), Failure> {
        abi::record_metric(self.define(name, Kind::Gauge)?, value)
    }

    /// Has a root speak for the gauges of these names from now on, without a word yet.
    pub(super) fn inherit(&self, root: ContextId, names: impl Iterator<Item = String>) {
        for name in names {
            let _ = self.claim(root, &name);
        }
    }

    /// A root is gone: the gauges that it spoke for are zero, until somebody else speaks.
    ///
    /// # Errors
    /// The first host call's that fails.
    pub(super) fn forsake(&self, root: ContextId) -> Result<(), Failure> {
        let mut own = Vec::new();
        for (name, known) in self.known.borrow_mut().iter_mut() {
            if known.owner == Some(root) {
                known.owner = None;
                own.push((name.clone(), known.id, known.share, known.kind));
            }
        }
        own.into_iter()
            .try_for_each(|(name, id, share, kind)| match kind {
                Kind::Sum => self.share(&name, id, share, 0),
                Kind::Gauge | Kind::Counter => abi::record_metric(id, 0),
            })
    }

    fn share(&self, name: &str, id: MetricId, before: u64, now: u64) -> Result<(), Failure> {
        let signed = |value| i64::try_from(value).unwrap_or(i64::MAX);
        let by = signed(now).saturating_sub(signed(before));
        if by == 0 {
            return Ok(());
        }
        abi::increment_metric(id, by)?;
        if let Some(known) = self.known.borrow_mut().get_mut(name) {
            known.share = now;
        }
        Ok(())
    }

    /// What this VM has added to the gauge, where `root` may speak for it.
    fn claim(&self, root: ContextId, name: &str) -> Option<u64> {
        let mut all = self.known.borrow_mut();
        let known = all.get_mut(name)?;
        if known.owner.is_some_and(|owner| owner > root) {
            return None;
        }
        known.owner = Some(root);
        Some(known.share)
    }

    fn define(&self, name: &str, kind: Kind) -> Result<MetricId, Failure> {
        if let Some(known) = self.known.borrow().get(name) {
            return Ok(known.id);
        }
        let of_host = match kind {
            Kind::Counter => MetricKind::Counter,
            Kind::Gauge | Kind::Sum => MetricKind::Gauge,
        };
        let id = abi::define_metric(of_host, name.as_bytes())?;
        let known = Known {
            id,
            owner: None,
            share: 0,
            kind,
        };
        self.known.borrow_mut().insert(name.to_owned(), known);
        Ok(id)
    }
}
