//! Where the filter's own requests go.

use std::sync::Arc;
use std::time::Duration;

use crate::secret::Secret;

use super::{Callout, Scheme, Text};

/// What all callouts to one service share; a clone shares its texts. `Debug` shows no header's value.
#[derive(Clone, Debug)]
pub struct Endpoint {
    cluster: Text,
    authority: Text,
    scheme: Scheme,
    headers: Arc<[(Text, Secret)]>,
    timeout: Duration,
    max_bytes: usize,
}

impl Endpoint {
    /// How long a callout may take by default.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);

    /// How many bytes of a reply's content are taken by default: 8 MiB.
    pub const DEFAULT_MAX_BYTES: usize = 8 << 20;

    /// An Envoy cluster that is asked under the name `authority`: with the scheme `http`, with the default timeout and
    /// size limit, and without headers of its own.
    #[must_use]
    pub fn new(cluster: impl Into<Text>, authority: impl Into<Text>) -> Self {
        Self {
            cluster: cluster.into(),
            authority: authority.into(),
            scheme: Scheme::Http,
            headers: [].into(),
            timeout: Self::DEFAULT_TIMEOUT,
            max_bytes: Self::DEFAULT_MAX_BYTES,
        }
    }

    /// The same with another scheme. Requests only name it: the cluster alone decides whether they are encrypted.
    #[must_use]
    pub const fn with_scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// The same with these headers on every callout; names in lower case.
    #[must_use]
    pub fn with_headers(mut self, headers: Vec<(Text, Secret)>) -> Self {
        self.headers = headers.into();
        self
    }

    /// The same with another timeout.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same with another size limit, in bytes.
    #[must_use]
    pub const fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The cluster's name in Envoy.
    #[must_use]
    pub const fn cluster(&self) -> &Text {
        &self.cluster
    }

    /// The `:authority` of each request.
    #[must_use]
    pub const fn authority(&self) -> &Text {
        &self.authority
    }

    /// The `:scheme` of each request.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The headers of each request.
    #[must_use]
    pub fn headers(&self) -> &[(Text, Secret)] {
        &self.headers
    }

    /// How long a callout may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How many bytes of a reply's content are taken.
    #[must_use]
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// A request without content, to which the caller adds headers of its own. It has `accept-encoding: identity`:
    /// without it any coding would do (RFC 9110 §12.5.3), and no coding is read here.
    #[must_use]
    pub fn request(&self, method: &'static str, path: Text) -> Callout {
        let mut headers: Vec<(Text, Text)> = vec![
            (":method".into(), method.into()),
            (":scheme".into(), self.scheme.as_str().into()),
            (":authority".into(), self.authority.clone()),
            (":path".into(), path),
            ("accept-encoding".into(), "identity".into()),
        ];
        for (name, value) in &*self.headers {
            headers.push((name.clone(), Text::Owned(value.expose().to_vec())));
        }
        Callout {
            cluster: self.cluster.clone(),
            headers,
            body: "".into(),
            timeout: self.timeout,
            max_bytes: self.max_bytes,
        }
    }

    /// A `POST` of a form that is answered in JSON, with this `authorization`.
    #[must_use]
    pub fn form(&self, path: Text, authorization: Option<&Secret>, form: Vec<u8>) -> Callout {
        let mut callout = self.request("POST", path);
        let form_type = "application/x-www-form-urlencoded";
        let headers = &mut callout.headers;
        headers.push(("content-type".into(), form_type.into()));
        headers.push(("accept".into(), "application/json".into()));
        if let Some(value) = authorization {
            let value = Text::Owned(value.expose().to_vec());
            headers.push(("authorization".into(), value));
        }
        callout.body = Text::Owned(form);
        callout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_what_all_callouts_share() {
        let headers = vec![("authorization".into(), Secret::new(*b"Bearer x"))];
        let endpoint = Endpoint::new("centre", "centre.local")
            .with_headers(headers)
            .with_timeout(Duration::from_millis(7))
            .with_max_bytes(9)
            .with_scheme(Scheme::Https);
        assert!(!format!("{endpoint:?}").contains("Bearer"));
        let callout = endpoint.request("GET", "/a?b".into());
        assert_eq!(&*callout.cluster, b"centre");
        assert_eq!(callout.timeout, Duration::from_millis(7));
        assert_eq!(callout.max_bytes, 9);
        let headers = callout.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.escape_ascii(), value.escape_ascii()))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            headers,
            [
                ":method=GET",
                ":scheme=https",
                ":authority=centre.local",
                ":path=/a?b",
                "accept-encoding=identity",
                "authorization=Bearer x",
            ]
        );
    }
}
