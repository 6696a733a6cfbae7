//! The tool as a program: what it prints, and its exit status.

#[cfg(test)]
#[path = "../support/case.rs"]
#[expect(dead_code, reason = "the case files are read for their policies alone")]
mod case;
#[cfg(test)]
mod check;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod golden;
mod issuers;
#[cfg(test)]
mod json_schema;
#[cfg(test)]
mod large;
#[cfg(test)]
mod man;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod token;
#[cfg(test)]
mod token_policy;
#[cfg(test)]
#[path = "../support/tokens.rs"]
mod tokens;
