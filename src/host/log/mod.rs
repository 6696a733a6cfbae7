//! What is written to the log: one line an event, `key=value` throughout.

mod events;
mod properties;
mod repeats;

use std::fmt;

pub(super) use events::{EventLog, EventSink, PolicyEvents};
pub(super) use properties::LogProperties;

/// A value in a `key=value` line: as it is where it is one plain word, else in quotes, with line breaks, control
/// characters and quotes escaped, so that no value can look like another key or another line.
pub(in crate::host) struct Value<'a>(pub(in crate::host) &'a str);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'=' | b'\\');
        if !self.0.is_empty() && self.0.bytes().all(plain) {
            f.write_str(self.0)
        } else {
            write!(f, "{:?}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (value, written) in [
            ("tenants", "tenants"),
            ("routes[0].match", "routes[0].match"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("a=b", "\"a=b\""),
            ("a\nevent=forged", "\"a\\nevent=forged\""),
            ("say \"x\"", "\"say \\\"x\\\"\""),
        ] {
            assert_eq!(Value(value).to_string(), written);
        }
    }
}
