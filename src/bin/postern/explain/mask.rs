//! Credentials in the query of a printed path.

use postern::config::{Config, Location};
use postern::http::query_pairs;

/// The query parameters in which the providers of a policy look for credentials.
#[derive(Clone, Debug, Default)]
pub(super) struct Mask(Vec<String>);

impl Mask {
    pub(super) fn new(config: &Config) -> Self {
        let all = config.providers.iter().map(|named| &named.value);
        let all = all.flat_map(|provider| provider.locations());
        let names = all.filter_map(|location| match location {
            Location::Query(name) => Some(name.clone()),
            Location::Header { .. } | Location::Member { .. } | Location::Cookie(_) => None,
        });
        Self(names.collect())
    }

    /// A path or a URL whose query shows no credential. Everybody who reads the output could use one.
    pub(super) fn hide(&self, target: &str) -> String {
        let Some((path, query)) = target.split_once('?') else {
            return target.to_owned();
        };
        let shown: Vec<_> = query.split('&').map(|raw| self.shown(raw)).collect();
        format!("{path}?{}", shown.join("&"))
    }

    fn shown(&self, raw: &str) -> String {
        let names = || self.0.iter().map(String::as_bytes);
        let is_credential = query_pairs(raw.as_bytes())
            .next()
            .is_some_and(|pair| names().any(|name| pair.is_named(name)));
        match raw.split_once('=') {
            Some((name, value)) if is_credential && !value.is_empty() => format!("{name}=…"),
            _ => raw.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_the_values_of_credentials_only() {
        let mask = Mask(vec!["key".into(), "a b".into()]);
        for (target, shown) in [
            ("/a", "/a"),
            ("/key=1?", "/key=1?"),
            (
                "http://x/a?b=1&key=k=1&&xkey=2&KEY=3&key",
                "http://x/a?b=1&key=…&&xkey=2&KEY=3&key",
            ),
            ("/a?k%65y=1&a+b=?&key=", "/a?k%65y=…&a+b=…&key="),
        ] {
            assert_eq!(mask.hide(target), shown);
        }
    }
}
