//! The host's log behind the `log` crate: one line an event, `key=value` throughout.

use std::fmt;

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::abi::{self, LogLevel};

struct HostLog;

impl Log for HostLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        let level = match record.level() {
            Level::Error => LogLevel::Error,
            Level::Warn => LogLevel::Warn,
            Level::Info => LogLevel::Info,
            Level::Debug => LogLevel::Debug,
            Level::Trace => LogLevel::Trace,
        };
        let line = fmt::format(*record.args());
        // Nowhere is left to tell that telling failed.
        let _ = abi::log(level, line.as_bytes());
    }

    fn flush(&self) {}
}

/// Sends the program's log to the host from now on.
pub(super) fn install() {
    // An error means that it was done before.
    let _ = log::set_logger(&HostLog);
    log::set_max_level(if cfg!(target_arch = "wasm32") {
        LevelFilter::Info
    } else {
        // Natively threads share the level, and each has a fake host of its own that filters.
        LevelFilter::Trace
    });
}

/// Follows the level of the host's log, so that a line that it would drop isn't even formatted. Asked on configuration
/// and on the tick, not for each request: an operator who changes it sees the change by the next tick.
pub(super) fn follow_level() {
    let level = match abi::log_level() {
        Ok(LogLevel::Trace) => LevelFilter::Trace,
        Ok(LogLevel::Debug) => LevelFilter::Debug,
        Ok(LogLevel::Info) | Err(_) => LevelFilter::Info,
        Ok(LogLevel::Warn) => LevelFilter::Warn,
        Ok(LogLevel::Error) => LevelFilter::Error,
    };
    if cfg!(target_arch = "wasm32") {
        log::set_max_level(level);
    }
}

/// A value in a `key=value` line: as it is where it is one plain word, else in quotes, with line breaks, control
/// characters and quotes escaped, so that no value can look like another key or another line.
pub(super) struct Value<'a>(pub(super) &'a str);

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
