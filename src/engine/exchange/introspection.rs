//! Asks servers about tokens, for one exchange (RFC 7662).

use std::cell::RefCell;
use std::sync::Arc;

use crate::engine::documents::{OnDemandSource, SourceState};
use crate::engine::event::Observer;
use crate::policy::{Introspection, SourceId};
use crate::source::{Arguments, EntryState, ReadResult};
use crate::time::Timestamp;

use super::{Exchange, Stop};

impl<O: Observer + ?Sized> Exchange<'_, O> {
    /// What the server says of a token: the result of a callout for this exchange, or the remembered answer. If there is neither,
    /// a callout is sent.
    #[inline(never)]
    pub(super) fn introspection(
        &mut self,
        id: SourceId,
        token: &[u8],
        now: Timestamp,
    ) -> Result<Introspection, Stop> {
        let Some(SourceState::OnDemand(source)) = self.sources.at(id) else {
            return Ok(Introspection::Unavailable);
        };
        match self.told(source, token) {
            // It may have ended while the exchange waited for something else.
            Some(ReadResult::Found(_, lifetime)) if lifetime.is_over(now) => {
                return Ok(Introspection::Inactive);
            }
            Some(ReadResult::Found(answer, lifetime)) => {
                // Another policy may have asked, which believes the answer for longer.
                let ttl = self.policy.sources.limits(id).map(|limits| limits.ttl);
                let until = lifetime.until(ttl.unwrap_or_default());
                return Ok(Introspection::Active(Arc::clone(answer), until));
            }
            Some(ReadResult::Missing) => return Ok(Introspection::Inactive),
            Some(ReadResult::Failed(_)) => return Ok(self.last_resort(source, id, token, now)),
            // The callout was cancelled.
            Some(ReadResult::Ignored | ReadResult::Send(_)) | None => {}
        }
        let arguments = Arguments::token(token);
        match self.ask_source(id, source, &arguments, now) {
            EntryState::Fresh(answer, until) => Ok(Introspection::Active(answer, until)),
            EntryState::Missing => Ok(Introspection::Inactive),
            EntryState::Pending => {
                let flight = source.borrow().flights.get(token).copied();
                self.await_flight(flight, now)?;
                Ok(self.without_reply(source, id, token, now))
            }
            EntryState::Start(callout) => {
                let flight = self.start_flight(id, source, token, callout);
                self.await_flight(Some(flight), now)?;
                Ok(self.without_reply(source, id, token, now))
            }
            // A flood of unknown tokens is no better than a server that fails.
            EntryState::Failed(_) | EntryState::Refused(_) => {
                Ok(self.last_resort(source, id, token, now))
            }
            // A source of this kind has none.
            EntryState::Stale(..) | EntryState::LoggingIn(_) => Ok(Introspection::Unavailable),
        }
    }

    /// The answer where no reply came in time, or the exchange may not wait for it.
    fn without_reply(
        &self,
        source: &RefCell<OnDemandSource>,
        id: SourceId,
        token: &[u8],
        now: Timestamp,
    ) -> Introspection {
        if self.memory.overdue {
            return self.last_resort(source, id, token, now);
        }
        Introspection::Unavailable
    }

    /// The answer where the server fails: an older one, if the policy allows that.
    fn last_resort(
        &self,
        source: &RefCell<OnDemandSource>,
        id: SourceId,
        token: &[u8],
        now: Timestamp,
    ) -> Introspection {
        let mut shared = source.borrow_mut();
        if let Some(limits) = self.policy.sources.limits(id) {
            shared.machine.set_limits(limits);
        }
        match shared.machine.last_resort(token, now) {
            Some((answer, until)) => Introspection::Active(answer, until),
            None => Introspection::Unavailable,
        }
    }
}
