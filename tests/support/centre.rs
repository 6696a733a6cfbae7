//! A config centre that does as it is told.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

use crate::http1::{read, serve};

/// What the centre does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// It answers, after a while.
    Answer {
        status: u16,
        fields: Vec<(String, String)>,
        body: Vec<u8>,
        after: Duration,
        /// How many bytes it says that the content has, where that's a lie.
        claimed: Option<usize>,
    },
    /// It closes the connection.
    Down,
    /// It never answers.
    Silent,
}

#[derive(Debug, Default)]
struct State {
    deeds: BTreeMap<(String, String), Deed>,
    asked: Vec<(String, String)>,
}

/// A config centre that serves several worlds, told apart by `:authority`.
#[derive(Clone, Debug)]
pub(crate) struct Centre {
    pub(crate) address: SocketAddr,
    state: Arc<RwLock<State>>,
}

impl Centre {
    pub(crate) fn start() -> Self {
        let state = Arc::new(RwLock::new(State::default()));
        let own = Arc::clone(&state);
        let address = serve(move |stream| centre(stream, &own));
        Self { address, state }
    }

    /// From now on it does this for a path. What it isn't told about is 404.
    pub(crate) fn set(&self, authority: &str, path: &str, deed: Deed) {
        let mut state = self.state.write().expect("no thread has panicked");
        state
            .deeds
            .insert((authority.to_owned(), path.to_owned()), deed);
    }

    /// Which paths were asked for since the last call.
    pub(crate) fn asked(&self, authority: &str) -> Vec<String> {
        let mut state = self.state.write().expect("no thread has panicked");
        let (mine, others) = std::mem::take(&mut state.asked)
            .into_iter()
            .partition(|(asked, _)| asked == authority);
        state.asked = others;
        let mine: Vec<(String, String)> = mine;
        mine.into_iter().map(|(_, path)| path).collect()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a slow server is slow in real time"
)]
fn centre(stream: TcpStream, state: &RwLock<State>) {
    let mut stream = BufReader::new(stream);
    while let Ok(request) = read(&mut stream, true) {
        let path = request.start.split(|byte| *byte == b' ').nth(1);
        let text =
            |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let key = (text(request.field(b"host")), text(path));
        let deed = {
            let mut state = state.write().expect("no thread has panicked");
            state.asked.push(key.clone());
            state.deeds.get(&key).cloned()
        };
        let missing = Deed::Answer {
            status: 404,
            fields: Vec::new(),
            body: Vec::new(),
            after: Duration::ZERO,
            claimed: None,
        };
        match deed.unwrap_or(missing) {
            Deed::Down => return,
            Deed::Silent => thread::sleep(Duration::from_secs(60)),
            Deed::Answer {
                status,
                fields,
                body,
                after,
                claimed,
            } => {
                thread::sleep(after);
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}\r\n"))
                    .collect();
                let length = claimed.unwrap_or(body.len());
                let head = format!(
                    "HTTP/1.1 {status} x\r\n{}content-length: {length}\r\n\r\n",
                    fields.concat()
                );
                let written = stream.get_mut().write_all(head.as_bytes());
                let written = written.and_then(|()| stream.get_mut().write_all(&body));
                if written.is_err() || claimed.is_some() {
                    return;
                }
            }
        }
    }
}
