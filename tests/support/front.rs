//! What stands before a real server: it passes requests on and counts them, and makes the troubles that no real server can make
//! on demand.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::http1::{Message, exchange, read, serve};
use crate::wait::pause;

/// A trouble of the server.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// It closes the connection.
    Down,
    /// It does not answer.
    Silent,
    /// It answers after this time.
    Slow(Duration),
    /// It answers something else: the status, the type and the body.
    Instead(u16, &'static str, Vec<u8>),
    /// Its answer to the request with this password or token in place of the first, and with another one in HTTP Basic.
    WrongCredentials(&'static str, &'static str),
    /// Its own answer, with another status.
    Status(u16),
    /// Its own answer without the content.
    Empty,
    /// The first half of its own answer, and then the connection ends.
    Cut,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) body: String,
    /// All header fields as text.
    pub(crate) fields: String,
}

/// Which requests meet a trouble.
pub(crate) type Pick = fn(&Asked) -> bool;

#[derive(Debug, Default)]
struct State {
    /// The server. Without one it is down.
    server: Option<SocketAddr>,
    /// By path. The empty one stands for all paths.
    troubles: BTreeMap<&'static str, Trouble>,
    /// For picked requests.
    picked: Option<(Pick, Trouble)>,
    asked: Vec<Asked>,
    /// The open connections of clients.
    open: Vec<TcpStream>,
}

#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    state: Arc<RwLock<State>>,
}

/// The trouble is at every path.
pub(crate) const EVERYWHERE: &str = "";

impl Front {
    /// Starts it without a server.
    pub(crate) fn start() -> Self {
        let state = Arc::new(RwLock::new(State::default()));
        let own = Arc::clone(&state);
        let address = serve(move |stream| {
            let open = stream.try_clone();
            // The gate may leave before the answer.
            let _ = connection(stream, &own);
            let _ = open.and_then(|open| open.shutdown(Shutdown::Both));
        });
        Self { address, state }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().expect("no thread has panicked"));
    }

    /// Requests go to this server from now on.
    pub(crate) fn stand_before(&self, server: SocketAddr) {
        self.change(|state| state.server = Some(server));
    }

    /// There is trouble for these requests from now on.
    pub(crate) fn trouble_for(&self, pick: Pick, trouble: Trouble) {
        self.change(|state| state.picked = Some((pick, trouble)));
    }

    /// It is down from now on, and all connections end.
    pub(crate) fn go_down(&self) {
        self.change(|state| {
            state.troubles.insert(EVERYWHERE, Trouble::Down);
            for stream in state.open.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }

    /// There is trouble at this path from now on.
    pub(crate) fn trouble(&self, path: &'static str, trouble: Trouble) {
        self.change(|state| {
            state.troubles.insert(path, trouble);
        });
    }

    /// All troubles end.
    pub(crate) fn heal(&self) {
        self.change(|state| {
            state.troubles.clear();
            state.picked = None;
        });
    }

    /// The requests since the last call.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.write().expect("no thread has panicked").asked)
    }

    /// The number of such requests since the last call of `asked`.
    pub(crate) fn peek(&self, pick: Pick) -> usize {
        let state = self.state.read().expect("no thread has panicked");
        state.asked.iter().filter(|asked| pick(asked)).count()
    }

    /// The number of requests for a path since the last call of `asked`.
    pub(crate) fn count(&self, path: &str) -> usize {
        let state = self.state.read().expect("no thread has panicked");
        state
            .asked
            .iter()
            .filter(|asked| asked.path == path)
            .count()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl State {
    /// The trouble that this request meets.
    fn trouble_of(&self, asked: &Asked) -> Option<Trouble> {
        let by_path = || self.troubles.get(asked.path.as_str());
        let picked = self.picked.as_ref().filter(|(pick, _)| pick(asked));
        let picked = picked.map(|(_, trouble)| trouble);
        let trouble = picked.or_else(by_path);
        trouble.or_else(|| self.troubles.get(EVERYWHERE)).cloned()
    }
}

fn connection(stream: TcpStream, state: &RwLock<State>) -> io::Result<()> {
    let again = stream.try_clone()?;
    state
        .write()
        .expect("no thread has panicked")
        .open
        .push(again);
    let mut stream = BufReader::new(stream);
    loop {
        let mut request = read(&mut stream, true)?;
        let mut words = request.start.split(|byte| *byte == b' ');
        let method = text(words.next().unwrap_or_default());
        let asked = Asked {
            path: text(words.next().unwrap_or_default()),
            body: text(&request.body),
            fields: request.fields.iter().map(field).collect(),
        };
        let (server, trouble) = {
            let mut state = state.write().expect("no thread has panicked");
            let trouble = state.trouble_of(&asked);
            state.asked.push(asked);
            (state.server, trouble)
        };
        match &trouble {
            Some(Trouble::Down) => return Ok(()),
            Some(Trouble::Silent) => pause(Duration::from_secs(60)),
            Some(Trouble::Slow(span)) => pause(*span),
            Some(Trouble::Instead(status, kind, body)) => {
                let answer = Message {
                    start: format!("HTTP/1.1 {status} x").into_bytes(),
                    fields: vec![(b"content-type".to_vec(), kind.as_bytes().to_vec())],
                    body: body.clone(),
                };
                stream.get_mut().write_all(&wire(&answer, "keep-alive"))?;
                continue;
            }
            Some(Trouble::WrongCredentials(right, wrong)) => {
                replace_credentials(&mut request, right, wrong);
            }
            Some(Trouble::Status(_) | Trouble::Empty | Trouble::Cut) | None => {}
        }
        let Some(server) = server else {
            return Ok(());
        };
        let mut answer = exchange(server, &method, &wire(&request, "close"))?;
        match &trouble {
            Some(Trouble::Status(status)) => {
                answer.start = format!("HTTP/1.1 {status} x").into_bytes();
            }
            Some(Trouble::Empty) => answer.body.clear(),
            Some(Trouble::Cut) => {
                let whole = wire(&answer, "keep-alive");
                let half = whole.len().saturating_sub(answer.body.len().div_ceil(2));
                return stream.get_mut().write_all(&whole[..half]);
            }
            _ => {}
        }
        stream.get_mut().write_all(&wire(&answer, "keep-alive"))?;
    }
}

fn replace_credentials(request: &mut Message, right: &str, wrong: &str) {
    for part in [&mut request.start, &mut request.body] {
        *part = text(part).replace(right, wrong).into_bytes();
    }
    for (_, value) in &mut request.fields {
        if value.starts_with(b"Basic ") {
            *value = b"Basic d3Jvbmc6d3Jvbmc=".to_vec();
        } else {
            *value = text(value).replace(right, wrong).into_bytes();
        }
    }
}

fn field((name, value): &(Vec<u8>, Vec<u8>)) -> String {
    format!("{}: {}\n", text(name), text(value))
}

/// The bytes of a message whose body is given by its length.
fn wire(message: &Message, connection: &str) -> Vec<u8> {
    const OWN: [&[u8]; 4] = [
        b"connection",
        b"keep-alive",
        b"content-length",
        b"transfer-encoding",
    ];
    let mut wire = message.start.clone();
    wire.extend(b"\r\n");
    for (name, value) in &message.fields {
        if !OWN.contains(&name.as_slice()) {
            wire.extend([name, b": ".as_slice(), value, b"\r\n"].concat());
        }
    }
    wire.extend(
        format!(
            "connection: {connection}\r\ncontent-length: {}\r\n\r\n",
            message.body.len()
        )
        .as_bytes(),
    );
    wire.extend(&message.body);
    wire
}
