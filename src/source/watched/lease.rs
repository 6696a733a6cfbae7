//! The lease: the small record that all VMs read on every tick. It says which VM fetches, and what the result was.

use std::time::Duration;

use crate::time::Timestamp;

use crate::source::Hash;
use crate::source::wire::{WireReader, WireWriter};

/// The last byte is the version.
const MAGIC: &[u8; 8] = b"pstrnL\0\x02";

/// The newest document that was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Newest {
    /// Its hash.
    pub hash: Hash,
    /// When the source last confirmed it.
    pub confirmed: Timestamp,
}

/// What a VM has to do about a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// Nothing: another VM has it, or nothing is due.
    Wait,
    /// Write the lease for itself, if no VM wrote since it was read, and then fetch.
    Fetch,
}

/// The record. The owner writes it before and after each fetch, with a deadline shortly after the next fetch is due: so
/// it stays the owner, and the other VMs notice that it is gone when there is something to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lease {
    /// The VM that fetches; zero for none.
    pub owner: u64,
    /// When any VM may take it over.
    pub deadline: Timestamp,
    /// When the next fetch is due.
    pub due: Timestamp,
    /// Whether the owner fetches a document or reads the one that it has fetched.
    pub is_fetching: bool,
    /// When the last extra fetch began.
    pub extra: Timestamp,
    /// How many fetches have failed since the last good one.
    pub failures: u32,
    /// The newest document that was published.
    pub newest: Option<Newest>,
}

impl Lease {
    /// Its wire form.
    #[must_use]
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut wire = WireWriter::default();
        wire.raw(MAGIC)
            .number(self.owner)
            .time(self.deadline)
            .time(self.due)
            .number(u64::from(self.is_fetching))
            .time(self.extra)
            .number(u64::from(self.failures));
        if let Some(newest) = &self.newest {
            wire.raw(&newest.hash.0).time(newest.confirmed);
        }
        wire.0
    }

    /// Reads the wire form; `None` if it is cut off, foreign, or of another version.
    #[must_use]
    pub(super) fn decode(wire: &[u8]) -> Option<Self> {
        let mut reader = WireReader(wire.strip_prefix(MAGIC)?);
        let mut lease = Self {
            owner: reader.number()?,
            deadline: reader.time()?,
            due: reader.time()?,
            is_fetching: flag(reader.number()?)?,
            extra: reader.time()?,
            failures: u32::try_from(reader.number()?).ok()?,
            newest: None,
        };
        if !reader.is_empty() {
            lease.newest = Some(Newest {
                hash: reader.hash()?,
                confirmed: reader.time()?,
            });
        }
        reader.is_empty().then_some(lease)
    }

    /// Whether another VM than `vm` has the lease. A deadline further away than `horizon` was written before the clock
    /// was put back: it does not count.
    #[must_use]
    pub(super) fn is_of_another(&self, vm: u64, now: Timestamp, horizon: Duration) -> bool {
        let runs = now < self.deadline && self.deadline <= now.after(horizon);
        self.owner != 0 && self.owner != vm && runs
    }

    /// What `vm` has to do now. `horizon` is how far in the future any time in the record can be.
    #[must_use]
    pub(super) fn duty(&self, vm: u64, now: Timestamp, horizon: Duration) -> Duty {
        let is_due = self.due <= now || self.due > now.after(horizon);
        if is_due && !self.is_of_another(vm, now, horizon) {
            Duty::Fetch
        } else {
            Duty::Wait
        }
    }
}

const fn flag(number: u64) -> Option<bool> {
    match number {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HORIZON: Duration = Duration::from_nanos(1000);

    fn lease(owner: u64, deadline: u64, due: u64) -> Lease {
        Lease {
            owner,
            deadline: Timestamp::from_nanos(deadline),
            due: Timestamp::from_nanos(due),
            ..Lease::default()
        }
    }

    #[test]
    fn duties() {
        let now = Timestamp::from_nanos(10_000);
        for (owner, deadline, due, duty) in [
            (0, 0, 0, Duty::Fetch),
            (0, 0, 10_000, Duty::Fetch),
            (0, 0, 10_001, Duty::Wait),
            (0, 10_500, 9_000, Duty::Fetch),
            (1, 10_500, 9_000, Duty::Fetch),
            (1, 10_500, 10_400, Duty::Wait),
            (1, 9_000, 9_000, Duty::Fetch),
            (2, 10_001, 9_000, Duty::Wait),
            (2, 10_000, 9_000, Duty::Fetch),
            (2, 10_000, 10_001, Duty::Wait),
            (2, 11_000, 9_000, Duty::Wait),
            (2, 11_001, 9_000, Duty::Fetch),
            (2, 11_001, 10_500, Duty::Wait),
            (2, 99_000, 99_000, Duty::Fetch),
            (1, 99_000, 99_000, Duty::Fetch),
        ] {
            let lease = lease(owner, deadline, due);
            assert_eq!(lease.duty(1, now, HORIZON), duty, "{lease:?}");
        }
    }

    #[test]
    fn wire_form() {
        let mut lease = lease(1, 2, 3);
        lease.failures = u32::MAX;
        lease.is_fetching = true;
        lease.extra = Timestamp::from_nanos(4);
        assert_eq!(Lease::decode(&lease.encode()), Some(lease));
        let short = lease.encode().len();
        lease.newest = Some(Newest {
            hash: Hash([7; 32]),
            confirmed: Timestamp::from_nanos(u64::MAX),
        });
        let wire = lease.encode();
        assert_eq!(Lease::decode(&wire), Some(lease));
        for end in (0..wire.len()).filter(|end| *end != short) {
            assert_eq!(Lease::decode(&wire[..end]), None, "cut at {end}");
        }
        assert_eq!(Lease::decode(&[&wire[..], b"x"].concat()), None);
        assert_eq!(Lease::decode(&[255; 80]), None);
        let flag = MAGIC.len() + 3 * 8;
        let mut other = wire;
        other[flag] = 2;
        assert_eq!(Lease::decode(&other), None);
    }
}
