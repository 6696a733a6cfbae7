//! HTTP/1.1 as a client: one request on one connection, and its whole reply.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use postern::http::{Callout, CalloutError, HeaderMap, Reply};

use super::address::{Address, Target};
use super::tls::{self, Stream};
use crate::clock::instant;

/// Why there is no reply: as text for the user, and as the filter would have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unanswered {
    pub(super) reason: String,
    pub(super) error: CalloutError,
}

/// The longest head of a reply. Envoy's limit is the same.
const MAX_HEAD: usize = 60 << 10;

/// The most header fields of a reply. Envoy's limit is the same.
const MAX_FIELDS: usize = 100;

/// Sends a callout to this address, and reads the reply. Nothing is followed and nothing is decoded: the filter gets what
/// the server sent.
pub(super) fn send(address: &Address, callout: &Callout) -> Result<Reply, Unanswered> {
    let deadline = instant()
        .checked_add(callout.timeout)
        .unwrap_or_else(instant);
    let mut stream = connect(address, deadline)?;
    let written = stream
        .write_all(&request(callout))
        .and_then(|()| stream.flush());
    // A server may answer and close before it has read all.
    let read = Incoming::new(&mut *stream).reply(callout);
    read.map_err(|error| {
        let error = match (&written, error.kind()) {
            (Err(first), io::ErrorKind::UnexpectedEof) => {
                io::Error::new(first.kind(), first.to_string())
            }
            _ => error,
        };
        no_reply(&error, address, callout.timeout)
    })
}

fn no_reply(error: &io::Error, address: &Address, timeout: Duration) -> Unanswered {
    let kind = error.kind();
    let reason = if matches!(kind, io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
        format!("{address} sent no whole reply within the `timeout`, {timeout:?}")
    } else if kind == io::ErrorKind::UnexpectedEof {
        format!("{address} closed the connection in the middle")
    } else {
        format!("{address}: {error}")
    };
    Unanswered {
        reason,
        error: CalloutError::NoReply,
    }
}

/// The request as it is sent.
fn request(callout: &Callout) -> Vec<u8> {
    let header = |name: &str| {
        let mut all = callout.headers.iter();
        let found = all.find(|(own, _)| **own == *name.as_bytes());
        found.map_or(&b""[..], |(_, value)| value)
    };
    let mut text = [
        header(":method"),
        b" ",
        header(":path"),
        b" HTTP/1.1\r\nhost: ",
    ]
    .concat();
    text.extend_from_slice(header(":authority"));
    for (name, value) in &callout.headers {
        if !name.starts_with(b":") {
            text.extend([b"\r\n", &**name, b": ", &**value].concat());
        }
    }
    text.extend_from_slice(b"\r\nconnection: close");
    if !callout.body.is_empty() || header(":method") != b"GET" {
        text.extend(format!("\r\ncontent-length: {}", callout.body.len()).bytes());
    }
    text.extend_from_slice(b"\r\n\r\n");
    text.extend_from_slice(&callout.body);
    text
}

/// A socket whose operations end at a deadline.
struct Timed<S> {
    socket: S,
    deadline: Instant,
    limit: fn(&S, Duration) -> io::Result<()>,
}

impl<S> Timed<S> {
    fn arm(&self) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(instant());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        (self.limit)(&self.socket, left)
    }
}

impl<S: Read> Read for Timed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.arm()?;
        self.socket.read(buffer)
    }
}

impl<S: Write> Write for Timed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.arm()?;
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

fn connect(address: &Address, deadline: Instant) -> Result<Box<dyn Stream>, Unanswered> {
    let unreached = |reason: String| Unanswered {
        error: CalloutError::Unreached {
            status: 503,
            reason: reason.as_str().into(),
        },
        reason,
    };
    let stream: Box<dyn Stream> = match &address.target {
        Target::Tcp(host, port) => {
            let socket = tcp(host, *port, deadline)
                .map_err(|error| unreached(format!("{address} can't be reached: {error}")))?;
            Box::new(Timed {
                socket,
                deadline,
                limit: |socket, left| {
                    socket.set_read_timeout(Some(left))?;
                    socket.set_write_timeout(Some(left))
                },
            })
        }
        #[cfg(unix)]
        Target::Unix(path) => {
            let socket = UnixStream::connect(path)
                .map_err(|error| unreached(format!("{address} can't be reached: {error}")))?;
            Box::new(Timed {
                socket,
                deadline,
                limit: |socket, left| {
                    socket.set_read_timeout(Some(left))?;
                    socket.set_write_timeout(Some(left))
                },
            })
        }
        #[cfg(not(unix))]
        Target::Unix(_) => return Err(unreached("this system has no unix sockets".to_owned())),
    };
    match &address.tls {
        None => Ok(stream),
        Some(tls) => tls::secure(stream, tls)
            .map_err(|reason| unreached(format!("{address}: no TLS connection: {reason}"))),
    }
}

/// Tries each address of a host.
fn tcp(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        let left = deadline.saturating_duration_since(instant());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// What comes in.
struct Incoming<'s> {
    stream: &'s mut dyn Stream,
    buffer: Vec<u8>,
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no HTTP: {reason}"))
}

/// How long the content is.
enum Length {
    Known(usize),
    Chunks,
    UntilTheEnd,
}

/// The head of a reply.
struct Head {
    status: u16,
    pairs: Vec<(String, Vec<u8>)>,
    length: Length,
}

