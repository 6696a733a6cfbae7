//! Counts that wait for the host.

use super::abi::MetricId;
use super::recent::Recent;
use super::stat::{self, NOBODY};

/// Counts of one family: a row for each thing of the policy, a cell for what became of it.
#[derive(Debug)]
pub(super) struct Table {
    /// The stat's name, of the row's label and the cell's two words.
    name: fn(&str, &str, &str) -> String,
    /// What anything here was counted for.
    kinds: Vec<Kind>,
    /// The first cell of each row. Nearly all that is counted of a thing falls into one cell: so these stand for
    /// themselves and close together, and a request that is counted there mostly touches nothing else.
    firsts: Vec<Cell>,
    rows: Vec<Row>,
    /// The rows that have something to hand over. One may stand there twice: the second time nothing is left of it.
    touched: Vec<usize>,
    /// What nearly always becomes of a thing, and the things of which that was counted lately.
    usual: &'static str,
    recent: Recent,
}

/// The two words of a cell.
#[derive(Debug)]
struct Kind {
    what: &'static str,
    why: Box<str>,
}

/// A count: of which kind, by its place, and how many.
#[derive(Clone, Copy, Debug)]
struct Cell {
    kind: u32,
    count: u32,
}

/// What else there is of one thing.
#[derive(Debug, Default)]
pub(super) struct Row {
    label: Box<str>,
    /// The cells but for the first.
    others: Vec<Cell>,
    /// The stats of all cells, as far as they are known.
    counters: Vec<Option<MetricId>>,
}

/// One cell's count on its way to the host.
pub(super) struct Due {
    row: usize,
    cell: usize,
    pub(super) count: u32,
    /// The stat, or its name where it isn't known yet.
    pub(super) counter: Result<MetricId, String>,
}

impl Kind {
    /// Whether it has these words. The same word mostly is the very same text, which is told without reading it.
    fn is(&self, what: &'static str, why: &str) -> bool {
        let is_why = self.why.len() == why.len() && (why.is_empty() || *self.why == *why);
        is_why && (std::ptr::eq(self.what, what) || self.what == what)
    }
}

/// The place of a kind, which is known from now on. They are searched for a cell's first count alone.
fn kind(kinds: &mut Vec<Kind>, what: &'static str, why: &str) -> u32 {
    let known = kinds.iter().position(|kind| kind.is(what, why));
    let place = known.unwrap_or_else(|| {
        let why = why.into();
        kinds.push(Kind { what, why });
        kinds.len().saturating_sub(1)
    });
    u32::try_from(place).unwrap_or(u32::MAX)
}

impl Cell {
    /// Of a row where nothing was counted yet.
    const FREE: Self = Self {
        kind: u32::MAX,
        count: 0,
    };

    fn is_of(self, what: &'static str, why: &str, kinds: &[Kind]) -> bool {
        let kind = usize::try_from(self.kind).ok();
        let kind = kind.and_then(|kind| kinds.get(kind));
        kind.is_some_and(|kind| kind.is(what, why))
    }

    fn add(&mut self, count: u32) {
        self.count = self.count.saturating_add(count);
    }
}

impl Row {
    /// Says what it is of.
    #[inline(never)]
    fn call(&mut self, label: Option<&str>) {
        self.label = label.map_or_else(|| NOBODY.into(), |text| stat::label(text).into());
    }
}

impl Table {
    /// Out of line: there are a dozen, each twice, and it is half a kilobyte of stores.
    #[inline(never)]
    pub(super) const fn new(name: fn(&str, &str, &str) -> String) -> Self {
        Self {
            name,
            kinds: Vec::new(),
            firsts: Vec::new(),
            rows: Vec::new(),
            touched: Vec::new(),
            usual: "",
            recent: Recent::new(),
        }
    }

    /// The place of the row of this label, or of the next new one.
    pub(super) fn place_of(&self, label: &str) -> usize {
        let known = self.rows.iter().position(|row| *row.label == *label);
        known.unwrap_or(self.rows.len())
    }

