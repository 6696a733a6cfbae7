//! A config centre whose replies a test sets.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

use crate::http1::{Message, read, serve};

/// How the centre reacts to a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Answer(Answer),
    /// It closes the connection.
    Down,
    /// It does not answer.
    Silent,
}

/// An answer of the centre.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The time before the answer.
    pub(crate) delay: Duration,
    /// What the request must have: header fields, `:method`, and `:content`. Any other request is answered with 500.
    pub(crate) asked: Vec<(String, String)>,
    /// A wrong `content-length`. After such an answer the connection is closed.
    pub(crate) wrong_length: Option<usize>,
}

impl Reply {
    /// An answer of status 200 with this body, at once.
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200, body)
    }

    /// An answer of this status with this body, at once.
    pub(crate) fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer(Answer {
            status,
            body: body.into(),
            ..Answer::default()
        })
    }
}

#[derive(Debug, Default)]
struct State {
    /// The replies that are still to come, in order. The last one stays.
    replies: BTreeMap<(String, String), VecDeque<Reply>>,
    asked: Vec<(String, String)>,
}

/// A config centre with several sets of documents. `:authority` selects the set.
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

    /// Sets the reply for a path, or for a path and behind a blank either the first field of a form or the value of `accept`. The
    /// reply for any other path is 404.
    pub(crate) fn set(&self, authority: &str, path: &str, reply: Reply) {
        self.set_turns(authority, path, [reply]);
    }

    /// Sets the replies for a path, in order. The last one stays.
    pub(crate) fn set_turns(
        &self,
        authority: &str,
        path: &str,
        replies: impl IntoIterator<Item = Reply>,
    ) {
        let mut state = self.state.write().expect("no thread has panicked");
        let at = (authority.to_owned(), path.to_owned());
        state.replies.insert(at, replies.into_iter().collect());
    }

    /// The paths of the requests since the last call, in order.
    pub(crate) fn asked(&self, authority: &str) -> Vec<String> {
        let own = self.asked_at(|asked| asked == authority);
        own.into_iter().map(|(_, path)| path).collect()
    }

    /// The authorities and the paths of such requests since the last call, in order.
    pub(crate) fn asked_at(&self, is_own: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let mut state = self.state.write().expect("no thread has panicked");
        let (own, others) = std::mem::take(&mut state.asked)
            .into_iter()
            .partition(|(authority, _)| is_own(authority));
        state.asked = others;
        own
    }
}

fn next(turns: &mut VecDeque<Reply>) -> Option<Reply> {
    match turns.len() {
        1 => turns.front().cloned(),
        _ => turns.pop_front(),
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
        let key = (
            text(request.field(b"host")),
            asked_for(text(path), &request.body),
        );
        let reply = {
            let mut state = state.write().expect("no thread has panicked");
            state.asked.push(key.clone());
            let of_path = key.1.split(' ').next().unwrap_or_default();
            let of_form = format!("{of_path} {}", text(request.field(b"accept")));
            let own = [&key.1, &of_form, of_path].map(|at| (key.0.clone(), at.to_owned()));
            let replies = &mut state.replies;
            let at = own.iter().find(|at| replies.contains_key(at));
            at.and_then(|at| replies.get_mut(at)).and_then(next)
        };
        match reply.unwrap_or_else(|| Reply::status(404, "")) {
            Reply::Down => return,
            Reply::Silent => thread::sleep(Duration::from_secs(60)),
            Reply::Answer(answer) => {
                let answer = if is_as_asked(&request, &answer) {
                    answer
                } else {
                    Answer {
                        status: 500,
                        ..Answer::default()
                    }
                };
                thread::sleep(answer.delay);
                let fields: Vec<_> = answer
                    .fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}\r\n"))
                    .collect();
                let length = answer.wrong_length.unwrap_or(answer.body.len());
                let head = format!(
                    "HTTP/1.1 {} x\r\n{}content-length: {length}\r\n\r\n",
                    answer.status,
                    fields.concat()
                );
                let written = stream.get_mut().write_all(head.as_bytes());
                let written = written.and_then(|()| stream.get_mut().write_all(&answer.body));
                if written.is_err() || answer.wrong_length.is_some() {
                    return;
                }
            }
        }
    }
}

/// What a request asks for: its path, and behind a blank the first field of its form.
fn asked_for(mut path: String, content: &[u8]) -> String {
    if !content.is_empty() {
        let first = content.split(|byte| *byte == b'&').next();
        path.push(' ');
        path.push_str(&String::from_utf8_lossy(first.unwrap_or_default()));
    }
    path
}

fn is_as_asked(request: &Message, answer: &Answer) -> bool {
    answer.asked.iter().all(|(name, wanted)| {
        let found = match name.as_str() {
            ":method" => request.start.split(|byte| *byte == b' ').next(),
            ":content" => Some(request.body.as_slice()),
            name => request.field(name.as_bytes()),
        };
        // An empty one stands for none.
        found.unwrap_or_default() == wanted.as_bytes()
    })
}
