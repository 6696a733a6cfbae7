//! The version of a content: its MD5, and when it was written.

use crate::source::Version;

const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

/// The version of a content with this MD5, which was modified at this time: milliseconds since 1970 (v3), or an HTTP date (v1, v2).
/// Empty where the MD5 has another form than 32 small digits: the listener compares it as text.
pub(super) fn version(md5: &[u8], modified: &[u8]) -> Version {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if md5.len() != 32 || !md5.iter().all(is_digit) {
        return Version::default();
    }
    let time = time(modified).unwrap_or_default();
    Version::new(&[md5, &time].concat())
}

/// The MD5 in a version; empty where there is none.
pub(in crate::source) fn md5(version: &Version) -> &[u8] {
    version.token().get(..32).unwrap_or_default()
}

/// The version as text for people.
pub(super) fn text(version: &Version) -> String {
    let shown = Version::shown(md5(version));
    format!("md5 {shown}")
}

/// Whether a version was written before the known one. `false` where the times are written in two ways.
pub(in crate::source) fn is_older(version: &Version, known: &Version) -> bool {
    let [time, known] = [version, known].map(|it| it.token().get(32..).unwrap_or_default());
    time.first() == known.first() && time.len() == known.len() && time < known
}

/// A time as text: a later one is the greater text.
fn time(modified: &[u8]) -> Option<Vec<u8>> {
    if modified.len() == 13 && modified.iter().all(u8::is_ascii_digit) {
        return Some([b"m", modified].concat());
    }
    // RFC 9110 §5.6.7: `Sun, 22 Nov 2026 00:46:48 GMT`.
    let part = |from: usize, to: usize| modified.get(from..to);
    let (day, month, year, clock) = (part(5, 7)?, part(8, 11)?, part(12, 16)?, part(17, 25)?);
    let month = MONTHS
        .chunks(3)
        .zip(b'a'..)
        .find(|(name, _)| *name == month)?
        .1;
    Some([b"d", year, &[month], day, clock].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &[u8] = b"479cc8cf7e79e4a7675873bc08b54bba";

    #[test]
    fn tells_older_states() {
        let of = |modified: &str| version(MD5, modified.as_bytes());
        let date = "Sun, 22 Nov 2026 00:46:48 GMT";
        assert_eq!(of(date).token(), [MD5, b"d2026k2200:46:48"].concat());
        assert_eq!(md5(&of(date)), MD5);
        for (earlier, later) in [
            (date, "Sun, 22 Nov 2026 00:46:49 GMT"),
            (date, "Mon, 23 Nov 2026 00:00:00 GMT"),
            (date, "Tue, 01 Dec 2026 00:00:00 GMT"),
            (date, "Fri, 01 Jan 2027 00:00:00 GMT"),
            ("1795308408174", "1795308408175"),
            ("1795308408174", "1800000000000"),
        ] {
            assert!(is_older(&of(earlier), &of(later)), "{later}");
            assert!(!is_older(&of(later), &of(earlier)), "{later}");
            assert!(!is_older(&of(later), &of(later)), "{later}");
        }
        for other in [
            "",
            "1795308408174",
            "soon",
            "Sun, 22 Nov 2026",
            "Sun, 22 Nix 2026 00:46:48 GMT",
        ] {
            assert!(!is_older(&of(other), &of(date)) && !is_older(&of(date), &of(other)));
        }
    }

    #[test]
    fn takes_no_md5_of_another_form() {
        for md5 in [
            "",
            "479cc8cf",
            "479CC8CF7E79E4A7675873BC08B54BBA",
            "479cc8cf7e79e4a7675873bc08b54bb\r",
        ] {
            assert_eq!(version(md5.as_bytes(), b""), Version::default(), "{md5}");
        }
        assert_eq!(md5(&Version::new(b"other")), b"");
    }
}