    /// One more in the cell of these words, for the thing of this label.
    pub(super) fn add<'l>(
        &mut self,
        place: usize,
        label: impl FnOnce() -> Option<&'l str>,
        what: &'static str,
        why: &str,
    ) {
        if let Some(row) = self.count(place, what, why) {
            row.call(label());
        }
    }

    /// One more in the cell of `what`, for the thing of this label: nearly all that is counted here, and the same word each
    /// time.
    #[inline(always)]
    pub(super) fn add_usual<'l>(
        &mut self,
        place: usize,
        label: impl FnOnce() -> Option<&'l str>,
        what: &'static str,
    ) {
        if !self.recent.note(place) {
            self.usual = what;
            self.add_unusual(place, label());
        }
    }

    /// The same for a thing of which that wasn't counted before, or where too much was noted.
    #[inline(never)]
    fn add_unusual(&mut self, place: usize, label: Option<&str>) {
        self.settle();
        self.add(place, || label, self.usual, "");
        self.recent.know(place);
    }

    /// Counts what was noted.
    fn settle(&mut self) {
        let noted = self.recent.take();
        noted.for_each(|place| {
            self.count(place, self.usual, "");
        });
    }

    /// One more in the cell of these words. Nothing is allocated but for a cell's first. Gives the row, where it is new
    /// and has to be told what it is of.
    fn count(&mut self, place: usize, what: &'static str, why: &str) -> Option<&mut Row> {
        match self.firsts.get_mut(place) {
            Some(first) if first.is_of(what, why, &self.kinds) => {
                if first.count == 0 {
                    self.touched.push(place);
                }
                first.add(1);
                None
            }
            _ => self.count_elsewhere(place, what, why),
        }
    }

    /// Counts what doesn't go into a first cell that is there.
    #[inline(never)]
    fn count_elsewhere(&mut self, place: usize, what: &'static str, why: &str) -> Option<&mut Row> {
        if place >= self.rows.len() {
            let rows = place.saturating_add(1);
            self.rows.resize_with(rows, Row::default);
            self.firsts.resize(rows, Cell::FREE);
        }
        let (first, row) = (self.firsts.get_mut(place)?, self.rows.get_mut(place)?);
        let mut others = row.others.iter_mut();
        if let Some(cell) = others.find(|cell| cell.is_of(what, why, &self.kinds)) {
            if cell.count == 0 {
                self.touched.push(place);
            }
            cell.add(1);
            return None;
        }
        self.touched.push(place);
        let fresh = Cell {
            kind: kind(&mut self.kinds, what, why),
            count: 1,
        };
        if first.kind == Cell::FREE.kind {
            *first = fresh;
            return Some(row);
        }
        row.others.push(fresh);
        None
    }

    /// Takes out all counts.
    pub(super) fn take(&mut self) -> Vec<Due> {
        self.settle();
        let mut due = Vec::new();
        for place in std::mem::take(&mut self.touched) {
            let (Some(first), Some(row)) = (self.firsts.get_mut(place), self.rows.get_mut(place))
            else {
                continue;
            };
            let cells = std::iter::once(first).chain(&mut row.others);
            for (at, cell) in cells.enumerate() {
                let count = std::mem::take(&mut cell.count);
                if count == 0 {
                    continue;
                }
                let known = row.counters.get(at).copied().flatten();
                let kind = usize::try_from(cell.kind).unwrap_or(usize::MAX);
                let Some(Kind { what, why }) = self.kinds.get(kind) else {
                    continue;
                };
                let why = || match &**why {
                    "" => String::new(),
                    why => stat::label(why),
                };
                due.push(Due {
                    row: place,
                    cell: at,
                    count,
                    counter: known.ok_or_else(|| (self.name)(&row.label, what, &why())),
                });
            }
        }
        due
    }

    /// Notes the stat that a count goes to.
    pub(super) fn know(&mut self, due: &Due, counter: MetricId) {
        let Some(row) = self.rows.get_mut(due.row) else {
            return;
        };
        if due.cell >= row.counters.len() {
            row.counters.resize(due.cell.saturating_add(1), None);
        }
        if let Some(known) = row.counters.get_mut(due.cell) {
            *known = Some(counter);
        }
    }

    /// Has a count wait for the next time.
    pub(super) fn give_back(&mut self, due: &Due) {
        let cell = match due.cell.checked_sub(1) {
            None => self.firsts.get_mut(due.row),
            Some(other) => {
                let row = self.rows.get_mut(due.row);
                row.and_then(|row| row.others.get_mut(other))
            }
        };
        if let Some(cell) = cell {
            cell.add(due.count);
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
    fn what_is_usual_is_handed_over_with_the_rest() {
        let mut table = table();
        let labels = ["a", "b", "c"];
        for number in 0..300 {
            let place = number % 3;
            table.add_usual(place, || Some(labels[place]), "passed");
            if number % 10 == 0 {
                table.add(place, || Some(labels[place]), "denied", "why");
            }
        }
        let mut all = due(&mut table);
        all.sort();
        assert_eq!(
            all,
            [
                "a denied why 10",
                "a passed  100",
                "b denied why 10",
                "b passed  100",
                "c denied why 10",
                "c passed  100"
            ]
        );
        assert!(due(&mut table).is_empty());
        table.add_usual(1, || panic!("it knows what it is of"), "passed");
        assert_eq!(due(&mut table), ["b passed  1"]);
    }

    #[test]
    fn each_count_is_handed_over_once() {
        let mut table = table();
        table.add(2, || Some("c"), "denied", "why");
        table.add(0, || None, "passed", "");
        table.add(2, || Some("c"), "passed", "");
        table.add(2, || Some("c"), "denied", "why");
        let all = ["c denied why 2", "c passed  1", "(none) passed  1"];
        assert_eq!(due(&mut table), all);
        assert_eq!(due(&mut table), [""; 0]);
        table.add(2, || Some("c"), "passed", "");
        assert_eq!(due(&mut table), ["c passed  1"]);
    }

    #[test]
    fn what_was_given_back_is_due_again_with_what_came_meanwhile() {
        let mut table = table();
        table.add(0, || Some("a"), "passed", "");
        table.add(0, || Some("a"), "denied", "");
        let taken = table.take();
        table.add(0, || Some("a"), "denied", "");
        taken.iter().for_each(|one| table.give_back(one));
        assert_eq!(due(&mut table), ["a passed  1", "a denied  2"]);
        assert_eq!(due(&mut table), [""; 0]);
    }

    #[test]
    fn a_row_is_noted_once_however_often_it_counts() {
        let mut table = table();
        for _ in 0..100 {
            table.add(0, || Some("a"), "passed", "");
            table.add(0, || Some("a"), "denied", "why");
        }
        assert_eq!(table.touched.len(), 2);
        assert_eq!(due(&mut table), ["a passed  100", "a denied why 100"]);
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
