//! Nacos by its HTTP APIs: v1 (Nacos 1 to 3.1), v2 (2.2 to 3.1) and the v3 client API (3.0 and later).
//!
//! v1 has a cheap question, the *listener*: has the content another MD5 than this one? It can hold the answer until there is a
//! change. The others have none: the content is read each time, and compared by its MD5. So v1 is tried first.

mod answer;
mod api;
mod login;
mod reader;
mod server;
mod session;
mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply};
use crate::source::Version;
use crate::time::Timestamp;

use super::protocol::{Exchange, Next};

pub use api::NacosApi;
pub use reader::NacosReader;
pub use server::NacosServer;

pub(in crate::source) use session::NacosSession;

/// One data ID.
#[derive(Debug)]
pub struct NacosProtocol {
    server: NacosServer,
    data_id: Box<str>,
}

impl NacosProtocol {
    /// The content of `data_id`, which has only the characters that Nacos allows: `[A-Za-z0-9_.:-]`.
    #[must_use]
    pub fn new(server: NacosServer, data_id: &str) -> Self {
        Self {
            server,
            data_id: data_id.into(),
        }
    }
}

impl Exchange for NacosProtocol {
    type Session = NacosSession;

    fn endpoint(&self) -> &Endpoint {
        self.server.endpoint()
    }

    fn version_text(&self, version: &Version) -> String {
        state::text(version)
    }

    fn start(&self, session: &mut NacosSession, known: &Version, now: Timestamp) -> Callout {
        self.server.start(session, &self.data_id, known, now)
    }

    fn reply(
        &self,
        session: &mut NacosSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        self.server.reply(session, &self.data_id, reply, now)
    }

    fn longest_callout(&self) -> Duration {
        self.server.longest_callout()
    }

    fn pause(&self, session: &NacosSession, refresh: Duration) -> Duration {
        session.pause(refresh)
    }
}
