//! Server-sent events: each one arrives before the next one is sent.

use std::io::{self, BufRead, BufReader, Write as _};
use std::net::TcpStream;

use crate::gate::{Gate, send};
use crate::http1::read;
use crate::upstream::Steps;

const EVENTS: usize = 4;

fn event(number: usize) -> String {
    format!("data: {number}\n\n")
}

/// Sends the head, and each event after a step of the test.
pub(crate) fn serve(mut stream: TcpStream, steps: &Steps) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-upstream: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    for number in 0..EVENTS {
        steps.take_one();
        let event = event(number);
        write!(stream, "{:x}\r\n{event}\r\n", event.len())?;
    }
    stream.write_all(b"0\r\n\r\n")
}

pub(crate) fn arrive_one_by_one(gate: &Gate) {
    for route in &gate.routes {
        let taken = take(gate, route);
        taken.unwrap_or_else(|error| panic!("{route}: {error}"));
    }
}

fn take(gate: &Gate, route: &str) -> io::Result<()> {
    let stream = send(
        gate.address,
        &format!("GET /{route}/events"),
        &gate.fields(),
    )?;
    let mut stream = BufReader::new(stream);
    let head = read(&mut stream, false)?;
    assert_eq!(head.status(), 200, "{route}");
    let is_edited = head.field(b"x-upstream").is_none();
    let is_edit = ["response", "status"].contains(&route);
    assert_eq!(is_edited, is_edit, "{route}");
    for number in 0..EVENTS {
        gate.steps.allow_one();
        let wanted = event(number);
        assert_eq!(chunk(&mut stream)?, wanted.as_bytes(), "{route}");
    }
    assert_eq!(chunk(&mut stream)?, b"", "{route}");
    Ok(())
}

fn chunk(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut size = String::new();
    stream.read_line(&mut size)?;
    let size = usize::from_str_radix(size.trim_end(), 16);
    let mut chunk = vec![0; size.map_err(|_| io::ErrorKind::InvalidData)?];
    stream.read_exact(&mut chunk)?;
    stream.read_exact(&mut [0; 2])?;
    Ok(chunk)
}
