//! What was offered to one filter, and what its VMs run: a record that they share.

/// The first word of the wire form; its last byte is the version.
const MAGIC: u64 = u64::from_be_bytes(*b"pstrnO\0\x01");

/// A VM that wasn't seen for so many seconds has trapped, or has ended without a word.
const LOST_AFTER: u64 = 30;

/// A VM that goes on writes itself down again after so many seconds.
const AGAIN_AFTER: u64 = 10;

/// More VMs than this are not written down: an Envoy has one for each worker.
const MOST_VMS: usize = 1024;

/// The number of no policy.
pub(super) const NONE: u64 = 0;

/// The record. Policies are told by the numbers of their fingerprints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    /// The last that was taken.
    taken: u64,
    /// The last that was refused, where none was taken since.
    refused: u64,
    running: Vec<Running>,
}

/// What one VM runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running {
    vm: u64,
    /// When it said so, in seconds.
    seen: u64,
    policy: u64,
}

impl Running {
    fn is_lost(&self, now: u64) -> bool {
        // What lies in the future was written by a clock that was put back since.
        self.seen > now.saturating_add(AGAIN_AFTER) || now.saturating_sub(self.seen) > LOST_AFTER
    }
}

impl Offer {
    pub(super) fn encode(&self) -> Vec<u8> {
        let head = [MAGIC, self.taken, self.refused];
        let rows = self.running.iter();
        let rows = rows.flat_map(|row| [row.vm, row.seen, row.policy]);
        let words = head.into_iter().chain(rows);
        words.flat_map(u64::to_le_bytes).collect()
    }

    /// Reads the wire form; an empty record where it is cut off, foreign, or of another version.
    pub(super) fn decode(wire: &[u8]) -> Self {
        let words = wire.chunks_exact(8).filter_map(<[u8]>::first_chunk);
        let words: Vec<u64> = words.map(|word| u64::from_le_bytes(*word)).collect();
        let [MAGIC, taken, refused, rows @ ..] = &*words else {
            return Self::default();
        };
        let row = |row: &[u64]| match *row {
            [vm, seen, policy] => Some(Running { vm, seen, policy }),
            _ => None,
        };
        Self {
            taken: *taken,
            refused: *refused,
            running: rows.chunks_exact(3).filter_map(row).collect(),
        }
    }

    /// The policy that was offered last, good or not.
    pub(super) const fn newest(&self) -> u64 {
        if self.refused == NONE {
            self.taken
        } else {
            self.refused
        }
    }

    /// The policy that was refused and not replaced since.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    /// A VM has taken a policy; says whether that is news. It is none where this policy was the last to be taken: a VM gets
    /// it late, or anew after a trap, and what was refused meanwhile stays refused.
    pub(super) const fn take(&mut self, policy: u64) -> bool {
        let is_news = self.taken != policy;
        if is_news {
            self.taken = policy;
            self.refused = NONE;
        }
        is_news
    }

    /// A VM has refused a policy; says whether that is news.
    pub(super) const fn refuse(&mut self, policy: u64) -> bool {
        let is_news = self.refused != policy;
        self.refused = policy;
        is_news
    }

    /// A VM runs a policy at `now`; says whether the record has to be written.
    pub(super) fn see(&mut self, vm: u64, now: u64, policy: u64) -> bool {
        let number = self.running.len();
        self.running.retain(|row| !row.is_lost(now));
        let lost_some = self.running.len() < number;
        let seen = now;
        let new = Running { vm, seen, policy };
        let has_room = self.running.len() < MOST_VMS;
        match self.running.iter_mut().find(|row| row.vm == vm) {
            Some(own) if own.policy == policy && now.abs_diff(own.seen) < AGAIN_AFTER => lost_some,
            Some(own) => {
                *own = new;
                true
            }
            None if has_room => {
                self.running.push(new);
                true
            }
            None => lost_some,
        }
    }

    /// A VM runs none any more; says whether the record has to be written. With the last one the filter is gone, and what
    /// it was refused with it.
    pub(super) fn forget(&mut self, vm: u64) -> bool {
        let number = self.running.len();
        self.running.retain(|row| row.vm != vm);
        let is_gone = self.running.len() < number;
        if is_gone && self.running.is_empty() {
            self.refused = NONE;
        }
        is_gone
    }

    /// How many VMs run another policy than the newest.
    pub(super) fn behind(&self) -> u64 {
        let newest = self.newest();
        let others = self.running.iter().filter(|row| row.policy != newest);
        if newest == NONE {
            return 0;
        }
        u64::try_from(others.count()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_stays_until_another_policy_is_taken() {
        let mut offer = Offer::default();
        assert!(offer.take(1));
        assert!(!offer.take(1));
        assert!(offer.refuse(2));
        assert!(!offer.refuse(2));
        assert!(!offer.take(1), "a VM that has it late");
        assert_eq!((offer.refused(), offer.newest()), (2, 2));
        assert!(offer.take(3));
        assert_eq!((offer.refused(), offer.newest()), (NONE, 3));
        assert!(offer.refuse(3), "a worker doesn't take it after all");
        assert_eq!((offer.refused(), offer.newest()), (3, 3));
    }

    #[test]
    fn vms_that_run_another_are_behind() {
        let mut offer = Offer::default();
        assert!(offer.see(7, 100, 1));
        assert_eq!(offer.behind(), 0, "nothing is known to have been offered");
        offer.take(1);
        assert!(offer.see(8, 100, NONE));
        assert_eq!(offer.behind(), 1);
        assert!(offer.see(8, 101, 1));
        assert_eq!(offer.behind(), 0);
        offer.refuse(2);
        assert_eq!(offer.behind(), 2);
        assert!(offer.forget(7));
        assert!(!offer.forget(7));
        assert_eq!(offer.behind(), 1);
    }

    #[test]
    fn it_is_written_again_only_now_and_then() {
        let mut offer = Offer::default();
        assert!(offer.see(7, 100, 1));
        assert!(!offer.see(7, 109, 1));
        assert!(offer.see(7, 110, 1));
        assert!(offer.see(8, 110, 1));
        assert!(offer.see(8, 140, 1));
        assert_eq!(offer.running.len(), 2);
        assert!(offer.see(8, 141, 1), "the other one is lost");
        assert_eq!(offer.running.len(), 1);
        assert!(offer.see(9, 50, 1), "the clock was put back");
        assert_eq!(offer.running.len(), 1);
    }

    #[test]
    fn there_is_a_bound() {
        let mut offer = Offer::default();
        for vm in 0..3000 {
            offer.see(vm, 100, 1);
        }
        assert_eq!(offer.running.len(), MOST_VMS);
    }

    #[test]
    fn wire() {
        let mut offer = Offer::default();
        assert_eq!(Offer::decode(&offer.encode()), offer);
        offer.take(5);
        offer.refuse(6);
        offer.see(1, 2, 3);
        offer.see(4, 5, 6);
        let wire = offer.encode();
        assert_eq!(Offer::decode(&wire), offer);
        for cut in 0..wire.len() {
            // Rows may be missing, and nothing is made up.
            let read = Offer::decode(&wire[..cut]);
            assert!(read.running.len() < 2 && (read.taken == 5 || read == Offer::default()));
        }
        assert_eq!(
            Offer::decode(b"something else of some length"),
            Offer::default()
        );
    }
}
