//! What stands before the provider: it passes requests on and counts them, and makes the troubles that no real provider can
//! make on demand.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::http1::{Message, exchange, read, serve};
use crate::wait::pause;

/// A trouble of the issuer.
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
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) body: String,
}

#[derive(Debug, Default)]
struct State {
    /// The provider. Without one it is down.
    provider: Option<SocketAddr>,
    /// By path. The empty one stands for all paths.
    troubles: BTreeMap<&'static str, Trouble>,
    asked: Vec<Asked>,
}

#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    state: Arc<RwLock<State>>,
}

/// The trouble is at every path.
pub(crate) const EVERYWHERE: &str = "";

impl Front {
    /// Starts it without a provider.
    pub(crate) fn start() -> Self {
        let state = Arc::new(RwLock::new(State::default()));
        let own = Arc::clone(&state);
        let address = serve(move |stream| {
            // The gate may leave before the answer.
            let _ = connection(stream, &own);
        });
        Self { address, state }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().expect("no thread has panicked"));
    }

    /// Requests go to this provider from now on.
    pub(crate) fn stand_before(&self, provider: SocketAddr) {
        self.change(|state| state.provider = Some(provider));
    }

    /// There is trouble at this path from now on.
    pub(crate) fn trouble(&self, path: &'static str, trouble: Trouble) {
        self.change(|state| {
            state.troubles.insert(path, trouble);
        });
    }

    /// All troubles end.
    pub(crate) fn heal(&self) {
        self.change(|state| state.troubles.clear());
    }

    /// The requests since the last call.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.write().expect("no thread has panicked").asked)
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

fn connection(stream: TcpStream, state: &RwLock<State>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let request = read(&mut stream, true)?;
        let mut words = request.start.split(|byte| *byte == b' ');
        let method = text(words.next().unwrap_or_default());
        let path = text(words.next().unwrap_or_default());
        let (provider, trouble) = {
            let mut state = state.write().expect("no thread has panicked");
            let trouble = state
                .troubles
                .get(path.as_str())
                .or_else(|| state.troubles.get(EVERYWHERE));
            let trouble = trouble.cloned();
            let body = text(&request.body);
            state.asked.push(Asked { path, body });
            (state.provider, trouble)
        };
        match trouble {
            Some(Trouble::Down) => return Ok(()),
            Some(Trouble::Silent) => pause(Duration::from_secs(60)),
            Some(Trouble::Slow(span)) => pause(span),
            Some(Trouble::Instead(status, kind, body)) => {
                let fields = vec![(b"content-type".to_vec(), kind.as_bytes().to_vec())];
                let start = format!("HTTP/1.1 {status} x").into_bytes();
                stream.get_mut().write_all(&wire(
                    &Message {
                        start,
                        fields,
                        body,
                    },
                    "keep-alive",
                ))?;
                continue;
            }
            None => {}
        }
        let Some(provider) = provider else {
            return Ok(());
        };
        let answer = exchange(provider, &method, &wire(&request, "close"))?;
        stream.get_mut().write_all(&wire(&answer, "keep-alive"))?;
    }
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
