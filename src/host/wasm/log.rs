//! The `log` crate's lines into the host's log.

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
        let line = std::fmt::format(*record.args());
        // A failure can't be reported anywhere else.
        let _ = abi::log(level, line.as_bytes());
    }

    fn flush(&self) {}
}

/// Sends the program's log to the host from now on.
pub(in crate::host) fn install() {
    // An error means that a logger is set already.
    let _ = log::set_logger(&HostLog);
    log::set_max_level(if cfg!(target_arch = "wasm32") {
        LevelFilter::Info
    } else {
        // Natively threads share the level, and each has a fake host of its own that filters.
        LevelFilter::Trace
    });
}

/// Sets the level of the `log` crate to that of the host's log; "info" where the host doesn't say.
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
