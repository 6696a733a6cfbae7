//! Which policy each filter was offered last, and how many VMs run another.
//!
//! Envoy (1.40) says yes to a text that it has refused a moment ago, and the old policy runs on; and neither then nor when the
//! old text comes back is the module asked. So a VM that refuses a policy notes that in the host's shared data, for all
//! VMs of its filter; and these say so on every tick, until another policy has been taken.

use std::rc::Rc;

use crate::policy::Fingerprint;
use crate::source::{ABSENT, Hash, SharedData};
use crate::time::Timestamp;

use super::abi::{self, Failure, Status};
use super::board::SharedBoard;
use super::clock::is_too_soon;
use super::filters::Said;
use super::id::ContextId;
use super::offer::{NONE, Offer};
use super::stat;
use super::vm::Vm;

/// In a second.
const NANOS: u64 = 1_000_000_000;

/// How often a record is read anew where another VM wrote it meanwhile. What stays unwritten then is written on a later tick.
const ATTEMPTS: usize = 4;

/// What became of a policy that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    Refused,
}

impl Vm {
    /// A root was offered a policy.
    pub(super) fn offered(&self, root: ContextId, policy: Fingerprint, verdict: Verdict) {
        let key = self.key_of(root);
        let policy = policy.number();
        let mut is_news = false;
        self.amend(&key, &mut |offer| {
            is_news = match verdict {
                Verdict::Taken => offer.take(policy),
                Verdict::Refused => offer.refuse(policy),
            };
            is_news
        });
        // At once: the VM in which a policy is refused mostly ends with it.
        if verdict == Verdict::Refused {
            self.tell_offers(self.metrics.note(&refused(), policy));
        } else if is_news {
            self.tell_offers(self.metrics.note(&refused(), NONE));
        }
    }

    /// Defines the gauges, so that they outlive a VM that refuses.
    pub(super) fn define_offers(&self) -> Result<(), Failure> {
        self.metrics.prepare(&refused())?;
        self.metrics.prepare(&behind())
    }

    /// Says on a tick how the filters of this VM stand, unless that was done a moment ago.
    pub(super) fn follow_offers(&self, now: Timestamp) {
        if is_too_soon(&self.filters.told, now) {
            return;
        }
        let seconds = now.as_nanos().checked_div(NANOS).unwrap_or_default();
        let mut said = Said::default();
        let taken_back = self.filters.taken_back();
        for (key, roots) in self.filters.all() {
            let running = self.policies_of(roots);
            // Envoy has gone back to a policy that it still had, and the module wasn't asked.
            let back = running.last().filter(|_| taken_back.contains(&key));
            let offer = self.amend(&key, &mut |offer| {
                let is_back = back.is_some_and(|policy| offer.take(*policy));
                let newest = offer.newest();
                let own = running.iter().find(|policy| **policy == newest);
                let own = own.or(running.last()).copied().unwrap_or(NONE);
                let is_seen = offer.see(self.name, seconds, own);
                is_back || is_seen
            });
            said.behind = said.behind.saturating_add(offer.behind());
            if offer.refused() != NONE {
                said.refused = offer.refused();
            }
        }
        self.say(said);
    }

    /// A root is gone.
    pub(super) fn forget_offers(&self, root: ContextId) {
        if let Some(key) = self.filters.forget(root) {
            self.amend(&key, &mut |offer| offer.forget(self.name));
        }
        if self.filters.is_empty() {
            self.say_less();
        }
    }

    /// The numbers of the policies that these roots run, the newest root's last.
    fn policies_of(&self, roots: Vec<ContextId>) -> Vec<u64> {
        let found = self.with(|tables| {
            let seat = |root| Some(tables.roots.get(root)??.fingerprint.number());
            roots.into_iter().filter_map(seat).collect()
        });
        found.unwrap_or_default()
    }

    /// What is refused is told until it is replaced; that nothing is refused is told once, since another filter's VM may
    /// know better.
    fn say(&self, now: Said) {
        let before = self.filters.said.replace(now);
        self.tell_offers(self.metrics.note(&behind(), now.behind));
        if now.refused != NONE || before.refused != NONE {
            self.tell_offers(self.metrics.note(&refused(), now.refused));
        }
    }

    /// This VM ends: what it alone may have said is no more.
    fn say_less(&self) {
        let before = self.filters.said.take();
        if before.behind != 0 {
            self.tell_offers(self.metrics.note(&behind(), 0));
        }
        if before.refused != NONE {
            self.tell_offers(self.metrics.note(&refused(), NONE));
        }
    }

    /// Changes a record where `change` says so, and gives what it is then.
    fn amend(&self, key: &str, change: &mut dyn FnMut(&mut Offer) -> bool) -> Offer {
        let mut board = SharedBoard(&self.events);
        let mut offer = Offer::default();
        for _ in 0..ATTEMPTS {
            let (wire, mark) = board.read(key).unwrap_or((Vec::new(), ABSENT));
            offer = Offer::decode(&wire);
            if !change(&mut offer) || board.write(key, &offer.encode(), Some(mark)) {
                break;
            }
        }
        offer
    }

    /// The key of a root's filter: of the plugin's name and the root's, which stay the same from push to push. To be asked
    /// for in a callback of that root's for the first time.
    fn key_of(&self, root: ContextId) -> Rc<str> {
        if let Some(key) = self.filters.key_of(root) {
            return key;
        }
        let mut identity = Vec::new();
        for name in ["plugin_name", "plugin_root_id"] {
            match abi::property(name.as_bytes()) {
                Ok(value) => identity.extend_from_slice(&value),
                Err(failure) if failure.status == Status::NOT_FOUND => {}
                Err(failure) => self.events.trouble(&failure),
            }
            identity.push(0);
        }
        let key: Rc<str> = format!("postern.2.offer.{}", Hash::of(&identity)).into();
        self.filters.know(root, Rc::clone(&key));
        key
    }

    fn tell_offers(&self, told: Result<(), Failure>) {
        if let Err(failure) = told {
            self.events.trouble(&failure);
        }
    }
}

fn refused() -> String {
    stat::name("policy", &[], "refused_version")
}

fn behind() -> String {
    stat::name("policy", &[], "behind")
}
