//! What tokens of every kind share: what their claims must say, whose they are, and what a client is told.

mod challenge;
mod claim_tests;
mod claim_text;
mod consumer_rule;

pub(super) use challenge::Challenge;
pub(super) use claim_tests::{ClaimTests, accepts, reason_of};
pub(super) use claim_text::claim_text;
pub(super) use consumer_rule::ConsumerRule;
