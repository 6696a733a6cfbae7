//! What `cache-control` says about an answer.

use std::time::Duration;

use crate::http::Reply;

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CacheControl {
    /// There is no such field.
    Absent,
    /// How long the answer is fresh; not zero.
    MaxAge(Duration),
    /// No usable `max-age`, or that nothing may be kept: that is no reason to ask for keys without a pause.
    Other,
}

/// Reads the directives of a reply (RFC 9111 §5.2). A directive that is repeated or malformed doesn't count.
pub(super) fn cache_control(reply: &Reply) -> CacheControl {
    let headers = reply.headers.view();
    let mut said = CacheControl::Absent;
    let mut is_repeated = false;
    for value in headers.all(b"cache-control") {
        if said == CacheControl::Absent {
            said = CacheControl::Other;
        }
        for directive in Directives(value) {
            let (name, argument) = name_and_argument(directive);
            if name.eq_ignore_ascii_case(b"no-store") || name.eq_ignore_ascii_case(b"no-cache") {
                return CacheControl::Other;
            }
            if !name.eq_ignore_ascii_case(b"max-age") {
                continue;
            }
            if is_repeated {
                return CacheControl::Other;
            }
            is_repeated = true;
            if let Some(age) = seconds(argument) {
                said = CacheControl::MaxAge(age);
            }
        }
    }
    said
}

/// The members of a list, where a comma may stand in a quoted text.
struct Directives<'a>(&'a [u8]);

impl<'a> Iterator for Directives<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let (mut is_quoted, mut is_escaped) = (false, false);
        let end = self.0.iter().position(|&byte| {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_quoted => is_escaped = true,
                b'"' => is_quoted = !is_quoted,
                b',' => return !is_quoted,
                _ => {}
            }
            false
        });
        let end = end.unwrap_or(self.0.len());
        let (directive, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.get(1..).unwrap_or_default();
        Some(directive.trim_ascii())
    }
}

fn name_and_argument(directive: &[u8]) -> (&[u8], &[u8]) {
    let end = directive.iter().position(|byte| *byte == b'=');
    let end = end.unwrap_or(directive.len());
    let (name, rest) = directive.split_at_checked(end).unwrap_or((directive, b""));
    (name, rest.get(1..).unwrap_or_default())
}

/// A number of seconds that is not zero (RFC 9111 §1.2.2), as a token or a quoted text.
fn seconds(argument: &[u8]) -> Option<Duration> {
    let inner = argument.strip_prefix(b"\"");
    let inner = inner.and_then(|argument| argument.strip_suffix(b"\""));
    let digits = inner.unwrap_or(argument);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = std::str::from_utf8(digits).ok()?;
    // A larger number means a time without an end.
    let seconds = digits.parse().unwrap_or(u64::from(u32::MAX));
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn said(values: &[&str]) -> CacheControl {
        let pairs: Vec<_> = values
            .iter()
            .map(|value| ("cache-control", *value))
            .collect();
        cache_control(&Reply {
            headers: HeaderMap::from_pairs(&pairs),
            body: Vec::new(),
        })
    }

    #[test]
    fn directives() {
        let age = |seconds| CacheControl::MaxAge(Duration::from_secs(seconds));
        let other = CacheControl::Other;
        for (values, expected) in [
            (&[][..], CacheControl::Absent),
            (&[""], other),
            (&["max-age=60"], age(60)),
            (&["Max-Age=60"], age(60)),
            (&["public, max-age=60 , must-revalidate"], age(60)),
            (&["public", "max-age=60"], age(60)),
            (&["max-age=\"60\""], age(60)),
            (
                &["max-age=99999999999999999999999"],
                age(u64::from(u32::MAX)),
            ),
            (&["max-age=0"], other),
            (&["max-age=-1"], other),
            (&["max-age=+1"], other),
            (&["max-age=1.5"], other),
            (&["max-age= 60"], other),
            (&["max-age"], other),
            (&["max-age="], other),
            (&["max-age=\"60"], other),
            (&["s-maxage=60"], other),
            (&["x-max-age=60"], other),
            (&["max-age=60, max-age=60"], other),
            (&["max-age=x, max-age=60"], other),
            (&["max-age=60", "max-age=61"], other),
            (&["max-age=60, no-store"], other),
            (&["no-cache, max-age=60"], other),
            (&["no-cache=\"set-cookie\", max-age=60"], other),
            (&["x=\"no-store, max-age=1\", max-age=60"], age(60)),
            (&["x=\"\\\", max-age=1\", max-age=60"], age(60)),
            (&["x=\", max-age=60"], other),
            (&[",,max-age=60,,"], age(60)),
        ] {
            assert_eq!(said(values), expected, "{values:?}");
        }
    }
}
