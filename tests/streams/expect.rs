//! `Expect: 100-continue`: the client sends its content only after it was asked for.

use std::io::{self, BufReader, Write as _};
use std::net::SocketAddr;

use crate::gate::{Gate, anonymous, send};
use crate::http1::read;

const CONTENT: &[u8] = b"the content";

type Fields = Vec<(&'static str, String)>;

pub(crate) fn content_follows_when_it_is_asked_for(gate: &Gate) {
    // By default Envoy asks for it before all filters. With `proxy_100_continue` the upstream does.
    for (address, is_upstream) in [(gate.address, false), (gate.proxied, true)] {
        for route in &gate.routes {
            let sent = transfer(address, route, gate.fields());
            let (asked, status, expected) = sent.unwrap_or_else(|error| panic!("{route}: {error}"));
            let is_told = expected == is_upstream.to_string();
            assert!(
                asked && status == 200 && is_told,
                "{route}: {asked} {status} {expected}"
            );
        }
        for route in ["keys", "tokens", "chosen", "everything"] {
            let denied = transfer(address, route, anonymous());
            let (asked, status, _) = denied.unwrap_or_else(|error| panic!("{route}: {error}"));
            assert_eq!((asked, status), (!is_upstream, 401), "{route}");
        }
    }
}

/// Sends a request. Returns whether its content was asked for, the status, and whether the upstream was told to ask.
fn transfer(
    address: SocketAddr,
    route: &str,
    mut fields: Fields,
) -> io::Result<(bool, u16, String)> {
    fields.push(("expect", "100-continue".into()));
    fields.push(("content-length", CONTENT.len().to_string()));
    let stream = send(address, &format!("POST /{route}/content"), &fields)?;
    let mut stream = BufReader::new(stream);
    let mut head = read(&mut stream, false)?;
    let asked = head.status() == 100;
    if asked {
        stream.get_mut().write_all(CONTENT)?;
        head = read(&mut stream, true)?;
        let is_whole = head.status() != 200 || head.body == CONTENT;
        assert!(is_whole, "{route}: the content is another one");
    }
    let expected = head.field(b"x-expected").unwrap_or_default();
    let expected = String::from_utf8_lossy(expected).into_owned();
    Ok((asked, head.status(), expected))
}
