//! Header fields of the answers of sources on demand.

use std::fmt;

use serde_json::Value;

use crate::http::Reply;

use super::SourceError;

/// The most bytes of the values that are kept of one answer.
const LONGEST: usize = 8 << 10;

/// The header fields of an answer that lookups read, by their names in lower case. `Debug` shows no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AnswerHeaders(Vec<(Box<str>, Value)>);

impl fmt::Debug for AnswerHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}

impl AnswerHeaders {
    /// Reads the fields of these names, in lower case. The values of a field that comes several times are joined by `,`
    /// (RFC 9110 §5.3).
    ///
    /// # Errors
    /// [`SourceError::Unusable`]: a value isn't UTF-8, or they are longer than 8 KiB together. A condition could take a value that is
    /// left out for one that isn't there.
    pub fn read(reply: &Reply, names: &[Box<str>]) -> Result<Self, SourceError> {
        let headers = reply.headers.view();
        let mut kept = Vec::new();
        let mut bytes = 0_usize;
        for name in names {
            let values: Vec<&[u8]> = headers.all(name.as_bytes()).collect();
            if values.is_empty() {
                continue;
            }
            let Ok(text) = String::from_utf8(values.join(&b',')) else {
                return Err(SourceError::Unusable(format!(
                    "the header `{name}` isn't UTF-8"
                )));
            };
            bytes = bytes.saturating_add(text.len());
            if bytes > LONGEST {
                let reason =
                    format!("the headers that lookups read have more than {LONGEST} bytes");
                return Err(SourceError::Unusable(reason));
            }
            kept.push((name.clone(), Value::String(text)));
        }
        Ok(Self(kept))
    }

    /// Whether the answer had none of the fields.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of this name; `None` if the answer had no such field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut all = self.0.iter();
        all.find(|(own, _)| **own == *name).map(|(_, value)| value)
    }

    /// Takes the fields of an answer that confirms the one before (RFC 9111 §3.2): it may leave out what hasn't changed. Returns whether
    /// it changes something.
    pub(super) fn update(&mut self, newer: Self) -> bool {
        let mut changes = false;
        for (name, value) in newer.0 {
            match self.0.iter_mut().find(|(own, _)| *own == name) {
                Some((_, own)) if *own == value => {}
                Some((_, own)) => {
                    *own = value;
                    changes = true;
                }
                None => {
                    self.0.push((name, value));
                    changes = true;
                }
            }
        }
        changes
    }

    /// How much memory they take.
    pub(super) fn weight(&self) -> usize {
        let of = |(name, value): &(Box<str>, Value)| {
            name.len()
                .saturating_add(value.as_str().map_or(0, str::len))
                .saturating_add(64)
        };
        self.0.iter().map(of).fold(0, usize::saturating_add)
    }
}

/// Whether a server forbids to remember its answer (`Cache-Control: no-store`, RFC 9111 §5.2.2.5). In a list that can't be read well, the
/// word counts too: to ask once more does no harm.
pub(super) fn forbids_to_remember(reply: &Reply) -> bool {
    let headers = reply.headers.view();
    let mut fields = headers.all(b"cache-control");
    fields.any(|list| {
        let mut directives = list.split(|byte| matches!(byte, b',' | b'=' | b';'));
        directives.any(|word| word.trim_ascii().eq_ignore_ascii_case(b"no-store"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn reply(headers: &[(&str, &str)]) -> Reply {
        Reply {
            headers: HeaderMap::from_pairs(headers),
            body: Vec::new(),
        }
    }

    fn read(headers: &[(&str, &str)]) -> Result<AnswerHeaders, SourceError> {
        AnswerHeaders::read(&reply(headers), &["x-plan".into(), "x-left".into()])
    }

    #[test]
    fn keeps_the_fields_that_are_read() {
        let headers = read(&[
            (":status", "200"),
            ("x-plan", "gold"),
            ("x-other", "secret"),
            ("X-Plan", ""),
        ]);
        let headers = headers.unwrap();
        assert_eq!(headers.get("x-plan"), Some(&Value::from("gold,")));
        assert_eq!(headers.get("x-left"), None);
        assert_eq!(headers.get("x-other"), None);
        assert_eq!(format!("{headers:?}"), r#"{"x-plan"}"#);
    }

    #[test]
    fn refuses_what_it_cannot_keep() {
        let long = "a".repeat(5000);
        let error = read(&[("x-plan", &long), ("x-left", &long)]);
        assert!(matches!(error, Err(SourceError::Unusable(_))), "{error:?}");
        assert!(read(&[("x-plan", &long), ("x-other", &long)]).is_ok());
        let headers = HeaderMap::from_pairs(&[(&b"x-plan"[..], &b"gold\xff"[..])]);
        let body = Vec::new();
        let error = AnswerHeaders::read(&Reply { headers, body }, &["x-plan".into()]);
        assert!(matches!(error, Err(SourceError::Unusable(_))), "{error:?}");
    }

    #[test]
    fn a_confirmation_changes_what_it_names() {
        let mut own = read(&[("x-plan", "gold"), ("x-left", "7")]).unwrap();
        assert!(!own.update(read(&[]).unwrap()));
        assert!(!own.update(read(&[("x-plan", "gold")]).unwrap()));
        assert!(own.update(read(&[("x-left", "6")]).unwrap()));
        assert_eq!(own.get("x-plan"), Some(&Value::from("gold")));
        assert_eq!(own.get("x-left"), Some(&Value::from("6")));
        let mut none = read(&[]).unwrap();
        assert!(none.update(own));
        assert_eq!(none.get("x-left"), Some(&Value::from("6")));
    }

    #[test]
    fn finds_no_store() {
        for (fields, expected) in [
            (&[][..], false),
            (&[("cache-control", "no-store")][..], true),
            (&[("cache-control", "private, max-age=60")][..], false),
            (&[("cache-control", "no-cache")][..], false),
            (&[("Cache-Control", "no-cache , NO-STORE")][..], true),
            (
                &[("cache-control", "public"), ("cache-control", "no-store")][..],
                true,
            ),
            (&[("cache-control", "no-store=1")][..], true),
            (&[("cache-control", "private=\"a,no-store\"")][..], false),
            (&[("cache-control", "no-stored")][..], false),
            (&[("pragma", "no-store")][..], false),
        ] {
            assert_eq!(forbids_to_remember(&reply(fields)), expected, "{fields:?}");
        }
    }
}
