//! What one decision may ask of the host.

use crate::crypto::{HostKey, HostVerifier, SignatureCheck};
use crate::engine::{HostProperty, Inputs};
use crate::random::Random;
use crate::time::Timestamp;

use super::clock::Clock;
use super::host_function::HostFunction;
use super::hostcalls::{Failure, Host, Status};
use super::log::EventLog;
use super::refusal::Refusal;

/// What one decision may ask of the host. It asks for the time at most once.
#[derive(Debug)]
pub(super) struct DecisionInputs<'a, H> {
    host: &'a H,
    clock: &'a Clock,
    signatures: &'a HostFunction,
    log: &'a EventLog,
    random: &'a Random,
    now: Option<Timestamp>,
    /// Set where the host failed to tell what the decision needed. The decision must not be performed then.
    pub(super) failure: Option<(Refusal, Failure)>,
}

impl<'a, H> DecisionInputs<'a, H> {
    /// The inputs for one decision.
    pub(super) const fn new(
        host: &'a H,
        clock: &'a Clock,
        signatures: &'a HostFunction,
        log: &'a EventLog,
        random: &'a Random,
    ) -> Self {
        Self {
            host,
            clock,
            signatures,
            log,
            random,
            now: None,
            failure: None,
        }
    }
}

impl<H: Host> HostVerifier for DecisionInputs<'_, H> {
    fn verifies(&self, kind: HostKey) -> bool {
        self.signatures.verifies(kind)
    }

    fn verify_signature(&mut self, check: &SignatureCheck<'_>) -> Option<bool> {
        self.signatures.verify(self.host, self.log, check)
    }
}

impl<H: Host> Inputs for DecisionInputs<'_, H> {
    fn now(&mut self) -> Timestamp {
        if let Some(now) = self.now {
            return now;
        }
        let now = self.clock.now(self.host).unwrap_or_else(|failure| {
            self.failure = Some((Refusal::NoClock, failure));
            // By this time everything has expired that can.
            Timestamp::from_nanos(u64::MAX)
        });
        self.now = Some(now);
        now
    }

    fn random(&mut self) -> u64 {
        self.random.next()
    }

    fn property(&mut self, property: HostProperty) -> Option<Vec<u8>> {
        let name = match property {
            HostProperty::SourceAddress => b"source\0address",
        };
        match self.host.property(name) {
            Ok(value) => Some(value),
            Err(failure) if failure.status == Status::NOT_FOUND => None,
            Err(failure) => {
                self.failure = Some((Refusal::NoProperty, failure));
                None
            }
        }
    }
}
