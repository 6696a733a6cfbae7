//! Nacos by its HTTP APIs: v1 (Nacos 1 to 3.1), v2 (2.2 to 3.1) and the v3 client API (3.0 and later); and ACM, whose API is almost v1.
//!
//! v1 has a cheap question, the *listener*: has the content another MD5 than this one? It can hold the answer until there is a
//! change. The others have none: the content is read each time, and compared by its MD5. So v1 is tried first.

mod addresses;
mod answer;
mod api;
mod login;
mod reader;
mod server;
mod session;
mod signer;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply};
use crate::source::path::{PathError, PathTemplate};
use crate::source::{ReadRefusal, Version};
use crate::time::Timestamp;

use super::protocol::{Exchange, Next};

pub use api::NacosApi;
pub use reader::NacosReader;
pub use server::NacosServer;

pub(in crate::source) use session::NacosSession;
pub(in crate::source) use state::{is_older, md5};

/// What the data IDs of contents begin with that Nacos encrypts.
const ENCRYPTED: &str = "cipher-";

/// One data ID, or one for each key.
#[derive(Debug)]
pub struct NacosProtocol {
    server: Arc<NacosServer>,
    data_id: Box<str>,
    /// The data ID of each entry.
    template: Option<PathTemplate>,
}

impl NacosProtocol {
    /// The content of `data_id`, which has only the characters that Nacos allows: `[A-Za-z0-9_.:-]`.
    #[must_use]
    pub fn new(server: NacosServer, data_id: &str) -> Self {
        Self {
            server: Arc::new(server),
            data_id: data_id.into(),
            template: None,
        }
    }

    /// The contents whose data IDs have a key in place of `${key}`.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn entries(server: NacosServer, data_id: &str) -> Result<Self, PathError> {
        Ok(Self {
            template: Some(PathTemplate::of_name(data_id)?),
            ..Self::new(server, data_id)
        })
    }
}

/// Whether a name of Nacos may have this character.
pub(crate) const fn is_nacos_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-')
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

    fn for_key(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
        if !key.iter().copied().all(is_nacos_character) {
            return Err(ReadRefusal::ReservedByte);
        }
        let template = self.template.as_ref().ok_or(ReadRefusal::UnfitKey)?;
        let data_id = template.fill_name(key).ok_or(ReadRefusal::UnfitKey)?;
        let data_id = String::from_utf8(data_id).map_err(|_| ReadRefusal::UnfitKey)?;
        if data_id.starts_with(ENCRYPTED) {
            return Err(ReadRefusal::ReservedByte);
        }
        Ok(Self {
            server: Arc::clone(&self.server),
            data_id: data_id.into(),
            template: None,
        })
    }

    fn lend(&self, session: &NacosSession) -> NacosSession {
        session.lend()
    }

    fn needs_login(&self, session: &NacosSession, now: Timestamp) -> bool {
        self.server.needs_login(session, now)
    }
}
