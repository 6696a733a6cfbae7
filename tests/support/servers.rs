//! Upstreams that keep the requests that they receive.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
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
        let (sender, received) = channel();
        let fields: Vec<_> = answer
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let answer = format!(
            "HTTP/1.1 200 OK\r\n{}connection: close\r\n\r\n",
            fields.concat()
        );
        let start = |name: &&str| {
            let (name, answer, sender) = ((*name).to_owned(), answer.clone(), sender.clone());
            let own = name.clone();
            let address = serve(move |stream| upstream(stream, &own, &answer, &sender));
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

fn upstream(stream: TcpStream, name: &str, answer: &str, sender: &Sender<(String, Message)>) {
    let mut stream = BufReader::new(stream);
    let Ok(request) = read(&mut stream, true) else {
        return;
    };
    let _ = sender.send((name.to_owned(), request));
    let _ = stream.get_mut().write_all(answer.as_bytes());
}
