//! Properties of what reads and writes a client's bytes, each against a model that was written apart from the code.
//! The same cases on every run: the seed is fixed.

#[cfg(test)]
mod host;
#[cfg(test)]
mod path;
#[cfg(test)]
mod rewrite;
#[cfg(test)]
mod router;
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
