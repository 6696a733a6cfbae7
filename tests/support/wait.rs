//! Waiting for a condition. Envoy and the other servers of the tests work in real time.

use std::thread;
use std::time::{Duration, Instant};

/// Tries until an attempt succeeds. After `most` it panics with the last error.
#[expect(clippy::disallowed_methods, reason = "servers work in real time")]
pub(crate) fn wait_for<T>(most: Duration, mut attempt: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match attempt() {
            Ok(found) => return found,
            Err(error) => assert!(start.elapsed() < most, "{error} (after {most:?})"),
        }
        pause(Duration::from_millis(20));
    }
}

/// An error with this text, if the condition does not hold.
pub(crate) fn ensure(holds: bool, error: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(error()) }
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "servers work in real time")]
pub(crate) fn pause(span: Duration) {
    thread::sleep(span);
}
