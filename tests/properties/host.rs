//! The canonical host.

use postern::internals::route::{HostPattern, canonical_host};
use proptest::prelude::*;

const PIECES: &[&str] = &[
    "a",
    "B",
    "x-1",
    "_",
    ".",
    ".",
    "..",
    ":",
    ":80",
    ":65536",
    ":0",
    "@",
    "%61",
    "[",
    "]",
    "[::1]",
    "[1:2::FFFF]",
    "é",
    "*",
    "*.",
    " ",
    "/",
    "10.0.0.1",
];

/// The model for names. `None` for a refused name.
fn model(host: &str) -> Option<String> {
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, port),
        None => (host, "1"),
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    // An empty port counts as no port.
    if !digits || (!port.is_empty() && port.parse::<u128>().ok()? > 65_535) {
        return None;
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_lowercase();
    let label = |label: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.chars().all(inner)
    };
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

proptest! {
    #![proptest_config(super::fixed(4000))]

    #[test]
    fn agrees_with_the_model(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..7)) {
        let host = pieces.concat();
        let seen = canonical_host(host.as_bytes()).ok().map(|host| host.into_owned());
        if host.contains('[') {
            let address = seen.map(|host| String::from_utf8(host).unwrap());
            let address = address.unwrap_or_else(|| "[::1]".to_owned());
            prop_assert!(address == "[::1]" || address == "[1:2::ffff]", "{}", address);
        } else {
            prop_assert_eq!(seen, model(&host).map(String::into_bytes));
        }
    }

    #[test]
    fn twice_is_once(host in any::<Vec<u8>>()) {
        if let Ok(once) = canonical_host(&host) {
            prop_assert_eq!(canonical_host(&once), Ok(once.clone()));
        }
    }

    #[test]
    fn a_port_changes_nothing(host in "[a-zA-Z0-9]{1,5}(\\.[a-z0-9-]{1,3}){0,3}\\.?", port in any::<u16>()) {
        let with_port = format!("{host}:{port}");
        prop_assert_eq!(canonical_host(with_port.as_bytes()), canonical_host(host.as_bytes()));
    }

    #[test]
    fn a_pattern_fits_itself(host in "[a-zA-Z0-9]{1,5}(\\.[a-z0-9-]{1,3}){0,3}\\.?") {
        let canonical = canonical_host(host.as_bytes()).unwrap();
        let exact = HostPattern::parse(&host).unwrap();
        let wildcard = HostPattern::parse(&format!("*.{host}")).unwrap();
        prop_assert!(exact.matches(&canonical));
        prop_assert!(!wildcard.matches(&canonical));
        prop_assert!(wildcard.matches(&[b"x.y.", &*canonical].concat()));
    }
}
