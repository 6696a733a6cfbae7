//! Upstreams that keep the requests that they receive.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::http1::{Message, read, serve};

/// Upstreams, each with the name of its cluster.
#[derive(Debug)]
pub(crate) struct Upstreams {
    pub(crate) addresses: Vec<(String, SocketAddr)>,
    received: Receiver<(String, Message)>,
}

impl Upstreams {
    /// Each answers every request with `answer` (header fields) and no content.
    pub(crate) fn start(names: &[&str], answer: &[(&str, &str)]) -> Self {
        let fields: Vec<_> = answer
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let head = format!("HTTP/1.1 200 OK\r\n{}", fields.concat()).into_bytes();
        Self::answering(names, move |_| Some(head.clone()))
    }

    /// Each answers a request with the head that `answer` gives, whose last line is still missing, or with nothing.
    pub(crate) fn answering(
        names: &[&str],
        answer: impl Fn(&Message) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let (sender, received) = channel();
        let answer = Arc::new(answer);
        let start = |name: &&str| {
            let (name, answer, sender) = ((*name).to_owned(), Arc::clone(&answer), sender.clone());
            let own = name.clone();
            let address = serve(move |stream| upstream(stream, &own, &*answer, &sender));
            (name, address)
        };
        let addresses = names.iter().map(start).collect();
        Self {
            addresses,
            received,
        }
    }

    /// The requests since the last call, each with the name of its upstream.
    pub(crate) fn received(&self) -> Vec<(String, Message)> {
        self.received.try_iter().collect()
    }
}

fn upstream(
    stream: TcpStream,
    name: &str,
    answer: &dyn Fn(&Message) -> Option<Vec<u8>>,
    sender: &Sender<(String, Message)>,
) {
    let mut stream = BufReader::new(stream);
    let Ok(request) = read(&mut stream, true) else {
        return;
    };
    let head = answer(&request);
    let _ = sender.send((name.to_owned(), request));
    if let Some(mut head) = head {
        head.extend(b"connection: close\r\n\r\n");
        let _ = stream.get_mut().write_all(&head);
    }
}
