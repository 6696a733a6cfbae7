//! Clients that keep their connections open, and the answers to their requests.

use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::http1::read;

/// One answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// When the request was due, since the load began.
    pub(crate) due: Duration,
    /// The time from then to its answer. It includes the time in which the client waits for the answer before.
    pub(crate) took: Duration,
    pub(crate) connection: usize,
    /// The request's index.
    pub(crate) request: usize,
    /// 0 if no answer came.
    pub(crate) status: u16,
    /// The number of the policy that accepted it.
    pub(crate) policy: Option<u32>,
}

/// A load that runs until it is finished.
#[derive(Debug)]
pub(crate) struct Load {
    start: Instant,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<Sample>>>,
}

impl Load {
    /// Starts clients, each with one connection. A client sends the requests in turn, one every `pace`.
    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    pub(crate) fn start(
        address: SocketAddr,
        requests: &[&str],
        connections: usize,
        pace: Duration,
    ) -> Self {
        let start = Instant::now();
        let stop = Arc::new(AtomicBool::new(false));
        let requests: Arc<[Vec<u8>]> = requests.iter().map(|text| wire(text)).collect();
        let clients = (0..connections)
            .map(|connection| {
                let client = Client {
                    address,
                    requests: Arc::clone(&requests),
                    connection,
                    start,
                    stop: Arc::clone(&stop),
                };
                thread::spawn(move || client.run(pace))
            })
            .collect();
        Self {
            start,
            stop,
            clients,
        }
    }

    /// The time since the load began.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Ends the load. Returns all answers, in the order in which their requests were due.
    pub(crate) fn finish(self) -> Vec<Sample> {
        self.stop.store(true, Ordering::Relaxed);
        let clients = self.clients.into_iter();
        let mut all: Vec<_> = clients
            .flat_map(|client| client.join().expect("clients don't panic"))
            .collect();
        all.sort_by_key(|sample| sample.due);
        all
    }
}

/// The bytes of a request that is given as `PATH` or `PATH KEY`.
pub(crate) fn wire(request: &str) -> Vec<u8> {
    let (path, key) = request.split_once(' ').unwrap_or((request, ""));
    let key = if key.is_empty() {
        String::new()
    } else {
        format!("x-api-key: {key}\r\n")
    };
    format!("GET {path} HTTP/1.1\r\nhost: api.test\r\n{key}\r\n").into_bytes()
}

#[derive(Debug)]
struct Client {
    address: SocketAddr,
    requests: Arc<[Vec<u8>]>,
    connection: usize,
    start: Instant,
    stop: Arc<AtomicBool>,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    fn run(self, pace: Duration) -> Vec<Sample> {
        let mut samples = Vec::new();
        let mut stream = None;
        // The clients do not start at the same moment.
        let mut due = pace.mul_f64(self.connection as f64 / 8.0);
        let turns = (0..self.requests.len()).cycle().skip(self.connection);
        for request in turns {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            thread::sleep(due.saturating_sub(self.start.elapsed()));
            let answer = self.ask(&mut stream, request);
            let (status, policy) = answer.unwrap_or_default();
            samples.push(Sample {
                due,
                took: self.start.elapsed().saturating_sub(due),
                connection: self.connection,
                request,
                status,
                policy,
            });
            // A client that is late does not catch up with a burst.
            let late = self.start.elapsed().saturating_sub(pace.saturating_mul(4));
            due = due.saturating_add(pace).max(late);
        }
        samples
    }

    fn ask(
        &self,
        stream: &mut Option<BufReader<TcpStream>>,
        request: usize,
    ) -> io::Result<(u16, Option<u32>)> {
        let mut open = match stream.take() {
            Some(open) => open,
            None => connect(self.address)?,
        };
        open.get_mut().write_all(&self.requests[request])?;
        let answer = read(&mut open, true)?;
        if answer.field(b"connection") != Some(b"close") {
            *stream = Some(open);
        }
        let policy = answer.field(b"x-policy");
        let policy = policy.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        Ok((answer.status(), policy))
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}