impl<'s> Incoming<'s> {
    fn new(stream: &'s mut dyn Stream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    fn reply(&mut self, callout: &Callout) -> io::Result<Reply> {
        // One byte more shows that the content is too long.
        let most = callout.max_bytes.saturating_add(1);
        let head = loop {
            let head = self.head()?;
            // 1xx are not the reply (RFC 9110 §15.2).
            if head.status >= 200 {
                break head;
            }
        };
        let body = match head.length {
            _ if matches!(head.status, 204 | 304) => Vec::new(),
            Length::Known(length) => self.take(length.min(most))?,
            Length::Chunks => self.chunks(most)?,
            Length::UntilTheEnd => self.rest(most)?,
        };
        Ok(Reply {
            headers: HeaderMap::from_pairs(&head.pairs),
            body,
        })
    }

    fn head(&mut self) -> io::Result<Head> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
            let mut response = httparse::Response::new(&mut fields);
            let parsed = response.parse(&self.buffer);
            let parsed = parsed.map_err(|error| invalid(&error.to_string()))?;
            if let httparse::Status::Complete(end) = parsed {
                let head = Head::new(&response)?;
                self.buffer.drain(..end);
                return Ok(head);
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(invalid("the head is too long"));
            }
            self.more()?;
        }
    }

    /// Reads at least one byte more.
    fn more(&mut self) -> io::Result<()> {
        if self.read()? {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// Reads more. Returns whether there was any.
    fn read(&mut self) -> io::Result<bool> {
        let mut piece = [0; 16 << 10];
        let count = self.stream.read(&mut piece)?;
        self.buffer.extend(piece.iter().take(count));
        Ok(count > 0)
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.more()?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn rest(&mut self, most: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < most && self.read()? {}
        self.buffer.truncate(most);
        Ok(std::mem::take(&mut self.buffer))
    }

    /// The content of chunks (RFC 9112 §7.1). Trailers are left where they are.
    fn chunks(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        while body.len() < most {
            let size = loop {
                let parsed = httparse::parse_chunk_size(&self.buffer);
                match parsed.map_err(|_| invalid("a chunk without a size"))? {
                    httparse::Status::Complete((end, size)) => {
                        self.buffer.drain(..end);
                        break usize::try_from(size).unwrap_or(usize::MAX);
                    }
                    httparse::Status::Partial => self.more()?,
                }
            };
            if size == 0 {
                return Ok(body);
            }
            let room = most.saturating_sub(body.len());
            body.extend(self.take(size.min(room))?);
            if size <= room && self.take(2)? != b"\r\n" {
                return Err(invalid("a chunk without an end"));
            }
        }
        Ok(body)
    }
}

impl Head {
    fn new(response: &httparse::Response<'_, '_>) -> io::Result<Self> {
        let status = response.code.unwrap_or_default();
        let mut pairs = vec![(":status".to_owned(), status.to_string().into_bytes())];
        let mut length = Length::UntilTheEnd;
        for field in response.headers.iter() {
            let name = field.name.to_ascii_lowercase();
            let text = String::from_utf8_lossy(field.value);
            match (name.as_str(), &length) {
                ("transfer-encoding", _) => length = Length::Chunks,
                ("content-length", Length::UntilTheEnd) => {
                    let known = text.trim().parse();
                    length = Length::Known(known.map_err(|_| invalid("a wrong content-length"))?);
                }
                _ => {}
            }
            pairs.push((name, field.value.to_vec()));
        }
        Ok(Self {
            status,
            pairs,
            length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern::http::Text;

    struct Script(io::Cursor<Vec<u8>>);

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            // Byte by byte, as a slow network.
            let room = buffer.len().min(1);
            self.0.read(&mut buffer[..room])
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn callout(max_bytes: usize) -> Callout {
        Callout {
            cluster: "c".into(),
            headers: vec![
                (":method".into(), "POST".into()),
                (":authority".into(), "a.test".into()),
                (":path".into(), "/x?y".into()),
                ("accept".into(), Text::Owned(b"a/b".to_vec())),
            ],
            body: "{}".into(),
            timeout: Duration::from_secs(1),
            max_bytes,
        }
    }

    fn read(text: &str, max_bytes: usize) -> Result<(u16, String), io::ErrorKind> {
        let mut script = Script(io::Cursor::new(text.as_bytes().to_vec()));
        let reply = Incoming::new(&mut script).reply(&callout(max_bytes));
        let reply = reply.map_err(|error| error.kind())?;
        let body = String::from_utf8(reply.body.clone()).unwrap();
        Ok((reply.status().unwrap(), body))
    }

    #[test]
    fn reads_replies() {
        let cut = Err(io::ErrorKind::UnexpectedEof);
        let wrong = Err(io::ErrorKind::InvalidData);
        for (text, expected) in [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc",
                Ok((200, "ab")),
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", cut),
            ("HTTP/1.0 200 OK\r\n\r\nabc", Ok((200, "abc"))),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 \r\ncontent-length: 0\r\n\r\n",
                Ok((404, "")),
            ),
            (
                "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n",
                Ok((304, "")),
            ),
            (
                "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nX: y\r\n\r\n",
                Ok((401, "abcde")),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
                cut,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                wrong,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
                wrong,
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", wrong),
            ("SSH-2.0-x\r\n", wrong),
            ("", cut),
        ] {
            let expected = expected.map(|(status, body)| (status, body.to_owned()));
            assert_eq!(read(text, 100), expected, "{text:?}");
        }
    }

    #[test]
    fn takes_one_byte_more_than_is_useful() {
        for text in [
            "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nabcdef",
            "HTTP/1.1 200 OK\r\n\r\nabcdef",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n90\r\ncdef",
        ] {
            assert_eq!(read(text, 3), Ok((200, "abcd".to_owned())), "{text:?}");
        }
    }

    #[test]
    fn writes_requests() {
        let text = String::from_utf8(request(&callout(9))).unwrap();
        assert_eq!(
            text,
            "POST /x?y HTTP/1.1\r\nhost: a.test\r\naccept: a/b\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
        );
    }
}
