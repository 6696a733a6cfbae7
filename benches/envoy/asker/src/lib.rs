//! What the benchmark's clients share: the requests of a file, and connections to a listener.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An error that ends the program.
pub type Failed = Box<dyn Error + Send + Sync>;

const PATIENCE: Duration = Duration::from_secs(10);

/// The requests of a file. A line of it is one request: host, path, credential and tenant, separated by tabs. The credential
/// is a header field.
pub fn requests(file: &str) -> Result<Vec<Vec<u8>>, Failed> {
    let text = fs::read_to_string(file)?;
    let request = |line: &str| {
        let [host, path, credential, tenant] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("{file}: not four words: {line}").into());
        };
        Ok(format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\n\
             Accept-Encoding: gzip, br\r\n{credential}\r\nX-Tenant: {tenant}\r\n\r\n"
        )
        .into_bytes())
    };
    text.lines().map(request).collect()
}

/// A connection with at most one request under way.
pub struct Connection {
    stream: TcpStream,
    room: Vec<u8>,
}

impl Connection {
    /// Connects to a port of this machine.
    pub fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let room = vec![0; 16 << 10];
        Ok(Self { stream, room })
    }

    /// Sends a request.
    pub fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request)
    }

    /// Reads a whole answer. Returns its status.
    pub fn status(&mut self) -> Result<u16, Failed> {
        let mut length = 0;
        let whole = loop {
            let read = self.stream.read(&mut self.room[length..])?;
            if read == 0 {
                return Err("a connection was closed, or an answer is too long".into());
            }
            length += read;
            let head = self.room[..length]
                .windows(4)
                .position(|part| part == b"\r\n\r\n");
            if let Some(head) = head {
                break head + 4 + content_length(&self.room[..head])?;
            }
        };
        while length < whole {
            let rest = self
                .room
                .get_mut(length..whole)
                .ok_or("an answer is too long")?;
            self.stream.read_exact(rest)?;
            length = whole;
        }
        let word = self.room.get(9..12).ok_or("an answer without a status")?;
        Ok(std::str::from_utf8(word)?.parse()?)
    }
}

/// The value of the field `content-length`. Envoy writes it in lower case.
fn content_length(head: &[u8]) -> Result<usize, Failed> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let value = lines.find_map(|line| line.strip_prefix(b"content-length:"));
    value.map_or(Ok(0), |value| {
        Ok(std::str::from_utf8(value)?.trim().parse()?)
    })
}
