//! Clients that send tokens all the time, and what each answer has to be.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::gate::outcome;
use crate::http1::read;
use crate::wait::pause;

/// What the answer to a token has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// 200.
    Accept,
    /// 200, or 503 if the gate can't know.
    AcceptUnlessUnknown,
    /// 401 or 403.
    Deny,
    /// 401 or 403, or 503 if the gate can't know.
    DenyOrUnknown,
    /// 200, 401 or 403: it has just changed.
    Changing,
}

impl Rule {
    fn allows(self, outcome: &str) -> bool {
        let status = outcome.split(' ').next().unwrap_or_default();
        let is_denied = matches!(status, "401" | "403");
        match self {
            Self::Accept => status == "200",
            Self::AcceptUnlessUnknown => matches!(status, "200" | "503"),
            Self::Deny => is_denied,
            Self::DenyOrUnknown => is_denied || status == "503",
            Self::Changing => status == "200" || is_denied,
        }
    }
}

/// A token that the clients send.
#[derive(Debug)]
struct Credential {
    name: String,
    /// The bytes of the request.
    request: Arc<[u8]>,
    /// What the answer has to be, each rule from its time on.
    rules: Vec<(Duration, Rule)>,
}

/// One answer.
#[derive(Debug)]
struct Sample {
    credential: usize,
    sent: Duration,
    answered: Duration,
    outcome: String,
}

/// A load that runs until it is finished.
#[derive(Debug)]
pub(crate) struct Load {
    start: Instant,
    credentials: Arc<RwLock<Vec<Credential>>>,
    is_over: Arc<RwLock<bool>>,
    clients: Vec<JoinHandle<Vec<Sample>>>,
}

/// What the answers were.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) requests: usize,
    pub(crate) accepted: usize,
    pub(crate) denied: usize,
    pub(crate) unknown: usize,
    /// The answers that no rule allows.
    pub(crate) wrong: Vec<String>,
    pub(crate) longest: Duration,
    /// How often each answer came, by the token's name.
    pub(crate) outcomes: BTreeMap<(String, String), usize>,
}

impl Load {
    /// Starts clients, each with one connection, and each sends a request every `pace`.
    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    pub(crate) fn start(address: SocketAddr, clients: usize, pace: Duration) -> Self {
        let mut load = Self {
            start: Instant::now(),
            credentials: Arc::default(),
            is_over: Arc::default(),
            clients: Vec::new(),
        };
        for number in 0..clients {
            let client = Client {
                start: load.start,
                address,
                credentials: Arc::clone(&load.credentials),
                is_over: Arc::clone(&load.is_over),
            };
            load.clients
                .push(thread::spawn(move || client.run(number, pace)));
        }
        load
    }

    /// Sends one more token from now on.
    pub(crate) fn send(&self, name: &str, path: &str, token: &str, rule: Rule) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: api.test\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        let credential = Credential {
            name: name.to_owned(),
            request: request.into_bytes().into(),
            rules: vec![(self.start.elapsed(), rule)],
        };
        self.credentials
            .write()
            .expect("no client has panicked")
            .push(credential);
    }

    fn each(&self, name: &str, mut change: impl FnMut(&mut Credential)) {
        let mut all = self.credentials.write().expect("no client has panicked");
        let own = all.iter_mut().filter(|credential| credential.name == name);
        assert!(own.map(&mut change).count() > 0, "no token is named {name}");
    }

    /// The rule for the tokens of this name from now on.
    pub(crate) fn rule(&self, name: &str, rule: Rule) {
        let now = self.start.elapsed();
        self.each(name, |credential| credential.rules.push((now, rule)));
    }

    /// Ends the load, and judges all answers.
    pub(crate) fn finish(self) -> Verdict {
        *self.is_over.write().expect("no client has panicked") = true;
        let clients = self.clients.into_iter();
        let samples = clients.flat_map(|client| client.join().expect("clients don't panic"));
        let credentials = self.credentials.read().expect("no client has panicked");
        let mut verdict = Verdict::default();
        for sample in samples {
            verdict.add(&credentials[sample.credential], sample);
        }
        verdict
    }
}

impl Verdict {
    fn add(&mut self, credential: &Credential, sample: Sample) {
        self.requests = self.requests.saturating_add(1);
        let count = match sample.outcome.split(' ').next() {
            Some("200") => &mut self.accepted,
            Some("503") => &mut self.unknown,
            _ => &mut self.denied,
        };
        *count = count.saturating_add(1);
        self.longest = self
            .longest
            .max(sample.answered.saturating_sub(sample.sent));
        // A rule may change between a request and its answer, so any rule of that time may allow the answer.
        let before = credential
            .rules
            .iter()
            .rposition(|(from, _)| *from <= sample.sent);
        let rules = credential.rules.iter().skip(before.unwrap_or_default());
        let mut rules = rules.take_while(|(from, _)| *from <= sample.answered);
        if !rules.any(|(_, rule)| rule.allows(&sample.outcome)) {
            self.wrong.push(format!("{}: {sample:?}", credential.name));
        }
        let key = (credential.name.clone(), sample.outcome);
        let count = self.outcomes.entry(key).or_default();
        *count = count.saturating_add(1);
    }
}

#[derive(Debug)]
struct Client {
    start: Instant,
    address: SocketAddr,
    credentials: Arc<RwLock<Vec<Credential>>>,
    is_over: Arc<RwLock<bool>>,
}

impl Client {
    fn run(self, number: usize, pace: Duration) -> Vec<Sample> {
        let mut samples = Vec::new();
        let mut connection = None;
        // Each client begins with another token.
        let mut turn = number.saturating_mul(7);
        let mut due = Duration::ZERO;
        while !*self.is_over.read().expect("no client has panicked") {
            pause(due.saturating_sub(self.start.elapsed()));
            due = due.saturating_add(pace).max(self.start.elapsed());
            turn = turn.wrapping_add(1);
            let Some((credential, request)) = self.next(turn) else {
                continue;
            };
            let sent = self.start.elapsed();
            let answer = ask(self.address, &mut connection, &request);
            let outcome = answer.unwrap_or_else(|error| format!("no answer: {error}"));
            let answered = self.start.elapsed();
            samples.push(Sample {
                credential,
                sent,
                answered,
                outcome,
            });
        }
        samples
    }

    /// The token of this turn.
    fn next(&self, turn: usize) -> Option<(usize, Arc<[u8]>)> {
        let all = self.credentials.read().expect("no client has panicked");
        let credential = turn.checked_rem(all.len())?;
        Some((credential, Arc::clone(&all[credential].request)))
    }
}

/// Sends a request on the connection, or on a new one. Returns the outcome.
pub(crate) fn ask(
    address: SocketAddr,
    connection: &mut Option<BufReader<TcpStream>>,
    request: &[u8],
) -> io::Result<String> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => {
            let stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            stream.set_nodelay(true)?;
            BufReader::new(stream)
        }
    };
    open.get_mut().write_all(request)?;
    let answer = read(&mut open, true)?;
    if answer.field(b"connection") != Some(b"close") {
        *connection = Some(open);
    }
    Ok(outcome(&answer))
}
