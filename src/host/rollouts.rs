//! Reports, for each filter, the policy that was offered last, and how many VMs run another.
//!
//! Envoy (1.40) accepts a text that it has refused a moment ago, and the old policy runs on; and neither then nor when the
//! old text comes back is the module asked. So a VM that refuses a policy notes that in the host's shared data, for all
//! VMs of its filter; and these report it on every tick, until another policy has been accepted.

use std::rc::Rc;

use crate::policy::Fingerprint;
use crate::source::{ABSENT, Hash, SharedData};
use crate::time::Timestamp;

use super::clock::is_too_soon;
use super::hostcalls::{Failure, Host, Status};
use super::id::ContextId;
use super::rollout::{NONE, Reported, RolloutRecord};
use super::stats::stat_name;
use super::vm::Vm;

/// The nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;

/// How often a record is read anew because another VM wrote it meanwhile. After that the change waits for a later tick.
const ATTEMPTS: usize = 4;

/// What became of an offered policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acceptance {
    Accepted,
    Refused,
}

impl<H: Host> Vm<H> {
    /// A root accepted or refused a policy.
    pub(super) fn note_rollout(
        &self,
        root: ContextId,
        policy: Fingerprint,
        acceptance: Acceptance,
    ) {
        let key = self.key_of(root);
        let policy = policy.number();
        let mut has_changed = false;
        self.update(&key, &mut |record| {
            has_changed = match acceptance {
                Acceptance::Accepted => record.accept(policy),
                Acceptance::Refused => record.refuse(policy),
            };
            has_changed
        });
        // At once: the VM in which a policy is refused mostly ends with it.
        if acceptance == Acceptance::Refused {
            self.tell(self.metrics.record(&self.host, &refused(), policy));
        } else if has_changed {
            self.tell(self.metrics.record(&self.host, &refused(), NONE));
        }
    }

    /// Defines the gauges, so that they outlive a VM that refuses a policy.
    pub(super) fn define_rollout_stats(&self) -> Result<(), Failure> {
        self.metrics.define_gauge(&self.host, &refused())?;
        self.metrics.define_gauge(&self.host, &behind())
    }

    /// Updates on a tick the records of this VM's filters and reports them, unless that was done a moment ago.
    pub(super) fn update_rollouts(&self, now: Timestamp) {
        if is_too_soon(&self.filters.last_report, now) {
            return;
        }
        let seconds = now.as_nanos().checked_div(NANOS).unwrap_or_default();
        let mut reported = Reported::default();
        let restored = self.filters.restored();
        for (key, roots) in self.filters.all() {
            let running = self.policies_of(roots);
            // Envoy has gone back to a policy that it still had, without asking the module.
            let back = running.last().filter(|_| restored.contains(&key));
            let record = self.update(&key, &mut |record| {
                let is_back = back.is_some_and(|policy| record.accept(*policy));
                let newest = record.newest();
                let own = running.iter().find(|policy| **policy == newest);
                let own = own.or(running.last()).copied().unwrap_or(NONE);
                let is_seen = record.see(self.name, seconds, own);
                is_back || is_seen
            });
            reported.behind = reported.behind.saturating_add(record.behind());
            if record.refused() != NONE {
                reported.refused = record.refused();
            }
        }
        self.report(reported);
    }

    /// A root has ended.
    pub(super) fn forget_rollouts(&self, root: ContextId) {
        if let Some(key) = self.filters.forget(root) {
            self.update(&key, &mut |record| record.forget(self.name));
        }
        if self.filters.is_empty() {
            self.retract_report();
        }
    }

    /// The numbers of the policies that these roots run, the newest root's last.
    fn policies_of(&self, roots: Vec<ContextId>) -> Vec<u64> {
        let found = self.with(|tables| {
            let instance = |root| Some(tables.roots.get(root)??.fingerprint.number());
            roots.into_iter().filter_map(instance).collect()
        });
        found.unwrap_or_default()
    }

    /// A refused policy is reported until another replaces it. That nothing is refused is reported once, because a VM of another
    /// filter may report one that is.
    fn report(&self, now: Reported) {
        let before = self.filters.reported.replace(now);
        self.tell(self.metrics.record(&self.host, &behind(), now.behind));
        if now.refused != NONE || before.refused != NONE {
            self.tell(self.metrics.record(&self.host, &refused(), now.refused));
        }
    }

    /// This VM ends: takes back what only it may have reported.
    fn retract_report(&self) {
        let before = self.filters.reported.take();
        if before.behind != 0 {
            self.tell(self.metrics.record(&self.host, &behind(), 0));
        }
        if before.refused != NONE {
            self.tell(self.metrics.record(&self.host, &refused(), NONE));
        }
    }

    /// Writes a record where `change` says that it has changed, and returns it.
    fn update(
        &self,
        key: &str,
        change: &mut dyn FnMut(&mut RolloutRecord) -> bool,
    ) -> RolloutRecord {
        let mut shared = self.shared_data();
        let mut record = RolloutRecord::default();
        for _ in 0..ATTEMPTS {
            let (wire, token) = shared.read(key).unwrap_or((Vec::new(), ABSENT));
            record = RolloutRecord::decode(&wire);
            if !change(&mut record) || shared.write(key, &record.encode(), Some(token)) {
                break;
            }
        }
        record
    }

    /// The key of a root's filter: a hash of the names of the plugin and of the root, which stay the same from push to push.
    /// The first call for a root has to be in a callback of that root.
    fn key_of(&self, root: ContextId) -> Rc<str> {
        if let Some(key) = self.filters.key_of(root) {
            return key;
        }
        let mut identity = Vec::new();
        for name in ["plugin_name", "plugin_root_id"] {
            match self.host.property(name.as_bytes()) {
                Ok(value) => identity.extend_from_slice(&value),
                Err(failure) if failure.status == Status::NOT_FOUND => {}
                Err(failure) => self.log.trouble(&failure),
            }
            identity.push(0);
        }
        let key: Rc<str> = format!("postern.2.offer.{}", Hash::of(&identity)).into();
        self.filters.know(root, Rc::clone(&key));
        key
    }

    fn tell(&self, told: Result<(), Failure>) {
        if let Err(failure) = told {
            self.log.trouble(&failure);
        }
    }
}

fn refused() -> String {
    stat_name("policy", &[], "refused_version")
}

fn behind() -> String {
    stat_name("policy", &[], "behind")
}
