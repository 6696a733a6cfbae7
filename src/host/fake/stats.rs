//! The stats, which all VMs of the world share.

use super::call::{Answer, BAD_ARGUMENT, make};

/// A stat. It lives as long as a VM that has defined it.
#[derive(Debug, Default)]
pub(super) struct Stat {
    pub(super) value: u64,
    pub(super) vms: usize,
}

pub(crate) fn define_metric(kind: u32, name: &[u8]) -> Answer<u32> {
    make("proxy_define_metric", |host, _| {
        let name = String::from_utf8_lossy(name).into_owned();
        if !host.metrics.iter().any(|(_, known)| *known == name) {
            let mut stats = host.world.stats.borrow_mut();
            let stat = stats.entry(name.clone()).or_default();
            stat.vms = stat.vms.saturating_add(1);
        }
        host.metrics.push((kind, name));
        u32::try_from(host.metrics.len()).map_err(|_| BAD_ARGUMENT)
    })
}

/// Changes a stat by this VM's number for it.
fn metric(
    name: &'static str,
    id: u32,
    change: impl FnOnce(u32, &mut u64) -> Answer<()>,
) -> Answer<()> {
    make(name, |host, _| {
        let index = usize::try_from(id).unwrap_or_default().checked_sub(1);
        let found = index.and_then(|index| host.metrics.get(index));
        let (kind, name) = found.ok_or(BAD_ARGUMENT)?;
        let mut stats = host.world.stats.borrow_mut();
        let stat = stats.get_mut(name).ok_or(BAD_ARGUMENT)?;
        change(*kind, &mut stat.value)
    })
}

pub(crate) fn increment_metric(id: u32, by: i64) -> Answer<()> {
    metric("proxy_increment_metric", id, |kind, value| {
        if kind == 0 && by < 0 {
            return Err(BAD_ARGUMENT);
        }
        *value = value.saturating_add_signed(by);
        Ok(())
    })
}

pub(crate) fn record_metric(id: u32, now: u64) -> Answer<()> {
    metric("proxy_record_metric", id, |_, value| {
        *value = now;
        Ok(())
    })
}
