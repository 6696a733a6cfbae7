//! Spring Cloud Alibaba: an application's properties in several data IDs of Nacos, as a Spring application reads them. All of them
//! make one document. One that Nacos doesn't have is empty.

#[cfg(test)]
mod tests;

use std::fmt;

use crate::http::{Callout, CalloutError, Endpoint, Reply};
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::nacos::{NacosServer, NacosSession, is_older, md5};
use super::protocol::{DocumentStatus, Exchange, Next};

/// The data IDs of an application; of several values for one name the last one counts.
#[derive(Debug)]
pub struct AlibabaProtocol {
    server: NacosServer,
    data_ids: Box<[Box<str>]>,
}

/// The state of an exchange.
#[derive(Debug, Default)]
pub(in crate::source) struct AlibabaSession {
    nacos: NacosSession,
    known: Version,
    read: Parts,
}

/// The contents that are read so far.
#[derive(Default)]
struct Parts {
    /// How many data IDs are read, or confirmed as missing.
    count: usize,
    /// See [`PartsReader`](super::PartsReader).
    document: Vec<u8>,
    /// The versions, with a comma between them. That of a missing content is empty.
    versions: Vec<u8>,
    /// Whether a content has no version: then the document has none.
    is_unnamed: bool,
    is_older: bool,
}

impl fmt::Debug for Parts {
    /// Without the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Parts");
        shown.field("count", &self.count).finish_non_exhaustive()
    }
}

impl AlibabaProtocol {
    /// The contents `application`, `application.extension`, and `application-profile.extension` for each profile.
    #[must_use]
    pub fn new(
        server: NacosServer,
        application: &str,
        profiles: &[String],
        extension: &str,
    ) -> Self {
        let mut data_ids: Vec<Box<str>> = vec![application.into()];
        data_ids.push(format!("{application}.{extension}").into());
        let of_profile = |profile: &String| format!("{application}-{profile}.{extension}").into();
        data_ids.extend(profiles.iter().map(of_profile));
        Self {
            server,
            data_ids: data_ids.into(),
        }
    }

    /// What the listener is asked; nothing if the version is none of these data IDs.
    fn records(&self, known: &Version) -> String {
        let versions = versions(known);
        if versions.len() != self.data_ids.len() {
            return String::new();
        }
        let pairs = self.data_ids.iter().zip(&versions);
        let records = pairs.map(|(data_id, version)| self.server.record(data_id, md5(version)));
        records.collect()
    }

    fn finish(&self, session: &mut AlibabaSession) -> DocumentStatus {
        let Parts {
            document,
            versions: read,
            is_unnamed,
            is_older,
            ..
        } = std::mem::take(&mut session.read);
        if document.is_empty() {
            return DocumentStatus::Missing;
        }
        let version = match is_unnamed {
            true => Version::default(),
            false => Version::new(&read),
        };
        let (new, known) = (versions(&version), versions(&session.known));
        let mut pairs = new.iter().zip(&known);
        let is_same = new.len() == known.len() && pairs.all(|(new, known)| md5(new) == md5(known));
        if is_same && new.len() == self.data_ids.len() {
            return DocumentStatus::Same;
        }
        DocumentStatus::Changed {
            body: document,
            version,
            is_older,
        }
    }
}

/// The versions of the contents in the version of a document.
fn versions(version: &Version) -> Vec<Version> {
    let parts = version.token().split(|byte| *byte == b',');
    parts.map(Version::new).collect()
}

impl Parts {
    /// Takes the content of a data ID. `None`: Nacos has none. `known` is the version that is held.
    fn add(&mut self, data_id: &str, content: Option<(Vec<u8>, Version)>, known: Option<&Version>) {
        if self.count > 0 {
            self.versions.push(b',');
        }
        self.count = self.count.saturating_add(1);
        let Some((content, version)) = content else {
            return;
        };
        self.is_unnamed |= md5(&version).is_empty();
        self.is_older |= known.is_some_and(|known| is_older(&version, known));
        self.versions.extend_from_slice(version.token());
        let head = format!("{data_id} {}\n", content.len());
        self.document.extend_from_slice(head.as_bytes());
        self.document.extend_from_slice(&content);
    }
}

impl Exchange for AlibabaProtocol {
    type Session = AlibabaSession;

    fn endpoint(&self) -> &Endpoint {
        self.server.endpoint()
    }

    fn start(&self, session: &mut AlibabaSession, known: &Version, now: Timestamp) -> Callout {
        session.known = known.clone();
        session.read = Parts::default();
        let first = self.data_ids.first().map_or("", |data_id| data_id);
        let records = self.records(known);
        self.server
            .start_several(&mut session.nacos, first, records, now)
    }

    fn reply(
        &self,
        session: &mut AlibabaSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let at = session.read.count;
        let data_id = self.data_ids.get(at).map_or("", |data_id| data_id);
        let status = match self.server.reply(&mut session.nacos, data_id, reply, now) {
            Next::Send(callout) => return Next::Send(callout),
            Next::Done(status) => status,
        };
        let content = match status {
            DocumentStatus::Changed { body, version, .. } => Some((body, version)),
            DocumentStatus::Missing => None,
            DocumentStatus::Same | DocumentStatus::Refused(_) | DocumentStatus::Broken(_) => {
                session.read = Parts::default();
                return Next::Done(status);
            }
        };
        let known = versions(&session.known);
        session.read.add(data_id, content, known.get(at));
        let limit = self.endpoint().max_bytes();
        if session.read.document.len() > limit {
            session.read = Parts::default();
            return Next::Done(DocumentStatus::Broken(SourceError::TooLarge { limit }));
        }
        match self.data_ids.get(session.read.count) {
            Some(next) => Next::Send(self.server.go_on(&mut session.nacos, next, now)),
            None => Next::Done(self.finish(session)),
        }
    }

    fn version_text(&self, version: &Version) -> String {
        let shown = versions(version).into_iter().map(|version| {
            let md5 = md5(&version);
            if md5.is_empty() {
                "none".to_owned()
            } else {
                Version::shown(md5)
            }
        });
        format!("md5 {}", shown.collect::<Vec<_>>().join(", "))
    }
}
