//! What the access log is to show of one exchange.

use crate::config::Property;
use crate::engine::Event;

use super::abi::{self, Failure};
use super::seat::Seat;

/// Taken while an exchange is decided, where its policy asks for it.
#[derive(Debug, Default)]
pub(super) struct Notes {
    consumer: Option<Vec<u8>>,
    route: Option<String>,
    reason: Option<&'static str>,
    is_decided: bool,
}

impl Notes {
    /// Takes note of an event.
    #[inline(never)]
    pub(super) fn take(&mut self, event: &Event<'_>) {
        if let Event::Identified { consumer } = *event {
            self.consumer = Some(consumer.bytes().to_vec());
        }
        if let Event::Decided { route, reason, .. } = *event {
            self.route = route.map(|route| route.text().to_owned());
            self.reason = reason;
            self.is_decided = true;
        }
    }

    /// Sets the properties of the effective stream, where it was decided.
    ///
    /// # Errors
    /// The first host call's that fails.
    pub(super) fn set(&self, seat: &Seat) -> Result<(), Failure> {
        if !self.is_decided {
            return Ok(());
        }
        for property in &seat.log_properties {
            let value = match property {
                Property::Consumer => self.consumer.clone(),
                Property::Route => self.route.as_ref().map(|route| route.as_bytes().to_vec()),
                Property::Policy => Some(seat.fingerprint.to_string().into_bytes()),
                Property::Reason => self.reason.map(|reason| reason.as_bytes().to_vec()),
            };
            if let Some(value) = value {
                abi::set_property(property.name().as_bytes(), &value)?;
            }
        }
        Ok(())
    }
}
