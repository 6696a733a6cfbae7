//! Documents of Spring Cloud Config that are read by key: the application, the label or the file of each has the key in it.

use crate::http::{Callout, CalloutError, Endpoint, Reply, reads_as_dots};
use crate::source::centre::http::{HttpProtocol, HttpSession};
use crate::source::centre::protocol::{Exchange, Next};
use crate::source::{ReadRefusal, Version};
use crate::time::Timestamp;

/// Where the key of an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpringKey {
    /// It is the name of the application.
    Application,
    /// It is a part of the name of the application, or the label or a part of it.
    Name,
    /// It is in the path of a file.
    File,
}

/// What plain HTTP asks for, by keys that name an entry and nothing else to the server.
#[derive(Debug)]
pub struct SpringProtocol {
    http: HttpProtocol,
    key: SpringKey,
}

impl SpringProtocol {
    /// The entries that `http` asks for.
    #[must_use]
    pub const fn new(http: HttpProtocol, key: SpringKey) -> Self {
        Self { http, key }
    }
}

impl Exchange for SpringProtocol {
    type Session = HttpSession;

    fn endpoint(&self) -> &Endpoint {
        self.http.endpoint()
    }

    fn start(&self, session: &mut HttpSession, known: &Version, now: Timestamp) -> Callout {
        self.http.start(session, known, now)
    }

    fn reply(
        &self,
        session: &mut HttpSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        self.http.reply(session, reply, now)
    }

    fn for_key(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
        // The server reads `,` as several applications, `(_)` as a slash and `*` as a pattern.
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./".contains(byte);
        // The files of this name are those that all applications share.
        let shared = key.strip_prefix(b"application");
        let is_shared = shared.is_some_and(|rest| matches!(rest, [] | [b'-' | b'.', ..]));
        if !key.iter().all(is_plain) || is_shared && self.key == SpringKey::Application {
            return Err(ReadRefusal::ReservedByte);
        }
        let parts: Vec<&[u8]> = key.split(|byte| *byte == b'/').collect();
        let is_unfit = |part: &&[u8]| part.is_empty() || reads_as_dots(part);
        if parts.iter().any(is_unfit) {
            return Err(ReadRefusal::UnfitKey);
        }
        let slash: &[u8] = match self.key {
            SpringKey::Application | SpringKey::Name => b"(_)",
            SpringKey::File => b"/",
        };
        let http = self.http.for_key(&parts.join(slash))?;
        Ok(Self::new(http, self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Format;

    /// The path of the entry with this key.
    fn path(template: &str, place: SpringKey, key: &str) -> Result<String, ReadRefusal> {
        let endpoint = Endpoint::new("c", "c");
        let http = HttpProtocol::entries(endpoint, template, Format::SpringEnvironment).unwrap();
        let entry = SpringProtocol::new(http, place).for_key(key.as_bytes())?;
        let callout = entry.start(
            &mut HttpSession::default(),
            &Version::default(),
            Timestamp::default(),
        );
        let mut headers = callout.headers.iter();
        let (_, path) = headers.find(|(name, _)| **name == *b":path").unwrap();
        Ok(String::from_utf8(path.to_vec()).unwrap())
    }

    /// The path of the environment of this application.
    fn application(key: &str) -> Result<String, ReadRefusal> {
        path("/${key}/prod", SpringKey::Application, key)
    }

    #[test]
    fn a_key_names_an_application_and_nothing_else() {
        for (key, expected) in [
            ("acme", "/acme/prod"),
            ("a.b_c-1", "/a.b_c-1/prod"),
            ("team/a", "/team%28_%29a/prod"),
            ("applications", "/applications/prod"),
        ] {
            assert_eq!(application(key).as_deref(), Ok(expected), "{key}");
        }
        for key in [
            "a,b",
            "a(_)b",
            "a*",
            "a b",
            "a%2fb",
            "a\\b",
            "a\n",
            "é",
            "application",
            "application-prod",
            "application.yml",
        ] {
            assert_eq!(application(key), Err(ReadRefusal::ReservedByte), "{key}");
        }
        for key in ["", "..", "a/../b", "a//b"] {
            assert_eq!(application(key), Err(ReadRefusal::UnfitKey), "{key}");
        }
    }

    #[test]
    fn a_key_in_another_place() {
        use SpringKey::{File, Name};
        for (template, place, key, expected) in [
            (
                "/t-${key}/prod",
                Name,
                "application",
                Ok("/t-application/prod"),
            ),
            (
                "/a/prod/${key}",
                Name,
                "feature/x",
                Ok("/a/prod/feature%28_%29x"),
            ),
            (
                "/a/prod/main/${key}.json",
                File,
                "b/c",
                Ok("/a/prod/main/b/c.json"),
            ),
            (
                "/a/prod/main/${key}",
                File,
                "b/../c",
                Err(ReadRefusal::UnfitKey),
            ),
            (
                "/a/prod/main/.${key}",
                File,
                ".",
                Err(ReadRefusal::UnfitKey),
            ),
        ] {
            let path = path(template, place, key);
            assert_eq!(path.as_deref(), expected.as_deref(), "{template} {key}");
        }
    }
}
