//! Counts that wait for the host.

use super::abi::MetricId;
use super::stat::{self, NOBODY};

/// Counts of one family: a row for each thing of the policy, a cell for what became of it.
#[derive(Debug)]
pub(super) struct Table {
    /// The stat's name, of the row's label and the cell's two words.
    name: fn(&str, &str, &str) -> String,
    rows: Vec<Row>,
    /// The rows that have something to hand over.
    touched: Vec<usize>,
}

/// One thing's counts. Nearly all that is counted of a thing falls into one cell, so the first stands in the row itself:
/// a request that is counted there touches no other memory.
#[derive(Debug, Default)]
pub(super) struct Row {
    first: Option<Counted>,
    others: Vec<Counted>,
    label: Box<str>,
}

#[derive(Debug)]
struct Counted {
    what: &'static str,
    why: Box<str>,
    count: u64,
    counter: Option<MetricId>,
}

impl Row {
    /// Says what it is of.
    pub(super) fn call(&mut self, label: Option<&str>) {
        self.label = label.map_or_else(|| NOBODY.into(), |text| stat::label(text).into());
    }

    fn cells(&mut self) -> impl Iterator<Item = &mut Counted> {
        self.first.iter_mut().chain(&mut self.others)
    }
}

impl Counted {
    /// Whether it is of these words. The same word mostly is the very same text, which is told without reading it.
    fn is_of(&self, what: &'static str, why: &str) -> bool {
        (std::ptr::eq(self.what, what) || self.what == what) && *self.why == *why
    }
}

/// One cell's count on its way to the host.
pub(super) struct Due {
    row: usize,
    cell: usize,
    pub(super) count: u64,
    /// The stat, or its name where it isn't known yet.
    pub(super) counter: Result<MetricId, String>,
}

impl Table {
    pub(super) const fn new(name: fn(&str, &str, &str) -> String) -> Self {
        Self {
            name,
            rows: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// The place of the row of this label, or of the next new one.
    pub(super) fn place_of(&self, label: &str) -> usize {
        let known = self.rows.iter().position(|row| *row.label == *label);
        known.unwrap_or(self.rows.len())
    }

    /// One more in the cell of these words, for the thing of this label.
    pub(super) fn add(&mut self, place: usize, label: Option<&str>, what: &'static str, why: &str) {
        if let Some(row) = self.count(place, what, why) {
            row.call(label);
        }
    }

    /// One more in the cell of these words. Nothing is allocated but for a cell's first. Gives the row, where it is new
    /// and has to be told what it is of.
    pub(super) fn count(
        &mut self,
        place: usize,
        what: &'static str,
        why: &str,
    ) -> Option<&mut Row> {
        if place >= self.rows.len() {
            self.rows.resize_with(place.saturating_add(1), Row::default);
        }
        let row = self.rows.get_mut(place)?;
        if let Some(cell) = row.cells().find(|cell| cell.is_of(what, why)) {
            // A row may stand there twice: there is nothing left of it the second time.
            if cell.count == 0 {
                self.touched.push(place);
            }
            cell.count = cell.count.saturating_add(1);
            return None;
        }
        self.touched.push(place);
        let fresh = Counted {
            what,
            why: why.into(),
            count: 1,
            counter: None,
        };
        if row.first.is_some() {
            row.others.push(fresh);
            return None;
        }
        row.first = Some(fresh);
        Some(row)
    }

    /// Takes out all counts.
    pub(super) fn take(&mut self) -> Vec<Due> {
        let mut due = Vec::new();
        for place in std::mem::take(&mut self.touched) {
            let Some(row) = self.rows.get_mut(place) else {
                continue;
            };
            let label = std::mem::take(&mut row.label);
            for (at, cell) in row.cells().enumerate() {
                let count = std::mem::take(&mut cell.count);
                if count > 0 {
                    let why = || match &*cell.why {
                        "" => String::new(),
                        why => stat::label(why),
                    };
                    let named = || (self.name)(&label, cell.what, &why());
                    due.push(Due {
                        row: place,
                        cell: at,
                        count,
                        counter: cell.counter.ok_or_else(named),
                    });
                }
            }
            row.label = label;
        }
        due
    }

    fn cell(&mut self, due: &Due) -> Option<&mut Counted> {
        self.rows.get_mut(due.row)?.cells().nth(due.cell)
    }

    pub(super) fn know(&mut self, due: &Due, counter: MetricId) {
        if let Some(cell) = self.cell(due) {
            cell.counter = Some(counter);
        }
    }

    pub(super) fn give_back(&mut self, due: &Due) {
        if let Some(cell) = self.cell(due) {
            cell.count = cell.count.saturating_add(due.count);
            self.touched.push(due.row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is to be handed over, in order: `LABEL WHAT WHY COUNT`.
    fn due(table: &mut Table) -> Vec<String> {
        let due = table.take();
        let shown = |one: Due| format!("{} {}", one.counter.unwrap_err(), one.count);
        due.into_iter().map(shown).collect()
    }

    fn table() -> Table {
        Table::new(|label, what, why| format!("{label} {what} {why}"))
    }

    #[test]
    fn each_count_is_handed_over_once() {
        let mut table = table();
        table.add(2, Some("c"), "denied", "why");
        table.add(0, None, "passed", "");
        table.add(2, Some("c"), "passed", "");
        table.add(2, Some("c"), "denied", "why");
        let all = ["c denied why 2", "c passed  1", "(none) passed  1"];
        assert_eq!(due(&mut table), all);
        assert_eq!(due(&mut table), [""; 0]);
        table.add(2, Some("c"), "passed", "");
        assert_eq!(due(&mut table), ["c passed  1"]);
    }

    #[test]
    fn what_was_given_back_is_due_again_with_what_came_meanwhile() {
        let mut table = table();
        table.add(0, Some("a"), "passed", "");
        table.add(0, Some("a"), "denied", "");
        let taken = table.take();
        table.add(0, Some("a"), "denied", "");
        taken.iter().for_each(|one| table.give_back(one));
        assert_eq!(due(&mut table), ["a passed  1", "a denied  2"]);
        assert_eq!(due(&mut table), [""; 0]);
    }

    #[test]
    fn a_label_is_asked_for_once() {
        let mut table = table();
        assert!(table.count(0, "passed", "").is_some());
        assert!(table.count(0, "passed", "").is_none());
        assert!(table.count(0, "denied", "").is_none());
        assert!(table.count(1, "denied", "").is_some());
    }
}
