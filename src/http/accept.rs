//! What a client accepts (RFC 9110 §12.5.1).

use super::{Headers, members};

/// How much the client wants content of the media type `kind/subtype`, in thousandths: 0 is not at all, 1000 the most. The most
/// specific range of `Accept` counts; parameters of media types don't. A client without `Accept` wants all types alike, and a
/// member that is malformed says nothing.
#[must_use]
pub fn quality(headers: &Headers<'_>, kind: &[u8], subtype: &[u8]) -> u16 {
    let mut found: Option<(u8, u16)> = None;
    let mut is_there = false;
    for member in headers.all(b"accept").flat_map(members) {
        is_there = true;
        let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let range = parts.next().unwrap_or_default();
        let Some(precision) = precision(range, kind, subtype) else {
            continue;
        };
        let weight = parts.find_map(|part| match part {
            [b'q' | b'Q', b'=', weight @ ..] => Some(thousandths(weight)),
            _ => None,
        });
        if let Some(weight) = weight.unwrap_or(Some(1000)) {
            found = found.max(Some((precision, weight)));
        }
    }
    match found {
        Some((_, weight)) => weight,
        None if is_there => 0,
        None => 1000,
    }
}

/// How exactly a range means the type; `None` where it doesn't.
fn precision(range: &[u8], kind: &[u8], subtype: &[u8]) -> Option<u8> {
    let slash = range.iter().position(|byte| *byte == b'/')?;
    let (of_kind, of_subtype) = (range.get(..slash)?, range.get(slash.checked_add(1)?..)?);
    match (of_kind, of_subtype) {
        (b"*", b"*") => Some(0),
        (own, b"*") if own.eq_ignore_ascii_case(kind) => Some(1),
        (own, other) => {
            (own.eq_ignore_ascii_case(kind) && other.eq_ignore_ascii_case(subtype)).then_some(2)
        }
    }
}

/// A weight (RFC 9110 §12.4.2): `1`, `0.5`, `0.333`.
fn thousandths(weight: &[u8]) -> Option<u16> {
    let (whole, rest) = weight.split_first()?;
    let digits = match rest {
        [] => rest,
        [b'.', digits @ ..] if digits.len() <= 3 => digits,
        _ => return None,
    };
    let mut all = match whole {
        b'0' => 0_u16,
        b'1' => 1,
        _ => return None,
    };
    for at in 0..3 {
        let digit = digits.get(at).unwrap_or(&b'0');
        let digit = digit.is_ascii_digit().then(|| digit.wrapping_sub(b'0'))?;
        all = all.checked_mul(10)?.checked_add(digit.into())?;
    }
    (all <= 1000).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    #[test]
    fn the_most_specific_range_counts() {
        for (accept, expected) in [
            (&[][..], 1000),
            (&["text/html"], 1000),
            (&["TEXT/HTML;q=0.5"], 500),
            (&["text/*;q=0.3, */*;q=0.8"], 300),
            (&["*/*;q=0.8, text/*;q=0.3, text/html;q=0.007"], 7),
            (&["*/*", "text/html;q=0"], 0),
            (&["text/html;q=0.2", "text/html;level=1;q=0.9"], 900),
            (&["application/json"], 0),
            (&["text/html;charset=utf-8;Q=1.000"], 1000),
            (&["text/html;q=1.001"], 0),
            (&["text/html;q=2, */*;q=0.1"], 100),
            (&["text/html;q=0.1234"], 0),
            (
                &["text/html;q=, text/html;q=.5, text/html;q=-1, text/html;q=0."],
                0,
            ),
            (&["text", "text/", "/html", "*", "*/html"], 0),
            (&[""], 1000),
            (&["text/html ; q=0.4 ,"], 400),
        ] {
            let pairs: Vec<_> = accept.iter().map(|value| ("accept", *value)).collect();
            let map = HeaderMap::from_pairs(&pairs);
            let got = quality(&map.view(), b"text", b"html");
            assert_eq!(got, expected, "{accept:?}");
        }
    }
}
