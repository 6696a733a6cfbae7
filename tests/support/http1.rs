//! An HTTP/1.1 client and server for tests. They send the given bytes unchanged, so that invalid requests are possible.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Header fields in order, names in lower case.
type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A request or a response.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The first line, without its line end.
    pub(crate) start: Vec<u8>,
    pub(crate) fields: Fields,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The first value of a field.
    pub(crate) fn field(&self, name: &[u8]) -> Option<&[u8]> {
        let found = self.fields.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_slice())
    }

    /// The status of a response; 0 if there is none.
    pub(crate) fn status(&self) -> u16 {
        let code = self.start.split(|byte| *byte == b' ').nth(1);
        code.and_then(|code| std::str::from_utf8(code).ok()?.parse().ok())
            .unwrap_or(0)
    }
}

/// Serves each connection on its own thread, until the test ends.
pub(crate) fn serve(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    let handle = Arc::new(handle);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handle = Arc::clone(&handle);
            thread::spawn(move || handle(stream));
        }
    });
    address
}

/// Sends one request and reads the whole response. `method` is needed because a response to HEAD has no content.
pub(crate) fn exchange(address: SocketAddr, method: &str, request: &[u8]) -> io::Result<Message> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_nodelay(true)?;
    stream.write_all(request)?;
    read(&mut BufReader::new(stream), method != "HEAD")
}

/// Sends a GET for a path, with these header lines.
pub(crate) fn get(address: SocketAddr, path: &str, fields: &str) -> io::Result<Message> {
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: api.test\r\nconnection: close\r\n{fields}\r\n");
    exchange(address, "GET", request.as_bytes())
}

/// Reads one message. A request without a length has no content. A response without one ends when the connection does.
pub(crate) fn read(stream: &mut impl BufRead, with_body: bool) -> io::Result<Message> {
    let start = line(stream)?;
    let mut fields = Vec::new();
    loop {
        let line = line(stream)?;
        if line.is_empty() {
            break;
        }
        let at = line
            .iter()
            .position(|byte| *byte == b':')
            .ok_or(io::ErrorKind::InvalidData)?;
        let (name, value) = line.split_at(at);
        fields.push((name.to_ascii_lowercase(), value[1..].trim_ascii().to_vec()));
    }
    let mut message = Message {
        start,
        fields,
        body: Vec::new(),
    };
    if with_body {
        message.body = content(stream, &message)?;
    }
    Ok(message)
}

fn content(stream: &mut impl BufRead, message: &Message) -> io::Result<Vec<u8>> {
    let number = |text: &[u8], radix| {
        let text = std::str::from_utf8(text).ok()?;
        usize::from_str_radix(text.trim(), radix).ok()
    };
    let mut body = Vec::new();
    if message.field(b"transfer-encoding").is_some() {
        loop {
            let size = number(&line(stream)?, 16).ok_or(io::ErrorKind::InvalidData)?;
            let mut chunk = vec![0; size];
            stream.read_exact(&mut chunk)?;
            line(stream)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend(chunk);
        }
    }
    match message.field(b"content-length") {
        Some(length) => {
            body = vec![0; number(length, 10).ok_or(io::ErrorKind::InvalidData)?];
            stream.read_exact(&mut body)?;
        }
        None if message.start.starts_with(b"HTTP/") && !matches!(message.status(), 204 | 304) => {
            stream.read_to_end(&mut body)?;
        }
        None => {}
    }
    Ok(body)
}

fn line(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    stream.take(1 << 20).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}
