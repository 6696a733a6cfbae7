//! Property tests of the code that reads and writes a client's bytes. Each compares the code with an independent model.
//! The seed is fixed, so every run has the same cases.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "in a test an overflow or an index out of bounds is a failure"
)]

#[cfg(test)]
mod edits;
#[cfg(test)]
mod host;
#[cfg(test)]
mod jwt;
#[cfg(test)]
mod path;
#[cfg(test)]
mod path_regex;
#[cfg(test)]
mod rendered;
#[cfg(test)]
mod response;
#[cfg(test)]
mod rewrite;
#[cfg(test)]
mod router;
#[cfg(test)]
mod set_cookie;
#[cfg(test)]
mod spellings;
#[cfg(test)]
mod template;

#[cfg(test)]
fn fixed(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        failure_persistence: None,
        ..Default::default()
    }
}
