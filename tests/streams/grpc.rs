//! A stream of gRPC in both directions, over HTTP/2: message by message.

use std::io;
use std::net::TcpStream;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::gate::{Gate, MOST, anonymous};

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

fn asynchronous(stream: TcpStream) -> io::Result<tokio::net::TcpStream> {
    stream.set_nonblocking(true)?;
    tokio::net::TcpStream::from_std(stream)
}

/// A message in its frame.
fn framed(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).expect("it is short");
    [&[0], &length.to_be_bytes()[..], text.as_bytes()]
        .concat()
        .into()
}

/// Serves a connection.
pub(crate) fn serve(stream: TcpStream) -> io::Result<()> {
    runtime().block_on(async {
        let connection = h2::server::handshake(asynchronous(stream)?).await;
        let mut connection = connection.map_err(io::Error::other)?;
        while let Some(call) = connection.accept().await {
            let (request, respond) = call.map_err(io::Error::other)?;
            tokio::spawn(async {
                let _ = answer(request.into_body(), respond).await;
            });
        }
        Ok(())
    })
}

/// Greets the client, and sends back what it sends.
async fn answer(
    mut messages: RecvStream,
    mut respond: SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    let head = Response::builder().header("content-type", "application/grpc");
    let mut stream = respond.send_response(head.body(()).expect("a head"), false)?;
    stream.send_data(framed("welcome"), false)?;
    while let Some(message) = messages.data().await {
        let message = message?;
        messages.flow_control().release_capacity(message.len())?;
        stream.send_data(message, false)?;
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    stream.send_trailers(trailers)
}

pub(crate) fn messages_pass_in_both_directions(gate: &Gate) {
    runtime().block_on(async {
        for route in &gate.routes {
            let status = timeout(MOST, talk(gate, route, gate.fields())).await;
            assert_eq!(status.as_deref(), Ok("0"), "{route}");
        }
        for route in ["keys", "tokens", "chosen", "everything"] {
            let status = timeout(MOST, talk(gate, route, anonymous())).await;
            assert_eq!(status.as_deref(), Ok("16"), "{route}: not authenticated");
        }
    });
}

/// Calls a method. Returns the `grpc-status`.
async fn talk(gate: &Gate, route: &str, fields: Vec<(&'static str, String)>) -> String {
    let stream = tokio::net::TcpStream::connect(gate.address).await;
    let handshake = h2::client::handshake(stream.expect("Envoy listens")).await;
    let (client, connection) = handshake.expect("Envoy speaks HTTP/2");
    tokio::spawn(connection);
    let mut client = client.ready().await.expect("Envoy takes requests");
    let mut request = Request::post(format!("http://api.test/{route}/Talk"));
    request = request
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    let request = request.body(()).expect("a head");
    let (response, mut stream) = client.send_request(request, false).expect("a request");
    let (head, mut messages) = response.await.expect("a response").into_parts();
    if let Some(status) = status(&head.headers) {
        return status;
    }
    assert_eq!(next(&mut messages).await, framed("welcome"), "{route}");
    for number in 0..4 {
        let message = framed(&format!("message {number}"));
        let sent = stream.send_data(message.clone(), false);
        sent.expect("the stream is open");
        assert_eq!(next(&mut messages).await, message, "{route}");
    }
    let ended = stream.send_data(Bytes::new(), true);
    ended.expect("the stream is open");
    assert!(messages.data().await.is_none(), "{route}");
    let trailers = messages
        .trailers()
        .await
        .expect("the stream has ended well");
    status(&trailers.unwrap_or_default()).unwrap_or_default()
}

fn status(headers: &HeaderMap) -> Option<String> {
    let status = headers.get("grpc-status")?;
    Some(String::from_utf8_lossy(status.as_bytes()).into_owned())
}

/// The next bytes. As each side waits for the other, they are one message.
async fn next(messages: &mut RecvStream) -> Bytes {
    let bytes = messages.data().await.expect("a message");
    let bytes = bytes.expect("the stream is open");
    let released = messages.flow_control().release_capacity(bytes.len());
    released.expect("they were received");
    bytes
}
