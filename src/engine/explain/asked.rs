//! What a callout asks for.

use std::fmt;
use std::rc::Rc;

use crate::engine::Engine;
use crate::engine::documents::{FlightId, Purpose, SourceState};

/// What a callout asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Asked<'e> {
    /// The names of the sources that take the reply, in the policy's order. There are several where sources have one
    /// definition.
    pub sources: Vec<&'e str>,
    /// The key of the entry. None for a watched source.
    pub key: Option<Box<[u8]>>,
}

/// Shows no key: some are tokens.
impl fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// What a callout of this engine asks for. `None` if its flight is not under way, or nothing takes its reply.
    #[must_use]
    pub fn asked(&self, flight: FlightId) -> Option<Asked<'_>> {
        let inner = self.store.0.borrow();
        let purpose = &inner.flights.get(&flight)?.purpose;
        let takes_it = |state: &SourceState| match (state, purpose) {
            (SourceState::Watched(own), Purpose::Watched(source)) => {
                Rc::ptr_eq(&own.shared, source)
            }
            (SourceState::OnDemand(own), Purpose::OnDemand(source, _)) => Rc::ptr_eq(own, source),
            _ => false,
        };
        let takers = self.sources.iter().filter(|(_, state)| takes_it(state));
        let sources: Vec<_> = takers.map(|(id, _)| self.policy.sources.name(id)).collect();
        let key = match purpose {
            Purpose::OnDemand(_, key) => Some((**key).into()),
            Purpose::Watched(_) | Purpose::Superseded => None,
        };
        (!sources.is_empty()).then_some(Asked { sources, key })
    }
}
