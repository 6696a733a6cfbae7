//! Facts about an exchange that aren't in the request's head.

use std::cell::OnceCell;

use crate::policy::NeededFacts;
use crate::time::Timestamp;

use super::{HostProperty, Inputs};

/// The facts that the host was asked for. They stay the same while an exchange waits, so that the key of a lookup does too.
#[derive(Debug, Default)]
pub(super) struct Facts {
    address: OnceCell<Option<Box<[u8]>>>,
    time: OnceCell<Timestamp>,
}

impl Facts {
    /// Asks the host for the facts that a route needs, and that aren't known yet.
    #[inline(never)]
    pub(super) fn learn(&self, needed: NeededFacts, inputs: &mut dyn Inputs) {
        if needed.has(NeededFacts::ADDRESS) {
            self.address.get_or_init(|| {
                let written = inputs.property(HostProperty::SourceAddress)?;
                address(&written).map(Box::from)
            });
        }
        if needed.has(NeededFacts::TIME) {
            self.time.get_or_init(|| inputs.now());
        }
    }

    /// The client's address, without port and brackets. `None` if it has none, as behind a Unix domain socket.
    pub(super) fn address(&self) -> Option<&[u8]> {
        self.address.get()?.as_deref()
    }

    /// When the request came.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.time.get().copied()
    }
}

/// The IP address of an address with a port.
fn address(written: &[u8]) -> Option<&[u8]> {
    let colon = written.iter().rposition(|byte| *byte == b':')?;
    let (ip, port) = written.split_at_checked(colon)?;
    let is_port = port.len() > 1 && port.iter().skip(1).all(u8::is_ascii_digit);
    let inner = ip.strip_prefix(b"[").map(|ip| ip.strip_suffix(b"]"));
    let ip = match inner {
        Some(inner) => inner?,
        None if ip.contains(&b':') => return None,
        None => ip,
    };
    // Anything else is the path of a socket, or the name of an internal listener.
    let first = *ip.first()?;
    (is_port && (first.is_ascii_hexdigit() || first == b':') && !ip.contains(&b'/')).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_port_and_the_brackets_off() {
        for (written, expected) in [
            ("192.0.2.1:40000", Some("192.0.2.1")),
            ("[2001:db8::1]:40000", Some("2001:db8::1")),
            ("[::1]:0", Some("::1")),
            ("[fe80::1%2]:1", Some("fe80::1%2")),
            ("192.0.2.1", None),
            ("192.0.2.1:", None),
            ("2001:db8::1:80", None),
            ("[::1]", None),
            ("[::1:80", None),
            ("/run/a:1", None),
            ("envoy://a/b:1", None),
            ("@a:1", None),
            (":1", None),
            ("", None),
        ] {
            let found = address(written.as_bytes());
            assert_eq!(found, expected.map(str::as_bytes), "{written}");
        }
    }
}
