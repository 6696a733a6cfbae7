//! Documents of Spring Cloud Config that are read by key: the application, the label or the file of each has the key in it.

use crate::http::{Callout, CalloutError, Endpoint, Reply, reads_as_dots};
use crate::source::centre::http::HttpProtocol;
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
    type Session = ();

    fn endpoint(&self) -> &Endpoint {
        self.http.endpoint()
    }

    fn start(&self, (): &mut (), known: &Version, now: Timestamp) -> Callout {
        self.http.start(&mut (), known, now)
    }

    fn reply(&self, (): &mut (), reply: Result<Reply, CalloutError>, now: Timestamp) -> Next {
        self.http.reply(&mut (), reply, now)
    }

    fn for_key(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
        // The server reads `,` as several applications, `(_)` as a slash and `*` as a pattern.
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./".contains(byte);
        // The files of this name are those that all applications share.
        let shared = key.strip_prefix(b"application");
        let is_shared = shared.is_some_and(|rest| matches!(rest, [] | [b'-', ..]));
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
        let callout = entry.start(&mut (), &Version::default(), Timestamp::default());
        let mut headers = callout.headers.iter();
        let (_, path) = headers.find(|(name, _)| **name == *b":path").unwrap();
        Ok(String::from_utf8(path.to_vec()).unwrap())
    }

    #[test]
    fn a_key_names_an_entry_and_nothing_else() {
        use ReadRefusal::{ReservedByte, UnfitKey};
        use SpringKey::{Application, File, Name};
        for (template, place, key, expected) in [
            ("/${key}/prod", Application, "acme", Ok("/acme/prod")),
            ("/${key}/prod", Application, "a.b_c-1", Ok("/a.b_c-1/prod")),
            (
                "/${key}/prod",
                Application,
                "team/a",
                Ok("/team%28_%29a/prod"),
            ),
            ("/${key}/prod", Application, "a,b", Err(ReservedByte)),
            ("/${key}/prod", Application, "a(_)b", Err(ReservedByte)),
            ("/${key}/prod", Application, "a*", Err(ReservedByte)),
            ("/${key}/prod", Application, "a b", Err(ReservedByte)),
            ("/${key}/prod", Application, "a%2fb", Err(ReservedByte)),
            ("/${key}/prod", Application, "a\\b", Err(ReservedByte)),
            ("/${key}/prod", Application, "a\n", Err(ReservedByte)),
            ("/${key}/prod", Application, "é", Err(ReservedByte)),
            ("/${key}/prod", Application, "", Err(UnfitKey)),
            ("/${key}/prod", Application, "..", Err(UnfitKey)),
            ("/${key}/prod", Application, "a/../b", Err(UnfitKey)),
            ("/${key}/prod", Application, "a//b", Err(UnfitKey)),
            (
                "/${key}/prod",
                Application,
                "application",
                Err(ReservedByte),
            ),
            (
                "/${key}/prod",
                Application,
                "application-prod",
                Err(ReservedByte),
            ),
            (
                "/${key}/prod",
                Application,
                "applications",
                Ok("/applications/prod"),
            ),
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
            ("/a/prod/main/${key}", File, "b/../c", Err(UnfitKey)),
            ("/a/prod/main/.${key}", File, ".", Err(UnfitKey)),
        ] {
            let path = path(template, place, key);
            assert_eq!(path.as_deref(), expected.as_deref(), "{template} {key}");
        }
    }
}
