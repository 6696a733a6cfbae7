//! The tool as a program: what it prints, and its exit status.

#[cfg(test)]
#[path = "../support/case.rs"]
#[expect(dead_code, reason = "the case files are read for their policies alone")]
mod case;
#[cfg(test)]
#[path = "../support/centre.rs"]
#[expect(dead_code, reason = "the tool's tests don't use all of it")]
mod centre;
#[cfg(test)]
mod check;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod golden;
#[cfg(test)]
#[path = "../support/http1.rs"]
#[expect(dead_code, reason = "the tool's tests don't use all of it")]
mod http1;
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
mod source;
#[cfg(test)]
mod source_corpus;
#[cfg(test)]
mod token;
#[cfg(test)]
mod token_policy;
#[cfg(test)]
#[path = "../support/tokens.rs"]
mod tokens;
