//! The rollout of one filter's policies: what was offered, and what each VM runs. The VMs share this record.

/// The first word of the wire form; its last byte is the version.
const MAGIC: u64 = u64::from_be_bytes(*b"pstrnO\0\x01");

/// A VM that wrote nothing for so many seconds has trapped or ended.
const LOST_AFTER: u64 = 30;

/// A VM writes its entry anew after so many seconds.
const AGAIN_AFTER: u64 = 10;

/// The record has entries of so many VMs at most. An Envoy has one VM for each worker.
const MOST_VMS: usize = 1024;

/// Stands for a policy's number where there is none.
pub(in crate::host) const NONE: u64 = 0;

/// The record. Policies stand in it by the numbers of their fingerprints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::host) struct RolloutRecord {
    /// The last that was accepted.
    accepted: u64,
    /// The last that was refused, where none was accepted since.
    refused: u64,
    running: Vec<Running>,
}

/// What one VM runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running {
    vm: u64,
    /// When it wrote this entry, in seconds.
    seen: u64,
    policy: u64,
}

impl Running {
    fn is_lost(&self, now: u64) -> bool {
        // A time in the future was written before the clock was set back.
        self.seen > now.saturating_add(AGAIN_AFTER) || now.saturating_sub(self.seen) > LOST_AFTER
    }
}

impl RolloutRecord {
    pub(in crate::host) fn encode(&self) -> Vec<u8> {
        let head = [MAGIC, self.accepted, self.refused];
        let rows = self.running.iter();
        let rows = rows.flat_map(|row| [row.vm, row.seen, row.policy]);
        let words = head.into_iter().chain(rows);
        words.flat_map(u64::to_le_bytes).collect()
    }

    /// Reads the wire form; an empty record where it is cut off, foreign, or of another version.
    pub(in crate::host) fn decode(wire: &[u8]) -> Self {
        let words = wire.chunks_exact(8).filter_map(<[u8]>::first_chunk);
        let words: Vec<u64> = words.map(|word| u64::from_le_bytes(*word)).collect();
        let [MAGIC, accepted, refused, rows @ ..] = &*words else {
            return Self::default();
        };
        let row = |row: &[u64]| match *row {
            [vm, seen, policy] => Some(Running { vm, seen, policy }),
            _ => None,
        };
        Self {
            accepted: *accepted,
            refused: *refused,
            running: rows.chunks_exact(3).filter_map(row).collect(),
        }
    }

    /// The policy that was offered last, good or not.
    pub(in crate::host) const fn newest(&self) -> u64 {
        if self.refused == NONE {
            self.accepted
        } else {
            self.refused
        }
    }

    /// The policy that was refused and not replaced since.
    pub(in crate::host) const fn refused(&self) -> u64 {
        self.refused
    }

    /// A VM has accepted a policy; says whether the record has changed. It doesn't change where this policy was the last to be
    /// accepted: a VM gets it late, or anew after a trap, and what was refused meanwhile stays refused.
    pub(in crate::host) const fn accept(&mut self, policy: u64) -> bool {
        let has_changed = self.accepted != policy;
        if has_changed {
            self.accepted = policy;
            self.refused = NONE;
        }
        has_changed
    }

    /// A VM has refused a policy; says whether the record has changed.
    pub(in crate::host) const fn refuse(&mut self, policy: u64) -> bool {
        let has_changed = self.refused != policy;
        self.refused = policy;
        has_changed
    }

    /// A VM runs a policy at `now`; says whether the record has to be written.
    pub(in crate::host) fn see(&mut self, vm: u64, now: u64, policy: u64) -> bool {
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

    /// A VM runs no policy any more; says whether the record has to be written. Without any VM the filter is gone, and so is
    /// its refusal.
    pub(in crate::host) fn forget(&mut self, vm: u64) -> bool {
        let number = self.running.len();
        self.running.retain(|row| row.vm != vm);
        let is_gone = self.running.len() < number;
        if is_gone && self.running.is_empty() {
            self.refused = NONE;
        }
        is_gone
    }

    /// How many VMs run another policy than the newest.
    pub(in crate::host) fn behind(&self) -> u64 {
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
    fn keeps_a_refusal_until_another_policy_is_accepted() {
        let mut record = RolloutRecord::default();
        assert!(record.accept(1));
        assert!(!record.accept(1));
        assert!(record.refuse(2));
        assert!(!record.refuse(2));
        assert!(!record.accept(1), "a VM that has it late");
        assert_eq!((record.refused(), record.newest()), (2, 2));
        assert!(record.accept(3));
        assert_eq!((record.refused(), record.newest()), (NONE, 3));
        assert!(record.refuse(3), "a worker doesn't take it after all");
        assert_eq!((record.refused(), record.newest()), (3, 3));
    }

    #[test]
    fn counts_vms_that_run_another_policy() {
        let mut record = RolloutRecord::default();
        assert!(record.see(7, 100, 1));
        assert_eq!(record.behind(), 0, "nothing is known to have been offered");
        record.accept(1);
        assert!(record.see(8, 100, NONE));
        assert_eq!(record.behind(), 1);
        assert!(record.see(8, 101, 1));
        assert_eq!(record.behind(), 0);
        record.refuse(2);
        assert_eq!(record.behind(), 2);
        assert!(record.forget(7));
        assert!(!record.forget(7));
        assert_eq!(record.behind(), 1);
    }

    #[test]
    fn is_written_anew_only_now_and_then() {
        let mut record = RolloutRecord::default();
        assert!(record.see(7, 100, 1));
        assert!(!record.see(7, 109, 1));
        assert!(record.see(7, 110, 1));
        assert!(record.see(8, 110, 1));
        assert!(record.see(8, 140, 1));
        assert_eq!(record.running.len(), 2);
        assert!(record.see(8, 141, 1), "the other one is lost");
        assert_eq!(record.running.len(), 1);
        assert!(record.see(9, 50, 1), "the clock was put back");
        assert_eq!(record.running.len(), 1);
    }

    #[test]
    fn holds_a_bounded_number_of_vms() {
        let mut record = RolloutRecord::default();
        for vm in 0..3000 {
            record.see(vm, 100, 1);
        }
        assert_eq!(record.running.len(), MOST_VMS);
    }

    #[test]
    fn survives_its_wire_form() {
        let mut record = RolloutRecord::default();
        assert_eq!(RolloutRecord::decode(&record.encode()), record);
        record.accept(5);
        record.refuse(6);
        record.see(1, 2, 3);
        record.see(4, 5, 6);
        let wire = record.encode();
        assert_eq!(RolloutRecord::decode(&wire), record);
        for cut in 0..wire.len() {
            // Entries may be missing, and none is wrong.
            let read = RolloutRecord::decode(&wire[..cut]);
            assert!(
                read.running.len() < 2 && (read.accepted == 5 || read == RolloutRecord::default())
            );
        }
        assert_eq!(
            RolloutRecord::decode(b"something else of some length"),
            RolloutRecord::default()
        );
    }
}
