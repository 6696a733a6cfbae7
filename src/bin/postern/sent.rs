//! A request, written as one writes it for curl.

use postern::http::HeaderMap;

/// A request's head. Nothing is normalised: what is written is what arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) scheme: String,
    pub(crate) authority: String,
    /// With the query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Sent {
    /// Reads a URL, whose scheme and host may be left out; headers as `NAME: VALUE`; and what a body means for the rest.
    pub(crate) fn new(
        url: &str,
        method: Option<&str>,
        headers: &[String],
        body: Option<&str>,
    ) -> Result<Self, String> {
        // The fragment is the client's own.
        let url = url.split('#').next().unwrap_or_default();
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".to_owned(), url),
        };
        if !matches!(&*scheme, "http" | "https") {
            return Err(format!("`{scheme}` is no scheme for a gateway"));
        }
        let border = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(border).unwrap_or((rest, ""));
        let mut sent = Self {
            method: method
                .unwrap_or(if body.is_some() { "POST" } else { "GET" })
                .to_owned(),
            scheme,
            authority: if authority.is_empty() {
                "localhost"
            } else {
                authority
            }
            .to_owned(),
            path: if path.starts_with('/') {
                path.to_owned()
            } else {
                format!("/{path}")
            },
            headers: Vec::new(),
        };
        for header in headers {
            sent.header(header)?;
        }
        if body.is_some() && !sent.headers.iter().any(|(name, _)| name == "content-type") {
            let form = "application/x-www-form-urlencoded";
            sent.headers.push(("content-type".into(), form.into()));
        }
        Ok(sent)
    }

    fn header(&mut self, written: &str) -> Result<(), String> {
        let pair = written
            .split_once(':')
            .or_else(|| Some((written.strip_suffix(';')?, "")));
        let Some((name, value)) = pair else {
            return Err(format!("expected NAME: VALUE, found {written:?}"));
        };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if name.is_empty() {
            return Err(format!("expected NAME: VALUE, found {written:?}"));
        }
        if name == "host" {
            self.authority = value;
        } else {
            self.headers.push((name, value));
        }
        Ok(())
    }

    /// The URL, for a person to read.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority, self.path)
    }

    /// All pairs as a host hands them over, pseudo-headers first.
    pub(crate) fn map(&self) -> HeaderMap {
        let pseudo = [
            (":authority", &*self.authority),
            (":path", &*self.path),
            (":method", &*self.method),
            (":scheme", &*self.scheme),
        ];
        let fields = self.headers.iter().map(|(name, value)| (&**name, &**value));
        let pairs: Vec<(&str, &str)> = pseudo.into_iter().chain(fields).collect();
        HeaderMap::from_pairs(&pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (url, expected) in [
            (
                "https://a.test:8443/x?y=1#z",
                Some("https://a.test:8443/x?y=1"),
            ),
            ("a.test", Some("http://a.test/")),
            ("/x", Some("http://localhost/x")),
            ("a.test?q", Some("http://a.test/?q")),
            ("http://a.test/../b", Some("http://a.test/../b")),
            ("ftp://a.test/", None),
        ] {
            let sent = Sent::new(url, None, &[], None);
            assert_eq!(
                sent.ok().map(|sent| sent.url()).as_deref(),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn headers_and_bodies() {
        let headers = [
            "X-A:  1 ".to_owned(),
            "Host: b.test".to_owned(),
            "X-Empty;".to_owned(),
        ];
        let sent = Sent::new("a.test/", None, &headers, Some("x=1")).unwrap();
        assert_eq!((&*sent.method, &*sent.authority), ("POST", "b.test"));
        let names: Vec<_> = sent
            .headers
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            names,
            [
                "x-a=1",
                "x-empty=",
                "content-type=application/x-www-form-urlencoded"
            ]
        );
        assert!(Sent::new("/", None, &["nonsense".to_owned()], None).is_err());
    }
}
