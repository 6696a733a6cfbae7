//! Sends callouts and resumes exchanges, until nothing is left to be done in a callback.

use std::rc::Rc;

use crate::engine::{ExchangeId, FlightId};
use crate::http::{Callout, CalloutError, HeaderMap};

use super::clock::milliseconds;
use super::hostcalls::Host;
use super::id::{CallToken, ContextId};
use super::instance::PolicyInstance;
use super::perform::Performer;
use super::refusal::Refusal;
use super::stream::{PendingCallout, WaitingExchange, Work, unsent};

/// How often, within one callback, woken exchanges may lead to callouts that fail at once and wake exchanges again.
const ROUNDS: u32 = 64;

impl<H: Host> Performer<'_, H> {
    /// Does all work, and the work that results from it.
    pub(super) fn settle(&mut self, work: Work) {
        if !work.is_empty() {
            self.settle_all(work);
        }
    }

    /// Out of line: most requests don't need it, and the code that they run stands close together.
    #[inline(never)]
    pub(super) fn settle_all(&mut self, mut work: Work) {
        for _ in 0..ROUNDS {
            if work.is_empty() {
                return;
            }
            let mut next = Work::default();
            for (instance, id, callout) in work.callouts {
                next.join(self.send(&instance, id, &callout));
            }
            for exchange in work.woken {
                next.join(self.resume(exchange));
            }
            work = next;
        }
        self.give_up(work);
    }

    /// Ends work that goes on for too long: no exchange is left waiting for a callout that was never sent.
    fn give_up(&mut self, work: Work) {
        let mut woken = work.woken;
        for (instance, id, callout) in work.callouts {
            let error = Err(CalloutError::Unsendable);
            let sent = (id, &*callout.cluster);
            woken.extend(self.vm.reply(&instance, sent, error).woken);
        }
        for exchange in woken {
            let held = self.vm.with(|tables| tables.take(exchange));
            if let Some(Some((stream, _))) = held {
                self.refuse(stream, Refusal::Unsettled);
            }
        }
    }

    /// Sends one callout.
    fn send(&mut self, instance: &Rc<PolicyInstance>, id: FlightId, callout: &Callout) -> Work {
        self.vm.with(|tables| tables.early = Some(Vec::new()));
        let sent = self.hand_over(instance.root, callout);
        let early = self.vm.with(|tables| tables.early.take());
        let early = early.flatten().unwrap_or_default();
        let token = match sent {
            Ok(token) => token,
            Err(error) => return self.vm.reply(instance, (id, &callout.cluster), Err(error)),
        };
        if let Some((_, reply)) = early.into_iter().find(|(of, _)| *of == token) {
            return self.vm.reply(instance, (id, &callout.cluster), reply);
        }
        let pending = PendingCallout {
            instance: Rc::clone(instance),
            id,
            cluster: callout.cluster.clone(),
            max_bytes: callout.max_bytes,
        };
        self.vm
            .with(|tables| tables.callouts.insert(token, pending));
        Work::default()
    }

    /// Hands a callout to the host, in the root of its policy, which outlives every stream. Envoy 1.40 attributes it to the root
    /// of the effective context by itself (the reply comes even where the stream that sent it is gone), but the ABI doesn't
    /// promise that, and the effective context may be a stream of another root.
    fn hand_over(&mut self, root: ContextId, callout: &Callout) -> Result<CallToken, CalloutError> {
        let pairs: Vec<(&[u8], &[u8])> = callout
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let headers = HeaderMap::from_pairs(&pairs);
        if let Err(failure) = self.act_as(root) {
            self.vm.log.trouble(&failure);
            return Err(CalloutError::Unsendable);
        }
        let timeout = milliseconds(callout.timeout);
        let (cluster, body) = (&callout.cluster, &callout.body);
        let sent = self
            .vm
            .host
            .send_callout(cluster, headers.as_wire(), body, timeout);
        sent.map_err(|failure| unsent(&failure))
    }

    /// Resumes an exchange that we still hold.
    fn resume(&mut self, exchange: ExchangeId) -> Work {
        let mut work = Work::default();
        let held = self.vm.with(|tables| tables.take(exchange));
        let Some(Some((
            stream,
            WaitingExchange {
                suspended,
                instance,
            },
        ))) = held
        else {
            return work;
        };
        let callouts = self.step(stream, &instance, |engine, edits, inputs, observer| {
            suspended.resume(engine, edits, inputs, observer)
        });
        work.send(&instance, callouts);
        work
    }
}
