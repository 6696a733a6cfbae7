//! What an upstream writes in `Set-Cookie`, and a client in `Accept`.

use postern::http::{CookieAttributes, HeaderMap, quality};

/// A cookie keeps its name and value, gets each attribute once, and doesn't change a second time. A weight is at most 1000.
pub fn response(data: &[u8]) {
    let accept = HeaderMap::from_pairs(&[("accept", data)]);
    assert!(quality(&accept.view(), b"text", b"html") <= 1000);
    let attributes = CookieAttributes {
        secure: true,
        http_only: true,
        same_site: Some("Lax"),
        names: Box::default(),
    };
    let Some(new) = attributes.applied(data) else {
        return;
    };
    let pair = |cookie: &[u8]| {
        cookie
            .split(|byte| *byte == b';')
            .next()
            .map(<[u8]>::to_vec)
    };
    assert_eq!(pair(&new), pair(data));
    for wanted in ["secure", "httponly", "samesite"] {
        let is = |part: &&[u8]| {
            let name = part.split(|byte| *byte == b'=').next().unwrap_or_default();
            name.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes())
        };
        let attributes = new.split(|byte| *byte == b';').skip(1);
        assert_eq!(attributes.filter(is).count(), 1, "{wanted}");
    }
    assert_eq!(attributes.applied(&new), None);
}
