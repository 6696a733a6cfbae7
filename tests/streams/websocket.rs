//! WebSocket: messages in both directions.

use std::io;
use std::net::TcpStream;

use tungstenite::client::IntoClientRequest as _;
use tungstenite::handshake::HandshakeError;
use tungstenite::{Error, Message, WebSocket};

use crate::gate::{Gate, MOST, anonymous};

/// Greets the client, and sends back what it sends.
pub(crate) fn serve(stream: TcpStream) -> io::Result<()> {
    let mut socket = tungstenite::accept(stream).map_err(io::Error::other)?;
    let greeting = socket.send(Message::text("welcome"));
    greeting.map_err(io::Error::other)?;
    loop {
        let message = socket.read().map_err(io::Error::other)?;
        if message.is_text() || message.is_binary() {
            socket.send(message).map_err(io::Error::other)?;
        }
    }
}

pub(crate) fn messages_pass_in_both_directions(gate: &Gate) {
    for route in &gate.routes {
        let opened = open(gate, route, gate.fields());
        let mut socket = opened.unwrap_or_else(|status| panic!("{route}: {status}"));
        let mut next = || {
            socket
                .read()
                .unwrap_or_else(|error| panic!("{route}: {error}"))
        };
        assert_eq!(next(), Message::text("welcome"), "{route}");
        for number in 0..4 {
            let message = match number {
                3 => Message::binary(vec![0xff; 100_000]),
                _ => Message::text(format!("message {number}")),
            };
            let sent = socket.send(message.clone());
            sent.unwrap_or_else(|error| panic!("{route}: {error}"));
            let back = socket
                .read()
                .unwrap_or_else(|error| panic!("{route}: {error}"));
            assert!(back == message, "{route}: message {number} is another one");
        }
        socket.close(None).expect("it is open");
    }
    for route in ["keys", "tokens", "chosen", "everything"] {
        let status = open(gate, route, anonymous()).err();
        assert_eq!(status, Some(401), "{route}");
    }
}

/// Opens a connection. The error is the status of another answer.
fn open(
    gate: &Gate,
    route: &str,
    fields: Vec<(&'static str, String)>,
) -> Result<WebSocket<TcpStream>, u16> {
    let stream = TcpStream::connect(gate.address).expect("Envoy listens");
    stream.set_read_timeout(Some(MOST)).expect("a socket");
    let request = format!("ws://api.test/{route}/socket").into_client_request();
    let mut request = request.expect("an address");
    for (name, value) in fields {
        let value = value.parse().expect("a value of a header");
        request.headers_mut().insert(name, value);
    }
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(Error::Http(answer))) => Err(answer.status().as_u16()),
        Err(error) => panic!("{route}: {error}"),
    }
}
