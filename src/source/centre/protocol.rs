//! Protocols of config centres. A protocol makes callouts, reads replies, and keeps in a session what it has to
//! remember between them.

use std::fmt;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply};
use crate::source::{ReadRefusal, SourceError, Version};
use crate::time::Timestamp;

/// What a source says about its document. `Debug` shows only the length of the bytes.
#[derive(Clone, PartialEq, Eq)]
pub enum DocumentStatus {
    /// The document's bytes, not yet read. They may be the same bytes that are held already.
    Changed {
        /// The bytes; at most the endpoint's limit.
        body: Vec<u8>,
        /// The state that they are.
        version: Version,
        /// Whether the source says that it is an older state than the one that is held: its server was set up again from
        /// old data. It is taken all the same.
        is_older: bool,
    },
    /// The state that is held is still the newest.
    Same,
    /// The source works and has no such document.
    Missing,
    /// The source refuses the credentials, with this HTTP status. The session is reset.
    Refused(u16),
    /// There is no usable answer.
    Broken(SourceError),
}

impl fmt::Debug for DocumentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed {
                body,
                version,
                is_older,
            } => f
                .debug_struct("Changed")
                .field("bytes", &body.len())
                .field("version", version)
                .field("is_older", is_older)
                .finish(),
            Self::Same => f.write_str("Same"),
            Self::Missing => f.write_str("Missing"),
            Self::Refused(status) => f.debug_tuple("Refused").field(status).finish(),
            Self::Broken(error) => f.debug_tuple("Broken").field(error).finish(),
        }
    }
}

/// What follows a reply.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// The document takes one more callout.
    Send(Callout),
    /// The exchange has ended with this.
    Done(DocumentStatus),
}

/// How many callouts one document may take. It ends a loop that a server causes by its answers. The longest good exchange is that of
/// ten data IDs of Nacos: a question, ten reads, two logins by two paths each, three other APIs.
pub(in crate::source) const MAX_CALLOUTS: u8 = 20;

/// What each kind of centre does.
pub(in crate::source) trait Exchange: Sized {
    /// The state between two callouts: tokens, indexes, the progress. It is kept in the VM that fetches, and starts
    /// empty if another VM takes over. It must not print a secret.
    type Session: fmt::Debug + Default;

    /// What all callouts share.
    fn endpoint(&self) -> &Endpoint;

    /// The first callout for the document, conditional where `known` is not empty. An exchange that was not finished
    /// before is given up.
    fn start(&self, session: &mut Self::Session, known: &Version, now: Timestamp) -> Callout;

    /// Reads the reply to the last callout.
    fn reply(
        &self,
        session: &mut Self::Session,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next;

    /// The longest time that one callout may take. A kind that polls long has a longer one than the endpoint's.
    fn longest_callout(&self) -> Duration {
        self.endpoint().timeout()
    }

    /// How long to wait after a good answer; `refresh` is what the policy says, and the longest. A kind that polls long
    /// asks again soon. The session may hold what the answer itself says.
    fn pause(&self, _session: &Self::Session, refresh: Duration) -> Duration {
        refresh
    }

    /// The exchange for the entry of this key: the same, with the key instead of `${key}`. A kind that is read on demand has it.
    ///
    /// # Errors
    /// [`ReadRefusal::UnfitKey`]; [`ReadRefusal::ReservedByte`] if no entry can have such a key.
    fn for_key(&self, _key: &[u8]) -> Result<Self, ReadRefusal> {
        Err(ReadRefusal::UnfitKey)
    }

    /// Whether the key of an entry becomes segments of a path or of a name. Then `/` separates them.
    fn has_key_in_segments(&self) -> bool {
        true
    }

    /// A session for one entry. It shares with `session`, which all entries of a source have, what one of them learns for all: the
    /// login.
    fn lend(&self, _session: &Self::Session) -> Self::Session {
        Self::Session::default()
    }

    /// Whether the next callout is a login. One entry at a time logs in, and others wait for it.
    fn needs_login(&self, _session: &Self::Session, _now: Timestamp) -> bool {
        false
    }

    /// A version that this protocol made, as text for people.
    fn version_text(&self, version: &Version) -> String {
        Version::shown(version.token())
    }
}

macro_rules! protocols {
    ($($(#[doc = $doc:expr])+ $(#[cfg($cfg:meta)])? $kind:ident($protocol:ty)),+ $(,)?) => {
        /// How a config centre is asked for one document.
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum Protocol {
            $($(#[doc = $doc])+ $(#[cfg($cfg)])? $kind($protocol)),+
        }

        /// What a protocol remembers between two callouts.
        #[derive(Debug, Default)]
        pub(in crate::source) enum Session {
            /// Nothing yet.
            #[default]
            New,
            $($(#[doc = $doc])+ $(#[cfg($cfg)])? $kind(<$protocol as Exchange>::Session)),+
        }

        impl Protocol {
            /// What all callouts share.
            #[must_use]
            pub fn endpoint(&self) -> &Endpoint {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => protocol.endpoint()),+
                }
            }

            /// The first callout for the document, conditional where `known` is not empty.
            pub(super) fn start(&self, session: &mut Session, known: &Version, now: Timestamp) -> Callout {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => loop {
                        if let Session::$kind(state) = session {
                            break protocol.start(state, known, now);
                        }
                        *session = Session::$kind(Default::default());
                    }),+
                }
            }

            /// Reads the reply to the last callout.
            pub(super) fn reply(
                &self,
                session: &mut Session,
                reply: Result<Reply, CalloutError>,
                now: Timestamp,
            ) -> Next {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => loop {
                        if let Session::$kind(state) = session {
                            break protocol.reply(state, reply, now);
                        }
                        *session = Session::$kind(Default::default());
                    }),+
                }
            }

            /// A version that this protocol made, as text for people.
            #[must_use]
            pub fn version_text(&self, version: &Version) -> String {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => protocol.version_text(version)),+
                }
            }

            /// The longest time that one callout may take.
            #[must_use]
            pub fn longest_callout(&self) -> Duration {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => protocol.longest_callout()),+
                }
            }

            /// How long to wait after a good answer, where the policy says `refresh`.
            pub(super) fn pause(&self, session: &Session, refresh: Duration) -> Duration {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => match session {
                        Session::$kind(state) => protocol.pause(state, refresh),
                        _ => protocol.pause(&Default::default(), refresh),
                    }),+
                }
            }

            /// The protocol for the entry of this key.
            pub(super) fn for_key(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
                Ok(match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => Self::$kind(protocol.for_key(key)?)),+
                })
            }

            /// Whether the key of an entry becomes segments of a path or of a name.
            pub(super) fn has_key_in_segments(&self) -> bool {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => protocol.has_key_in_segments()),+
                }
            }

            /// A session for one entry. It shares the login with `session`.
            pub(super) fn lend(&self, session: &mut Session) -> Session {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => loop {
                        if let Session::$kind(state) = session {
                            break Session::$kind(protocol.lend(state));
                        }
                        *session = Session::$kind(Default::default());
                    }),+
                }
            }

            /// Whether the next callout is a login.
            pub(super) fn needs_login(&self, session: &mut Session, now: Timestamp) -> bool {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind(protocol) => loop {
                        if let Session::$kind(state) = session {
                            break protocol.needs_login(state, now);
                        }
                        *session = Session::$kind(Default::default());
                    }),+
                }
            }
        }
    };
}

pub(super) use protocols;
