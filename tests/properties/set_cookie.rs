//! Attributes of `Set-Cookie`.

use std::collections::BTreeMap;

use postern::http::CookieAttributes;
use proptest::prelude::*;

/// What a browser keeps of a cookie (RFC 6265 §5.2): the pair, and the last attribute of each name.
fn kept(cookie: &str) -> (String, BTreeMap<String, String>) {
    let (pair, rest) = cookie.split_once(';').unwrap_or((cookie, ""));
    let mut attributes = BTreeMap::new();
    for attribute in rest.split(';') {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        if !attribute.trim().is_empty() {
            attributes.insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    (pair.to_owned(), attributes)
}

fn cookie() -> impl Strategy<Value = String> {
    let name = "(?i)secure|httponly|samesite|path|x-secure|secure2|[a-z]{0,2}";
    let blank = || " {0,2}";
    let value = prop_oneof![
        Just(String::new()),
        "=[a-zA-Z=, ]{0,4}".prop_map(|text| text)
    ];
    let attribute = (blank(), name, blank(), value)
        .prop_map(|(before, name, after, value)| format!(";{before}{name}{after}{value}"));
    let pair = "[a-c]{0,2}=?[a-z\" ]{0,3}";
    (pair, proptest::collection::vec(attribute, 0..6))
        .prop_map(|(pair, attributes)| format!("{pair}{}", attributes.concat()))
}

proptest! {
    #![proptest_config(super::fixed(4000))]

    #[test]
    fn a_browser_keeps_the_wanted_attributes_and_all_others(
        cookie in cookie(),
        secure in any::<bool>(),
        http_only in any::<bool>(),
        same_site in proptest::option::of(prop_oneof![Just("Lax"), Just("Strict"), Just("None")]),
    ) {
        let attributes = CookieAttributes { secure, http_only, same_site, names: Box::default() };
        let (pair, mut wanted) = kept(&cookie);
        if secure {
            wanted.insert("secure".into(), String::new());
        }
        if http_only {
            wanted.insert("httponly".into(), String::new());
        }
        if let Some(value) = same_site {
            wanted.insert("samesite".into(), value.into());
        }
        let new = attributes.applied(cookie.as_bytes());
        let new = new.map_or(cookie.clone(), |new| String::from_utf8(new).unwrap());
        prop_assert_eq!(kept(&new), (pair, wanted), "{} became {}", cookie, new);
        for (is_wanted, name) in [
            (secure, "secure"), (http_only, "httponly"), (same_site.is_some(), "samesite"),
        ] {
            let all = new.split(';').skip(1);
            let count = all.filter(|part| part.split('=').next().unwrap().trim().eq_ignore_ascii_case(name)).count();
            prop_assert!(!is_wanted || count == 1, "{}", new);
        }
        prop_assert_eq!(attributes.applied(new.as_bytes()), None, "a second time");
    }

    #[test]
    fn other_cookies_keep_their_bytes(cookie in cookie(), name in "[a-c]{1,2}\\*?") {
        let attributes = CookieAttributes {
            secure: true,
            names: [Box::from(name.as_bytes())].into(),
            ..CookieAttributes::default()
        };
        let own = cookie.split(['=', ';']).next().unwrap().trim();
        let is_meant = match name.strip_suffix('*') {
            Some(prefix) => own.starts_with(prefix),
            None => own == name,
        };
        let changed = attributes.applied(cookie.as_bytes()).is_some();
        prop_assert!(is_meant || !changed, "{} by {}", cookie, name);
    }
}
