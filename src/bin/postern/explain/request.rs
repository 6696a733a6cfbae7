//! A request, written as for curl.

use postern::http::HeaderMap;

/// The head of a request. Nothing is normalised before the policy sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestHead {
    pub(super) method: String,
    pub(super) scheme: String,
    pub(super) authority: String,
    /// With the query.
    pub(super) path: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
}

impl RequestHead {
    /// Makes a request of a URL (scheme and host are optional) and of headers (`NAME: VALUE`). With a body, the default method is
    /// POST and there is a default `content-type`.
    pub(super) fn new(
        url: &str,
        method: Option<&str>,
        headers: &[String],
        body: Option<&str>,
    ) -> Result<Self, String> {
        // A client doesn't send the fragment.
        let url = url.split('#').next().unwrap_or_default();
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".to_owned(), url),
        };
        if !matches!(&*scheme, "http" | "https") {
            return Err(format!(
                "the scheme must be http or https, found `{scheme}`"
            ));
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let mut request = Self {
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
            request.add_header(header)?;
        }
        if body.is_some()
            && !request
                .headers
                .iter()
                .any(|(name, _)| name == "content-type")
        {
            let form = "application/x-www-form-urlencoded";
            request.headers.push(("content-type".into(), form.into()));
        }
        Ok(request)
    }

    /// The same of `METHOD URL`, or of a URL.
    pub(crate) fn of_line(
        line: &str,
        headers: &[String],
        body: Option<&str>,
    ) -> Result<Self, String> {
        let (method, url) = match line.trim().split_once(' ') {
            Some((method, url)) => (Some(method), url.trim()),
            None => (None, line.trim()),
        };
        Self::new(url, method, headers, body)
    }

    fn add_header(&mut self, written: &str) -> Result<(), String> {
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

    /// The URL.
    pub(super) fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority, self.path)
    }

    /// The headers as a host gives them to the filter, pseudo-headers first.
    pub(crate) fn to_headers(&self) -> HeaderMap {
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
    fn parses_urls() {
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
            let request = RequestHead::new(url, None, &[], None);
            assert_eq!(
                request.ok().map(|request| request.url()).as_deref(),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn adds_headers_and_what_a_body_implies() {
        let headers = [
            "X-A:  1 ".to_owned(),
            "Host: b.test".to_owned(),
            "X-Empty;".to_owned(),
        ];
        let request = RequestHead::new("a.test/", None, &headers, Some("x=1")).unwrap();
        assert_eq!((&*request.method, &*request.authority), ("POST", "b.test"));
        let names: Vec<_> = request
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
        assert!(RequestHead::new("/", None, &["nonsense".to_owned()], None).is_err());
    }
}
