//! The tool, as it is run: what it prints, and how it ends.

#[cfg(test)]
#[path = "../support/case.rs"]
#[expect(dead_code, reason = "the case files are read for their policies alone")]
mod case;
#[cfg(test)]
mod check;
#[cfg(test)]
mod checker;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod schema;
