//! What the access log shows of one exchange.

use crate::config::Property;
use crate::engine::Event;
use crate::host::hostcalls::{Failure, Host};
use crate::policy::Fingerprint;

/// Collected while an exchange is decided, where its policy asks for it.
#[derive(Debug, Default)]
pub(in crate::host) struct LogProperties {
    consumer: Option<Vec<u8>>,
    route: Option<String>,
    reason: Option<&'static str>,
    is_decided: bool,
}

impl LogProperties {
    /// Takes what an event tells.
    pub(super) fn collect(&mut self, event: &Event<'_>) {
        if let Event::Identified { consumer } = *event {
            self.consumer = Some(consumer.bytes().to_vec());
        }
        if let Event::Decided { route, reason, .. } = *event {
            self.route = route.map(|route| route.text().to_owned());
            self.reason = reason;
            self.is_decided = true;
        }
    }

    /// Sets the wanted properties of the effective stream, where it was decided.
    ///
    /// # Errors
    /// The first host call's that fails.
    pub(in crate::host) fn set(
        &self,
        host: &impl Host,
        wanted: &[Property],
        policy: Fingerprint,
    ) -> Result<(), Failure> {
        if !self.is_decided {
            return Ok(());
        }
        for property in wanted {
            let value = match property {
                Property::Consumer => self.consumer.clone(),
                Property::Route => self.route.as_ref().map(|route| route.as_bytes().to_vec()),
                Property::Policy => Some(policy.to_string().into_bytes()),
                Property::Reason => self.reason.map(|reason| reason.as_bytes().to_vec()),
            };
            if let Some(value) = value {
                host.set_property(property.name().as_bytes(), &value)?;
            }
        }
        Ok(())
    }
}
