//! Counts of one family of stats that wait to be added to the host's.

use crate::host::hostcalls::MetricId;

use super::names::{self, UNNAMED};

/// The pending counts of one family of stats: a row for each thing of the policy, a cell for each of its outcomes.
#[derive(Debug)]
pub(super) struct Family {
    /// Makes a stat's name of a row's label, and a cell's outcome and reason.
    name: fn(&str, &str, &str) -> String,
    rows: Vec<Row>,
    /// The rows with counts to flush. A row may be listed twice; the second time it has none left.
    pending: Vec<RowId>,
}

/// One row of a family: a thing of the policy, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowId(pub(super) usize);

/// One cell of a row, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CellId(usize);

/// The counts of one thing.
#[derive(Debug, Default)]
struct Row {
    label: Box<str>,
    cells: Vec<Cell>,
}

/// One count.
#[derive(Debug)]
struct Cell {
    outcome: &'static str,
    reason: Box<str>,
    count: u32,
    /// The host's stat, once it is defined.
    metric: Option<MetricId>,
}

/// A count on its way to the host.
pub(super) struct Pending {
    row: RowId,
    cell: CellId,
    pub(super) count: u32,
    /// The stat, or its name where it isn't defined yet.
    pub(super) metric: Result<MetricId, String>,
}

impl Cell {
    /// The same outcome mostly is the very same text, which one comparison of pointers tells.
    fn is_of(&self, outcome: &'static str, reason: &str) -> bool {
        (std::ptr::eq(self.outcome, outcome) || self.outcome == outcome) && *self.reason == *reason
    }
}

impl Family {
    pub(super) const fn new(name: fn(&str, &str, &str) -> String) -> Self {
        Self {
            name,
            rows: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// The row of this label, or the next new one.
    pub(super) fn row_of(&self, label: &str) -> RowId {
        let known = self.rows.iter().position(|row| *row.label == *label);
        RowId(known.unwrap_or(self.rows.len()))
    }

    /// Counts one more of this outcome and reason, for the thing of this label. It allocates for a cell's first count alone.
    pub(super) fn add<'l>(
        &mut self,
        row: RowId,
        label: impl FnOnce() -> Option<&'l str>,
        outcome: &'static str,
        reason: &str,
    ) {
        let cells = self.rows.get_mut(row.0).map(|row| row.cells.iter_mut());
        let cell = cells.and_then(|mut cells| cells.find(|cell| cell.is_of(outcome, reason)));
        let Some(cell) = cell else {
            return self.add_first(row, label(), outcome, reason);
        };
        if cell.count == 0 {
            self.pending.push(row);
        }
        cell.count = cell.count.saturating_add(1);
    }

    /// Makes a cell with a count of one.
    fn add_first(&mut self, id: RowId, label: Option<&str>, outcome: &'static str, reason: &str) {
        if id.0 >= self.rows.len() {
            self.rows.resize_with(id.0.saturating_add(1), Row::default);
        }
        let Some(row) = self.rows.get_mut(id.0) else {
            return;
        };
        if row.cells.is_empty() {
            row.label = label.map_or_else(|| UNNAMED.into(), |text| names::label(text).into());
        }
        row.cells.push(Cell {
            outcome,
            reason: reason.into(),
            count: 1,
            metric: None,
        });
        self.pending.push(id);
    }

    /// Takes all counts.
    pub(super) fn take(&mut self) -> Vec<Pending> {
        let mut taken = Vec::new();
        for id in std::mem::take(&mut self.pending) {
            let Some(row) = self.rows.get_mut(id.0) else {
                continue;
            };
            for (at, cell) in row.cells.iter_mut().enumerate() {
                let count = std::mem::take(&mut cell.count);
                if count == 0 {
                    continue;
                }
                let name = || {
                    let reason = match &*cell.reason {
                        "" => String::new(),
                        reason => names::label(reason),
                    };
                    (self.name)(&row.label, cell.outcome, &reason)
                };
                taken.push(Pending {
                    row: id,
                    cell: CellId(at),
                    count,
                    metric: cell.metric.ok_or_else(name),
                });
            }
        }
        taken
    }

    /// Keeps the stat of a count.
    pub(super) fn defined(&mut self, pending: &Pending, metric: MetricId) {
        if let Some(cell) = self.cell(pending) {
            cell.metric = Some(metric);
        }
    }

    /// Puts a count back, for the next flush.
    pub(super) fn put_back(&mut self, pending: &Pending) {
        if let Some(cell) = self.cell(pending) {
            cell.count = cell.count.saturating_add(pending.count);
            self.pending.push(pending.row);
        }
    }

    fn cell(&mut self, pending: &Pending) -> Option<&mut Cell> {
        let row = self.rows.get_mut(pending.row.0)?;
        row.cells.get_mut(pending.cell.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is to be flushed, in order: `LABEL OUTCOME REASON COUNT`.
    fn taken(family: &mut Family) -> Vec<String> {
        let shown = |one: Pending| format!("{} {}", one.metric.unwrap_err(), one.count);
        family.take().into_iter().map(shown).collect()
    }

    fn family() -> Family {
        Family::new(|label, outcome, reason| format!("{label} {outcome} {reason}"))
    }

    #[test]
    fn takes_each_count_once() {
        let mut family = family();
        family.add(RowId(2), || Some("c"), "denied", "why");
        family.add(RowId(0), || None, "passed", "");
        family.add(RowId(2), || Some("c"), "passed", "");
        family.add(RowId(2), || Some("c"), "denied", "why");
        let all = ["c denied why 2", "c passed  1", "(none) passed  1"];
        assert_eq!(taken(&mut family), all);
        assert_eq!(taken(&mut family), [""; 0]);
        family.add(RowId(2), || Some("c"), "passed", "");
        assert_eq!(taken(&mut family), ["c passed  1"]);
    }

    #[test]
    fn adds_what_was_put_back_to_later_counts() {
        let mut family = family();
        family.add(RowId(0), || Some("a"), "passed", "");
        family.add(RowId(0), || Some("a"), "denied", "");
        let taken_once = family.take();
        family.add(RowId(0), || Some("a"), "denied", "");
        taken_once.iter().for_each(|one| family.put_back(one));
        assert_eq!(taken(&mut family), ["a passed  1", "a denied  2"]);
        assert_eq!(taken(&mut family), [""; 0]);
    }

    #[test]
    fn lists_a_row_once_however_often_it_counts() {
        let mut family = family();
        for _ in 0..100 {
            family.add(RowId(0), || Some("a"), "passed", "");
            family.add(RowId(0), || Some("a"), "denied", "why");
        }
        assert_eq!(family.pending.len(), 2);
        assert_eq!(taken(&mut family), ["a passed  100", "a denied why 100"]);
    }

    #[test]
    fn asks_for_a_label_once_for_each_cell() {
        let mut family = family();
        family.add(RowId(0), || Some("a"), "passed", "");
        family.add(RowId(0), || panic!("the cell is there"), "passed", "");
        family.add(RowId(0), || Some("ignored"), "denied", "");
        assert_eq!(taken(&mut family), ["a passed  2", "a denied  1"]);
    }
}
