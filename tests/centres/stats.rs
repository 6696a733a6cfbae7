//! What the stats and the log say of a source.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::http1::get;

/// All stats of the filter, as a page for Prometheus has them.
#[derive(Debug, Default)]
pub(crate) struct Stats(BTreeMap<String, f64>);

impl Stats {
    /// Those of now.
    pub(crate) fn read(admin: SocketAddr) -> Self {
        let page = get(admin, "/stats/prometheus?filter=postern", "");
        let page = page.map(|page| page.body).unwrap_or_default();
        let page = String::from_utf8_lossy(&page);
        let read = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        let lines = page.lines().filter(|line| !line.starts_with('#'));
        Self(lines.filter_map(read).collect())
    }

    /// A number of a source: `usable`, `age_seconds`, `version`. Zero if it is absent.
    pub(crate) fn of(&self, source: &str, what: &str) -> f64 {
        let name = format!("postern_source_{what}{{source=\"{source}\"}}");
        self.0.get(&name).copied().unwrap_or_default()
    }

    /// The failures of a source by reason.
    pub(crate) fn failures(&self, source: &str) -> BTreeMap<String, f64> {
        let start = "postern_source_failures_total{";
        let own = format!("source=\"{source}\"");
        let of_source = |name: &&String| name.starts_with(start) && name.contains(&own);
        let reason = |name: &str| {
            let (_, rest) = name.split_once("reason=\"")?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let all = self.0.iter().filter(|(name, _)| of_source(name));
        all.filter_map(|(name, count)| Some((reason(name)?, *count)))
            .collect()
    }

    /// The reasons of a source's failures since then.
    pub(crate) fn new_failures(&self, source: &str, before: &Self) -> Vec<String> {
        let before = before.failures(source);
        let grew =
            |(reason, count): &(String, f64)| before.get(reason).is_none_or(|old| old < count);
        let all = self.failures(source).into_iter().filter(grew);
        all.map(|(reason, _)| reason).collect()
    }
}

/// The last error that the log has for a source.
pub(crate) fn last_error(log: &str, source: &str) -> Option<String> {
    let event = format!("event=source_failed source={source} error=");
    let line = log.lines().rfind(|line| line.contains(&event))?;
    let (_, error) = line.split_once(&event)?;
    Some(error.to_owned())
}
