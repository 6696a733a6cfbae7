//! The versions of the HTTP API.

/// A version of the HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NacosApi {
    /// Nacos 1 to 3.1. It alone has the listener.
    V1,
    /// Nacos 2.2 to 3.1.
    V2,
    /// The client API of Nacos 3.
    V3,
    /// Alibaba Cloud ACM, which Nacos comes from. Its listener always holds the question.
    Acm,
}

impl NacosApi {
    /// The path of a read, and its parameters for the group and the namespace. Nacos 2 reads `namespaceId` of v2, but checks the
    /// user's right by `tenant`: without it only a user with the right to everything may read.
    pub(super) const fn names(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::V1 => ("/v1/cs/configs", "group", &["tenant"]),
            Self::V2 => ("/v2/cs/config", "group", &["namespaceId", "tenant"]),
            Self::V3 => ("/v3/client/cs/config", "groupName", &["namespaceId"]),
            Self::Acm => ("/config.co", "group", &["tenant"]),
        }
    }

    /// The one that is tried next, where a server doesn't have this one.
    pub(super) const fn next(self) -> Self {
        match self {
            Self::V1 => Self::V3,
            Self::V3 => Self::V2,
            Self::V2 => Self::V1,
            Self::Acm => Self::Acm,
        }
    }
}
