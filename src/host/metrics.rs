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
    /// What each root of this VM says of a gauge, the newest root last: that one speaks for the VM.
    words: Vec<Word>,
    /// What this VM has added to a gauge that is a sum.
    share: u64,
    kind: Kind,
}

/// What a root says of a gauge; nothing yet, where it is only known that it will.
#[derive(Clone, Copy, Debug)]
struct Word {
    root: ContextId,
    said: Option<u64>,
}

/// What becomes of a VM when one of its roots ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// Other roots are left.
    GoesOn,
    /// It was the last one, and the host ends the VM.
    Ends,
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
        let (kind, value) = match reading {
            Reading::Same(value) => (Kind::Gauge, value),
            Reading::Share(value) => (Kind::Sum, value),
        };
        let id = self.define(name, kind)?;
        if self.word(root, name, Some(value)) {
            self.say(name, id, kind, value)
        } else {
            Ok(())
        }
    }

    /// Defines a gauge of which others speak, so that it stays as long as this VM.
    ///
    /// # Errors
    /// The host call's failure.
    pub(super) fn prepare(&self, name: &str) -> Result<(), Failure> {
        self.define(name, Kind::Gauge).map(drop)
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
            self.word(root, &name, None);
        }
    }

    /// A root is gone, and takes back what it said, but for what another root of this VM says: that counts again. Of what no
    /// root of this VM says any more, the VM's part of a sum is taken back in any case. Any other gauge is zero then, until
    /// another VM says it again on its next tick; a VM that ends leaves it as it is: the host drops a stat with the last VM
    /// that has defined it, and where that lives, it says what is so.
    ///
    /// # Errors
    /// The first host call's that fails.
    pub(super) fn forsake(&self, root: ContextId, vm: Afterwards) -> Result<(), Failure> {
        let mut due = Vec::new();
        for (name, known) in self.known.borrow_mut().iter_mut() {
            let before = known.words.len();
            let spoke = known.words.last().is_some_and(|word| word.root == root);
            known.words.retain(|word| word.root != root);
            if known.words.len() == before {
                continue;
            }
            let value = match known.words.last() {
                Some(word) if spoke => word.said,
                Some(_) => None,
                None if known.kind == Kind::Sum || vm == Afterwards::GoesOn => Some(0),
                None => None,
            };
            due.extend(value.map(|value| (name.clone(), known.id, known.kind, value)));
        }
        due.into_iter()
            .try_for_each(|(name, id, kind, value)| self.say(&name, id, kind, value))
    }

    fn say(&self, name: &str, id: MetricId, kind: Kind, value: u64) -> Result<(), Failure> {
        match kind {
            Kind::Sum => self.share(name, id, value),
            Kind::Gauge | Kind::Counter => abi::record_metric(id, value),
        }
    }

    fn share(&self, name: &str, id: MetricId, now: u64) -> Result<(), Failure> {
        let signed = |value| i64::try_from(value).unwrap_or(i64::MAX);
        let before = self.known.borrow().get(name).map(|known| known.share);
        let by = signed(now).saturating_sub(signed(before.unwrap_or_default()));
        if by == 0 {
            return Ok(());
        }
        abi::increment_metric(id, by)?;
        if let Some(known) = self.known.borrow_mut().get_mut(name) {
            known.share = now;
        }
        Ok(())
    }

    /// Notes what a root says; whether it speaks for this VM.
    fn word(&self, root: ContextId, name: &str, said: Option<u64>) -> bool {
        let mut all = self.known.borrow_mut();
        let Some(known) = all.get_mut(name) else {
            return false;
        };
        let place = known.words.partition_point(|word| word.root < root);
        match known.words.get_mut(place) {
            Some(word) if word.root == root => word.said = said.or(word.said),
            Some(_) | None => known.words.insert(place, Word { root, said }),
        }
        known.words.last().is_some_and(|word| word.root == root)
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
            words: Vec::new(),
            share: 0,
            kind,
        };
        self.known.borrow_mut().insert(name.to_owned(), known);
        Ok(id)
    }
}
