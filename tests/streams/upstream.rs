//! An upstream that answers step by step. It speaks HTTP/1.1, HTTP/2 and WebSocket at one port.

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::gate::MOST;
use crate::http1::{Message, read, serve};
use crate::wait::{ensure, pause, wait_for};
use crate::{events, grpc, websocket};

/// How many more events the upstream may send.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps(Arc<RwLock<usize>>);

impl Steps {
    pub(crate) fn allow_one(&self) {
        let mut left = self.0.write().expect("no thread has panicked");
        *left = left.saturating_add(1);
    }

    /// Waits until one is allowed.
    pub(crate) fn take_one(&self) {
        wait_for(MOST, || {
            let mut left = self.0.write().expect("no thread has panicked");
            let rest = left.checked_sub(1);
            *left = rest.unwrap_or_default();
            ensure(rest.is_some(), || "no event is asked for".into())
        });
    }
}

/// Starts it.
pub(crate) fn start(steps: &Steps) -> SocketAddr {
    let steps = steps.clone();
    serve(move |stream| {
        // Envoy may leave at any time.
        let _ = connection(stream, &steps);
    })
}

fn connection(stream: TcpStream, steps: &Steps) -> io::Result<()> {
    stream.set_read_timeout(Some(MOST))?;
    stream.set_nodelay(true)?;
    let start = start_of(&stream)?;
    if start.starts_with("pri * http/2") {
        return grpc::serve(stream);
    }
    if start.contains("upgrade: websocket") {
        return websocket::serve(stream);
    }
    let mut stream = BufReader::new(stream);
    let head = read(&mut stream, false)?;
    let target = head.start.split(|byte| *byte == b' ').nth(1);
    let target = String::from_utf8_lossy(target.unwrap_or_default()).into_owned();
    let path = target.split('?').next().unwrap_or_default();
    if path.ends_with("/events") {
        events::serve(stream.into_inner(), steps)
    } else {
        content(stream, &head)
    }
}

/// The bytes that have come, in small letters, without taking them: at least those of the head, or those with which HTTP/2 begins.
fn start_of(stream: &TcpStream) -> io::Result<String> {
    let mut bytes = [0; 16 << 10];
    loop {
        let count = stream.peek(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes[..count]).to_ascii_lowercase();
        if count == 0 || text.contains("\r\n\r\n") {
            return Ok(text);
        }
        pause(Duration::from_millis(2));
    }
}

/// Asks for the content if the client waits for that, and sends it back.
fn content(mut stream: BufReader<TcpStream>, head: &Message) -> io::Result<()> {
    let expected = head.field(b"expect").is_some();
    if expected {
        stream
            .get_mut()
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let length = head.field(b"content-length").unwrap_or_default();
    let length = String::from_utf8_lossy(length).parse().unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let answer = format!(
        "HTTP/1.1 200 OK\r\nx-expected: {expected}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    let answer = [answer.as_bytes(), &body].concat();
    stream.get_mut().write_all(&answer)
}
